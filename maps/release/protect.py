"""A plan becomes one that may be released: protected, checked, protected more where something leaks, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import Faults, ReleaseError, VerificationError
from layers.plan import GroupBrief, Plan
from maps.release.atoms import NOWHERE, Atoms, find_atoms
from maps.release.check import Checked, check_group, find_lived, find_targets
from maps.release.choices import Choices, base_of, choose_protection
from maps.release.differences import Leak
from maps.release.document import protect_document
from maps.release.figures import Figures, public_figures, read_figures
from maps.release.people import find_people, recount_city
from maps.release.repair import hide_leaks
from maps.release.rules import Rules
from maps.release.tables import Protection, plain_table, protect_allocation, protect_areas, protect_cells, protect_sites

_MOST_ROUNDS = 8


@dataclass(frozen=True, eq=False)
class Earlier:
    """A release made before: what it is called, its protected plan, and the rules by which it was made."""

    name: str
    plan: Plan
    rules: Rules


@dataclass(frozen=True, eq=False)
class Protected:
    """A plan that may be released.

    Parameters
    ----------
    plan
        The plan with protected figures only.
    choices
        What was merged and hidden, by group that decides for itself.
    checked
        What the last check of each of these groups did.
    added
        How many figures and squares the checks added to what is hidden, by group.
    earlier
        Releases that were taken as known, with the groups that they share with this one.
    """

    plan: Plan
    choices: Mapping[str, Choices]
    checked: Mapping[str, Checked]
    added: Mapping[str, int]
    earlier: Mapping[str, tuple[str, ...]]


def protect_plan(plan: Plan, rules: Rules, *, earlier: Sequence[Earlier] = ()) -> Protected:
    """Return a plan with figures that may be released.

    Parameters
    ----------
    plan
        The plan as it was made.
    rules
        The rules of the release.
    earlier
        Releases of the same city made before: their figures are known.

    Raises
    ------
    ReleaseError
        If something small can be computed and hiding does not help; `FaultsError` if there are several.
    VerificationError
        If the figures of the plan contradict one another, as those of an edited folder do.
    SolverError
        If a linear programme fails.
    """
    _check_city(plan)
    atoms = find_atoms(plan)
    keys = [group.key for group in plan.document.groups]
    deciding = [group for group in plan.document.groups if base_of(group, keys) == group.key]
    choices = {group.key: choose_protection(plan, group.key, rules) for group in deciding}
    begun = {key: _n_hidden(chosen) for key, chosen in choices.items()}
    checked: dict[str, Checked] = {}
    faults = Faults()
    for group in deciding:
        choices[group.key], checked[group.key] = _settle(plan, group, choices, rules=rules, atoms=atoms, earlier=earlier)
        if checked[group.key].leaks:
            faults.add(_refuse(checked[group.key].leaks, group))
    faults.raise_if_any()
    shared = {one.name: tuple(group.key for group in deciding if _brief_in(one, group)) for one in earlier}
    return Protected(
        plan=apply_choices(plan, rules, choices),
        choices=choices,
        checked=checked,
        added={key: _n_hidden(chosen) - begun[key] for key, chosen in choices.items()},
        earlier=shared,
    )


def apply_choices(plan: Plan, rules: Rules, choices: Mapping[str, Choices]) -> Plan:
    """Return the plan with what was chosen merged, hidden and rounded; all that it holds may then be looked at by the check."""
    protection = Protection(plan, rules, choices)
    cells = protect_cells(protection)
    plain = {name: plain_table(plan, name) for name in ("stations", "areas", "lines") if hasattr(plan, name)}
    return Plan(
        document=protect_document(plan, rules),
        cells=cells,
        sites=protect_sites(protection),
        allocation=protect_allocation(protection, cells),
        nil=protect_areas(protection, "nil"),
        districts=protect_areas(protection, "districts"),
        **plain,
    )


def _settle(
    plan: Plan, group: GroupBrief, choices: Mapping[str, Choices], *, rules: Rules, atoms: Atoms, earlier: Sequence[Earlier]
) -> tuple[Choices, Checked]:
    """Return the choices of a group after which nothing leaks, or nothing more can be hidden, and the last check."""
    known = _known_before(plan, group, rules=rules, atoms=atoms, earlier=earlier)
    people = find_people(plan, group, atoms, known=known)
    lived = find_lived(plan, group.key, atoms)
    chosen = choices[group.key]
    if earlier:
        targets = find_targets(plan, group.key, chosen, people=people, atoms=atoms, rules=rules)
        before = check_group(known.fitted(people), targets, people, lived=lived, rules=rules)
        if before.leaks:  # whatever is hidden now
            raise _told_before(before.leaks, group, earlier)
    for _ in range(_MOST_ROUNDS):
        released = apply_choices(plan, rules, {**choices, group.key: chosen})
        brief = next(one for one in released.document.groups if one.key == group.key)
        figures = read_figures(released, brief, rules=rules, atoms=atoms, cells=atoms.cell)
        figures = figures.joined(known).fitted(people)
        targets = find_targets(plan, group.key, chosen, people=people, atoms=atoms, rules=rules)
        checked = check_group(figures, targets, people, lived=lived, rules=rules)
        more = hide_leaks(chosen, checked, plan, group.key, atoms) if checked.leaks else chosen
        if _n_hidden(more) == _n_hidden(chosen):
            break
        chosen = more
    return chosen, checked


def _known_before(plan: Plan, group: GroupBrief, *, rules: Rules, atoms: Atoms, earlier: Sequence[Earlier]) -> Figures:
    """Return what is known of a group without this release: public totals, and what earlier releases say."""
    totals = plan.nil[group.key].to_numpy(dtype=np.float64)
    known = public_figures(plan, group, totals=totals, atoms=atoms, min_count=rules.min_count)
    for one in earlier:
        brief = _brief_in(one, group)
        if brief is None:
            continue
        cells = _rows_of_cells(plan, one.plan, atoms)
        found = read_figures(
            one.plan, brief, rules=one.rules, atoms=_rows_of_areas(plan, one.plan, atoms), cells=cells, origin=one.name
        )
        known = known.joined(found)
    return known


def _brief_in(earlier: Earlier, group: GroupBrief) -> GroupBrief | None:
    """Return the same group of an earlier release: of the same key and year, counted or estimated as this one."""
    for brief in earlier.plan.document.groups:
        if (brief.key, brief.year, brief.modelled is None) == (group.key, group.year, group.modelled is None):
            return brief
    return None


def _rows_of_cells(plan: Plan, other: Plan, atoms: Atoms) -> NDArray[np.intp]:
    rows = pd.Index(other.cells["cell_id"]).get_indexer(pd.Index(plan.cells["cell_id"]))
    return np.where(atoms.cell == NOWHERE, NOWHERE, rows[atoms.cell]).astype(np.intp)


def _rows_of_areas(plan: Plan, other: Plan, atoms: Atoms) -> Atoms:
    """Return the parts with the rows that their quarters and districts have in another plan."""
    quarter = pd.Index(other.nil["nil"]).get_indexer(pd.Index(plan.nil["nil"]))
    if plan.districts.empty or other.districts.empty:
        district = np.full(len(plan.districts) + 1, NOWHERE)
    else:
        district = np.append(pd.Index(other.districts["district"]).get_indexer(pd.Index(plan.districts["district"])), NOWHERE)
    return Atoms(
        cell=atoms.cell, quarter=quarter[atoms.quarter].astype(np.intp), district=district[atoms.district].astype(np.intp)
    )


def _check_city(plan: Plan) -> None:
    wrong = [text for group in plan.document.groups for text in recount_city(plan, group)]
    if wrong:
        what = "figures do not follow from the cells and quarters, so the folder was changed after it was written"
        raise VerificationError(what, where="plan folder", n=len(wrong), examples=wrong, remedy="Make the plan again")


def _refuse(leaks: Sequence[Leak], group: GroupBrief) -> ReleaseError:
    return ReleaseError(
        f"fewer people of {group.key!r} than the minimum count can be computed, and hiding more does not help",
        where=", ".join(sorted({label.origin for leak in leaks for label in (leak.whole, *leak.parts)})),
        n=len(leaks),
        examples=leaks,
        remedy="Ask for a larger --min-count, or leave out of the scenario what the figures differ in",
    )


def _told_before(leaks: Sequence[Leak], group: GroupBrief, earlier: Sequence[Earlier]) -> ReleaseError:
    return ReleaseError(
        f"fewer people of {group.key!r} than the minimum count can be computed from what was released before",
        where=", ".join(one.name for one in earlier),
        n=len(leaks),
        examples=leaks,
        remedy="Release with the --min-count of that time, knowing that more would not help",
    )


def _n_hidden(choices: Choices) -> int:
    return len(choices.hidden_squares) + len(choices.hidden)
