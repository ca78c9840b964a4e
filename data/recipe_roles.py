"""Every entry of a recipe by the role of its layer."""

from __future__ import annotations

from data.recipe_layers import (
    TABLE_SUFFIXES,
    AreasEntry,
    BoundaryEntry,
    CensusEntry,
    FactsEntry,
    SitesEntry,
    StationsEntry,
    TotalsEntry,
)
from data.recipe_points import PointsEntry
from data.recipe_streets import GRAPH_SUFFIXES, StreetGraphEntry, StreetsEntry, StreetTablesEntry
from data.recipe_transit import LinesEntry, TimetableEntry

LayerEntry = (
    BoundaryEntry | AreasEntry | CensusEntry | TotalsEntry | FactsEntry | SitesEntry | StationsEntry | StreetsEntry
    | StreetTablesEntry | StreetGraphEntry | LinesEntry | TimetableEntry | PointsEntry
)  # fmt: skip
ENTRY_OF_ROLE: dict[str, type[LayerEntry]] = {
    "boundary": BoundaryEntry,
    "quarters": AreasEntry,
    "districts": AreasEntry,
    "census": CensusEntry,
    "quarter_totals": TotalsEntry,
    "quarter_facts": FactsEntry,
    "services": SitesEntry,
    "spaces": SitesEntry,
    "stations": StationsEntry,
    "points": PointsEntry,
    "lines": LinesEntry,
    "timetable": TimetableEntry,
    "streets": StreetsEntry,
}


def find_entry(role: str, file: object) -> type[LayerEntry]:
    """Return the model of a layer with a known role: streets have one for vector files, one for CSV and one for graphs."""
    if role == "streets" and isinstance(file, str) and file.lower().endswith(GRAPH_SUFFIXES):
        return StreetGraphEntry
    if role == "streets" and isinstance(file, str) and file.lower().endswith(TABLE_SUFFIXES):
        return StreetTablesEntry
    return ENTRY_OF_ROLE[role]
