"""Groups of people: which census codes make up a group, and how it is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field

from data.errors import ColumnError, CountError, Faults, RecipeError, suggest_name
from data.recipe_layers import Name, StrictModel, Text
from data.toml_file import read_toml, validate_model

CATALOGUES = Path(__file__).parent / "groups"


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group of people (or households) as sums and differences of census codes.

    Parameters
    ----------
    key
        Name of the group in scenarios and files.
    plus, minus
        Census codes that are added and taken off.
    base
        Key of the group that shares are of; None for a group that is its own whole.
    label_it, label_en
        What pages call it.
    unit
        What is counted: people or households.
    year, source
        When it was counted, and by whom.
    """

    key: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    base: str | None = None
    label_it: str
    label_en: str
    unit: str = "people"
    year: int
    source: str


class _GroupEntry(StrictModel):
    plus: Annotated[list[Text], Field(min_length=1)]
    minus: list[Text] = Field(default=[])
    base: Text | None = None
    it: Text
    en: Text
    unit: Text = "people"
    year: int
    source: Text


class _Catalogue(StrictModel):
    groups: Annotated[dict[Name, _GroupEntry], Field(min_length=1)]


def read_groups(catalogue: str | Path) -> tuple[Group, ...]:
    """Return the groups of a catalogue, in the order of the file.

    Parameters
    ----------
    catalogue
        The name of a catalogue that comes with the planner ("istat2011"), or the path of a TOML file.

    Raises
    ------
    RecipeError
        If no catalogue has the name, or the catalogue does not hold together.
    FileError
        If the file is missing, cannot be read or is no TOML.
    """
    path = _find_catalogue(catalogue)
    where = path.name
    entries = validate_model(_Catalogue, read_toml(path), where=where, error=RecipeError).groups
    groups = tuple(_build_group(key, entry) for key, entry in entries.items())
    _check_bases(groups, where)
    return groups


def _find_catalogue(catalogue: str | Path) -> Path:
    if isinstance(catalogue, Path) or catalogue.endswith(".toml"):
        return Path(catalogue)
    known = sorted(path.stem for path in CATALOGUES.glob("*.toml"))
    if catalogue not in known:
        remedy = suggest_name(catalogue, known) + " The path of a file ends in .toml"
        raise RecipeError(f"no catalogue of groups is called {catalogue!r}", remedy=remedy)
    return CATALOGUES / f"{catalogue}.toml"


def _build_group(key: str, entry: _GroupEntry) -> Group:
    return Group(
        key=key,
        plus=tuple(entry.plus),
        minus=tuple(entry.minus),
        base=entry.base,
        label_it=entry.it,
        label_en=entry.en,
        unit=entry.unit,
        year=entry.year,
        source=entry.source,
    )


def _check_bases(groups: tuple[Group, ...], where: str) -> None:
    known = [group.key for group in groups]
    faults = Faults()
    for group in groups:
        if group.base is not None and group.base not in known:
            what = f"the base {group.base!r} is no group"
            faults.add(RecipeError(what, where=f"{where}, groups.{group.key}", remedy=suggest_name(group.base, known)))
        repeated = sorted({code for code in group.plus + group.minus if (group.plus + group.minus).count(code) > 1})
        if repeated:
            what = "codes stand twice in one group"
            faults.add(RecipeError(what, where=f"{where}, groups.{group.key}", examples=repeated))
    faults.raise_if_any()


def check_codes(groups: Iterable[Group], columns: Iterable[str], *, where: str) -> None:
    """Check that every code of every group is a column.

    Raises
    ------
    ColumnError
        For each code that is none; `FaultsError` if there are several.
    """
    known = sorted(columns)
    faults = Faults()
    for group in groups:
        for code in group.plus + group.minus:
            if code not in known:
                what = f"the group {group.key!r} needs the column {code!r}, which is missing"
                faults.add(ColumnError(what, where=where, remedy=suggest_name(code, known)))
    faults.raise_if_any()


def count_group(frame: pd.DataFrame, group: Group) -> pd.Series[float]:
    """Return how many of the group each row holds: float, index of the frame, name of the group.

    Raises
    ------
    ColumnError
        If a code of the group is no column.
    CountError
        If a row comes out negative or is no number: what is taken off is then no part of what is added.
    """
    where = f"group {group.key}"
    check_codes((group,), frame.columns, where=where)
    total = pd.Series(0.0, index=frame.index, name=group.key)
    for code in group.plus:
        total = total + frame[code].astype("float64")
    for code in group.minus:
        total = total - frame[code].astype("float64")
    wrong = total.isna() | (total < 0)
    if wrong.any():
        what_rows = frame.index.name or "row"
        rows = [f"{what_rows} {label}: {value:g}" for label, value in total[wrong].items()]
        what = f"{' + '.join(group.plus)} − ({' + '.join(group.minus)}) is negative or no number"
        raise CountError(what, where=where, n=int(wrong.sum()), examples=rows)
    return total.rename(group.key)
