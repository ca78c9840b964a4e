"""What a location problem must be: shapes that fit, options that mean something, rules that do not contradict one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.errors import Faults, ProblemError, suggest_name
from optimize.decay import Decay
from optimize.objectives import FIELDS, OBJECTIVES, OPTIONAL_FIELDS, objectives_with
from optimize.rule_checks import check_site_rules, suggest_id

if TYPE_CHECKING:
    from optimize.problem import LocationProblem

_BY_CANDIDATE = {"site_cost": "costs", "capacity": "capacities", "min_use": "least uses", "attraction": "attractions"}
_SHARES = {"target_share": True, "worst_share": True, "backup_share": False}  # whether 1 is allowed
_POSITIVE = ("impedance_price", "pull_exponent", "aversion")
_RULE_INSTEAD = {
    "new": "give rules.new_at_least and rules.new_at_most",
    "site_cost": "give rules.budget",
    "target_share": "give a floor in rules.covers",
}
"""By which rule a model that does not read a field can be asked nearly the same."""


def check_problem(problem: LocationProblem, faults: Faults) -> None:
    """Add every fault of a problem whose arrays are numbers."""
    _check_shapes(problem, faults)
    _check_options(problem, faults)
    _check_ids(problem, faults)
    check_site_rules(problem, faults)


def _check_shapes(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault where weights, impedances and ids do not fit each other."""
    shape, n = problem.impedance_s.shape, len(problem.candidate_ids)
    if not problem.candidate_ids:
        faults.add(ProblemError("there are no candidates", where="candidate_ids"))
    for name, what in _BY_CANDIDATE.items():
        values = getattr(problem, name)
        if values is not None and values.size != n:
            faults.add(ProblemError(f"{values.size} {what} for {n} ids", where=name))
    pull = problem.competitor_pull
    if pull is not None and pull.size != problem.weight.size:
        faults.add(ProblemError(f"{pull.size} pulls for {problem.weight.size} weights", where="competitor_pull"))
    _check_site_impedance(problem, faults)
    if shape == (0, 0):  # the impedances themselves were refused
        return
    if problem.weight.size and shape[0] != problem.weight.size:
        faults.add(ProblemError(f"{shape[0]} rows for {problem.weight.size} weights", where="impedance_s"))
    if problem.candidate_ids and shape[1] != n:
        faults.add(ProblemError(f"{shape[1]} columns for {n} ids", where="impedance_s"))


def _check_site_impedance(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault where the impedances between candidates are not square and symmetric."""
    between, n = problem.site_impedance, len(problem.candidate_ids)
    if between is None or between.shape == (0, 0):
        return
    if between.shape != (n, n):
        faults.add(ProblemError(f"{between.shape[0]} × {between.shape[1]} for {n} ids", where="site_impedance"))
        return
    turned = between.T.tocsr()
    turned.sort_indices()
    is_same = np.array_equal(turned.indptr, between.indptr) and np.array_equal(turned.indices, between.indices)
    if not is_same or not np.array_equal(turned.data, between.data):
        what = "from one candidate to another is not as far as back"
        faults.add(ProblemError(what, where="site_impedance", remedy="Take the larger, the smaller or the mean of both"))


def _check_options(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault for an objective, a number of sites or a number of seconds that means nothing here."""
    if problem.objective not in OBJECTIVES:
        remedy = suggest_name(str(problem.objective), OBJECTIVES)
        faults.add(ProblemError(f"unknown objective {problem.objective!r}", where="objective", remedy=remedy))
    for name in OPTIONAL_FIELDS if problem.objective in OBJECTIVES else ():
        _check_use(problem, name=name, faults=faults)
    _check_seconds(problem, name="standard_s", faults=faults)
    _check_seconds(problem, name="unserved_impedance_s", faults=faults)
    for name in ("new", "k_nearest"):
        _check_count(problem, name=name, faults=faults)
    for name, may_be_one in _SHARES.items():
        _check_share(problem, name=name, may_be_one=may_be_one, faults=faults)
    for name in _POSITIVE:
        value = getattr(problem, name)
        if value is not None and not (_is_number(value) and np.isfinite(value) and value > 0):
            faults.add(ProblemError(f"{value!r} is no number above 0", where=name))
    split: object = problem.is_split
    if split is not None and not isinstance(split, bool):
        faults.add(ProblemError(f"{split!r} is neither true nor false", where="is_split"))
    decay: object = problem.decay
    if decay is not None and not isinstance(decay, Decay):
        faults.add(ProblemError(f"{decay!r} is no decay", where="decay", remedy="Give one of optimize.decay"))


def _check_use(problem: LocationProblem, *, name: str, faults: Faults) -> None:
    """Add a fault where the objective needs a field that is not given, or has no use for one that is."""
    is_given, read = getattr(problem, name) is not None, FIELDS[problem.objective]
    if name == "new" and not is_given and _has_another_limit(problem):
        return
    if name == "site_cost" and is_given and problem.rules.budget is not None:
        return
    if not is_given and read.get(name, False):
        said = "None is no count of sites" if name == "new" else f"{problem.objective} needs {name}"
        remedy = "Say how many are new, or give rules.new_at_most or rules.budget" if name == "new" else None
        faults.add(ProblemError(said, where=name, remedy=remedy))
    elif is_given and name not in read:
        instead = f", {_RULE_INSTEAD[name]}" if name in _RULE_INSTEAD else ""
        remedy = f"Leave it out{instead}, or choose {' or '.join(objectives_with(name))}"
        faults.add(ProblemError(f"{problem.objective} has no use for {name}", where=name, remedy=remedy))


def _has_another_limit(problem: LocationProblem) -> bool:
    """Return whether the rules limit the new sites, so that their number need not be said."""
    return problem.rules.new_at_most is not None or problem.rules.budget is not None


def _check_count(problem: LocationProblem, *, name: str, faults: Faults) -> None:
    """Add a fault where a count is given that is none."""
    value = getattr(problem, name)
    least = 0 if name == "new" else 1
    if value is None or (isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least):
        return
    what = "count of sites" if name == "new" else "count"
    faults.add(ProblemError(f"{value!r} is no {what}", where=name, remedy=f"Use {least}, {least + 1}, {least + 2}, …"))


def _check_share(problem: LocationProblem, *, name: str, may_be_one: bool, faults: Faults) -> None:
    """Add a fault where a share is given that is none."""
    value = getattr(problem, name)
    if value is None:
        return
    if not _is_number(value) or not (0 < value < 1 or (may_be_one and value == 1)):
        faults.add(ProblemError(f"{value!r} is no share in (0, 1{']' if may_be_one else ')'}", where=name))


def _check_seconds(problem: LocationProblem, *, name: str, faults: Faults) -> None:
    """Add a fault where seconds are given that are no duration."""
    value = getattr(problem, name)
    if value is not None and not (_is_number(value) and np.isfinite(value) and value >= 0):
        faults.add(ProblemError(f"{value!r} is no number of seconds ≥ 0", where=name))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_ids(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault for unknown ids, nearest name named, and for ids that two fields contradict each other about."""
    known = set(problem.candidate_ids)
    said = {name: getattr(problem, name) for name in ("fixed", "required", "forbidden")}
    for name, ids in said.items():
        for value in ids:
            if value not in known:
                faults.add(ProblemError(f"{value!r} is not a candidate", where=name, remedy=suggest_id(value, problem)))
    for one, other in (("fixed", "required"), ("fixed", "forbidden"), ("required", "forbidden")):
        both = sorted(set(said[one]) & set(said[other]))
        if both:
            what = f"ids are {one} and {other} at once"
            faults.add(ProblemError(what, where="rules", n=len(both), examples=both))
