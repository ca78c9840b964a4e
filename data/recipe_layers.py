"""What a recipe may say about one source file, by the role of the layer that it becomes."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

TABLE_SUFFIXES = (".csv", ".csv.gz")
VECTOR_SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".fgb")
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
DATE_PATTERN = r"^\d{4}(-\d{2}(-\d{2})?)?$"


def check_file_name(name: str, *, suffixes: tuple[str, ...] = TABLE_SUFFIXES + VECTOR_SUFFIXES) -> str:
    """Return the file name if it stays inside the folder of the sources; a recipe may come from a stranger."""
    path = PurePosixPath(name)
    if not name.strip() or not name.isprintable():
        raise ValueError("this is no file name")
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or name.startswith("~"):
        raise ValueError("the file name leaves the folder of the sources: name files relative to it, without '..'")
    if not name.lower().endswith(suffixes):
        raise ValueError(f"files of this kind cannot be read, only {', '.join(suffixes)}")
    return name


def check_target_name(name: str) -> str:
    """Return the column name if it can be one in every file that is written."""
    if not re.match(NAME_PATTERN, name):
        raise ValueError("a column name here has lower-case letters, digits and _ only, and begins with a letter")
    return name


def check_position_error(value: float | dict[str, float]) -> float | dict[str, float]:
    """Return metres as they are: one number, or one for each text of the column `position_quality`."""
    table = value if isinstance(value, dict) else {"": value}
    if not all(0 <= metres < math.inf for metres in table.values()):
        raise ValueError("metres are 0 or more")
    return value


def _metres(value: object) -> object:
    """Refuse what is neither metres nor a table of them in one message, where a union would give two."""
    numbers = value.values() if isinstance(value, dict) else [value]
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise ValueError("give metres, or a table from each text of 'position_quality' to metres")
    return {str(key): float(number) for key, number in value.items()} if isinstance(value, dict) else value


def _date_text(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value  # TOML has dates of its own


FileName = Annotated[str, AfterValidator(check_file_name)]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Target = Annotated[str, AfterValidator(check_target_name)]
PositionError = Annotated[float | dict[str, float], BeforeValidator(_metres), AfterValidator(check_position_error)]
Conditions = dict[Text, Annotated[list[bool | int | float | str], Field(min_length=1)]]


class StrictModel(BaseModel):
    """A table of the recipe: unknown keys and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SourceEntry(StrictModel):
    """The keys that every layer has: the file, how to read it, and its papers."""

    has_positions: ClassVar[bool] = True
    has_own_geometry: ClassVar[bool] = True

    role: str
    file: FileName
    layer: Text | None = None
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: Text | None = None
    crs: Text | None = None
    keep: Conditions = {}
    source: Text
    licence: Text
    attribution: Text
    date: Annotated[str, BeforeValidator(_date_text), Field(pattern=DATE_PATTERN)]

    @property
    def is_table(self) -> bool:
        """Whether the file is a CSV table."""
        return self.file.lower().endswith(TABLE_SUFFIXES)

    @model_validator(mode="after")
    def _check_keys_of_the_format(self) -> SourceEntry:
        if self.is_table and self.layer is not None:
            raise ValueError("the key 'layer' has no effect on a CSV file: take it out")
        if not self.is_table and (self.separator or self.encoding):
            raise ValueError("the keys 'separator' and 'encoding' have an effect on CSV files only: take them out")
        if self.is_table and self.has_own_geometry:
            raise ValueError(f"the role {self.role!r} needs polygons or lines, and a CSV file has none")
        if not self.has_positions and self.crs is not None:
            raise ValueError(f"the key 'crs' has no effect on the role {self.role!r}: take it out")
        return self


class PlaceEntry(SourceEntry):
    """A source whose rows are places: points from two columns of a CSV file, or the geometry of a vector file."""

    has_own_geometry: ClassVar[bool] = False

    x: Text | None = None
    y: Text | None = None

    @model_validator(mode="after")
    def _check_position_keys(self) -> PlaceEntry:
        if self.is_table and not (self.x and self.y and self.crs):
            raise ValueError("a CSV file of places needs the keys 'x', 'y' and 'crs'")
        if not self.is_table and (self.x or self.y):
            raise ValueError("the keys 'x' and 'y' have no effect on a vector file: take them out")
        return self


class CountsEntry(SourceEntry):
    """A source that carries counts: columns by name or by a regular expression."""

    counts: Annotated[list[Text], Field(min_length=1)] | None = None
    counts_pattern: Text | None = None

    @model_validator(mode="after")
    def _check_counts(self) -> CountsEntry:
        if (self.counts is None) == (self.counts_pattern is None):
            raise ValueError("give one of 'counts' (a list of columns) and 'counts_pattern' (a regular expression)")
        if self.counts_pattern is not None:
            try:
                re.compile(self.counts_pattern)
            except re.error as error:
                raise ValueError(f"counts_pattern {self.counts_pattern!r} is no regular expression: {error}") from error
        return self


class BoundaryEntry(SourceEntry):
    """The outline of the city."""

    role: Literal["boundary"]


class AreasEntry(SourceEntry):
    """Quarters or districts: polygons with integer ids."""

    role: Literal["quarters", "districts"]
    id: Text
    columns: dict[Target, Text] = {}


class CensusEntry(PlaceEntry, CountsEntry):
    """Census sections, or cells of a grid, with their counts, and how these are spread inside them."""

    role: Literal["census"]
    id: Text
    quarter: Text | None = None
    district: Text | None = None
    area_m2: Text | None = None
    no_place: Text | None = None
    institutions: Text | None = None
    fractional: bool = False
    spread: Literal["area", "streets", "buildings"] = "area"
    outside: Literal["nearest", "leave_out"] | None = None
    whole: bool = False

    @model_validator(mode="after")
    def _check_quarter(self) -> CensusEntry:
        if self.quarter is None and self.no_place is not None:
            raise ValueError("people without a place belong to a quarter: 'no_place' needs the column of 'quarter'")
        if self.quarter is not None and self.outside is not None:
            raise ValueError("'outside' has no effect on sections with a 'quarter', whose people all live in it: take it out")
        return self


class BuildingsEntry(SourceEntry):
    """Footprints of buildings, which tell where inside a section its people live."""

    role: Literal["buildings"]
    floors: Text | None = None


class TotalsEntry(CountsEntry):
    """Official counts per quarter, which the census must add up to."""

    has_positions: ClassVar[bool] = False
    has_own_geometry: ClassVar[bool] = False

    role: Literal["quarter_totals"]
    id: Text


class FactsEntry(SourceEntry):
    """Numbers per quarter of any kind."""

    has_positions: ClassVar[bool] = False
    has_own_geometry: ClassVar[bool] = False

    role: Literal["quarter_facts"]
    id: Text
    columns: Annotated[dict[Target, Text], Field(min_length=1)]


class OwnerRule(StrictModel):
    """Who owns the rows that meet every condition."""

    owner: Text
    where: Conditions = {}


SiteColumn = Literal[
    "name", "address", "status", "owner", "opened", "cost_eur", "floor_area_m2", "site_area_m2", "capacity",
    "permitted_uses", "position_quality", "source",
]  # fmt: skip


class SitesEntry(PlaceEntry):
    """Services (what is open or decided) or spaces (where something may open)."""

    role: Literal["services", "spaces"]
    id: Text | None = None
    id_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")] | None = None
    id_from: list[Text] | None = None
    kind: Name | None = None
    kind_column: Text | None = None
    columns: dict[SiteColumn, Text] = {}
    tags: dict[Name, Annotated[Conditions, Field(min_length=1)]] = {}
    owners: list[OwnerRule] = []
    merge_same_position: bool = False
    position_error_m: PositionError
    outside: Literal["list", "error"] = "list"

    @model_validator(mode="after")
    def _check_choices(self) -> SitesEntry:
        if (self.id is None) == (self.id_prefix is None):
            raise ValueError("give one of 'id' (a column) and 'id_prefix' (ids are made from the columns of 'id_from')")
        if (self.id_prefix is None) != (self.id_from is None):
            raise ValueError("'id_prefix' and 'id_from' go together")
        if (self.kind is None) == (self.kind_column is None):
            raise ValueError("give one of 'kind' (one for all rows) and 'kind_column'")
        if self.owners and "owner" in self.columns:
            raise ValueError("give 'owners' or a column for the owner, not both")
        if isinstance(self.position_error_m, dict) and "position_quality" not in self.columns:
            raise ValueError("a table 'position_error_m' needs the column of 'position_quality'")
        return self


class StationsEntry(PlaceEntry):
    """Stations of public transport, shown as context."""

    role: Literal["stations"]
    id: Text
    columns: dict[Literal["name", "lines"], Text] = {}
