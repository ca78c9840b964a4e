"""p-center problem: the least impedance of the worst-served demand point that has a weight.

Notes
-----
The answer is one of the stored impedances, so the model is a question for each radius :math:`r` (Minieka 1970): is there
a plan that covers every demand point within it? With :math:`N_i(r)` the free candidates within :math:`r` of demand
:math:`i`, for every :math:`i` that no fixed or required site covers::

    Σ_{j ∈ N_i(r)} y_j ≥ 1        for every i
    Σ_j y_j = new,  y_j ∈ {0, 1}

The radii are bisected: a greedy cover (Chvátal 1979) answers yes and a knapsack bound no where they can, the model where they
cannot. A plan found for a radius gives its own worst impedance as the next one. Weights say only who counts. Of equal plans the
tie rule takes one by a last solve, which asks for the least sum of positions at the best radius.

References
----------
Minieka (1970), The m-center problem, SIAM Review 12: 138-139, doi:10.1137/1012016. Daskin (2000), A new approach to solving
the vertex p-center problem to optimality, Communications of the Operations Research Society of Japan 45: 428-436. Chvátal
(1979), doi:10.1287/moor.4.3.233.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import InfeasibleError, SolverError
from optimize.clock import Clock
from optimize.cover_limits import add_cover_limits
from optimize.evaluate import demand_rows
from optimize.exact import Answer
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.problem import LocationProblem
from optimize.radius_search import Radii, Search, first_plan_within, probe, quick_probe
from optimize.rules import CoverLimit
from optimize.site_model import SiteModel, add_site_rows, new_site_model
from optimize.site_rows import site_rows, tie_places
from optimize.site_rules import SiteRules

FORMULATION = "p-center, bisection of the radii by set covering (Minieka 1970; Daskin 2000)"


def solve_p_center(problem: LocationProblem, rules: SiteRules, *, options: SolverOptions, clock: Clock, gap: float) -> Answer:
    """Return the plan with the least worst impedance, with its proof.

    Parameters
    ----------
    problem
        With the objective ``p_center``.
    rules
        What `site_rules` says of the problem.
    options, clock
        How to ask the solver, and how long.
    gap
        Relative gap at which to stop.

    Raises
    ------
    InfeasibleError
        Demand that has a weight is reached by no site that may be open, or so few sites cannot reach all of it.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    radii = build_radii(problem, rules)
    found = _bisect(radii, options=options, clock=clock, gap=gap)
    is_proven = gap == 0 and found.low == found.high
    first = first_plan_within(radii, found, options=options, clock=clock) if is_proven else None
    classes = radii.classes_within(radii.values[found.high])
    return Answer(
        rank=found.plan if first is None else first,
        upper=float(radii.values[found.high]),
        lower=float(radii.values[found.low]),
        is_optimal=is_proven,
        is_cut=found.is_cut,
        is_tie_broken=first is not None,
        n_sites=radii.n_sites,
        n_classes=classes.n,
        n_rows=classes.n + 1,
        n_columns=radii.n_sites + classes.n,
        n_nonzeros=radii.n_sites + classes.n_coefficients,
    )


def solve_ruled_p_center(
    problem: LocationProblem,
    rules: SiteRules,
    *,
    refuse: Callable[[LocationProblem, SiteRules], Exception],
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> Answer:
    """Return the plan with the least worst impedance under any rules: bisection, a question to the solver for each radius.

    Parameters
    ----------
    refuse
        Makes the error where no plan meets the rules.

    Other parameters, and what is raised, are those of `solve_p_center`.
    """
    lifted = replace(rules, n_open=int(rules.free.size))  # any number, for the radii; the rows say how many
    radii = build_radii(problem, lifted)
    values, asked = radii.values, partial(_probe_ruled, problem, rules, options=options, clock=clock)
    first = asked(float(values[-1]))
    if first.proof is Proof.INFEASIBLE:
        raise refuse(problem, rules)
    if not first.has_plan:
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    plan, low, is_cut = first.plan, 0, False
    high = int(np.searchsorted(values, radii.worst_s(plan)))
    while values[high] - values[low] > gap * values[high]:
        middle = (low + high) // 2
        probed = asked(float(values[middle]))
        if probed.has_plan:
            plan = probed.plan
            high = min(middle, int(np.searchsorted(values, radii.worst_s(plan))))
        elif probed.proof is Proof.INFEASIBLE:
            low = middle + 1
        else:
            is_cut = True
            break
    is_proven = gap == 0 and low == high
    last = asked(float(values[high]), is_ranked=True) if is_proven else None
    is_first = last is not None and last.proof is Proof.OPTIMAL
    model = build_within(problem, rules, float(values[high]))
    return Answer(
        rank=last.plan if last is not None and is_first else plan,
        upper=float(values[high]),
        lower=float(values[low]),
        is_optimal=is_proven,
        is_cut=is_cut,
        is_tie_broken=is_first,
        n_sites=radii.n_sites,
        n_classes=len(model.is_missed),
        n_rows=model.lp.numConstraints(),
        n_columns=model.lp.numVariables(),
        n_nonzeros=sum(len(row) for row in model.lp.constraints()),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Probed:
    """What the solver says of one radius."""

    proof: Proof
    plan: NDArray[np.intp]

    @property
    def has_plan(self) -> bool:
        return self.proof in (Proof.OPTIMAL, Proof.PLAN)


def _probe_ruled(
    problem: LocationProblem,
    rules: SiteRules,
    radius_s: float,
    *,
    options: SolverOptions,
    clock: Clock,
    is_ranked: bool = False,
) -> _Probed:
    """Return whether a plan within the radius meets all rules, and one; the one that the tie rule names if it is asked for."""
    model = build_within(problem, rules, radius_s)
    add_cover_limits(model, problem, rules, problem.rules.covers)
    add_site_rows(model.lp, model.is_open, site_rows(problem, rules))
    if is_ranked:
        terms = list(zip(model.is_open, tie_places(problem, rules).tolist(), strict=True))
        model.lp.setObjective(pulp.LpAffineExpression(terms))
    outcome = run_solver(model.lp, replace(options, gap_abs=0.0, time_limit_s=clock.left_s()))
    return _Probed(proof=outcome.proof, plan=model.plan())


def build_within(problem: LocationProblem, rules: SiteRules, radius_s: float) -> SiteModel:
    """Return the model in which every demand point that has a weight is covered within a radius; it has no objective."""
    lp, is_open = new_site_model("within", n_sites=rules.free.size)
    model = SiteModel(lp=lp, is_open=is_open)
    rows = np.flatnonzero(problem.weight > 0)
    everybody = CoverLimit(name="all", rows=rows, standard_s=radius_s, at_least=1.0)
    add_cover_limits(model, problem, rules, (everybody,))
    return model


def build_reach(problem: LocationProblem, rules: SiteRules) -> SiteModel:
    """Return the model in which every demand point that has a weight is reached at all."""
    return build_within(problem, rules, float(problem.impedance_s.data.max(initial=0.0)))


def build_radii(problem: LocationProblem, rules: SiteRules) -> Radii:
    """Return the pairs of demand that counts and free sites, and the radii that may be the answer.

    Raises
    ------
    InfeasibleError
        Demand that has a weight is reached by no site that may be open.
    """
    row, column, seconds = demand_rows(problem), problem.impedance_s.indices, problem.impedance_s.data
    base_s = np.where(problem.weight > 0, np.inf, 0.0)
    is_given = rules.given[column]
    np.minimum.at(base_s, row[is_given], seconds[is_given])
    usable = rules.is_free[column] & (seconds < base_s[row]) & (rules.n_open > 0)
    row, site, seconds = row[usable], rules.site[column[usable]], seconds[usable]
    nearest_s = base_s.copy()
    np.minimum.at(nearest_s, row, seconds)
    lost = np.flatnonzero(np.isinf(nearest_s))
    if lost.size:
        raise InfeasibleError(
            "demand rows with a weight are reached by no site that may be open",
            where="impedance_s",
            n=lost.size,
            examples=lost.tolist(),
            remedy="Search with a larger cutoff, offer candidates nearer to them, or leave these rows out",
        )
    values = np.unique(np.concatenate([seconds, base_s[np.isfinite(base_s)]]))
    return Radii(
        n_open=rules.n_open,
        n_sites=int(rules.free.size),
        row=row,
        site=site,
        seconds=seconds,
        base_s=base_s,
        values=values[values >= nearest_s.max()],
    )


def _bisect(radii: Radii, *, options: SolverOptions, clock: Clock, gap: float) -> Search:
    """Return the best plan found and the radii between which the answer lies."""
    found = _first_plan(radii, options=options, clock=clock)
    found = _narrow(radii, found)
    values = radii.values
    while values[found.high] - values[found.low] > gap * values[found.high]:
        middle = (found.low + found.high) // 2
        answered = probe(radii, middle, options=options, clock=clock)
        if answered is None:
            return found.cut()
        found = found.above(middle) if answered.plan is None else found.with_plan(radii, answered.plan)
    return found


def _first_plan(radii: Radii, *, options: SolverOptions, clock: Clock) -> Search:
    """Return a plan that reaches all demand at all."""
    last = radii.values.size - 1
    answered = quick_probe(radii, last) or probe(radii, last, options=options, clock=clock)
    if answered is None:
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    if answered.plan is None:
        raise InfeasibleError(
            f"no {radii.n_open} of the sites that may be chosen reach all demand that has a weight, though each row is "
            "reached by one",
            where="new",
            remedy="Raise new, or search with a larger cutoff",
        )
    return Search(low=0, high=last, plan=answered.plan).with_plan(radii, answered.plan)


def _narrow(radii: Radii, found: Search) -> Search:
    """Return the search after the radii whose answer is quickly known."""
    guess = found.low
    while guess < found.high:
        middle = (guess + found.high) // 2
        answered = quick_probe(radii, middle)
        if answered is not None and answered.plan is not None:
            found = found.with_plan(radii, answered.plan)
            continue
        guess = middle + 1
        if answered is not None:
            found = found.above(middle)
    return found
