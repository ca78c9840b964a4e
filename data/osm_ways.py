"""Which OSM ways carry a mode, and which way round: the rules of `osm_ways.toml`, applied to the tags of one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pydantic import Field

from data.errors import RecipeError, suggest_name
from data.recipe_layers import StrictModel
from data.toml_file import read_toml, validate_model

TABLE = Path(__file__).with_name("osm_ways.toml")


class Direction(Enum):
    """Which way round a way is open, as its nodes are listed."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"


class _Access(StrictModel):
    opens: list[str]
    closes: list[str]


class _Mode(StrictModel):
    same_as: str | None = None
    keys: list[str] = Field(default_factory=list)
    open: list[str] = Field(default_factory=list)
    if_tagged: list[str] = Field(default_factory=list)
    one_way: list[str] = Field(default_factory=list)
    one_way_junctions: list[str] = Field(default_factory=list)


class _OneWay(StrictModel):
    forward: list[str]
    backward: list[str]
    both: list[str]


class _Table(StrictModel):
    access: _Access
    closed: dict[str, list[str]]
    closed_unless_tagged: dict[str, list[str]]
    modes: dict[str, _Mode] = Field(min_length=1)
    one_way: _OneWay
    contraflow: dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class WayRules:
    """The rules of one mode.

    Parameters
    ----------
    mode
        Its name.
    keys
        Access keys, the most specific first: the first is the mode's own.
    open, if_tagged
        Values of `highway` that are open by default, and those that the mode's own key must open.
    closed, closed_unless_tagged
        Tags that close a way whatever else it says, and those that close it unless the mode's own key opens it.
    access
        Whether a value of an access key opens; a value that is not in it decides nothing.
    one_way, one_way_junctions
        Keys that say the direction, the most specific first; values of `junction` that are one-way by themselves.
    directions
        What a value of such a key means.
    contraflow
        Tags that open a one-way street against its direction.
    """

    mode: str
    keys: tuple[str, ...]
    open: frozenset[str]
    if_tagged: frozenset[str]
    closed: Mapping[str, frozenset[str]]
    closed_unless_tagged: Mapping[str, frozenset[str]]
    access: Mapping[str, bool]
    one_way: tuple[str, ...]
    one_way_junctions: frozenset[str]
    directions: Mapping[str, Direction]
    contraflow: Mapping[str, frozenset[str]]

    def is_open(self, tags: Mapping[str, str]) -> bool:
        """Return whether the mode may use a way with these tags."""
        highway = tags.get("highway", "")
        if _has_any(tags, self.closed) or highway not in self.open | self.if_tagged:
            return False
        if highway in self.if_tagged or _has_any(tags, self.closed_unless_tagged):
            return self.access.get(tags.get(self.keys[0], ""), False)
        said = (self.access.get(tags.get(key, "")) for key in self.keys)
        return next((opens for opens in said if opens is not None), True)

    def find_direction(self, tags: Mapping[str, str]) -> Direction:
        """Return which way round the mode may use a way that is open to it."""
        if not self.one_way:
            return Direction.BOTH
        own = self.directions.get(tags.get(self.one_way[0], ""))
        if own is not None:
            return own
        if _has_any(tags, self.contraflow):
            return Direction.BOTH
        said = (self.directions.get(tags.get(key, "")) for key in self.one_way[1:])
        implied = Direction.FORWARD if tags.get("junction") in self.one_way_junctions else Direction.BOTH
        return next((direction for direction in said if direction is not None), implied)

    def find_unclear(self, tags: Mapping[str, str]) -> list[str]:
        """Return the tags ("access=unknown") that should say something and say nothing that the rules know."""
        unclear = [key for key in self.keys if tags.get(key) is not None and tags[key] not in self.access]
        unclear += [key for key in self.one_way if tags.get(key) is not None and tags[key] not in self.directions]
        return [f"{key}={tags[key]}" for key in unclear]


def _has_any(tags: Mapping[str, str], sought: Mapping[str, frozenset[str]]) -> bool:
    return any(tags.get(key) in values for key, values in sought.items())


def _freeze(table: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(values) for key, values in table.items()}


def read_way_rules(mode: str) -> WayRules:
    """Return the rules of a mode.

    Raises
    ------
    RecipeError
        If the table has no such mode.
    """
    table = validate_model(_Table, read_toml(TABLE), where=TABLE.name, error=RecipeError)
    if mode not in table.modes:
        raise RecipeError(f"no ways are known for the mode {mode!r}", remedy=suggest_name(mode, table.modes))
    entry = table.modes[mode]
    entry = table.modes[entry.same_as] if entry.same_as else entry
    directions = {Direction.FORWARD: table.one_way.forward, Direction.BACKWARD: table.one_way.backward}
    directions[Direction.BOTH] = table.one_way.both
    return WayRules(
        mode=mode,
        keys=tuple(entry.keys),
        open=frozenset(entry.open),
        if_tagged=frozenset(entry.if_tagged),
        closed=_freeze(table.closed),
        closed_unless_tagged=_freeze(table.closed_unless_tagged),
        access=dict.fromkeys(table.access.opens, True) | dict.fromkeys(table.access.closes, False),
        one_way=tuple(entry.one_way),
        one_way_junctions=frozenset(entry.one_way_junctions),
        directions={value: direction for direction, values in directions.items() for value in values},
        contraflow=_freeze(table.contraflow),
    )
