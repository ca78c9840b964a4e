"""Released figures as an outsider reads them: the parts of the city that each counts, and between what its count lies."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from layers.plan import GroupBrief, Plan, minutes_column, reached_column, square_column
from maps.release.atoms import NOWHERE, Atoms
from maps.release.rules import TINY, Rules, known_bounds, round_count

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
THIS = "this release"
PUBLIC = "public"


class Label(NamedTuple):
    """What a figure is: its family (figures of one family share no part), its key there, and where it was released."""

    family: str
    key: str
    origin: str = THIS

    def __str__(self) -> str:
        """Return it in words."""
        place = f"{self.family} {self.key}".strip()
        return place if self.origin == THIS else f"{place} ({self.origin})"


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of one group.

    Parameters
    ----------
    labels
        What each figure is.
    parts
        Which parts each counts, sparse of booleans, shape (n_figures, n_atoms).
    low, high
        Between what counts each lies, shape (n_figures,).
    """

    labels: tuple[Label, ...]
    parts: sparse.csr_array
    low: Floats
    high: Floats

    def __len__(self) -> int:
        """Return how many figures there are."""
        return len(self.labels)

    def joined(self, other: Figures) -> Figures:
        """Return these figures and others of the same parts."""
        return Figures(
            labels=self.labels + other.labels,
            parts=sparse.csr_array(sparse.vstack([self.parts, other.parts], format="csr")),
            low=np.concatenate([self.low, other.low]),
            high=np.concatenate([self.high, other.high]),
        )

    def fitted(self, people: Floats) -> Figures:
        """Return the figures with intervals that hold the counts of a city: what its parts miss a figure by is not known.

        The parts are cut along borders; the district of a part that lies in two is that of its larger side, and the true one
        may be the other.
        """
        counted = self.parts @ people
        return replace(self, low=np.minimum(self.low, counted), high=np.maximum(self.high, counted))

    def of(self, rows: Sequence[int] | NDArray[np.intp]) -> Figures:
        """Return some of the figures."""
        kept = np.asarray(rows, dtype=np.intp)
        return replace(
            self,
            labels=tuple(self.labels[row] for row in kept),
            parts=self.parts[kept],
            low=self.low[kept],
            high=self.high[kept],
        )


class _Builder:
    def __init__(self, n_atoms: int, origin: str) -> None:
        self.n_atoms, self.origin = n_atoms, origin
        self.labels: list[Label] = []
        self.parts: list[NDArray[np.intp]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, family: str, key: Hashable, parts: Bools | NDArray[np.intp], low: float, high: float) -> None:
        rows = np.flatnonzero(parts) if parts.dtype == np.bool_ else parts
        self.labels.append(Label(family, str(key), self.origin))
        self.parts.append(np.asarray(rows, dtype=np.intp))
        self.low.append(float(low))
        self.high.append(float(high))

    def build(self) -> Figures:
        lengths = [len(rows) for rows in self.parts]
        columns = np.concatenate(self.parts) if self.parts else np.zeros(0, dtype=np.intp)
        pointers = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
        matrix = sparse.csr_array((np.ones(len(columns)), columns, pointers), shape=(len(self.parts), self.n_atoms))
        return Figures(tuple(self.labels), matrix, np.array(self.low), np.array(self.high))


def read_figures(
    plan: Plan, group: GroupBrief, *, rules: Rules, atoms: Atoms, cells: NDArray[np.intp], origin: str = THIS
) -> Figures:
    """Return the figures of a group that a protected plan holds.

    Parameters
    ----------
    plan
        A protected plan, this one or one released before.
    group
        The group.
    rules
        By which it was protected.
    atoms
        The parts of the city, of the plan that is released now.
    cells
        Row of ``plan.cells`` of the cell of each part, shape (n_atoms,); `NOWHERE` where the plan has no such cell.
    origin
        What the release is called.
    """
    builder = _Builder(len(atoms.cell), origin)
    _add_blocks(builder, plan, group.key, rules, cells)
    quarters = pd.Index(plan.nil["nil"])
    _add_areas(builder, plan, plan.nil, group.key, "quarter", quarters, atoms.quarter, cells, rules)
    if group.key in plan.districts.columns:
        districts = pd.Index(plan.districts["district"])
        _add_areas(builder, plan, plan.districts, group.key, "district", districts, atoms.district, cells, rules)
    _add_city(builder, plan, group, rules, cells)
    return builder.build()


def _add_blocks(builder: _Builder, plan: Plan, group: str, rules: Rules, cells: NDArray[np.intp]) -> None:
    """Add squares: what is released of each cell is the mean of its square, so a square's count is their sum."""
    ids = plan.cells[square_column(group)].to_numpy()
    values = plan.cells[group].to_numpy(dtype=np.float64)
    code, names = pd.factorize(ids)
    sums = np.bincount(code, weights=np.nan_to_num(values), minlength=len(names)).astype(np.float64)
    hidden = np.bincount(code, weights=np.isnan(values), minlength=len(names)) > 0
    low, high = known_bounds(round_count(sums, rules.step), rules.step, least=rules.min_count)
    low, high = np.where(hidden, 0.0, low), np.where(hidden, rules.hidden_most, high)
    has_cell = np.flatnonzero(cells != NOWHERE)
    of_atom = code[cells[has_cell]]
    order = np.argsort(of_atom, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(of_atom[order]) != 0])
    for rows in np.split(has_cell[order], starts[1:]) if len(order) else ():
        block = code[cells[rows[0]]]
        family = "hidden square" if hidden[block] else "square"
        builder.add(family, names[block], rows, low[block], high[block])


def _add_areas(
    builder: _Builder,
    plan: Plan,
    table: pd.DataFrame,
    group: str,
    family: str,
    names: pd.Index,
    own: NDArray[np.intp],
    cells: NDArray[np.intp],
    rules: Rules,
) -> None:
    """Add all people of each quarter or district, and those reached in each variant."""
    n_areas = len(names)
    members = [np.flatnonzero(own == row) for row in range(n_areas)]
    columns = {family: (group, np.ones(len(own), dtype=bool))}
    for variant in plan.document.variants:
        near = _within(plan, variant.key, plan.document.standard_min, cells)
        columns[f"reached {variant.key}, {family}"] = (reached_column(variant.key, group), near)
    for label, (column, is_counted) in columns.items():
        values = table[column].to_numpy(dtype=np.float64)
        low, high = known_bounds(values, rules.step, least=rules.min_count)
        for row in range(n_areas):
            parts = members[row][is_counted[members[row]]]
            if not np.isnan(values[row]) and len(parts):
                builder.add(label, names[row], parts, low[row], high[row])


def _within(plan: Plan, variant: str, standard_min: float, cells: NDArray[np.intp]) -> Bools:
    minutes = plan.cells[minutes_column(variant)].to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        near = minutes <= standard_min
    return np.where(cells == NOWHERE, False, near[cells])  # noqa: FBT003  # numpy takes it by position only


def _add_city(builder: _Builder, plan: Plan, group: GroupBrief, rules: Rules, cells: NDArray[np.intp]) -> None:
    placed = cells != NOWHERE
    if group.modelled is not None:
        low, high = known_bounds(np.array([group.total]), rules.city_step)
        builder.add("city", "everybody", np.ones(len(cells), dtype=bool), low[0], high[0])
    low, high = known_bounds(np.array([group.in_cells, group.no_place]), rules.city_step)
    builder.add("city", "with a place", placed, low[0], high[0])
    builder.add("city", "without a place", ~placed, low[1], high[1])
    for figure in plan.document.figures:
        if figure.group != group.key:
            continue
        near = _within(plan, figure.variant, figure.standard_min, cells)
        low, high = known_bounds(np.array([figure.reached]), rules.city_step)
        builder.add(f"reached {figure.variant}, city", f"{figure.standard_min:g} min", near, low[0], high[0])


def public_figures(plan: Plan, group: GroupBrief, *, totals: Floats, atoms: Atoms, min_count: float) -> Figures:
    """Return what an outsider knows of a counted group without the release: totals of quarters, and of those without a place.

    Parameters
    ----------
    plan
        The plan.
    group
        The group; of one that was estimated nothing is published elsewhere.
    totals
        Its true total in each quarter, shape (n_quarters,).
    atoms
        The parts of the city.
    min_count
        People without a place are taken as known where they are as many.
    """
    builder = _Builder(len(atoms.cell), PUBLIC)
    if group.modelled is None:
        for row, name in enumerate(plan.nil["nil"]):
            builder.add("total of quarter", name, atoms.quarter == row, totals[row] - TINY, totals[row] + TINY)
        if group.no_place >= min_count:  # a limit of the plan says it in words
            nowhere = atoms.cell == NOWHERE
            builder.add("people without a place", "", nowhere, group.no_place - TINY, group.no_place + TINY)
    return builder.build()


def list_labels(labels: Iterable[Label], *, n: int = 3) -> str:
    """Return the first labels in words."""
    found = [str(label) for label in labels]
    return "; ".join(found[:n]) + ("; …" if len(found) > n else "")
