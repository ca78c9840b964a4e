"""The recipe of a city: a TOML text that says what each source file is and on what terms it may be used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from data.errors import Faults, PlannerError, RecipeError, suggest_name
from data.groups_file import one_or_more
from data.recipe_layers import NAME_PATTERN, StrictModel, Text
from data.recipe_margins import LaterTotalEntry
from data.recipe_roles import ENTRY_OF_ROLE, LayerEntry, find_contradictions, find_entry
from data.toml_file import read_toml, validate_model

Model = TypeVar("Model", bound=BaseModel)
ROLES_NEEDED = ("quarters", "census", "streets")
ROLES_ONCE = ("boundary", "quarters", "districts", "census", "quarter_totals", "buildings", "lines", "streets")


class Expectation(StrictModel):
    """Known figures of the city, checked against what was read."""

    residents: Annotated[int, Field(ge=0)] | None = None
    quarters: Annotated[int, Field(ge=1)] | None = None
    districts: Annotated[int, Field(ge=1)] | None = None
    area_km2: Annotated[float, Field(gt=0)] | None = None


class KnownRateEntry(StrictModel):
    """An official rate of the whole city by a definition of the risk catalogue."""

    definition: Text
    rate_pct: Annotated[float, Field(gt=0, lt=100)]
    source: Text


class CityEntry(StrictModel):
    """The table [city]."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    name: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    crs: Text
    cell_m: Annotated[int, Field(ge=10, le=10_000)] = 100
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    groups: Annotated[list[Text], BeforeValidator(one_or_more), Field(min_length=1)]
    sample: bool = False
    expect: Expectation = Expectation()
    risk_rates: list[KnownRateEntry] = Field(default_factory=list)
    later: list[LaterTotalEntry] = Field(default_factory=list)


class _Head(StrictModel):
    format: Literal["diffusa-recipe/1"]
    city: CityEntry


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe that holds together: the city and its layers by name, in the order of the file."""

    format: str
    city: CityEntry
    layers: Mapping[str, LayerEntry]


def read_recipe(path: str | Path) -> Recipe:
    """Return the recipe in a TOML file.

    Raises
    ------
    FileError
        If the file is missing, cannot be read or is no TOML.
    RecipeError
        If a key or value is wrong; `FaultsError` if there are several.
    """
    path = Path(path)
    return parse_recipe(read_toml(path), where=path.name)


def parse_recipe(tables: Mapping[str, Any], *, where: str = "recipe") -> Recipe:
    """Return the recipe that the tables of a TOML text spell.

    Raises
    ------
    RecipeError
        If a key is unknown or missing, a value wrong, or a role missing or twice; `FaultsError` if there are several.
    """
    faults = Faults()
    head = _validate(_Head, {key: value for key, value in tables.items() if key != "layers"}, where, faults)
    given = tables.get("layers")
    if not isinstance(given, dict) or not given:
        faults.add(RecipeError("has no layers", where=where, remedy="Give one table [layers.NAME] per source"))
        given = {}
    layers = {name: _parse_layer(name, table, where, faults) for name, table in given.items()}
    _check_roles(given, where, faults)
    sound = [entry for entry in layers.values() if entry is not None]
    for fault in find_contradictions(sound, where=where) if len(sound) == len(layers) else []:
        faults.add(fault)
    faults.raise_if_any()
    if head is None:  # its faults were raised above
        raise RecipeError("does not hold together", where=where)
    return Recipe(format=head.format, city=head.city, layers={k: v for k, v in layers.items() if v is not None})


def _parse_layer(name: str, table: object, where: str, faults: Faults) -> LayerEntry | None:
    spot = f"{where}, layers.{name}"
    if not re.match(NAME_PATTERN, name):
        faults.add(RecipeError("is no layer name", where=spot, remedy="Use lower-case letters, digits and _"))
    if not isinstance(table, dict):
        faults.add(RecipeError("is no table", where=spot))
        return None
    role = table.get("role")
    if not isinstance(role, str) or role not in ENTRY_OF_ROLE:
        what = "the key 'role' is missing" if role is None else f"the role {role!r} is unknown"
        faults.add(RecipeError(what, where=spot, remedy=suggest_name(str(role), ENTRY_OF_ROLE)))
        return None
    model: type[LayerEntry] = find_entry(role, table.get("file"))
    return _validate(model, table, spot, faults)


def _check_roles(given: Mapping[str, Any], where: str, faults: Faults) -> None:
    roles = Counter(str(table.get("role")) for table in given.values() if isinstance(table, dict))
    for role in ROLES_NEEDED:
        if given and not roles[role]:
            faults.add(RecipeError(f"no layer has the role {role!r}", where=where, remedy="A city needs one"))
    for role in ROLES_ONCE:
        if roles[role] > 1:
            names = [name for name, table in given.items() if isinstance(table, dict) and table.get("role") == role]
            faults.add(RecipeError(f"several layers have the role {role!r}", where=where, examples=names))


def _validate(model: type[Model], table: object, where: str, faults: Faults) -> Model | None:
    try:
        return validate_model(model, table, where=where, error=RecipeError)
    except PlannerError as error:
        faults.add(error)
        return None
