"""What rules must be: known ids, limits that can hold, and no two that contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from data.errors import Faults, ProblemError, suggest_name
from optimize.rules import CoverLimit, Rules, SiteGroup

if TYPE_CHECKING:
    from optimize.problem import LocationProblem

_COUNTS = ("new_at_least", "new_at_most", "close_at_least", "close_at_most")


def check_site_rules(problem: LocationProblem, faults: Faults) -> None:
    """Add every fault of the rules of a problem."""
    rules: object = problem.rules
    if not isinstance(rules, Rules):
        faults.add(ProblemError(f"{type(rules).__name__} is no Rules", where="rules"))
        return
    _check_numbers(problem, rules, faults)
    _check_open_now(problem, rules, faults)
    _check_places(problem, rules, faults)
    _check_pairs(problem, rules, faults)
    _check_names("groups", [group.name for group in rules.groups], faults)
    _check_names("covers", [limit.name for limit in rules.covers], faults)
    for group in rules.groups:
        _check_group(problem, group, faults)
    for limit in rules.covers:
        _check_cover(problem, limit, faults)
    _check_spacing(problem, rules, faults)


def suggest_id(name: str, problem: LocationProblem) -> str:
    """Return the remedy for an unknown id; where no id is near, how many there are instead of all of them."""
    remedy = suggest_name(name, problem.candidate_ids)
    return remedy if remedy.startswith("Did you mean") else f"Give one of the {problem.n_candidates} candidate ids"


def _check_known(problem: LocationProblem, ids: Iterable[str], *, where: str, faults: Faults) -> None:
    known = set(problem.candidate_ids)
    for value in sorted(set(ids) - known, key=str):
        faults.add(ProblemError(f"{value!r} is not a candidate", where=where, remedy=suggest_id(str(value), problem)))


def _check_numbers(problem: LocationProblem, rules: Rules, faults: Faults) -> None:
    """Add a fault for limits that are no numbers, or that leave nothing between them."""
    for name in _COUNTS:
        value = getattr(rules, name)
        if value is not None and not _is_count(value):
            faults.add(ProblemError(f"{value!r} is no count of sites", where=f"rules.{name}", remedy="Use 0, 1, 2, …"))
    for one, other in (("new_at_least", "new_at_most"), ("close_at_least", "close_at_most")):
        _check_range(getattr(rules, one), getattr(rules, other), where=f"rules.{one}", faults=faults)
    if problem.new is not None and (rules.new_at_least is not None or rules.new_at_most is not None):
        what = "the number of new sites is given exactly and as a range"
        faults.add(ProblemError(what, where="rules.new_at_least, rules.new_at_most", remedy="Leave new out, or the range"))
    budget: object = rules.budget
    if budget is None:
        return
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not (np.isfinite(budget) and budget >= 0):
        faults.add(ProblemError(f"{budget!r} is no amount ≥ 0", where="rules.budget"))
    if problem.site_cost is None:
        faults.add(ProblemError("a budget needs the cost of every candidate", where="rules.budget", remedy="Give site_cost"))


def _check_range(least: object, most: object, *, where: str, faults: Faults) -> None:
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        faults.add(ProblemError(f"at least {least:g} and at most {most:g} contradict each other", where=where))


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 0)


def _check_open_now(problem: LocationProblem, rules: Rules, faults: Faults) -> None:
    """Add a fault for sites that are open now and something else besides, and for wrong closings."""
    where = "rules.open_now"
    _check_known(problem, rules.open_now, where=where, faults=faults)
    repeated = [value for value, n in Counter(rules.open_now).items() if n > 1]
    if repeated:
        faults.add(ProblemError("ids repeat", where=where, n=len(repeated), examples=repeated))
    for name in ("fixed", "required"):
        both = sorted(set(rules.open_now) & set(getattr(problem, name)))
        if both:
            what = f"ids are open now, so that they may close, and {name} at once"
            faults.add(ProblemError(what, where=where, n=len(both), examples=both))
    _check_closings(problem, rules, faults)


def _check_closings(problem: LocationProblem, rules: Rules, faults: Faults) -> None:
    """Add a fault for closings where too little is open, and for costs of closing that are none."""
    for name in ("close_at_least", "close_at_most", "closing_cost"):
        if getattr(rules, name) is not None and not rules.open_now:
            faults.add(ProblemError("nothing is open now that may close", where=f"rules.{name}", remedy="Give open_now"))
    least, n_now = rules.close_at_least, len(rules.open_now)
    if rules.open_now and _is_count(least) and (least or 0) > n_now:
        what = f"at least {least} of the {n_now} that are open now cannot close"
        faults.add(ProblemError(what, where="rules.close_at_least", remedy=f"Use {n_now} or less"))
    cost = rules.closing_cost
    if cost is None:
        return
    if rules.budget is None:
        faults.add(ProblemError("a cost of closing has no effect without a budget", where="rules.closing_cost"))
    values = np.asarray(cost)
    if values.shape != (problem.n_candidates,) or values.dtype.kind not in "iuf":
        faults.add(ProblemError(f"these are not {problem.n_candidates} numbers, one per id", where="rules.closing_cost"))
    elif not (np.isfinite(values).all() and (values >= 0).all()):
        faults.add(ProblemError("costs are negative or no finite numbers", where="rules.closing_cost"))


def _check_places(problem: LocationProblem, rules: Rules, faults: Faults) -> None:
    """Add a fault where places do not fit the candidates, or two candidates of one place must be open."""
    if rules.place is None:
        return
    if len(rules.place) != problem.n_candidates:
        what = f"{len(rules.place)} places for {problem.n_candidates} ids"
        faults.add(ProblemError(what, where="rules.place"))
        return
    must = {*problem.fixed, *problem.required, *rules.open_now}
    names = [place for name, place in zip(problem.candidate_ids, rules.place, strict=True) if name in must]
    twice = sorted(place for place, n in Counter(names).items() if n > 1)
    if twice:
        what = "places have two sizes that are open at once"
        faults.add(ProblemError(what, where="rules.place", n=len(twice), examples=twice))


def _check_pairs(problem: LocationProblem, rules: Rules, faults: Faults) -> None:
    """Add a fault for pairs of unknown ids, of one id, and for pairs that are to be together and apart."""
    for where, pairs in (("rules.together", rules.together), ("rules.apart", rules.apart)):
        _check_known(problem, (value for pair in pairs for value in pair), where=where, faults=faults)
        same = sorted({one for one, other in pairs if one == other})
        if same:
            faults.add(ProblemError("a site is paired with itself", where=where, n=len(same), examples=same))
    both = {frozenset(pair) for pair in rules.together} & {frozenset(pair) for pair in rules.apart}
    if both:
        examples = sorted(" and ".join(sorted(pair)) for pair in both)
        faults.add(ProblemError("pairs are together and apart at once", where="rules", n=len(both), examples=examples))


def _check_names(where: str, names: list[str], faults: Faults) -> None:
    repeated = sorted(name for name, n in Counter(names).items() if n > 1)
    if repeated:
        what = "names of rules repeat"
        faults.add(ProblemError(what, where=f"rules.{where}", n=len(repeated), examples=repeated))


def _check_group(problem: LocationProblem, group: SiteGroup, faults: Faults) -> None:
    where = f"rules.groups: {group.name}"
    _check_known(problem, group.ids, where=where, faults=faults)
    if group.at_least is None and group.at_most is None:
        faults.add(ProblemError("the rule has no limit", where=where, remedy="Give at_least, at_most or both"))
    for value in (group.at_least, group.at_most):
        if value is not None and not _is_count(value):
            faults.add(ProblemError(f"{value!r} is no count of sites", where=where))
    _check_range(group.at_least, group.at_most, where=where, faults=faults)
    if _is_count(group.at_least) and (group.at_least or 0) > len(set(group.ids)):
        what = f"at least {group.at_least} of {len(set(group.ids))} sites cannot be open"
        faults.add(ProblemError(what, where=where))


def _check_cover(problem: LocationProblem, limit: CoverLimit, faults: Faults) -> None:
    where = f"rules.covers: {limit.name}"
    rows = np.asarray(limit.rows)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or np.unique(rows).size != rows.size:
        faults.add(ProblemError("the rows are no list of demand rows, each once", where=where))
    elif rows.size and (rows.min() < 0 or rows.max() >= problem.n_demand):
        faults.add(ProblemError(f"rows lie outside the {problem.n_demand} demand rows", where=where))
    elif not problem.weight[rows].sum() > 0:
        faults.add(ProblemError("the district has no weight", where=where, remedy="Leave the district out"))
    if limit.at_least is None and limit.at_most is None:
        faults.add(ProblemError("the rule has no limit", where=where, remedy="Give at_least, at_most or both"))
    for value in (limit.at_least, limit.at_most):
        if value is not None and not (_is_number(value) and 0 <= value <= 1):
            faults.add(ProblemError(f"{value!r} is no share in [0, 1]", where=where))
    _check_range(limit.at_least, limit.at_most, where=where, faults=faults)
    if not (_is_number(limit.standard_s) and np.isfinite(limit.standard_s) and limit.standard_s >= 0):
        faults.add(ProblemError(f"{limit.standard_s!r} is no number of seconds ≥ 0", where=where))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_spacing(problem: LocationProblem, rules: Rules, faults: Faults) -> None:
    if rules.spacing is None:
        return
    pairs = np.asarray(rules.spacing.pairs)
    where = f"rules.spacing: {rules.spacing.name}"
    if pairs.ndim != 2 or pairs.shape[1:] != (2,) or pairs.dtype.kind not in "iu":
        faults.add(ProblemError("the pairs are no table of two columns of candidates", where=where))
    elif pairs.size and (pairs.min() < 0 or pairs.max() >= problem.n_candidates or (pairs[:, 0] == pairs[:, 1]).any()):
        faults.add(ProblemError("pairs name no two candidates", where=where))
