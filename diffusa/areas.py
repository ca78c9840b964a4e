"""Service areas of a city: what each of some sites reaches on the streets, how large it is, and who lives there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

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
from diffusa.steps import Steps
from geo.service_areas import ServiceAreas, service_areas
from geo.traveltimes import TravelTimes
from layers.accessibility import reached_cells
from layers.plan import within_column
from layers.plan_text import Text
from layers.reach import people_within


@dataclass(frozen=True, eq=False)
class SiteAreas:
    """What each of some sites reaches within each of some times, all tables in the CRS of the city.

    Parameters
    ----------
    near
        The sites, the people and the streets.
    minutes
        The times asked for, rising.
    areas
        One row per site and time in which it reaches a street: site_id, name, minutes, street_m (length of the streets
        reached), area_m2, ``within_<group>`` (people of each group in the cells reached), geometry MultiPolygon. Areas of
        one site nest.
    stretches
        One row per site, time and part of a street reached: site_id, minutes, edge (position in the streets), from_m, to_m,
        length_m, geometry LineString. A longer time lists again what a shorter one reaches.
    cells
        One row per site and cell within the longest time: site_id, minutes (the shortest time asked for within which the
        cell reaches the site), seconds, cell_id, nil, district, one column per group (people), geometry Polygon.
    sites
        One row per site, those that are not connected too: `layers.sites.SITE_COLUMNS`, snap_m, is_connected.
    limits
        What limits the figures, in words of both languages.
    """

    near: NearSites
    minutes: tuple[float, ...]
    areas: gpd.GeoDataFrame
    stretches: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    limits: tuple[Text, ...]


def measure_areas(
    pack: CityPack,
    *,
    sites: Sequence[str],
    minutes: Sequence[float],
    mode: str = "walk",
    speed_km_h: float | None = None,
    max_snap_m: float = MAX_SNAP_M,
    groups: Sequence[str] | None = None,
    steps: Steps | None = None,
) -> SiteAreas:
    """Return the service areas of sites.

    Parameters
    ----------
    pack
        The city.
    sites
        Selectors of `layers.sites.select_sites`, such as ``job_centre:open``.
    minutes
        Times, each once.
    mode
        How people travel on the streets: walk, slow_walk or bike.
    speed_km_h
        Speed on the streets and off them; that of the mode by default.
    max_snap_m
        A site or cell farther than this from any street is not connected.
    groups
        Keys of the groups to count; all by default.
    steps
        Where progress is shown; nowhere by default.

    Raises
    ------
    ScenarioError
        If minutes, mode, speed or limit cannot be used.
    IdError
        If a selector names no site, or a group is unknown.
    FaultsError
        If there are several faults.
    """
    request: dict[str, object] = {"sites": sites, "minutes": minutes, "mode": mode, "speed_km_h": speed_km_h}
    request |= {"max_snap_m": max_snap_m, "groups": groups}
    asked = validate_model(Asked, request, where="areas", error=ScenarioError)
    steps = steps or Steps()
    with steps.step("Reading the city"):
        near = find_sites(asked, pack)
    cutoffs_s = [value * 60.0 for value in asked.minutes]
    with steps.step("Travel times") as progress:
        times = times_from_cells(near, cutoff_s=max(cutoffs_s))
        reached = service_areas(
            near.network,
            site_ids=near.site_ids,
            site_xy=near.site_xy,
            cutoffs_s=cutoffs_s,
            mode=near.mode,
            speed_m_s=near.speed_m_s,
            max_snap_m=near.max_snap_m,
            progress=progress,
        )
    with steps.step("Counting people"):
        return SiteAreas(
            near=near,
            minutes=asked.minutes,
            areas=_area_rows(near, reached, times, asked.minutes),
            stretches=_in_minutes(reached.stretches, asked.minutes),
            cells=_cell_rows(near, times, asked.minutes),
            sites=site_rows(near, reached.site_snap),
            limits=list_limits(near, reached.site_snap),
        )


def _in_minutes(frame: pd.DataFrame, minutes: Sequence[float]) -> pd.DataFrame:
    """Return rows by minutes as they were asked for: seconds divided by 60 may differ from them in the last digit."""
    return frame.assign(minutes=frame["cutoff_s"].map({value * 60.0: value for value in minutes})).drop(columns="cutoff_s")


def _area_rows(near: NearSites, reached: ServiceAreas, times: TravelTimes, minutes: Sequence[float]) -> gpd.GeoDataFrame:
    polygons, stretches = _in_minutes(reached.polygons, minutes), _in_minutes(reached.stretches, minutes)
    key = ["site_id", "minutes"]
    street_m = stretches.groupby(key)["length_m"].sum().rename("street_m")
    counts = near.people.cells[list(near.groups)]
    within = pd.concat({value: people_within(times, counts, standard_s=value * 60.0) for value in minutes})
    within = within.rename(columns=within_column).rename_axis(["minutes", "site_id"])
    table = polygons.assign(area_m2=polygons.area).merge(near.sites[["site_id", "name"]], on="site_id", how="left")
    table = table.join(street_m, on=key).join(within, on=["minutes", "site_id"])
    table["street_m"] = table["street_m"].fillna(0.0)  # the time is just enough to come to the street
    return table[["site_id", "name", "minutes", "street_m", "area_m2", *map(within_column, near.groups), "geometry"]]


def _cell_rows(near: NearSites, times: TravelTimes, minutes: Sequence[float]) -> gpd.GeoDataFrame:
    listed = reached_cells(times, cutoffs_s=[value * 60.0 for value in minutes])
    first = _in_minutes(listed, minutes).drop_duplicates(["site_id", "cell_id"])  # cutoffs rise within a site
    columns = ["cell_id", "nil", "district", *near.groups, "geometry"]
    table = first[["site_id", "minutes", "seconds", "cell_id"]].merge(near.people.cells[columns], on="cell_id", how="left")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=near.people.cells.crs)


def write_areas(areas: SiteAreas, output: Path) -> None:
    """Write service areas as a GeoPackage with the layers areas, stretches, cells and sites, whole or not at all.

    The same areas give the same bytes; a file that stands there is replaced.

    Raises
    ------
    FileError
        If the name does not end in ``.gpkg``, the folder is missing, or the file cannot be written.
    """
    check_output(output)
    layers = {"areas": areas.areas, "stretches": areas.stretches, "cells": areas.cells, "sites": areas.sites}
    with write_files_whole(output.parent, [output.name]) as part:
        write_geopackage(part / output.name, {name: round_numbers(frame) for name, frame in layers.items()})
