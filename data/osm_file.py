"""OSM extracts (.osm.pbf, .osm) as street graphs: ways that a mode may use, cut where they meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import pyproj
from numpy.typing import NDArray

from data.errors import EmptyLayerError, Faults, FileError, GeometryError, IdError, NetworkError
from data.osm_ways import Direction, WayRules, read_way_rules
from data.recipe_streets import OSM_SUFFIXES
from data.street_graph import StreetGraph, tidy_graph


@dataclass
class _Ways:
    """The ways open to a mode, one entry a way, and what was met on the way to them."""

    ids: list[int] = field(default_factory=list)
    highway: list[str] = field(default_factory=list)
    is_one_way: list[bool] = field(default_factory=list)
    nodes: list[list[int]] = field(default_factory=list)
    n_highways: int = 0
    unclear: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Places:
    """Where nodes lie: ids ascending, degrees."""

    ids: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]


def read_osm(path: Path, *, mode: str) -> StreetGraph:
    """Return the streets of an OSM extract for a mode.

    Parameters
    ----------
    path
        A .osm.pbf or .osm file, also .osm.gz and .osm.bz2.
    mode
        A mode of `osm_ways.toml`: "walk", "slow_walk" or "bike".

    Returns
    -------
    StreetGraph
        Nodes are OSM nodes at which ways end or meet (or a way meets itself); lengths are geodesic, along every node of
        the way. A way that leaves the extract is cut where its nodes end.

    Raises
    ------
    FileError
        If the file is missing, of another kind, cut short or broken.
    EmptyLayerError
        If no way is open to the mode.
    IdError
        If ids repeat or are not above 0 (edits that were never uploaded).
    GeometryError
        If nodes lack coordinates.
    NetworkError
        If no way has two nodes inside the extract.
    RecipeError
        If the mode is not known.
    """
    rules = read_way_rules(mode)
    _check_file(path)
    ways = _read_ways(path, rules)
    _check_ways(ways, rules, where=path.name)
    places = _read_places(path, np.unique(np.concatenate([np.asarray(nodes, dtype=np.int64) for nodes in ways.nodes])))
    return _cut_ways(ways, places, where=path.name)


def _check_file(path: Path) -> None:
    if not path.name.lower().endswith(OSM_SUFFIXES):
        raise FileError("is no OSM file by its name", where=str(path), remedy=f"Known are {', '.join(OSM_SUFFIXES)}")
    if not path.is_file():
        raise FileError("the file does not exist", where=str(path))


def _read_objects(path: Path, kind: osmium.osm.osm_entity_bits, chosen: osmium.BaseFilter) -> Iterator[object]:
    """Yield the chosen objects of a file; what libosmium meets in it becomes an error of our own.

    The path is made absolute: libosmium takes "-" for standard input and hands "http:" to another program.
    """
    try:
        yield from osmium.FileProcessor(str(path.absolute()), kind).with_filter(chosen)
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        remedy = "The file may be cut short: fetch it again"
        raise FileError(f"cannot be read to its end: {error}", where=str(path), remedy=remedy) from error


def _read_ways(path: Path, rules: WayRules) -> _Ways:
    ways = _Ways()
    for way in _read_objects(path, osmium.osm.WAY, osmium.filter.KeyFilter("highway")):
        if not isinstance(way, osmium.osm.Way) or way.deleted:
            continue
        tags = {tag.k: tag.v for tag in way.tags}
        ways.n_highways += 1
        if not rules.is_open(tags):
            continue
        ways.unclear.update(rules.find_unclear(tags))
        direction = rules.find_direction(tags)
        nodes = [node.ref for node in way.nodes]
        ways.ids.append(way.id)
        ways.highway.append(tags["highway"])
        ways.is_one_way.append(direction is not Direction.BOTH)
        ways.nodes.append(nodes[::-1] if direction is Direction.BACKWARD else nodes)
    return ways


def _check_ways(ways: _Ways, rules: WayRules, *, where: str) -> None:
    if not ways.ids:
        what = f"none of {ways.n_highways} ways with the tag 'highway' is open to the mode {rules.mode!r}"
        raise EmptyLayerError(what, where=where)
    faults = Faults()
    repeated = sorted(way for way, n in Counter(ways.ids).items() if n > 1)
    if repeated:
        faults.add(IdError("ways stand twice in the file", where=where, n=len(repeated), examples=repeated))
    low = sorted({node for nodes in ways.nodes for node in nodes if node <= 0} | {way for way in ways.ids if way <= 0})
    if low:
        what = "ids are not above 0: edits that were not uploaded"
        faults.add(IdError(what, where=where, n=len(low), examples=low, remedy="Take an extract of uploaded data"))
    faults.raise_if_any()


def _read_places(path: Path, wanted: NDArray[np.int64]) -> _Places:
    ids: list[int] = []
    degrees: list[tuple[float, float]] = []
    lost: list[int] = []
    for node in _read_objects(path, osmium.osm.NODE, osmium.filter.IdFilter(wanted.tolist())):
        if not isinstance(node, osmium.osm.Node) or node.deleted:
            continue
        if node.location.valid():
            ids.append(node.id)
            degrees.append((node.location.lon, node.location.lat))
        else:
            lost.append(node.id)
    _check_places(ids, lost, where=path.name)
    order = np.argsort(np.asarray(ids, dtype=np.int64), kind="stable")
    table = np.asarray(degrees, dtype=np.float64).reshape(-1, 2)[order]
    return _Places(np.asarray(ids, dtype=np.int64)[order], table[:, 0], table[:, 1])


def _check_places(ids: list[int], lost: list[int], *, where: str) -> None:
    faults = Faults()
    if lost:
        what = "nodes of ways lack coordinates or have none on Earth"
        faults.add(GeometryError(what, where=where, n=len(lost), examples=sorted(lost)))
    repeated = sorted(node for node, n in Counter(ids).items() if n > 1)
    if repeated:
        faults.add(IdError("nodes stand twice in the file", where=where, n=len(repeated), examples=repeated))
    faults.raise_if_any()


def _cut_ways(ways: _Ways, places: _Places, *, where: str) -> StreetGraph:
    """Return the graph of the parts of ways between the nodes at which they end or meet."""
    counts = np.array([len(nodes) for nodes in ways.nodes])
    way = np.repeat(np.arange(len(counts)), counts)
    refs = np.concatenate([np.asarray(nodes, dtype=np.int64) for nodes in ways.nodes])
    is_inside = np.isin(refs, places.ids)
    # A gap counts as an end: the part of the way before it and the part after it are not joined.
    run = np.cumsum(~is_inside)[is_inside]
    refs, way = refs[is_inside], way[is_inside]
    is_repeat = np.zeros(len(refs), dtype=bool)
    is_repeat[1:] = (refs[1:] == refs[:-1]) & (way[1:] == way[:-1]) & (run[1:] == run[:-1])
    refs, way, run = refs[~is_repeat], way[~is_repeat], run[~is_repeat]
    node = np.searchsorted(places.ids, refs)
    is_joined = (way[1:] == way[:-1]) & (run[1:] == run[:-1])
    if not is_joined.any():
        raise NetworkError("no way has two nodes next to one another inside the file", where=where, n=len(counts))
    n_cut = len(np.unique(np.repeat(np.arange(len(counts)), counts)[~is_inside]))
    notes = [f"ways that leave the file, cut where their nodes end: {n_cut}"] if n_cut else []
    notes += [f"tags that say nothing clear, passed over: {tag} ({n})" for tag, n in sorted(ways.unclear.items())]
    return _build_graph(ways, places, way, node, is_joined, notes)


def _build_graph(
    ways: _Ways,
    places: _Places,
    way: NDArray[np.intp],
    node: NDArray[np.intp],
    is_joined: NDArray[np.bool_],
    notes: list[str],
) -> StreetGraph:
    """Return the graph from the nodes of all ways in a row, and whether each is joined to the next."""
    is_end = np.ones(len(node), dtype=bool)
    is_end[1:-1] = ~(is_joined[1:] & is_joined[:-1])
    is_end |= np.bincount(node, minlength=len(places.ids))[node] > 1
    tail = np.flatnonzero(is_joined)
    step_m = _measure_m(places, node[tail], node[tail + 1])
    first = np.flatnonzero(is_end[tail])
    last = np.append(first[1:], len(tail)) - 1
    begin, end = tail[first], tail[last] + 1
    one_way = np.asarray(ways.is_one_way, dtype=np.bool_)
    graph = StreetGraph(
        node_id=places.ids,
        lon=places.lon,
        lat=places.lat,
        u=node[begin],
        v=node[end],
        length_m=np.add.reduceat(step_m, first),
        is_one_way=one_way[way[begin]],
        way_ids=tuple((ways.ids[number],) for number in way[begin]),
        highway=tuple(ways.highway[number] for number in way[begin]),
        notes=tuple(notes),
    )
    return tidy_graph(graph)


def _measure_m(places: _Places, tail: NDArray[np.intp], head: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the geodesic distance between nodes on the ellipsoid of WGS 84."""
    geod = pyproj.Geod(ellps="WGS84")
    _, _, metres = geod.inv(places.lon[tail], places.lat[tail], places.lon[head], places.lat[head])
    return np.asarray(metres, dtype=np.float64)
