"""Why no plan meets the rules: those that stand against one another, and what would make a plan possible.

Notes
-----
The rules that stand against one another are found by leaving out one after the other: a rule without which there is still no
plan has no part in it (the deletion filter of Chinneck, Dravnieks 1991, over rules instead of rows, in halves as in
QuickXplain, Junker 2004). Then each of them alone is given room, all others kept, until a plan is possible. Whether some rules
leave a plan is answered by local search where it finds one, by the linear relaxation where that has none, and else by the
integer programme.

References
----------
Chinneck, Dravnieks (1991), Locating minimal infeasible constraint sets in linear programs, ORSA Journal on Computing 3:
157-168, doi:10.1287/ijoc.3.2.157. Junker (2004), QuickXplain: preferred explanations and relaxations for over-constrained
problems, AAAI 2004: 167-172.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from data.errors import InfeasibleError
from optimize.clock import Clock
from optimize.elastic import Elastic, Unit
from optimize.highs import Proof, SolverOptions, run_relaxation, run_solver
from optimize.model import Model
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit
from optimize.site_rows import SiteRow
from optimize.site_rules import SiteRules

STEP_S = 60.0
"""By which steps a standard is lengthened until a plan is possible: whole minutes."""

STEP_SHARE = 0.001
"""By which steps a floor is lowered: a tenth of a percent."""

MOST_ROOM = 64
"""By how many sites at most a rule on their number is eased."""

ROUNDS = 8
"""How many rounds local search has for one question."""

EXPLAIN_S = 120.0
QUESTION_S = 10.0
"""How long the explanation may take where the run has no limit, and one question to the solver in it."""


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Why there is no plan.

    Parameters
    ----------
    rules
        The rules that stand against one another.
    is_smallest
        Whether it is proven that they leave no plan, and that a plan is possible without any one of them.
    relaxations
        What would make a plan possible, each alone, a few words each. A plan was found for each; "the least" stands where
        it is proven that less does not do.
    together
        Where nothing alone makes a plan possible: rules that do once all of them are left out. A plan was found without them;
        there may be others. None where that was not found in time.
    """

    rules: tuple[str, ...]
    is_smallest: bool
    relaxations: tuple[str, ...]
    together: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asker:
    """Asks whether some rules leave a plan."""

    elastic: Elastic
    options: SolverOptions
    clock: Clock

    def has_plan(self, kept: Sequence[Unit]) -> bool | None:
        """Return whether some rules leave a plan, None where that was not decided in time."""
        return self.has_plan_with(self.elastic.rows_of(kept), self.elastic.limits_of(kept))

    def has_plan_with(self, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]) -> bool | None:
        """Return whether some rows and limits leave a plan, None where that was not decided in time."""
        if self.elastic.seek(rows, limits, rounds=ROUNDS, seed=self.options.seed) is not None:
            return True
        built = self.elastic.build(rows, limits)
        left_s = self.clock.left_s()
        asked = replace(self.options, gap_abs=0.0, time_limit_s=QUESTION_S if left_s is None else min(QUESTION_S, left_s))
        if asked.time_limit_s == 0:
            return None
        if run_relaxation(built.lp, asked).proof is Proof.INFEASIBLE:
            return False
        proof = run_solver(built.lp, asked).proof
        return {Proof.OPTIMAL: True, Proof.PLAN: True, Proof.INFEASIBLE: False}.get(proof)


def explain_refusal(
    problem: LocationProblem, sites: SiteRules, *, model: Model, options: SolverOptions, clock: Clock
) -> InfeasibleError:
    """Return the error of a problem that no plan meets: which rules, and what would make a plan possible."""
    conflict = find_conflict(problem, sites, model=model, options=options, clock=clock)
    if not conflict.rules:
        return InfeasibleError(
            "no plan serves all demand that must be served, whatever the rules say",
            where="impedance_s",
            remedy="Offer candidates nearer to it, search with a larger cutoff, or let demand stay unserved",
        )
    what = "no plan meets these rules together" if conflict.is_smallest else "no plan meets the rules, these among them"
    return InfeasibleError(f"{what}: {'; '.join(conflict.rules)}", where="rules", remedy=_remedy(conflict))


def _remedy(conflict: Conflict) -> str:
    """Return what makes a plan possible: one change alone, else several rules that have to give way together."""
    if conflict.relaxations:
        return f"A plan becomes possible with: {'; or '.join(conflict.relaxations)}"
    if len(conflict.together) == 1:
        return f"A plan becomes possible without this one: {conflict.together[0]}"
    if conflict.together:
        told = "; ".join(conflict.together)
        return f"No change of one rule is enough; a plan becomes possible without these together: {told}"
    return "No change of one rule was found that is enough: change several of them, or give it more time"


def find_conflict(
    problem: LocationProblem, sites: SiteRules, *, model: Model, options: SolverOptions, clock: Clock
) -> Conflict:
    """Return which rules of a problem without a plan stand against one another, and what would make a plan possible.

    Parameters
    ----------
    problem, sites, model
        The problem, what `site_rules` says of it, and the model of its objective.
    options, clock
        How to ask the solver, and how long.
    """
    if clock.limit_s is None:
        clock = Clock(began=time.monotonic(), limit_s=EXPLAIN_S)
    elastic = Elastic(problem=problem, sites=replace(sites, n_open=0), model=model)
    asker = _Asker(elastic=elastic, options=options, clock=clock)
    if asker.has_plan(()) is False:
        return Conflict(rules=(), is_smallest=True, relaxations=())
    found, is_smallest = _conflicting(asker, list(elastic.units))
    relaxations = [text for unit in found for text in _relaxed(asker, unit)]
    relaxations += _common_floor(asker, found)
    return Conflict(
        rules=tuple(_said(elastic, unit) for unit in found),
        is_smallest=is_smallest,
        relaxations=tuple(relaxations),
        together=() if relaxations else tuple(_said(elastic, unit) for unit in _giving_way(asker, found)),
    )


def _conflicting(asker: _Asker, units: list[Unit]) -> tuple[list[Unit], bool]:
    """Return rules without which there would be a plan, and whether it is proven that none of them is one too many.

    Notes
    -----
    Halves are left out, then quarters, and single rules last. A rule that leaves a plan when it is left out of many does so
    when it is left out of fewer.
    """
    found, size, is_smallest = list(units), max(len(units) // 2, 1), True
    while size >= 1:
        start = 0
        while start < len(found):
            without = [*found[:start], *found[start + size :]]
            answer = asker.has_plan(without)
            if answer is False:
                found = without
                continue
            start += size
            is_smallest = is_smallest and (size > 1 or answer is True)
        size = 0 if size == 1 else size // 2
    return found, is_smallest


def _giving_way(asker: _Asker, found: Sequence[Unit]) -> list[Unit]:
    """Return rules without all of which there is a plan, while each of them was too much beside those kept; none out of time.

    Notes
    -----
    Rules are kept as long as they leave a plan, by halves; those of the conflict that is told come last, so that they give way
    first (a minimal correction set, grown as by Marques-Silva et al. 2013, On computing minimal correction subsets, IJCAI).
    """
    kept: list[Unit] = []
    given: list[Unit] = []

    def keep(units: list[Unit]) -> None:
        if asker.clock.left_s() == 0 or asker.has_plan([*kept, *units]) is True:
            kept.extend(units)
        elif len(units) == 1:
            given.extend(units)
        else:
            middle = len(units) // 2
            keep(units[:middle])
            keep(units[middle:])

    keep([*(unit for unit in asker.elastic.units if unit not in found), *found])
    return [] if asker.clock.left_s() == 0 else given


def _said(elastic: Elastic, unit: Unit) -> str:
    """Return a rule in the planner's words."""
    if unit.key != "covers":
        return unit.name
    limit = elastic.limit_of(unit)
    side = f"at least {limit.at_least:.1%}" if limit.at_least is not None else f"at most {limit.at_most:.1%}"
    return f"{side} of {unit.name} within {limit.standard_s / 60:g} minutes"


def _relaxed(asker: _Asker, unit: Unit) -> list[str]:
    """Return changes of one rule that make a plan possible while every other one holds."""
    elastic = asker.elastic
    others = [other for other in elastic.units if other != unit]
    rows, limits = elastic.rows_of(others), elastic.limits_of(others)
    if asker.has_plan_with(rows, limits) is not True:
        return []
    if unit.key == "covers":
        limit = elastic.limit_of(unit)
        return [*_relaxed_share(asker, limit, rows, limits), *_relaxed_standard(asker, limit, rows, limits)]
    if unit.key == "budget":
        return _relaxed_budget(asker, unit, rows, limits)
    if unit.key in ("together", "apart", "spacing"):
        return [f"the rule {unit.name!r} left out"]
    return _relaxed_number(asker, unit, rows, limits)


def _relaxed_number(asker: _Asker, unit: Unit, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]) -> list[str]:
    """Return by how many sites a rule on their number has to give way, upwards and downwards."""
    own = next(row for row in asker.elastic.rows if (row.key, row.rule) == (unit.key, unit.name))
    said = []
    for side in (1, -1):
        limit = own.upper if side > 0 else own.lower
        if not math.isfinite(limit):
            continue
        answers: list[bool | None] = []
        for room in range(1, MOST_ROOM + 1):
            eased = replace(own, lower=limit + side * room, upper=limit + side * room)
            if not 0 <= eased.lower <= own.site.size:
                break
            answers.append(asker.has_plan_with([*rows, eased], limits))
            if answers[-1]:
                is_least = all(answer is False for answer in answers[:-1])
                said.append(_number_said(asker, unit, side * room, is_least=is_least))
                break
    return said


def _number_said(asker: _Asker, unit: Unit, room: int, *, is_least: bool) -> str:
    new = asker.elastic.problem.new
    least = " (the least)" if is_least else ""
    if unit.key == "new" and new is not None:
        return f"{new + room} new sites instead of {new}{least}"
    return f"{abs(room)} {'more' if room > 0 else 'fewer'} than in the rule {unit.name!r}{least}"


def _relaxed_budget(asker: _Asker, unit: Unit, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]) -> list[str]:
    """Return a budget with which a plan is possible, to a hundredth of what the dearest plan could cost."""
    own = next(row for row in asker.elastic.rows if row.key == unit.key)
    step = max(float(own.coefficient.clip(min=0).sum() - own.upper) / 1000, 1.0)

    def holds(count: int) -> bool:
        return asker.has_plan_with([*rows, replace(own, upper=own.upper + count * step)], limits) is True

    count = _first_that_holds(holds, most=1000)
    budget = asker.elastic.problem.rules.budget or 0.0
    return [] if count is None else [f"a budget of {math.ceil(budget + count * step):,} instead of {budget:,.0f}"]


def _relaxed_share(asker: _Asker, limit: CoverLimit, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]) -> list[str]:
    """Return the share that a district can have, to a tenth of a percent."""
    is_floor = limit.at_least is not None
    asked = limit.at_least if limit.at_least is not None else limit.at_most or 0.0
    share_after = _steps_down(asked) if is_floor else _steps_up(asked)

    def holds(count: int) -> bool:
        share = share_after(count)
        eased = replace(limit, at_least=share, at_most=None) if is_floor else replace(limit, at_least=None, at_most=share)
        return asker.has_plan_with(rows, [*limits, eased]) is True

    count = _first_that_holds(holds, most=math.ceil((asked if is_floor else 1 - asked) / STEP_SHARE))
    if count is None:
        return []
    kind = "floor" if is_floor else "ceiling"
    return [f"a {kind} of {share_after(count):.1%} instead of {asked:.1%} for {limit.name}"]


def _steps_down(asked: float) -> Callable[[int], float]:
    return lambda count: max(math.ceil(asked / STEP_SHARE - 1e-9) - count, 0) * STEP_SHARE


def _steps_up(asked: float) -> Callable[[int], float]:
    return lambda count: min((math.floor(asked / STEP_SHARE + 1e-9) + count) * STEP_SHARE, 1.0)


def _relaxed_standard(asker: _Asker, limit: CoverLimit, rows: Sequence[SiteRow], limits: Sequence[CoverLimit]) -> list[str]:
    """Return the whole minutes within which a floor can be met; nothing where it cannot within the longest impedance."""
    if limit.at_least is None:
        return []
    longest_s = float(asker.elastic.problem.impedance_s.data.max(initial=0.0))
    first = math.floor(limit.standard_s / STEP_S)

    def holds(count: int) -> bool:
        eased = replace(limit, standard_s=(first + count) * STEP_S)
        return asker.has_plan_with(rows, [*limits, eased]) is True

    count = _first_that_holds(holds, most=max(math.ceil(longest_s / STEP_S) - first, 0))
    if count is None:
        return []
    return [f"{(first + count) * STEP_S / 60:g} instead of {limit.standard_s / 60:g} minutes for {limit.name}"]


def _common_floor(asker: _Asker, found: Sequence[Unit]) -> list[str]:
    """Return a floor that all districts can have at once, where several of the same floor stand against one another."""
    limits = asker.elastic.limits_of(found)
    floors = {limit.at_least for limit in limits}
    asked = limits[0].at_least if limits else None
    if len(limits) < 2 or len(floors) != 1 or asked is None:
        return []
    alike = [limit for limit in asker.elastic.problem.rules.covers if limit.at_least == asked]
    names = {limit.name for limit in alike}
    others = [unit for unit in asker.elastic.units if unit.key != "covers" or unit.name not in names]
    rows, share_after = asker.elastic.rows_of(others), _steps_down(asked)
    kept = asker.elastic.limits_of(others)

    def holds(count: int) -> bool:
        eased = [replace(limit, at_least=share_after(count)) for limit in alike]
        return asker.has_plan_with(rows, [*kept, *eased]) is True

    count = _first_that_holds(holds, most=math.ceil(asked / STEP_SHARE))
    if count is None:
        return []
    return [f"a floor of {share_after(count):.1%} instead of {asked:.1%} for all {len(alike)} districts"]


def _first_that_holds(holds: Callable[[int], bool], *, most: int) -> int | None:
    """Return the first count from 1 on for which something holds that holds for all larger ones too; None for none."""
    if most < 1 or not holds(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high
