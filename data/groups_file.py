"""Catalogues of groups: TOML files in which a planner adds a group of people without touching code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from data.errors import Faults, RecipeError, suggest_name
from data.groups import FromFacts, FromPoints, Group
from data.recipe_layers import Conditions, Name, StrictModel, Text
from data.toml_file import read_toml, validate_model

CATALOGUES = Path(__file__).parent / "groups"


def one_or_more(value: object) -> object:
    """Return a list of one text for a text, so that a key may hold either."""
    return [value] if isinstance(value, str) else value


class GroupEntry(StrictModel):
    """A group as its catalogue gives it: of census codes, of points, or of quarter facts; docs/groups.md tells the keys."""

    plus: Annotated[list[Text], Field(min_length=1)] | None = None
    minus: list[Text] = Field(default=[])
    points: Name | None = None
    where: Conditions = Field(default={})
    sum: Name | None = None
    facts: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")] | None = None
    like: Annotated[list[Name], BeforeValidator(one_or_more), Field(min_length=1)] | None = None
    optional: bool = False
    base: Name | None = None
    within: Name | None = None
    by: Name | None = None
    it: Text
    en: Text
    unit: Text = "people"
    year: int | None = None
    source: Text | None = None

    @model_validator(mode="after")
    def _check_origin(self) -> GroupEntry:
        given = [key for key in ("plus", "points", "facts") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("give one of 'plus' (census codes), 'points' (a layer) and 'facts' (layer.column)")
        own = {"plus": ("minus", "optional", "by", "year", "source"), "points": ("where", "sum"), "facts": ("like",)}
        for origin, keys in own.items():
            idle = [key for key in keys if origin not in given and getattr(self, key)]
            if idle:
                raise ValueError(f"the key {idle[0]!r} has no effect on a group from {given[0]!r}: take it out")
        needed = {"plus": ("year", "source"), "facts": ("like",)}.get(given[0], ())
        lacking = [key for key in needed if getattr(self, key) is None]
        if lacking:
            raise ValueError(f"a group from {given[0]!r} needs the key {lacking[0]!r}")
        if self.within and not self.base:
            raise ValueError("a group 'within' another needs a 'base'")
        return self

    @property
    def parent(self) -> str | None:
        """Return the key of the smallest group that holds this one."""
        return self.within or self.base

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the census codes, those taken off among them."""
        return (*(self.plus or ()), *self.minus)

    @property
    def origin(self) -> FromPoints | FromFacts | None:
        """The layer of the group, if it has one."""
        if self.points is not None:
            where = {column: tuple(values) for column, values in self.where.items()}
            return FromPoints(points=self.points, where=where, sum=self.sum)
        if self.facts is not None:
            layer, column = self.facts.split(".")
            return FromFacts(facts=layer, column=column, like=tuple(self.like or ()))
        return None


class _Catalogue(StrictModel):
    groups: Annotated[dict[Name, GroupEntry], Field(min_length=1)]


def read_groups(*catalogues: str | Path) -> dict[str, GroupEntry]:
    """Return the entries of catalogues by the key of their group, in the order of the files; a city makes groups of them.

    Parameters
    ----------
    catalogues
        Names of catalogues that come with the planner ("istat2011"), or paths of TOML files; a group may speak of those
        in other catalogues.

    Raises
    ------
    RecipeError
        If no catalogue has the name, a group stands in two, or the catalogues do not hold together.
    FileError
        If a file is missing, cannot be read or is no TOML.
    """
    entries: dict[str, GroupEntry] = {}
    faults, paths = Faults(), [_find_catalogue(catalogue) for catalogue in catalogues]
    for path in paths:
        found = validate_model(_Catalogue, read_toml(path), where=path.name, error=RecipeError).groups
        twice = sorted({*entries} & {*found})
        if twice:
            what, remedy = "groups of these keys stand in another catalogue too", "Give them other keys"
            faults.add(RecipeError(what, where=path.name, n=len(twice), examples=twice, remedy=remedy))
        entries |= found
    faults.raise_if_any()
    _check_together(entries, ", ".join(path.name for path in paths))
    return entries


def _find_catalogue(catalogue: str | Path) -> Path:
    if isinstance(catalogue, Path) or catalogue.endswith(".toml"):
        return Path(catalogue)
    known = sorted(path.stem for path in CATALOGUES.glob("*.toml"))
    if catalogue not in known:
        remedy = suggest_name(catalogue, known) + " The path of a file ends in .toml"
        raise RecipeError(f"no catalogue of groups is called {catalogue!r}", remedy=remedy)
    return CATALOGUES / f"{catalogue}.toml"


def build_group(key: str, entry: GroupEntry, *, year: int, source: str) -> Group:
    """Return the group of an entry; a group from a layer has the year and the source of that layer."""
    return Group(
        key=key,
        plus=tuple(entry.plus or ()),
        minus=tuple(entry.minus),
        origin=entry.origin,
        base=entry.base,
        within=entry.within,
        by=entry.by,
        label_it=entry.it,
        label_en=entry.en,
        unit=entry.unit,
        year=year,
        source=source,
    )


def _check_together(groups: Mapping[str, GroupEntry], where: str) -> None:
    """Check what groups say of one another: they exist, count the same, and do not go round in circles."""
    faults = Faults()
    for key, group in groups.items():
        spot = f"{where}, groups.{key}"
        repeated = sorted({code for code in group.codes if group.codes.count(code) > 1})
        if repeated:
            faults.add(RecipeError("codes stand twice in one group", where=spot, examples=repeated))
        links = {"base": group.base, "group 'within' which it lies,": group.within}
        for word, other in links.items():
            if other is not None and other not in groups:
                faults.add(RecipeError(f"the {word} {other!r} is no group", where=spot, remedy=suggest_name(other, groups)))
            elif other is not None and groups[other].unit != group.unit:
                what = f"counts {group.unit}, and the {word} {other!r} counts {groups[other].unit}"
                faults.add(RecipeError(what, where=spot, remedy="A share is of the same unit"))
        for other in group.like or ():
            if other not in groups or groups[other].facts:
                what = f"is spread like {other!r}, which is no group that has places of its own"
                faults.add(RecipeError(what, where=spot, remedy=suggest_name(other, groups)))
    faults.raise_if_any()
    _check_circles(groups, where)
    _check_disjoint(groups, where)


def _check_circles(groups: Mapping[str, GroupEntry], where: str) -> None:
    for key in groups:
        path, current = [key], groups[key].parent
        while current is not None and current not in path:
            path.append(current)
            current = groups[current].parent
        if current == key:
            raise RecipeError("groups are parts of one another in a circle", where=where, examples=path)


def _check_disjoint(groups: Mapping[str, GroupEntry], where: str) -> None:
    """Check that groups told apart by one thing share no code."""
    faults, owner = Faults(), dict[tuple[str | None, str, str], str]()
    for key, group in groups.items():
        for code in group.plus or () if group.by else ():
            other = owner.setdefault((group.base, str(group.by), code), key)
            if other != key:
                what = f"is told from {other!r} by {group.by}, and both count {code}"
                faults.add(RecipeError(what, where=f"{where}, groups.{key}", remedy="Take out 'by' of one of them"))
    faults.raise_if_any()
