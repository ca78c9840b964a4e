"""What arithmetic shows before a solver is asked: a rule that no choice of sites can meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.errors import Faults, FaultsError, InfeasibleError
from optimize.cover_limits import check_reachable
from optimize.problem import LocationProblem
from optimize.site_rows import SiteRow, is_counted_new
from optimize.site_rules import SiteRules

ROOM = 1e-9


def check_rule_sums(problem: LocationProblem, sites: SiteRules, rows: Sequence[SiteRow]) -> None:
    """Raise if a rule cannot be met by any choice of sites, whatever the other rules say.

    Raises
    ------
    InfeasibleError
        A rule cannot be met; `FaultsError` where there are several.
    """
    faults = Faults()
    for row in rows:
        _check_row(problem, row, faults)
    _check_cheapest(problem, faults)
    try:
        check_reachable(problem, sites, problem.rules.covers)
    except (InfeasibleError, FaultsError) as error:
        faults.add(error)
    faults.raise_if_any()


def _check_row(problem: LocationProblem, row: SiteRow, faults: Faults) -> None:
    """Add a fault if the largest or the smallest sum of a row is outside its limits."""
    most, least = float(np.maximum(row.coefficient, 0.0).sum()), float(np.minimum(row.coefficient, 0.0).sum())
    if most < row.lower - ROOM:
        said = f"the sites that may be chosen add {most:,.0f} at most, {row.lower:,.0f} more are needed"
        faults.add(InfeasibleError(f"this cannot be met: {said}", where=row.rule, remedy=_remedy(problem, row)))
    if least > row.upper + ROOM:
        said = f"what is open in every plan passes it by {least - row.upper:,.0f}"
        if row.key in ("together", "apart", "spacing", "place"):
            said = "which of them are open is settled already, and not so"
        faults.add(InfeasibleError(f"this cannot be met: {said}", where=row.rule, remedy=_remedy(problem, row)))


def _remedy(problem: LocationProblem, row: SiteRow) -> str:
    """Return what to do about a row that cannot be met."""
    if row.key == "new":
        return (
            f"{problem.n_candidates} candidates, {len(problem.fixed)} fixed, {len(problem.required)} required, "
            f"{len(problem.forbidden)} forbidden: change their number, or new"
        )
    return "Change the rule, or the sites that are fixed, required and forbidden"


def _check_cheapest(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault if the budget is less than the cheapest sites cost that must be new."""
    rules = problem.rules
    least = problem.new if problem.new is not None else rules.new_at_least
    if rules.budget is None or problem.site_cost is None or not least:
        return
    taken = {*problem.forbidden, *problem.required}
    can_open = is_counted_new(problem) & np.array([name not in taken for name in problem.candidate_ids], dtype=np.bool_)
    is_required = np.array([name in set(problem.required) for name in problem.candidate_ids], dtype=np.bool_)
    cheapest = np.sort(problem.site_cost[can_open])[: max(least - len(problem.required), 0)]
    cost = float(problem.site_cost[is_required].sum() + cheapest.sum())
    if cost > rules.budget * (1 + ROOM):
        what = f"the budget is {rules.budget:,.0f}, and the {least} cheapest new sites cost {cost:,.0f}"
        faults.add(InfeasibleError(what, where="rules.budget", remedy=f"Raise the budget to {cost:,.0f}, or open fewer sites"))
