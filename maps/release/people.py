"""A city that fits the true figures of a plan: how many people of a group live in each part of it.

The folder tells cells, quarters, districts and who of them is reached, but not how the cells on borders are split. Cells with
one part are known; the others are set so that all true figures are met as nearly as can be.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from data.errors import ReleaseError, SolverError, VerificationError
from layers.plan import GroupBrief, Plan, minutes_column, reached_column
from maps.release.atoms import NOWHERE, Atoms
from maps.release.figures import Figures

Floats = NDArray[np.float64]
_TOLERANCE = 0.5
"""People by which a quarter's recount may differ from its figure; more of them is another table, not another rounding."""


def find_people(plan: Plan, group: GroupBrief, atoms: Atoms, *, known: Figures | None = None) -> Floats:
    """Return people of a group in each part, shape (n_atoms,).

    Parameters
    ----------
    plan
        The plan as it was made.
    group
        The group.
    atoms
        The parts of the city.
    known
        Figures released before, which the city has to fit too.

    Raises
    ------
    ReleaseError
        If no city fits this plan and what was released before: they count different people.
    VerificationError
        If no city fits the tables: they contradict one another, as those of an edited folder do.
    SolverError
        If the solver fails.
    """
    cells = plan.cells[group.key].to_numpy(dtype=np.float64)
    n_parts = np.bincount(atoms.cell[atoms.cell != NOWHERE], minlength=len(cells))
    people = np.zeros(len(atoms.cell))
    placed = atoms.cell != NOWHERE
    is_known = placed & (n_parts[atoms.cell] == 1)
    people[is_known] = cells[atoms.cell[is_known]]
    free = np.flatnonzero(~is_known & ~(placed & (cells[atoms.cell] <= 0)))
    rows, right, names = _rows(plan, group, atoms, people, free, cells)
    known = known.of(np.flatnonzero(known.parts.sum(axis=1) > 0)) if known else None
    n, m, k = len(free), len(right), 0 if known is None else len(known)
    eye = sparse.identity(m, format="csr")
    matrix = sparse.hstack([rows, eye, -eye, sparse.csr_array((m, k))], format="csr")
    cost = np.concatenate([np.zeros(n), np.ones(2 * m + k)])
    below, limits = None, None
    if known is not None and k:
        inner, room = known.parts[:, free], sparse.identity(k, format="csr")
        fixed: Floats = known.parts @ people
        none = sparse.csr_array((k, 2 * m))
        below = sparse.vstack([sparse.hstack([inner, none, -room]), sparse.hstack([-inner, none, -room])], format="csr")
        limits = np.concatenate([known.high - fixed, fixed - known.low])
    found = linprog(cost, A_eq=matrix, b_eq=right, A_ub=below, b_ub=limits, bounds=(0, None), method="highs")
    if found.status != 0:
        raise SolverError(f"the parts of cells on borders cannot be found: {found.message}", where=group.key)
    solution = np.asarray(found.x, dtype=np.float64)[:n]
    people[free] = solution
    _check(group, np.abs(rows @ solution - right), names)
    if known is not None:
        _check_known(group, known, people)
    return people


def _check_known(group: GroupBrief, known: Figures, people: Floats) -> None:
    counted = known.parts @ people
    away = np.maximum(counted - known.high, known.low - counted)
    wrong = np.flatnonzero(away > _TOLERANCE).tolist()
    if wrong:
        what = f"figures of {group.key!r} released before are of other people than this plan's"
        examples = [str(known.labels[row]) for row in wrong]
        remedy = "Leave out a release of other counts, or make the plan from the same ones"
        raise ReleaseError(what, where="--earlier", n=len(wrong), examples=examples, remedy=remedy)


def _rows(
    plan: Plan, group: GroupBrief, atoms: Atoms, people: Floats, free: NDArray[np.intp], cells: Floats
) -> tuple[sparse.csr_array, Floats, list[str]]:
    """Return the equations of the parts that are not known: those of their cells and of the quarters."""
    blocks, right, names = [], [], []

    def add(parts: sparse.csr_array, values: Floats, labels: list[str]) -> None:
        blocks.append(parts[:, free])
        right.append(values - parts @ people)
        names.extend(labels)

    n_atoms = len(atoms.cell)
    split = np.unique(atoms.cell[free])
    split = split[split != NOWHERE]
    index = np.full(len(cells) + 1, NOWHERE)
    index[split] = np.arange(len(split))
    inside = np.flatnonzero(index[atoms.cell] != NOWHERE)
    inside = inside[atoms.cell[inside] != NOWHERE]
    shape = (len(split), n_atoms)
    add(
        sparse.csr_array((np.ones(len(inside)), (index[atoms.cell[inside]], inside)), shape=shape),
        cells[split],
        [""] * len(split),
    )
    nil = plan.nil["nil"].tolist()
    whole = sparse.csr_array((np.ones(n_atoms), (atoms.quarter, np.arange(n_atoms))), shape=(len(nil), n_atoms))
    add(whole, plan.nil[group.key].to_numpy(dtype=np.float64), [f"nil.{group.key} of quarter {name}" for name in nil])
    for variant in plan.document.variants:
        minutes = plan.cells[minutes_column(variant.key)].to_numpy(dtype=np.float64)
        with np.errstate(invalid="ignore"):
            near = (minutes <= plan.document.standard_min)[atoms.cell] & (atoms.cell != NOWHERE)
        column = reached_column(variant.key, group.key)
        part = sparse.csr_array(whole.multiply(near[None, :].astype(np.float64)))
        add(part, plan.nil[column].to_numpy(dtype=np.float64), [f"nil.{column} of quarter {name}" for name in nil])
    return sparse.csr_array(sparse.vstack(blocks, format="csr")), np.concatenate(right), names


def _check(group: GroupBrief, away: Floats, names: list[str]) -> None:
    wrong = [row for row in np.flatnonzero(away > _TOLERANCE).tolist() if names[row]]
    if wrong:
        examples = [names[row] for row in wrong]
        what = f"figures of {group.key!r} do not follow from the cells, so the folder was changed after it was written"
        raise VerificationError(what, where="plan folder", n=len(wrong), examples=examples, remedy="Make the plan again")


def recount_city(plan: Plan, group: GroupBrief) -> list[str]:
    """Return the figures of the city that do not follow from the cells and quarters, in words; none is as it should be."""
    wrong = []
    cells = plan.cells[group.key].to_numpy(dtype=np.float64)
    sums = {"in_cells": cells.sum(), "total": plan.nil[group.key].sum()}
    for name, value in sums.items():
        if abs(float(value) - getattr(group, name)) > _TOLERANCE:
            wrong.append(f"plan.json groups.{group.key}.{name}")
    for figure in plan.document.figures:
        if figure.group == group.key:
            minutes = pd.to_numeric(plan.cells[minutes_column(figure.variant)]).to_numpy(dtype=np.float64)
            with np.errstate(invalid="ignore"):
                near = minutes <= figure.standard_min
            if abs(float(cells[near].sum()) - figure.reached) > _TOLERANCE:
                wrong.append(f"plan.json figures {figure.variant}, {group.key}, {figure.standard_min:g} min")
    return wrong
