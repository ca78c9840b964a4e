"""p-dispersion problem: the sites of which the nearest two are as far apart as can be.

Notes
-----
The answer is one of the stored impedances between candidates, so the model is a question for each of them: is there a plan of
which no two open sites are nearer than :math:`D`? ::

    y_j + y_k ≤ 1        for every pair nearer than D of which not both are fixed
    Σ_j y_j = new,  y_j ∈ {0, 1}

The distinct impedances are bisected. The pairs of one distance are covered by cliques of sites that are all too near one
another, of which at most one may be open each: fewer rows than pairs, and a tighter relaxation. A plan found for a distance
gives its own as the next one. A pair that is not stored is farther than any stored one; a plan without a stored pair counts the
largest stored impedance. Weights of demand play no role. Two fixed sites stand as they are, however near.

References
----------
Kuby (1987), Programming models for facility dispersion: the p-dispersion and maxisum dispersion problems, Geographical
Analysis 19: 315-329, doi:10.1111/j.1538-4632.1987.tb00133.x. Sayyady, Fathi (2016), An integer programming approach for
solving the p-dispersion problem, European Journal of Operational Research 253: 216-225, for the independent sets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import pulp
from numpy.typing import NDArray

from data.errors import ProblemError, SolverError
from optimize.clock import Clock
from optimize.cover_limits import add_cover_limits
from optimize.cover_model import linear_row
from optimize.exact import Answer
from optimize.highs import Proof, SolverOptions, run_solver
from optimize.problem import LocationProblem
from optimize.reach import is_selected
from optimize.site_model import SiteModel, add_site_rows, new_site_model
from optimize.site_rows import site_rows, tie_places
from optimize.site_rules import SiteRules
from optimize.spacing import cover_by_cliques

FORMULATION = "p-dispersion (Kuby 1987), bisection of the impedances by independent sets (Sayyady, Fathi 2016)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """The stored pairs of candidates that count.

    Parameters
    ----------
    one, other
        Columns, one below the other, shape (n_pairs,). Pairs of which both are fixed or one is forbidden are not among them.
    apart
        Impedance of each, shape (n_pairs,).
    values
        The impedances that may be the answer: the distinct ones, ascending, that of pairs that do not count among them.
    """

    one: NDArray[np.intp]
    other: NDArray[np.intp]
    apart: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Probed:
    """What the solver says of one distance, and the size of the model it was asked."""

    proof: Proof
    plan: NDArray[np.intp]
    model: SiteModel

    @property
    def has_plan(self) -> bool:
        return self.proof in (Proof.OPTIMAL, Proof.PLAN)


def solve_p_dispersion(
    problem: LocationProblem,
    rules: SiteRules,
    *,
    refuse: Callable[[LocationProblem, SiteRules], Exception],
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> Answer:
    """Return the plan whose nearest two sites are farthest apart, with its proof.

    Parameters
    ----------
    problem
        With the objective ``p_dispersion``.
    rules
        What `site_rules` says of the problem.
    refuse
        Makes the error where no plan meets the rules.
    options, clock
        How to ask the solver, and how long.
    gap
        Relative gap at which to stop.

    Raises
    ------
    InfeasibleError
        No plan meets the rules.
    ProblemError
        No two candidates have an impedance between them.
    SolverError
        The solver failed, or the time was over before there was a plan.
    """
    pairs = counted_pairs(problem)
    values = pairs.values

    def asked(place: int, *, is_ranked: bool = False) -> _Probed:
        return _probe(problem, rules, pairs, values[place], is_ranked=is_ranked, options=options, clock=clock)

    found = asked(0)
    if found.proof is Proof.INFEASIBLE:
        raise refuse(problem, rules)
    if not found.has_plan:
        raise SolverError("the time was over before there was a plan", where="time_limit_s", remedy="Give it more time")
    low, high, is_cut = _place(problem, rules, pairs, found.plan), values.size - 1, False
    while values[high] - values[low] > gap * values[high]:
        middle = (low + high + 1) // 2
        probed = asked(middle)
        if probed.has_plan:
            found, low = probed, max(middle, _place(problem, rules, pairs, probed.plan))
        elif probed.proof is Proof.INFEASIBLE:
            high = middle - 1
        else:
            is_cut = True
            break
    is_proven = gap == 0 and low == high
    last = asked(low, is_ranked=True) if is_proven else found
    is_first = is_proven and last.proof is Proof.OPTIMAL
    lp = last.model.lp
    return Answer(
        rank=last.plan if is_first else found.plan,
        upper=float(values[high] - values[low]),
        lower=0.0,
        is_optimal=is_proven,
        is_cut=is_cut,
        is_tie_broken=is_first,
        n_sites=int(rules.free.size),
        n_classes=0,
        n_rows=lp.numConstraints(),
        n_columns=lp.numVariables(),
        n_nonzeros=sum(len(row) for row in lp.constraints()),
    )


def least_apart(problem: LocationProblem, selected: Collection[str]) -> float:
    """Return the impedance between the nearest two open sites of which not both are fixed."""
    pairs, is_open = counted_pairs(problem), is_selected(problem, selected)
    both = is_open[pairs.one] & is_open[pairs.other]
    return float(pairs.apart[both].min(initial=pairs.values[-1]))


def counted_pairs(problem: LocationProblem) -> Pairs:
    """Return the stored pairs that count.

    Raises
    ------
    ProblemError
        The problem has no impedances between candidates, or none of two.
    """
    between = problem.site_impedance
    if between is None:
        raise ProblemError(f"{problem.objective} is not solved without it", where="site_impedance")
    one, other = np.repeat(np.arange(problem.n_candidates), np.diff(between.indptr)), between.indices.astype(np.intp)
    is_pair = one < other
    one, other, apart = one[is_pair], other[is_pair], between.data[is_pair]
    if not apart.size:
        what = "no two candidates have an impedance between them"
        raise ProblemError(what, where="site_impedance", remedy="Search between candidates with a larger cutoff")
    is_fixed, is_out = is_selected(problem, problem.fixed), is_selected(problem, problem.forbidden)
    counts = ~(is_fixed[one] & is_fixed[other]) & ~is_out[one] & ~is_out[other]
    return Pairs(one=one[counts], other=other[counts], apart=apart[counts], values=np.unique(apart))


def _place(problem: LocationProblem, rules: SiteRules, pairs: Pairs, plan: NDArray[np.intp]) -> int:
    """Return the position in the values of the least impedance between two sites of a plan."""
    chosen = {problem.candidate_ids[j] for j in rules.free[plan].tolist()}
    return int(np.searchsorted(pairs.values, least_apart(problem, {*chosen, *problem.required, *problem.fixed})))


def _probe(
    problem: LocationProblem,
    rules: SiteRules,
    pairs: Pairs,
    least: float,
    *,
    is_ranked: bool,
    options: SolverOptions,
    clock: Clock,
) -> _Probed:
    """Return whether a plan of which no two sites are nearer meets all rules; the one of the tie rule if it is asked for."""
    model = build_apart(problem, rules, pairs, least)
    add_cover_limits(model, problem, rules, problem.rules.covers)
    add_site_rows(model.lp, model.is_open, site_rows(problem, rules))
    if is_ranked:
        terms = list(zip(model.is_open, tie_places(problem, rules).tolist(), strict=True))
        model.lp.setObjective(pulp.LpAffineExpression(terms))
    outcome = run_solver(model.lp, replace(options, gap_abs=0.0, time_limit_s=clock.left_s()))
    return _Probed(proof=outcome.proof, plan=model.plan(), model=model)


def build_apart(problem: LocationProblem, rules: SiteRules, pairs: Pairs, least: float) -> SiteModel:
    """Return the model in which no two open sites are nearer than so much; it has no objective."""
    lp, is_open = new_site_model("apart", n_sites=rules.free.size)
    is_near = pairs.apart < least
    one, other = pairs.one[is_near], pairs.other[is_near]
    if (rules.given[one] & rules.given[other]).any():  # two sites of every plan: nothing can be done
        lp.addConstraint(linear_row([], sense=pulp.LpConstraintGE, rhs=1.0), "given")
    for site, neighbour in ((one, other), (other, one)):
        is_shut = rules.is_free[site] & rules.given[neighbour]
        for j in np.unique(rules.site[site[is_shut]]).tolist():
            is_open[j].upBound = 0
    both = rules.is_free[one] & rules.is_free[other]
    table = np.zeros((rules.free.size, rules.free.size), dtype=np.bool_)
    table[rules.site[one[both]], rules.site[other[both]]] = True
    for k, clique in enumerate(cover_by_cliques(table | table.T)):
        terms = [(is_open[j], 1.0) for j in clique.tolist()]
        lp.addConstraint(linear_row(terms, sense=pulp.LpConstraintLE, rhs=1.0), f"q{k:07d}")
    return SiteModel(lp=lp, is_open=is_open)
