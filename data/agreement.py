"""Whether the layers of a city agree with one another and with what the recipe expects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import geopandas as gpd
import pandas as pd

from data.city import NetworkArrays
from data.clean.areas import compare_ground
from data.clean.census import check_totals, sum_tolerance
from data.clean.sites import check_unique_sites
from data.errors import CountError, Faults, IdError, NetworkError, RecipeError
from data.groups import Group, census_groups, check_codes, count_group
from data.margin_agreement import check_city_margins
from data.reading import Reading
from data.recipe import Recipe

AREA_TOLERANCE_KM2 = 0.01
RESIDENTS = "residents"


def check_together(recipe: Recipe, reading: Reading, groups: tuple[Group, ...] | None) -> None:
    """Check what only several layers show together; a layer with faults of its own is left out."""
    census, totals = reading.one("census"), reading.one("quarter_totals")
    if census is not None and groups is not None:
        reading.attempt(lambda: check_codes(groups, census.columns, where="census"))
        for group in census_groups(groups):
            if {*group.plus, *group.minus} <= set(census.columns):
                reading.attempt(partial(_check_group, census, group))
    if census is not None and totals is not None:
        name = next(iter(reading.frames["quarter_totals"]))
        n = reading.attempt(lambda: check_totals(census, totals, where=f"layers.{name}"))
        if n is not None:
            reading.notes[name].append(f"{n:,} official counts agree with the sums of the sections")
    quarters = reading.one("quarters")
    grounds = {**reading.frames.get("boundary", {}), **reading.frames.get("districts", {})}
    for name, areas in grounds.items():
        if quarters is not None:
            found = reading.attempt(partial(compare_ground, areas, quarters, where=f"layers.{name}"))
            reading.notes[name] += found or []
    if quarters is not None and reading.network is not None:
        reading.attempt(partial(_check_streets_near, reading.network, quarters))
    sites = {name: frame for role in ("services", "spaces") for name, frame in reading.frames.get(role, {}).items()}
    if sites:
        reading.attempt(lambda: check_unique_sites(sites))
    stations = reading.frames.get("stations", {})
    if len(stations) > 1:
        reading.attempt(lambda: _check_unique_stations(stations))
    if groups is not None:
        check_city_margins(recipe, reading, groups)
    reading.attempt(lambda: _check_facts(reading.frames.get("quarter_facts", {})))
    reading.attempt(lambda: _check_expected(recipe, reading, groups))


def _check_group(census: pd.DataFrame, group: Group) -> None:
    count_group(census.set_index("section"), group)


def _check_streets_near(network: NetworkArrays, quarters: gpd.GeoDataFrame) -> None:
    low_x, low_y, high_x, high_y = quarters.total_bounds
    is_in = (network.x >= low_x) & (network.x <= high_x) & (network.y >= low_y) & (network.y <= high_y)
    if not is_in.any():
        raise NetworkError("no street node lies in the extent of the quarters", remedy="Look at the CRS of both files")


def _check_unique_stations(stations: Mapping[str, pd.DataFrame]) -> None:
    ids = pd.concat([frame["station_id"] for frame in stations.values()])
    repeated = sorted(set(ids[ids.duplicated()]))
    if repeated:
        raise IdError("one id stands for several stations", where="stations", n=len(repeated), examples=repeated)


def _check_facts(facts: Mapping[str, pd.DataFrame]) -> None:
    columns = pd.Series([column for frame in facts.values() for column in frame.columns if column != "nil"], dtype="str")
    repeated = sorted(set(columns[columns.duplicated()]))
    if repeated:
        raise IdError("several layers give quarter facts of one name", where="quarter_facts", examples=repeated)


def _check_expected(recipe: Recipe, reading: Reading, groups: tuple[Group, ...] | None) -> None:
    """Compare the figures that the recipe expects with those that were read."""
    expect, faults = recipe.city.expect, Faults()
    if expect.districts is not None and all(entry.role != "districts" for entry in recipe.layers.values()):
        faults.add(RecipeError("districts are expected, but no layer gives them", where="city.expect.districts"))
    if expect.residents is not None and groups is not None and all(group.key != RESIDENTS for group in groups):
        what = f"residents are expected, but the catalogue has no group {RESIDENTS!r}"
        faults.add(RecipeError(what, where="city.expect.residents"))
    census, quarters, districts = (reading.one(role) for role in ("census", "quarters", "districts"))
    found: dict[str, tuple[float | None, float | None, float]] = {}
    residents = next((group for group in groups or () if group.key == RESIDENTS), None)
    if census is not None and residents is not None and set(residents.plus) <= set(census.columns):
        tolerance = sum_tolerance(census, residents.plus)
        found["residents"] = (expect.residents, float(count_group(census, residents).sum()), tolerance)
    if quarters is not None:
        found["quarters"] = (expect.quarters, len(quarters), 0)
        found["area_km2"] = (expect.area_km2, float(quarters.area.sum()) / 1e6, AREA_TOLERANCE_KM2)
    if districts is not None:
        found["districts"] = (expect.districts, len(districts), 0)
    for key, (expected, seen, tolerance) in found.items():
        if expected is not None and seen is not None and abs(seen - expected) > tolerance:
            what = f"expected are {expected:,.10g}, found {seen:,.10g}"
            faults.add(CountError(what, where=f"city.expect.{key}"))
    faults.raise_if_any()
