"""OSMnx graphs saved as GraphML (.graphml, .graphml.gz) as street graphs."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import networkx as nx
import numpy as np
import pyproj

from data.errors import CrsError, EmptyLayerError, Faults, FileError, GeometryError, IdError, NetworkError, PlannerError
from data.recipe_streets import GRAPHML_SUFFIXES
from data.street_graph import StreetGraph, tidy_graph

MAX_BYTES = 4 << 30
"""Text of a graph at most: some ten times the walking graph of a city of millions. What unpacks to more is no street graph."""
LENGTH_DECIMALS = 3
"""Two directed edges of one street have lengths that differ by the rounding of a sum only; millimetres say they are equal."""
TRUTHS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


@dataclass(frozen=True)
class _Arc:
    """One directed edge: ends as ids, OSM ways in ascending order, metres, and whether its street is one-way, if it says."""

    tail: int
    head: int
    ways: tuple[int, ...]
    length_m: float
    is_one_way: bool | None
    highway: str


def read_graphml(path: Path) -> StreetGraph:
    """Return the streets of an OSMnx graph.

    Parameters
    ----------
    path
        A .graphml or .graphml.gz file, in degrees or in a projected CRS that it names.

    Returns
    -------
    StreetGraph
        Two opposite directed edges of equal length on the same OSM ways are one edge open both ways, unless they say that
        they are one-way; a directed edge alone is one-way, unless it says that it is not. Lengths are those of the file.

    Raises
    ------
    FileError
        If the file is missing, of another kind, cut short, no GraphML, or has a document type definition.
    EmptyLayerError
        If there is no edge.
    IdError
        If nodes or edges have ids that are no whole numbers.
    CrsError
        If the graph names no CRS that is known.
    GeometryError
        If nodes lack coordinates.
    NetworkError
        If edges have no direction, or no length above 0.
    """
    graph = _parse_graph(_read_bytes(path), where=str(path))
    where = path.name
    if not graph.is_directed():
        remedy = "Save the graph of OSMnx as it is, before it is made undirected"
        raise NetworkError("the edges have no direction, so one-ways cannot be told", where=where, remedy=remedy)
    if graph.number_of_edges() == 0:
        raise EmptyLayerError("the graph has no edge", where=where)
    faults = Faults()
    ids, places = _read_nodes(graph, faults, where=where)
    arcs = _read_arcs(graph, faults, where=where)
    faults.raise_if_any()
    return _join_arcs(arcs, np.asarray(ids, dtype=np.int64), np.asarray(places, dtype=np.float64))


def _read_bytes(path: Path) -> bytes:
    name = path.name.lower()
    if not name.endswith(GRAPHML_SUFFIXES):
        raise FileError("is no GraphML file by its name", where=str(path), remedy=f"Known are {', '.join(GRAPHML_SUFFIXES)}")
    if not path.is_file():
        raise FileError("the file does not exist", where=str(path))
    try:
        with gzip.open(path) if name.endswith(".gz") else path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:  # gzip says EOFError for a file cut short
        raise FileError(f"cannot be read to its end: {error}", where=str(path)) from error
    if len(text) > MAX_BYTES:
        raise FileError(f"holds more than {MAX_BYTES:,} bytes", where=str(path), remedy="Give the graph of one city")
    return text


def _parse_graph(text: bytes, *, where: str) -> nx.Graph[str]:
    _refuse_dtd(text, where=where)
    try:
        return nx.read_graphml(io.BytesIO(text), force_multigraph=True)
    except (ParseError, nx.NetworkXException, KeyError, ValueError, TypeError, AttributeError) as error:
        raise FileError(f"is no GraphML that can be read: {error}", where=where) from error


def _refuse_dtd(text: bytes, *, where: str) -> None:
    """Raise for a document type definition: its entities can name other files, or grow without end ("billion laughs").

    The parser is stopped where the definition begins, before any entity is known, so that none is expanded.
    """

    def refuse(*_: object) -> None:
        what = "has a document type definition (DOCTYPE), which could make it grow without end or read other files"
        raise FileError(what, where=where, remedy="Save the graph again with OSMnx, which writes none")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.ParseFile(io.BytesIO(text))
    except expat.ExpatError as error:
        raise FileError(f"is no XML: {error}", where=where, remedy="The file may be cut short: fetch it again") from error


def _read_nodes(graph: nx.Graph[str], faults: Faults, *, where: str) -> tuple[list[int], list[tuple[float, float]]]:
    """Return the ids and degrees of the nodes; on a fault, what was read so far."""
    odd = [node for node in graph.nodes if not re.fullmatch(r"-?\d{1,18}", node)]
    if odd:
        faults.add(IdError("node ids are no whole numbers", where=where, n=len(odd), examples=odd))
    rows = [(_number(data.get("x")), _number(data.get("y"))) for _, data in graph.nodes(data=True)]
    places, fault = _to_degrees(rows, graph.graph.get("crs"), where=where)
    if fault is not None:
        faults.add(fault)
    is_lost = ~(np.isfinite(places).all(axis=1) & (np.abs(places) <= (180.0, 90.0)).all(axis=1))
    if fault is None and is_lost.any():
        lost = [node for node, is_one in zip(graph.nodes, is_lost, strict=True) if is_one]
        what = "nodes lack coordinates or have none on Earth (an edge may name a node that is not there)"
        faults.add(GeometryError(what, where=where, n=len(lost), examples=lost))
    return [int(node) for node in graph.nodes if node not in set(odd)], [(float(x), float(y)) for x, y in places]


def _to_degrees(rows: list[tuple[float, float]], crs: object, *, where: str) -> tuple[np.ndarray, PlannerError | None]:
    places = np.asarray(rows, dtype=np.float64)
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        return places, CrsError(f"the graph names no CRS that is known, but {crs!r}", where=where)
    to_wgs84 = pyproj.Transformer.from_crs(known, "EPSG:4326", always_xy=True)
    return np.column_stack(to_wgs84.transform(places[:, 0], places[:, 1])), None


def _number(value: object) -> float:
    """Return the number that a text holds; NaN where it holds none."""
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _read_arcs(graph: nx.Graph[str], faults: Faults, *, where: str) -> list[_Arc]:
    arcs: list[_Arc] = []
    lengths: list[str] = []
    ways: list[str] = []
    for tail, head, data in graph.edges(data=True):
        length_m = _number(data.get("length"))
        if not 0 <= length_m < float("inf"):
            lengths.append(f"{tail} to {head}: {data.get('length')}")
        osmid = str(data.get("osmid", ""))
        if not re.fullmatch(r"\[?\s*(\d{1,18}(\s*,\s*\d{1,18})*)?\s*\]?", osmid):
            ways.append(f"{tail} to {head}: {osmid[:40]}")
        elif not (faults or lengths or ways):  # after a fault, only more faults are looked for
            numbers = tuple(sorted({int(number) for number in re.findall(r"\d+", osmid)}))
            one_way = TRUTHS.get(str(data.get("oneway")).strip().lower())
            highway = ";".join(re.findall(r"[\w:-]+", str(data.get("highway", ""))))
            arcs.append(_Arc(int(tail), int(head), numbers, length_m, one_way, highway))
    if lengths:
        what = "edges have no 'length' in metres"
        faults.add(NetworkError(what, where=where, n=len(lengths), examples=lengths))
    if ways:
        faults.add(IdError("edges have an 'osmid' of no whole numbers", where=where, n=len(ways), examples=ways))
    return arcs


def _join_arcs(arcs: list[_Arc], ids: np.ndarray, places: np.ndarray) -> StreetGraph:
    order = np.argsort(ids, kind="stable")
    ids, places = ids[order], places[order]
    streets, n_alone = _pair_arcs(arcs)
    notes = (f"directed edges that say they are not one-way, without their opposite: {n_alone}",) if n_alone else ()
    graph = StreetGraph(
        node_id=ids,
        lon=places[:, 0],
        lat=places[:, 1],
        u=np.searchsorted(ids, [arc.tail for arc, _ in streets]),
        v=np.searchsorted(ids, [arc.head for arc, _ in streets]),
        length_m=np.array([arc.length_m for arc, _ in streets], dtype=np.float64),
        is_one_way=np.array([is_one_way for _, is_one_way in streets], dtype=np.bool_),
        way_ids=tuple(arc.ways for arc, _ in streets),
        highway=tuple(arc.highway for arc, _ in streets),
        notes=notes,
    )
    return tidy_graph(graph)


def _pair_arcs(arcs: list[_Arc]) -> tuple[list[tuple[_Arc, bool]], int]:
    """Return each street once with whether it is one-way, and how many two-way streets came with one arc only."""
    streets = [(arc, True) for arc in arcs if arc.is_one_way]
    alike: defaultdict[tuple[object, ...], list[_Arc]] = defaultdict(list)
    for arc in arcs:
        if not arc.is_one_way:
            ends = (min(arc.tail, arc.head), max(arc.tail, arc.head))
            alike[(*ends, arc.ways, round(arc.length_m, LENGTH_DECIMALS))].append(arc)
    n_alone = 0
    for group in alike.values():
        up = [arc for arc in group if arc.tail < arc.head]
        down = [arc for arc in group if arc.tail > arc.head]
        loops = [arc for arc in group if arc.tail == arc.head]  # a loop stands there once for each way round
        n_pairs = min(len(up), len(down))
        alone = up[n_pairs:] + down[n_pairs:]
        streets += [(arc, False) for arc in up[:n_pairs] + loops[: (len(loops) + 1) // 2]]
        streets += [(arc, arc.is_one_way is None) for arc in alone]
        n_alone += sum(arc.is_one_way is False for arc in alone)
    return streets, n_alone
