"""The sources of a city, read and cleaned by its recipe, with every fault of every file raised at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from data.agreement import check_together
from data.city import CityFacts, CityLayer, CitySources, KnownRate, LaterTotal, NetworkArrays, Paper, join_papers
from data.clean.areas import clean_areas, clean_boundary
from data.clean.buildings import clean_buildings
from data.clean.census import clean_census
from data.clean.counted_points import clean_counted_points, join_points
from data.clean.facts import clean_facts, clean_totals
from data.clean.margins import clean_margins
from data.clean.sites import clean_sites, join_sites
from data.clean.stations import clean_stations
from data.clean.streets import clean_street_graph, clean_streets
from data.crs import parse_metric_crs
from data.errors import FileError
from data.files import find_source
from data.groups_file import GroupEntry, read_groups
from data.offered_groups import GroupSources, Offer, offer_groups
from data.read_file import SourceTable, read_source
from data.read_streets import read_street_graph
from data.read_transit import read_city_lines, read_feed
from data.reading import Reading
from data.recipe import Recipe
from data.recipe_layers import (
    AreasEntry,
    BoundaryEntry,
    BuildingsEntry,
    CensusEntry,
    FactsEntry,
    SitesEntry,
    StationsEntry,
    TotalsEntry,
)
from data.recipe_margins import MarginsEntry
from data.recipe_points import PointsEntry
from data.recipe_roles import LayerEntry
from data.recipe_streets import StreetGraphEntry, StreetsEntry, StreetTablesEntry
from data.recipe_transit import LinesEntry, TimetableEntry, list_limits

__all__ = ["CityFacts", "CityLayer", "CitySources", "NetworkArrays", "Paper", "read_sources"]

ORDER = (
    "quarters", "districts", "boundary", "census", "buildings", "quarter_totals", "quarter_facts", "margins",
    "services", "spaces", "stations", "points", "lines", "timetable", "streets",
)  # fmt: skip
NO_PAPER = Paper(source="the recipe names no source", licence="none", attribution="none", date="none")
"""The paper of an empty layer of services or spaces, which every pack has."""
Progress = Callable[[int, int], None]


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
    reading = Reading(crs=crs, root=root)
    catalogue = reading.attempt(lambda: _read_groups(recipe, root))
    entries = sorted(recipe.layers.items(), key=lambda item: ORDER.index(item[1].role))
    for done, (name, entry) in enumerate(entries):
        if progress is not None:
            progress(done, len(entries))
        reading.attempt(partial(_read_layer, name, entry, reading))
    offer = reading.attempt(lambda: offer_groups(catalogue, _group_sources(reading))) if catalogue else None
    check_together(recipe, reading, offer.groups if offer else None)
    reading.faults.raise_if_any()
    if progress is not None:
        progress(len(entries), len(entries))
    return _assemble(recipe, reading, offer or Offer((), ()))


def _read_groups(recipe: Recipe, root: Path) -> dict[str, GroupEntry]:
    names = recipe.city.groups
    return read_groups(*(find_source(root, name) if name.endswith(".toml") else name for name in names))


def _group_sources(reading: Reading) -> GroupSources:
    census = reading.one("census")
    return GroupSources(
        census=None if census is None else [str(column) for column in census.columns],
        points=reading.frames.get("points", {}),
        facts=reading.frames.get("quarter_facts", {}),
        papers=reading.papers,
    )


def _read_layer(name: str, entry: LayerEntry, reading: Reading) -> None:
    """Read and clean one layer of the recipe into the reading."""
    crs, areas = reading.crs, reading.areas
    if isinstance(entry, StreetsEntry | StreetTablesEntry):
        nodes, edges = _read_streets(name, entry, reading.root)
        reading.papers[name] = nodes.paper if isinstance(entry, StreetsEntry) else join_papers((edges.paper, nodes.paper))
        reading.network, notes = clean_streets(nodes, edges, entry, crs=crs, area=areas.whole)
        reading.notes[name] = [*nodes.notes, *edges.notes, *notes]
        return
    if isinstance(entry, StreetGraphEntry):
        graph, reading.papers[name] = read_street_graph(entry, reading.root)
        reading.network, reading.notes[name] = clean_street_graph(graph, crs=crs, where=f"layers.{name}, {entry.file}")
        return
    if isinstance(entry, TimetableEntry):
        reading.feeds[name] = read_feed(name, entry, reading.root)
        reading.papers[name] = reading.feeds[name].paper
        return
    table = read_source(name, entry, reading.root)
    reading.papers[name] = table.paper
    notes = []
    frame: pd.DataFrame
    match entry:
        case AreasEntry():
            frame, notes = clean_areas(table, entry, crs=crs)
        case BoundaryEntry():
            frame, notes = clean_boundary(table, entry, crs=crs)
        case CensusEntry():
            frame, notes = clean_census(table, entry, crs=crs, areas=areas)
        case BuildingsEntry():
            frame, notes = clean_buildings(table, entry, crs=crs, area=areas.whole)
        case TotalsEntry():
            frame = clean_totals(table, entry, quarters=areas.quarters)
        case MarginsEntry():
            frame = clean_margins(table, entry, quarters=areas.quarters)
        case FactsEntry():
            frame = clean_facts(table, entry, quarters=areas.quarters)
        case SitesEntry():
            frame, notes = clean_sites(name, table, entry, crs=crs, areas=areas)
        case PointsEntry():
            frame, notes = clean_counted_points(name, table, entry, crs=crs, areas=areas)
        case StationsEntry():
            frame = clean_stations(table, entry, crs=crs, area=areas.whole)
        case LinesEntry():
            frame, headways, notes = read_city_lines(table, entry)
            reading.frames["headways"] = {name: headways}
    reading.frames.setdefault(entry.role, {})[name] = frame
    reading.notes[name] = [*table.notes, *notes]


def _read_streets(name: str, entry: StreetsEntry | StreetTablesEntry, root: Path) -> tuple[SourceTable, SourceTable]:
    """Return the nodes and the edges: two layers of one file, or two files."""
    if isinstance(entry, StreetTablesEntry):
        return read_source(name, entry.of_nodes, root), read_source(name, entry, root)
    return read_source(name, entry, root, layer=entry.nodes_layer), read_source(name, entry, root, layer=entry.edges_layer)


def _assemble(recipe: Recipe, reading: Reading, offer: Offer) -> CitySources:
    """Return the layers by role: sources of one role joined, the outline from the quarters where none was given."""
    layers = {}
    for role in (*ORDER[:-1], "headways"):
        frames = reading.frames.get(role, {})
        if frames or role in ("services", "spaces"):
            layers[role] = _join_layer(role, frames, reading)
    for entry in recipe.layers.values():
        if isinstance(entry, MarginsEntry):
            layers["margins"] = replace(layers["margins"], limits=(*layers["margins"].limits, *list_limits(entry)))
        if isinstance(entry, LinesEntry):
            layers["lines"] = replace(layers["lines"], limits=list_limits(entry), time_zone=entry.time_zone)
            layers["headways"] = replace(layers["headways"], notes=())  # they stand with the lines
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
            risk_rates=tuple(
                KnownRate(definition=one.definition, rate=one.rate_pct / 100.0, source=one.source) for one in city.risk_rates
            ),
            later=tuple(LaterTotal(**one.model_dump()) for one in city.later),
        ),
        groups=offer.groups,
        layers=layers,
        network=reading.network,
        network_paper=reading.papers[streets],
        papers=reading.papers,
        feeds=reading.feeds,
        notes=(*(f"{streets}: {note}" for note in reading.notes.get(streets, [])), *offer.notes),
    )


def _join_layer(role: str, frames: Mapping[str, pd.DataFrame], reading: Reading) -> CityLayer:
    joined: pd.DataFrame
    if role in ("services", "spaces"):
        joined = join_sites(list(frames.values()), crs=reading.crs)
    elif role == "quarter_facts":
        whole = [frame.set_index("nil") for frame in frames.values()]
        joined = pd.concat(whole, axis=1).sort_index().rename_axis("nil").reset_index()
    elif role == "margins":
        joined = pd.concat(list(frames.values()), ignore_index=True)
    elif role == "points":
        joined = join_points(list(frames.values()), crs=reading.crs)
    elif role == "stations":
        joined = pd.concat(list(frames.values())).sort_values("station_id", ignore_index=True)
    else:
        joined = next(iter(frames.values()))
    papers = tuple(reading.papers[name] for name in frames)
    paper = join_papers(papers) if papers else NO_PAPER
    notes = tuple(f"{name}: {note}" for name in frames for note in reading.notes.get(name, []))
    return CityLayer(name=role, role=role, frame=joined, paper=paper, notes=notes)


def _boundary_of(quarters: CityLayer, crs: str) -> CityLayer:
    outline = gpd.GeoDataFrame(geometry=[shapely.union_all(quarters.frame.geometry.to_numpy())], crs=crs)
    notes = ("the outline is the union of the quarters",)
    return CityLayer(name="boundary", role="boundary", frame=outline, paper=quarters.paper, notes=notes)
