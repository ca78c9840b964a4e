"""The sources of a city, read and cleaned by its recipe, with every fault of every file raised at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import shapely

from data.city import CityFacts, CityLayer, CitySources, NetworkArrays, Paper, join_papers
from data.clean.areas import clean_areas, clean_boundary
from data.clean.census import check_totals, clean_census
from data.clean.facts import clean_facts, clean_totals
from data.clean.sites import CityAreas, check_unique_sites, clean_sites, join_sites
from data.clean.stations import clean_stations
from data.clean.streets import clean_streets
from data.crs import parse_metric_crs
from data.errors import CountError, Faults, FileError, IdError, PlannerError
from data.files import find_source
from data.groups import Group, check_codes, count_group, read_groups
from data.read_file import read_source
from data.recipe import Recipe
from data.recipe_layers import (
    AreasEntry,
    BoundaryEntry,
    CensusEntry,
    FactsEntry,
    LayerEntry,
    SitesEntry,
    StationsEntry,
    StreetsEntry,
    TotalsEntry,
)

__all__ = ["CityFacts", "CityLayer", "CitySources", "NetworkArrays", "Paper", "read_sources"]

ORDER = (
    "quarters", "districts", "boundary", "census", "quarter_totals", "quarter_facts",
    "services", "spaces", "stations", "streets",
)  # fmt: skip
AREA_TOLERANCE_KM2 = 0.01
RESIDENTS = "residents"
Progress = Callable[[int, int], None]
T = TypeVar("T")


@dataclass
class _Reading:
    """What was read so far; each part may be absent because its source has faults."""

    crs: str
    root: Path
    faults: Faults = field(default_factory=Faults)
    frames: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    network: NetworkArrays | None = None

    def one(self, role: str) -> gpd.GeoDataFrame | None:
        """Return the frame of a role that has one source."""
        return next(iter(self.frames.get(role, {}).values()), None)

    @property
    def areas(self) -> CityAreas:
        return CityAreas(self.one("quarters"), self.one("districts"))

    def attempt(self, step: Callable[[], T]) -> T | None:
        """Return what a step gives, or keep its faults and return None."""
        try:
            return step()
        except PlannerError as error:
            self.faults.add(error)
            return None


def read_sources(recipe: Recipe, root: str | Path, *, progress: Progress | None = None) -> CitySources:
    """Return the clean layers of a city.

    Parameters
    ----------
    recipe
        What `data.recipe.read_recipe` returned.
    root
        Folder in which the recipe's files lie.
    progress
        Called with (layers done, all layers).

    Raises
    ------
    PlannerError
        Whatever is wrong with the files; `FaultsError` with all of it if there are several faults.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileError("the folder of the sources does not exist", where=str(root))
    crs = parse_metric_crs(recipe.city.crs, where="city.crs").to_string()
    reading = _Reading(crs=crs, root=root)
    groups = reading.attempt(lambda: _read_groups(recipe, root))
    entries = sorted(recipe.layers.items(), key=lambda item: ORDER.index(item[1].role))
    for done, (name, entry) in enumerate(entries):
        if progress is not None:
            progress(done, len(entries))
        reading.attempt(lambda name=name, entry=entry: _read_layer(name, entry, reading))  # type: ignore[misc]
    _check_together(recipe, reading, groups)
    reading.faults.raise_if_any()
    if progress is not None:
        progress(len(entries), len(entries))
    return _assemble(recipe, reading, groups or ())


def _read_groups(recipe: Recipe, root: Path) -> tuple[Group, ...]:
    name = recipe.city.groups
    return read_groups(find_source(root, name) if name.endswith(".toml") else name)


def _read_layer(name: str, entry: LayerEntry, reading: _Reading) -> None:
    """Read and clean one layer of the recipe into the reading."""
    crs, areas = reading.crs, reading.areas
    if isinstance(entry, StreetsEntry):
        nodes = read_source(name, entry, reading.root, layer=entry.nodes_layer)
        edges = read_source(name, entry, reading.root, layer=entry.edges_layer)
        reading.papers[name] = nodes.paper
        reading.network, reading.notes[name] = clean_streets(nodes, edges, entry, crs=crs)
        return
    table = read_source(name, entry, reading.root)
    reading.papers[name] = table.paper
    notes: list[str] = []
    frame: pd.DataFrame
    match entry:
        case AreasEntry():
            frame, notes = clean_areas(table, entry, crs=crs)
        case BoundaryEntry():
            frame, notes = clean_boundary(table, entry, crs=crs)
        case CensusEntry():
            frame, notes = clean_census(table, entry, crs=crs, quarters=areas.quarters)
        case TotalsEntry():
            frame = clean_totals(table, entry, quarters=areas.quarters)
        case FactsEntry():
            frame = clean_facts(table, entry, quarters=areas.quarters)
        case SitesEntry():
            frame, notes = clean_sites(name, table, entry, crs=crs, areas=areas)
        case StationsEntry():
            frame = clean_stations(table, entry, crs=crs, area=areas.whole)
    reading.frames.setdefault(entry.role, {})[name] = frame
    reading.notes[name] = notes


def _check_together(recipe: Recipe, reading: _Reading, groups: tuple[Group, ...] | None) -> None:
    """Check what only several layers show together; a layer with faults of its own is left out."""
    census, totals = reading.one("census"), reading.one("quarter_totals")
    if census is not None and groups is not None:
        reading.attempt(lambda: check_codes(groups, census.columns, where="census"))
        for group in groups:
            if {*group.plus, *group.minus} <= set(census.columns):
                reading.attempt(lambda group=group: _check_group(census, group))  # type: ignore[misc]
    if census is not None and totals is not None:
        name = next(iter(reading.frames["quarter_totals"]))
        n = reading.attempt(lambda: check_totals(census, totals, where=f"layers.{name}"))
        if n is not None:
            reading.notes[name].append(f"{n:,} official counts agree with the sums of the sections")
    sites = {name: frame for role in ("services", "spaces") for name, frame in reading.frames.get(role, {}).items()}
    if sites:
        reading.attempt(lambda: check_unique_sites(sites))
    stations = reading.frames.get("stations", {})
    if len(stations) > 1:
        reading.attempt(lambda: _check_unique_stations(stations))
    reading.attempt(lambda: _check_facts(reading.frames.get("quarter_facts", {})))
    reading.attempt(lambda: _check_expected(recipe, reading, groups))


def _check_group(census: pd.DataFrame, group: Group) -> None:
    count_group(census.set_index("section"), group)


def _check_unique_stations(stations: Mapping[str, pd.DataFrame]) -> None:
    ids = pd.concat([frame["station_id"] for frame in stations.values()])
    repeated = sorted(set(ids[ids.duplicated()]))
    if repeated:
        raise IdError("one id stands for several stations", where="stations", n=len(repeated), examples=repeated)


def _check_facts(facts: Mapping[str, pd.DataFrame]) -> None:
    columns = pd.Series(
        [column for frame in facts.values() for column in frame.columns if column != "nil"], dtype="str"
    )
    repeated = sorted(set(columns[columns.duplicated()]))
    if repeated:
        raise IdError("several layers give quarter facts of one name", where="quarter_facts", examples=repeated)


def _check_expected(recipe: Recipe, reading: _Reading, groups: tuple[Group, ...] | None) -> None:
    """Compare the figures that the recipe expects with those that were read."""
    expect, faults = recipe.city.expect, Faults()
    census, quarters, districts = (reading.one(role) for role in ("census", "quarters", "districts"))
    found: dict[str, tuple[float | None, float | None, float]] = {}
    residents = next((group for group in groups or () if group.key == RESIDENTS), None)
    if census is not None and residents is not None and set(residents.plus) <= set(census.columns):
        found["residents"] = (expect.residents, float(count_group(census, residents).sum()), 0)
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


def _assemble(recipe: Recipe, reading: _Reading, groups: tuple[Group, ...]) -> CitySources:
    """Return the layers by role: sources of one role joined, the outline from the quarters where none was given."""
    layers = {}
    for role in ORDER[:-1]:
        frames = reading.frames.get(role, {})
        if frames or role in ("services", "spaces"):
            layers[role] = _join_layer(role, frames, reading)
    if "boundary" not in layers:
        layers["boundary"] = _boundary_of(layers["quarters"], reading.crs)
    streets = next(name for name, entry in recipe.layers.items() if entry.role == "streets")
    if reading.network is None:  # its faults were raised before
        raise FileError("the streets were not read", where=streets)
    city = recipe.city
    return CitySources(
        city=CityFacts(
            id=city.id,
            name=city.name,
            country=city.country,
            crs=reading.crs,
            cell_m=city.cell_m,
            language=city.language,
            is_sample=city.sample,
        ),
        groups=groups,
        layers=layers,
        network=reading.network,
        network_paper=reading.papers[streets],
        papers=reading.papers,
        notes=tuple(f"{streets}: {note}" for note in reading.notes.get(streets, [])),
    )


def _join_layer(role: str, frames: Mapping[str, pd.DataFrame], reading: _Reading) -> CityLayer:
    joined: pd.DataFrame
    if role in ("services", "spaces"):
        joined = join_sites(list(frames.values()), crs=reading.crs)
    elif role == "quarter_facts":
        whole = [frame.set_index("nil") for frame in frames.values()]
        joined = pd.concat(whole, axis=1).sort_index().rename_axis("nil").reset_index()
    elif role == "stations":
        joined = pd.concat(list(frames.values())).sort_values("station_id", ignore_index=True)
    else:
        joined = next(iter(frames.values()))
    papers = tuple(reading.papers[name] for name in frames)
    notes = tuple(f"{name}: {note}" for name in frames for note in reading.notes.get(name, []))
    return CityLayer(name=role, role=role, frame=joined, paper=join_papers(papers) if papers else NO_PAPER, notes=notes)


NO_PAPER = Paper(source="none", licence="none", attribution="", date="")


def _boundary_of(quarters: CityLayer, crs: str) -> CityLayer:
    outline = gpd.GeoDataFrame(geometry=[shapely.union_all(quarters.frame.geometry.to_numpy())], crs=crs)
    notes = ("the outline is the union of the quarters",)
    return CityLayer(name="boundary", role="boundary", frame=outline, paper=quarters.paper, notes=notes)
