"""Every entry of a recipe by the role of its layer."""

from __future__ import annotations

from collections.abc import Iterable

from data.errors import RecipeError
from data.recipe_layers import (
    TABLE_SUFFIXES,
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
from data.recipe_streets import GRAPH_SUFFIXES, StreetGraphEntry, StreetsEntry, StreetTablesEntry
from data.recipe_transit import LinesEntry, TimetableEntry

LayerEntry = (
    BoundaryEntry | AreasEntry | CensusEntry | TotalsEntry | FactsEntry | SitesEntry | StationsEntry | StreetsEntry
    | StreetTablesEntry | StreetGraphEntry | LinesEntry | TimetableEntry | PointsEntry | MarginsEntry | BuildingsEntry
)  # fmt: skip
ENTRY_OF_ROLE: dict[str, type[LayerEntry]] = {
    "boundary": BoundaryEntry,
    "quarters": AreasEntry,
    "districts": AreasEntry,
    "census": CensusEntry,
    "buildings": BuildingsEntry,
    "quarter_totals": TotalsEntry,
    "quarter_facts": FactsEntry,
    "services": SitesEntry,
    "spaces": SitesEntry,
    "stations": StationsEntry,
    "points": PointsEntry,
    "margins": MarginsEntry,
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


def find_contradictions(entries: Iterable[LayerEntry], *, where: str) -> list[RecipeError]:
    """Return what is wrong between the layers of a recipe: what one asks for and no other gives, or gives without effect."""
    roles = {entry.role: entry for entry in entries}
    census = roles.get("census")
    faults: list[RecipeError] = []
    if not isinstance(census, CensusEntry):
        return faults
    if census.spread == "buildings" and "buildings" not in roles:
        remedy = "Give a layer with the role 'buildings', or spread by 'area' or 'streets'"
        faults.append(RecipeError("spread = 'buildings', but no layer has that role", where=where, remedy=remedy))
    if census.spread != "buildings" and "buildings" in roles:
        what = f"the layer of buildings has no effect: the census is spread by {census.spread!r}"
        faults.append(RecipeError(what, where=where, remedy="Say spread = 'buildings' in the census, or take the layer out"))
    if census.quarter is None and "quarter_totals" in roles:
        what = "official counts by quarter cannot be held against a census without quarters"
        faults.append(RecipeError(what, where=where, remedy="Take out the layer 'quarter_totals', or name a column 'quarter'"))
    return faults
