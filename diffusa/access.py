"""Accessibility of a city's sites: how near the nearest is, how many are near, and how much each leaves for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
from pydantic import Field, field_validator

from data.errors import ScenarioError
from data.geopackage import write_geopackage
from data.pack import CityPack
from data.toml_file import validate_model
from data.whole_files import write_files_whole
from diffusa.near_sites import (
    MAX_SNAP_M,
    Asked,
    NearSites,
    check_output,
    find_sites,
    list_limits,
    round_numbers,
    site_rows,
    times_from_cells,
)
from diffusa.scenario_travel import Minutes, Table
from diffusa.steps import Steps
from layers.accessibility import Accessibility, measure_accessibility
from layers.catchment import Band
from layers.plan_folder import SAMPLE_NOTE
from layers.plan_text import Text

CUTOFF_MIN = 60.0
"""The nearest site is looked for at least so far, so that mean minutes say how far those are whom the standard leaves out."""

_PER_PERSON = ("access", "ratio")


class _BandEntry(Table):
    until_min: Minutes
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _AccessAsked(Asked):
    """What is asked of the accessibility of sites: in minutes, as people say it."""

    bands: tuple[_BandEntry, ...] | None
    capacity_column: str | None

    @field_validator("bands")
    @classmethod
    def _check_bands(cls, bands: tuple[_BandEntry, ...] | None) -> tuple[_BandEntry, ...] | None:
        if bands is not None and not bands:
            raise ValueError("none is given")
        for earlier, later in pairwise(bands or ()):
            if later.until_min <= earlier.until_min:
                raise ValueError(
                    f"a band until {later.until_min:g} minutes follows one until {earlier.until_min:g}: let them rise"
                )
            if later.weight > earlier.weight:
                raise ValueError(f"the weight {later.weight:g} follows {earlier.weight:g}: a longer way never weighs more")
        return bands


@dataclass(frozen=True, eq=False)
class SiteAccess:
    """How well the people of one group reach some sites, all tables in the CRS of the city.

    Parameters
    ----------
    near
        The sites, the people and the streets.
    group
        Key of the group.
    standard_min
        Within how many minutes a site is near.
    cells
        One row per cell: cell_id, nil, district, one column named as the group (people), minutes (to the nearest site; NaN
        beyond the longest time searched), n_within (sites within the standard), access (capacity per person), is_connected,
        geometry Polygon.
    quarters
        One row per quarter, sorted: nil, name, one column named as the group (all its people), reached, share, minutes,
        beyond_share, n_within, access, as `layers.accessibility.Accessibility` describes them; geometry.
    sites
        One row per site: `layers.sites.SITE_COLUMNS` with the capacity that counted, snap_m, is_connected, reached, catchment,
        ratio (`layers.accessibility.Accessibility`); geometry Point.
    limits
        What limits the figures, in words of both languages.
    """

    near: NearSites
    group: str
    standard_min: float
    cells: gpd.GeoDataFrame
    quarters: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    limits: tuple[Text, ...]


def measure_access(
    pack: CityPack,
    *,
    sites: Sequence[str],
    group: str,
    minutes: float,
    bands: Sequence[tuple[float, float]] | None = None,
    capacity_column: str | None = None,
    mode: str = "walk",
    speed_km_h: float | None = None,
    max_snap_m: float = MAX_SNAP_M,
    steps: Steps | None = None,
) -> SiteAccess:
    """Return the accessibility of sites for one group, per cell, quarter and site.

    Parameters
    ----------
    pack
        The city.
    sites
        Selectors of `layers.sites.select_sites`, such as ``libraries``.
    group
        Key of the group that competes for the capacity.
    minutes
        The coverage standard: a site at exactly this time is near.
    bands
        Minutes until which a band goes, rising, and its weight, of a floating catchment (`layers.catchment`); one band of
        weight 1 up to the standard by default.
    capacity_column
        Column of the sites with what each offers; each counts 1 by default.
    mode
        How people travel on the streets: walk, slow_walk or bike.
    speed_km_h
        Speed on the streets and off them; that of the mode by default.
    max_snap_m
        A site or cell farther than this from any street is not connected.
    steps
        Where progress is shown; nowhere by default.

    Raises
    ------
    ScenarioError
        If minutes, bands, mode, speed or limit cannot be used.
    IdError
        If a selector names no site, or the group is unknown.
    ColumnError
        If the sites have no such column of numbers.
    CountError
        If a site has no capacity, or a negative one.
    FaultsError
        If there are several faults.
    """
    request: dict[str, object] = {"sites": sites, "minutes": [minutes], "mode": mode, "speed_km_h": speed_km_h}
    request |= {"max_snap_m": max_snap_m, "groups": [group], "capacity_column": capacity_column}
    request["bands"] = None if bands is None else [{"until_min": until_min, "weight": weight} for until_min, weight in bands]
    asked = validate_model(_AccessAsked, request, where="access", error=ScenarioError)
    steps = steps or Steps()
    with steps.step("Reading the city"):
        near = find_sites(asked, pack, number_columns=[] if capacity_column is None else [capacity_column])
        quarters = pack.read("quarters")
    standard_min, ends_min = asked.minutes[0], [band.until_min for band in asked.bands or ()]
    with steps.step("Travel times") as progress:
        cutoff_s = max(CUTOFF_MIN, standard_min, *ends_min) * 60.0
        times = times_from_cells(near, cutoff_s=cutoff_s, progress=progress)
    with steps.step("Counting people"):
        made = measure_accessibility(
            near.people,
            times,
            group=group,
            capacity=_capacities(near, capacity_column),
            standard_s=standard_min * 60.0,
            bands=None if asked.bands is None else [Band(band.until_min * 60.0, band.weight) for band in asked.bands],
        )
        return SiteAccess(
            near=near,
            group=group,
            standard_min=standard_min,
            cells=_before_geometry(made.cells.assign(is_connected=times.demand_snap.is_connected)),
            quarters=quarters[["nil", "name", "geometry"]].merge(made.quarters, on="nil").pipe(_before_geometry),
            sites=_join_sites(site_rows(near, times.candidate_snap), made),
            limits=list_limits(near, times.candidate_snap),
        )


def _capacities(near: NearSites, column: str | None) -> dict[str, float]:
    if column is None:
        return dict.fromkeys(near.site_ids, 1.0)
    return dict(zip(near.site_ids, near.sites[column].astype("float64"), strict=True))


def _join_sites(sites: gpd.GeoDataFrame, made: Accessibility) -> gpd.GeoDataFrame:
    """Return the sites with their figures; the capacity is the one that counted."""
    return _before_geometry(sites.drop(columns="capacity").merge(made.sites, on="site_id"))


def _before_geometry(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[[*(column for column in frame.columns if column != "geometry"), "geometry"]]


def rank_worst_quarters(access: SiteAccess, n: int) -> gpd.GeoDataFrame:
    """Return the quarters of which the least share is reached; of equal ones first that with most people not reached.

    Quarters in which nobody of the group lives are left out.
    """
    lived = access.quarters[access.quarters[access.group] > 0]
    left_out = lived["reached"] - lived[access.group]
    ranked = lived.assign(left_out=left_out).sort_values(["share", "left_out", "nil"], kind="stable")
    return ranked.drop(columns="left_out").head(n).reset_index(drop=True)


def quarter_table_name(output: Path) -> str:
    """Return the name of the table of the quarters that lies beside a GeoPackage.

    Examples
    --------
    >>> quarter_table_name(Path("out/access.gpkg"))
    'access_nil.csv'
    """
    return f"{output.stem}_nil.csv"


def write_access(access: SiteAccess, output: Path) -> None:
    """Write accessibility as a GeoPackage with the layers cells, quarters and sites, and its quarters as a table beside it.

    Both are written whole or not at all; the same figures give the same bytes; files that stand there are replaced.

    Raises
    ------
    FileError
        If the name does not end in ``.gpkg``, the folder is missing, or a file cannot be written.
    """
    table_name = quarter_table_name(output)
    check_output(output, beside=[table_name])
    layers = {"cells": access.cells, "quarters": access.quarters, "sites": access.sites}
    rounded = {name: round_numbers(frame, fine=_PER_PERSON) for name, frame in layers.items()}
    table = pd.DataFrame(rounded["quarters"].drop(columns="geometry"))
    if access.near.city.is_sample:
        table.insert(0, "note", SAMPLE_NOTE)
    with write_files_whole(output.parent, [output.name, table_name]) as part:
        write_geopackage(part / output.name, rounded)
        table.to_csv(part / table_name, index=False, lineterminator="\n", encoding="utf-8")
