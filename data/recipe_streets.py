"""What a recipe may say about the street network: layers of a vector file, CSV tables, or a graph."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from data.recipe_layers import (
    TABLE_SUFFIXES,
    VECTOR_SUFFIXES,
    Conditions,
    FileName,
    PlaceEntry,
    SourceEntry,
    Text,
    check_file_name,
)

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
"""libosmium tells the format by these; other names it would guess at."""
GRAPHML_SUFFIXES = (".graphml", ".graphml.gz")
GRAPH_SUFFIXES = OSM_SUFFIXES + GRAPHML_SUFFIXES


def check_street_file_name(name: str) -> str:
    """Return the name of a file of streets, as `check_file_name` does."""
    return check_file_name(name, suffixes=TABLE_SUFFIXES + VECTOR_SUFFIXES + GRAPH_SUFFIXES)


StreetFileName = Annotated[str, AfterValidator(check_street_file_name)]


class StreetsEntry(SourceEntry):
    """The street network: a layer of nodes and a layer of edges in one vector file."""

    role: Literal["streets"]
    file: StreetFileName
    layer: None = None
    keep: Conditions = Field(default={}, max_length=0)
    nodes_layer: Text
    edges_layer: Text
    node: Text
    u: Text
    v: Text
    length_m: Text
    one_way: Text | None = None


class StreetTablesEntry(PlaceEntry):
    """The street network: a CSV file of edges and one of nodes, read alike."""

    role: Literal["streets"]
    nodes_file: FileName
    keep: Conditions = Field(default={}, max_length=0)
    node: Text
    u: Text
    v: Text
    length_m: Text
    one_way: Text | None = None

    @model_validator(mode="after")
    def _check_nodes_file(self) -> StreetTablesEntry:
        if not self.nodes_file.lower().endswith(TABLE_SUFFIXES):
            raise ValueError("'file' is a CSV file of edges, so 'nodes_file' is a CSV file of nodes")
        return self

    @property
    def of_nodes(self) -> StreetTablesEntry:
        """The entry with the file of nodes as its file."""
        return self.model_copy(update={"file": self.nodes_file})


class StreetGraphEntry(SourceEntry):
    """The street network from an OSM extract or a graph of OSMnx, which say themselves what their nodes and edges are."""

    has_positions: ClassVar[bool] = False  # both say their CRS themselves

    role: Literal["streets"]
    file: StreetFileName
    layer: None = None
    keep: Conditions = Field(default={}, max_length=0)
    mode: Literal["walk", "slow_walk", "bike"]
