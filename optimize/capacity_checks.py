"""What arithmetic shows before a solver is asked: capacities, least uses and demand that cannot go together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, InfeasibleError
from optimize.capacity_case import CapacityCase
from optimize.problem import LocationProblem
from optimize.site_rows import is_counted_new
from optimize.site_rules import SiteRules

ROOM = 1e-9


def check_capacities(problem: LocationProblem, sites: SiteRules, case: CapacityCase) -> None:
    """Raise if no choice of sites can serve what must be served, or give every open site its least use.

    Parameters
    ----------
    problem, sites
        The problem, and what `site_rules` says of it.
    case
        Its case, rows not merged.

    Raises
    ------
    InfeasibleError
        Something cannot be met; `FaultsError` where there are several reasons.
    """
    faults = Faults()
    _check_reach(problem, case, faults)
    _check_capacity(problem, sites, case, faults)
    _check_least_use(problem, sites, case, faults)
    faults.raise_if_any()


def _check_reach(problem: LocationProblem, case: CapacityCase, faults: Faults) -> None:
    """Add a fault for demand that must be served and that no site can: out of reach, or larger than every capacity."""
    served = np.zeros(case.n_rows, dtype=np.bool_)
    served[case.pair_row] = True
    lost = case.member[case.is_must & ~served]
    usable = np.zeros(problem.n_candidates, dtype=np.bool_)
    usable[case.column] = True
    has_reach = np.array([bool(usable[_reached(problem, i)].any()) for i in lost.tolist()], dtype=np.bool_)
    away, large = np.sort(lost[~has_reach]), np.sort(lost[has_reach])
    if away.size:
        faults.add(
            InfeasibleError(
                "demand rows with a weight are reached by no site that may be open",
                where="impedance_s",
                n=away.size,
                examples=away.tolist(),
                remedy="Give unserved_impedance_s, search with a larger cutoff, offer candidates nearer to them, "
                "or leave these rows out",
            )
        )
    if large.size:
        faults.add(
            InfeasibleError(
                "demand rows have more weight than any site that reaches them can serve alone",
                where="capacity",
                n=large.size,
                examples=large.tolist(),
                remedy="Let demand be split (is_split), raise capacities, or give unserved_impedance_s",
            )
        )


def _reached(problem: LocationProblem, row: int) -> NDArray[np.intp]:
    """Return the columns that reach a demand row."""
    pairs = slice(problem.impedance_s.indptr[row], problem.impedance_s.indptr[row + 1])
    return np.asarray(problem.impedance_s.indices[pairs])


def _check_capacity(problem: LocationProblem, sites: SiteRules, case: CapacityCase, faults: Faults) -> None:
    """Add a fault if the largest capacities that may be open together hold less than what must be served."""
    must = float(case.weight[case.is_must].sum())
    given, free = case.capacity[case.n_free :], case.capacity[: case.n_free]
    is_limited, most = _limited_sites(problem, sites)
    largest = np.sort(free[is_limited])[::-1]
    held = float(given.sum() + free[~is_limited].sum())
    if held + float(largest[:most].sum()) >= must * (1 - ROOM):
        return
    enough = np.flatnonzero(held + np.cumsum(largest) >= must * (1 - ROOM))
    more = f"open {int(enough[0]) + 1 - most} more" if enough.size else "offer more candidates"
    what = f"{must:,.0f} of weight must be served, the sites that may be open together can serve "
    what += f"{held + float(largest[:most].sum()):,.0f}"
    remedy = f"Raise capacities, {more}, or give unserved_impedance_s"
    faults.add(InfeasibleError(what, where="capacity", remedy=remedy))


def _limited_sites(problem: LocationProblem, sites: SiteRules) -> tuple[NDArray[np.bool_], int]:
    """Return which free sites count against the number of new ones, and how many of them may be open."""
    is_limited = is_counted_new(problem)[sites.free]
    most = problem.new if problem.new is not None else problem.rules.new_at_most
    if most is None:
        return is_limited, int(is_limited.sum())
    return is_limited, max(int(most) - len(problem.required), 0)


def _check_least_use(problem: LocationProblem, sites: SiteRules, case: CapacityCase, faults: Faults) -> None:
    """Add a fault for sites that are open in every plan and cannot be viable, and if so many sites cannot all be."""
    if problem.min_use is None:
        return
    load = np.bincount(case.pair_site, weights=case.weight[case.pair_row], minlength=case.n_sites)
    most = np.minimum(load, case.capacity)
    is_idle = case.min_use > most * (1 + ROOM)
    idle = [problem.candidate_ids[j] for j in case.column[case.n_free :][is_idle[case.n_free :]].tolist()]
    if idle:
        what = "sites are open in every plan, and cannot serve as much as their min_use asks"
        remedy = "Lower their min_use, raise their capacity, or do not fix or require them"
        faults.add(InfeasibleError(what, where="min_use", n=len(idle), examples=idle, remedy=remedy))
    can_open = np.sort(case.min_use[: case.n_free][~is_idle[: case.n_free]])
    n_least = _least_to_open(problem, sites)
    total = float(case.weight.sum())
    least = float(case.min_use[case.n_free :].sum() + can_open[:n_least].sum())
    if can_open.size < n_least:
        what = f"{n_least} free sites are to be open, and only {can_open.size} can serve as much as their min_use asks"
        faults.add(InfeasibleError(what, where="min_use", remedy="Lower min_use, raise capacities, or open fewer sites"))
    elif least > total * (1 + ROOM):
        what = f"the open sites have to serve {least:,.0f} together at least, and all demand is {total:,.0f}"
        faults.add(InfeasibleError(what, where="min_use", remedy="Lower min_use, or open fewer sites"))


def _least_to_open(problem: LocationProblem, sites: SiteRules) -> int:
    """Return how many free sites every plan opens at least, as far as is known."""
    if problem.rules.is_empty and problem.new is None:
        return 0
    if problem.rules.is_empty:
        return sites.n_open
    is_limited, _ = _limited_sites(problem, sites)
    least = problem.new if problem.new is not None else problem.rules.new_at_least or 0
    return min(max(least - len(problem.required), 0), int(is_limited.sum()))
