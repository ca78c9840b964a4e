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

import numpy as np

from data.errors import InfeasibleError, SolverError
from optimize.clock import Clock
from optimize.evaluate import demand_rows
from optimize.exact import Answer
from optimize.highs import SolverOptions
from optimize.problem import LocationProblem
from optimize.radius_search import Radii, Search, first_plan_within, probe, quick_probe
from optimize.rules import SiteRules

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
