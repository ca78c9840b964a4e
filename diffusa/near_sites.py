"""What is near sites on the streets of a city: the sites that selectors name, the people, and the times between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator

from data.city import CityFacts
from data.errors import ColumnError, Faults, FileError, IdError, PlannerError, suggest_name
from data.pack import CityPack
from data.whole_files import check_file_places
from diffusa.city import read_people
from diffusa.journeys import M_S_PER_KM_H, read_network
from diffusa.numbers_in_words import number, percent
from diffusa.scenario_travel import Minutes, Table
from geo.modes import SPEED_KM_H, StreetMode
from geo.network import ComponentShare, Network
from geo.snap import Snapped
from geo.traveltimes import TravelTimes, street_times
from layers.people import People
from layers.plan_text import Text
from layers.positions import UNCERTAIN_FROM_M, uncertain_sites
from layers.sites import join_sites, select_sites
from maps.i18n import both

MAX_SNAP_M = 400.0
GEOPACKAGE = ".gpkg"


class Asked(Table):
    """What is asked of sites: which, how many minutes, how people travel, and who is counted; None counts all groups."""

    sites: tuple[str, ...]
    minutes: tuple[Minutes, ...]
    mode: StreetMode
    speed_km_h: Annotated[float | None, Field(gt=0, le=30, allow_inf_nan=False)]
    max_snap_m: Annotated[float, Field(gt=0, le=5000, allow_inf_nan=False)]
    groups: tuple[str, ...] | None

    # Pydantic's own min_length counts valid entries only, and so would blame the same entry twice.
    @field_validator("sites", "minutes", "groups")
    @classmethod
    def _check_given(cls, entries: tuple[object, ...] | None) -> tuple[object, ...] | None:
        if entries is not None and not entries:
            raise ValueError("none is given")
        return entries

    @field_validator("minutes")
    @classmethod
    def _check_minutes(cls, minutes: tuple[float, ...]) -> tuple[float, ...]:
        repeated = sorted({value for value in minutes if minutes.count(value) > 1})
        if repeated:
            raise ValueError(f"repeated: {', '.join(f'{value:g}' for value in repeated)}")
        return tuple(sorted(minutes))


@dataclass(frozen=True, eq=False)
class NearSites:
    """Sites of a city, its people, and its streets as a mode uses them.

    Parameters
    ----------
    city
        The city.
    people
        Its people.
    groups
        Keys of the groups to count.
    sites
        The sites asked for, sorted by site_id; columns `layers.sites.SITE_COLUMNS`.
    network, share
        The main component of the streets, and what share of the streets it is.
    mode, speed_km_h, max_snap_m
        How people travel, and from where on a site or cell is not connected.
    """

    city: CityFacts
    people: People
    groups: tuple[str, ...]
    sites: gpd.GeoDataFrame
    network: Network
    share: ComponentShare
    mode: StreetMode
    speed_km_h: float
    max_snap_m: float

    @property
    def speed_m_s(self) -> float:
        """Return the speed in metres per second."""
        return self.speed_km_h * M_S_PER_KM_H

    @property
    def site_ids(self) -> tuple[str, ...]:
        """Return the ids of the sites in their order."""
        return tuple(self.sites["site_id"])

    @property
    def site_xy(self) -> NDArray[np.float64]:
        """Return where the sites stand, shape (n_sites, 2), (x, y) in metres in the CRS of the city."""
        return np.column_stack([self.sites.geometry.x, self.sites.geometry.y])


def find_sites(asked: Asked, pack: CityPack, *, number_columns: Sequence[str] = ()) -> NearSites:
    """Return the sites asked for, with the people and the streets of their city.

    Parameters
    ----------
    asked
        What is asked; without groups, all groups of the city are counted.
    pack
        The city.
    number_columns
        Columns of the sites that must hold numbers.

    Raises
    ------
    IdError
        If a selector names no site, or a group is unknown.
    ColumnError
        If the sites have no such column of numbers.
    FaultsError
        If there are several such faults.
    """
    people, sites = read_people(pack), join_sites(pack.read("services"), pack.read("spaces"))
    chosen = _choose_sites(asked, people, sites, number_columns=number_columns)
    network, share = read_network(pack, mode=asked.mode)
    return NearSites(
        city=pack.city,
        people=people,
        groups=tuple(dict.fromkeys(asked.groups)) if asked.groups is not None else tuple(people.keys),
        sites=sites[sites["site_id"].isin(chosen)].reset_index(drop=True),
        network=network,
        share=share,
        mode=asked.mode,
        speed_km_h=asked.speed_km_h if asked.speed_km_h is not None else SPEED_KM_H[asked.mode],
        max_snap_m=asked.max_snap_m,
    )


def _choose_sites(asked: Asked, people: People, sites: gpd.GeoDataFrame, *, number_columns: Sequence[str]) -> list[str]:
    """Return the ids of the sites asked for, once every name is known."""
    faults = Faults()
    known = [str(column) for column in sites.columns if pd.api.types.is_float_dtype(sites[column])]
    for column in number_columns:
        if column not in known:
            faults.add(ColumnError(f"the sites have no numbers {column!r}", where="sites", remedy=suggest_name(column, known)))
    for key in asked.groups or ():
        if key not in people.keys:
            faults.add(IdError(f"unknown group {key!r}", where="groups", remedy=suggest_name(key, people.keys)))
    chosen: list[str] = []
    try:
        chosen = select_sites(sites, asked.sites, where="sites")
    except PlannerError as error:
        faults.add(error)
    faults.raise_if_any()
    return chosen


def times_from_cells(near: NearSites, *, cutoff_s: float, progress: Callable[[int, int], None] | None = None) -> TravelTimes:
    """Return the travel times from all cells to the sites, up to a cutoff."""
    cells = near.people.cells
    return street_times(
        near.network,
        mode=near.mode,
        demand_ids=list(cells["cell_id"]),
        demand_xy=cells[["x", "y"]].to_numpy(dtype=np.float64),
        candidate_ids=near.site_ids,
        candidate_xy=near.site_xy,
        speed_m_s=near.speed_m_s,
        cutoff_s=cutoff_s,
        max_snap_m=near.max_snap_m,
        progress=progress,
    )


def site_rows(near: NearSites, snap: Snapped) -> gpd.GeoDataFrame:
    """Return the sites with where they meet the streets: snap_m and is_connected before the geometry."""
    table = near.sites.assign(snap_m=snap.distance_m, is_connected=snap.is_connected)
    return table[[*(column for column in table.columns if column != "geometry"), "geometry"]]


def list_limits(near: NearSites, snap: Snapped) -> tuple[Text, ...]:
    """Return what limits every figure about these sites: who is not connected, and what is not known."""
    found = []
    away = near.sites.loc[~snap.is_connected, "name"]
    if len(away):
        message = "{n} sites lie farther than {metres} m from any street and are not connected: {sites}"
        found.append(both(message, n=len(away), metres=number(near.max_snap_m), sites=", ".join(away)))
    doubtful = near.sites.set_index("site_id").loc[uncertain_sites(near.sites), "name"]
    if len(doubtful):
        message = "Placed with an error of more than {n} m, so that what is near is in doubt: {sites}."
        found.append(both(message, n=number(UNCERTAIN_FROM_M), sites=", ".join(doubtful)))
    if near.share.n_components > 1:
        message = "The street network is in {n} pieces; only the largest is used, {share} of the length."
        share = percent(near.share.length_share, digits=1)
        found.append(both(message, n=number(near.share.n_components), share=share))
    if near.mode == "bike" and near.network.is_one_way is None:
        message = "Bicycles take every street both ways: the network does not say which streets are one-way."
        found.append(both(message))
    years = sorted({group.year for group in near.people.groups if group.key in near.groups})
    found.append(both("People are those counted in {years}.", years=", ".join(map(str, years))))
    return tuple(found)


def check_output(output: Path, *, beside: Sequence[str] = ()) -> None:
    """Check that a GeoPackage can be written where it is asked for, before the work that fills it.

    Parameters
    ----------
    output
        The GeoPackage.
    beside
        Names of further files in its folder.

    Raises
    ------
    FileError
        If its name does not end in ``.gpkg``, or as `data.whole_files.check_file_places`.
    """
    if output.suffix != GEOPACKAGE:
        raise FileError(f"the name of a GeoPackage ends in {GEOPACKAGE}", where=str(output), remedy=f"Add {GEOPACKAGE}")
    check_file_places(output.parent, [output.name, *beside])


def round_numbers(frame: gpd.GeoDataFrame, *, fine: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Return a table with its numbers as files hold them: to six decimals, those of `fine` columns to twelve."""
    columns = [column for column in frame.columns if column != "geometry" and pd.api.types.is_float_dtype(frame[column])]
    return frame.assign(**{column: frame[column].round(12 if column in fine else 6) for column in columns})
