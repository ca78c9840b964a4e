"""Street graphs that a recipe names: an OSM extract or a graph of OSMnx, and its paper."""

from __future__ import annotations

from pathlib import Path

from data.city import Paper
from data.files import digest_file, find_source
from data.graphml_file import read_graphml
from data.osm_file import read_osm
from data.recipe_streets import OSM_SUFFIXES, StreetGraphEntry
from data.street_graph import StreetGraph


def read_street_graph(entry: StreetGraphEntry, root: Path) -> tuple[StreetGraph, Paper]:
    """Return the streets of a file for the mode of the entry, and the paper of the file; its rows are the edges.

    Raises
    ------
    PlannerError
        Whatever `read_osm` or `read_graphml` raises; `FileError` if the file is missing or outside the folder.
    """
    path = find_source(root, entry.file)
    is_osm = entry.file.lower().endswith(OSM_SUFFIXES)
    graph = read_osm(path, mode=entry.mode) if is_osm else read_graphml(path)
    if entry.mode != "bike":
        graph = graph.open_both_ways()
    paper = Paper(
        source=entry.source,
        licence=entry.licence,
        attribution=entry.attribution,
        date=entry.date,
        files=(path.relative_to(root).as_posix(),),
        files_sha256=(digest_file(path),),
        source_crs="EPSG:4326" if is_osm else None,
        rows=graph.n_edges,
    )
    return graph, paper
