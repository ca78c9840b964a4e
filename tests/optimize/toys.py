"""Small problems, the strategies that draw them, and the answer by trying every plan."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from optimize.decay import LinearDecay
from optimize.problem import LocationProblem


def csr(table: list[list[float | None]]) -> sparse.csr_array:
    """Return a table of seconds as CSR; None is a pair that is not stored, and 0 is stored."""
    cells = [(i, j, value) for i, row in enumerate(table) for j, value in enumerate(row) if value is not None]
    shape = (len(table), len(table[0]))
    if not cells:
        return sparse.csr_array(shape, dtype=np.float64)
    row, column, value = (np.array(part) for part in zip(*cells, strict=True))
    return sparse.csr_array((value.astype(np.float64), (row, column)), shape=shape)


def ids(n: int) -> tuple[str, ...]:
    return tuple(f"site-{j:02d}" for j in range(n))


def coverage(table: list[list[float | None]], weight: list[float] | None = None, **fields: object) -> LocationProblem:
    """Return a max_coverage problem; standard 600 s and one new site unless told otherwise."""
    return _problem(table, weight, {"objective": "max_coverage", "standard_s": 600.0, "new": 1, **fields})


def median(table: list[list[float | None]], weight: list[float] | None = None, **fields: object) -> LocationProblem:
    """Return a p_median problem; one new site unless told otherwise."""
    return _problem(table, weight, {"objective": "p_median", "new": 1, **fields})


def cover(table: list[list[float | None]], weight: list[float] | None = None, **fields: object) -> LocationProblem:
    """Return a set_cover problem; standard 600 s unless told otherwise."""
    return _problem(table, weight, {"objective": "set_cover", "standard_s": 600.0, **fields})


def center(table: list[list[float | None]], weight: list[float] | None = None, **fields: object) -> LocationProblem:
    """Return a p_center problem; one new site unless told otherwise."""
    return _problem(table, weight, {"objective": "p_center", "new": 1, **fields})


def gradual(table: list[list[float | None]], weight: list[float] | None = None, **fields: object) -> LocationProblem:
    """Return a gradual_coverage problem; all within 300 s, nothing from 900 s on, and one new site unless told otherwise."""
    decay = LinearDecay(full_s=300.0, zero_s=900.0)
    return _problem(table, weight, {"objective": "gradual_coverage", "decay": decay, "new": 1, **fields})


def _problem(table: list[list[float | None]], weight: list[float] | None, fields: dict[str, object]) -> LocationProblem:
    given = {
        "weight": np.array([1.0] * len(table) if weight is None else weight),
        "impedance_s": csr(table),
        "candidate_ids": ids(len(table[0])),
        **fields,
    }
    return LocationProblem(**given)


@dataclass(frozen=True)
class Tried:
    """The best objective of all plans, and every plan that has it, as sorted new ids."""

    objective: float
    plans: tuple[tuple[str, ...], ...]


def dense(problem: LocationProblem) -> NDArray[np.float64]:
    """Return the seconds as a table, infinite where nothing is stored."""
    table = np.full(problem.impedance_s.shape, np.inf)
    for i in range(table.shape[0]):
        for k in range(problem.impedance_s.indptr[i], problem.impedance_s.indptr[i + 1]):
            table[i, problem.impedance_s.indices[k]] = problem.impedance_s.data[k]
    return table


def value_of(problem: LocationProblem, names: set[str]) -> float | None:
    """Return the objective of a set of open sites; None where it leaves demand unserved that must be served."""
    columns = [j for j, name in enumerate(problem.candidate_ids) if name in names]
    nearest = dense(problem)[:, columns].min(axis=1, initial=np.inf)
    if problem.objective == "max_coverage":
        return float(problem.weight[nearest <= problem.standard_s].sum())
    if problem.decay is not None:
        return float((problem.weight * problem.decay.share(nearest)).sum())
    if problem.unserved_impedance_s is not None:
        nearest = np.minimum(nearest, problem.unserved_impedance_s)
    has_weight = problem.weight > 0
    if problem.objective == "p_center":
        return None if np.isinf(nearest[has_weight]).any() else float(nearest[has_weight].max())
    if np.isinf(nearest[has_weight]).any():
        return None
    return float((problem.weight[has_weight] * nearest[has_weight]).sum())


def try_all(problem: LocationProblem) -> Tried | None:
    """Return the best of all plans by trying each; None if there is none."""
    taken = {*problem.fixed, *problem.required, *problem.forbidden}
    free = sorted(set(problem.candidate_ids) - taken)
    n_open = problem.new - len(problem.required)
    if n_open < 0 or n_open > len(free):
        return None
    values = {}
    for chosen in combinations(free, n_open):
        value = value_of(problem, {*problem.fixed, *problem.required, *chosen})
        if value is not None:
            values[tuple(sorted({*problem.required, *chosen}))] = value
    if not values:
        return None
    best = (max if problem.objective in ("max_coverage", "gradual_coverage") else min)(values.values())
    near = [plan for plan, value in values.items() if abs(value - best) <= 1e-9 * max(1.0, abs(best))]
    return Tried(objective=best, plans=tuple(near))


def try_all_covers(problem: LocationProblem) -> tuple[float, tuple[str, ...]] | None:
    """Return the least cost of a cover and the cover that the tie rule names, by trying every one; None if there is none."""
    free = sorted(set(problem.candidate_ids) - {*problem.fixed, *problem.required, *problem.forbidden})
    cost_of = dict(zip(problem.candidate_ids, np.ones(99) if problem.site_cost is None else problem.site_cost, strict=False))
    covers = []
    for size in range(len(free) + 1):
        for chosen in combinations(range(len(free)), size):
            new = {*problem.required, *(free[k] for k in chosen)}
            if covers_enough(problem, new | set(problem.fixed)):
                covers.append((sum(cost_of[name] for name in new), sum(k + 1 for k in chosen), tuple(sorted(new))))
    if not covers:
        return None
    best = min(cost for cost, _, _ in covers)
    equal = [(places, new) for cost, places, new in covers if cost <= best * (1 + 1e-9)]
    first = min(places for places, _ in equal)
    named = [new for places, new in equal if places == first]
    return best, named[0] if len(named) == 1 else ()


def covers_enough(problem: LocationProblem, names: set[str]) -> bool:
    """Return whether open sites cover all demand that has a weight, or the target share of it."""
    columns = [j for j, name in enumerate(problem.candidate_ids) if name in names]
    is_covered = dense(problem)[:, columns].min(axis=1, initial=np.inf) <= (problem.standard_s or 0.0)
    if problem.target_share is None:
        return bool((is_covered | (problem.weight == 0)).all())
    return bool(problem.weight[is_covered].sum() >= (problem.target_share - 1e-9) * problem.weight.sum())


def first_plans(problem: LocationProblem, tried: Tried) -> set[tuple[str, ...]]:
    """Return the plans that the tie rule allows: the least sum of positions in the sorted free candidates."""
    taken = {*problem.fixed, *problem.required, *problem.forbidden}
    place = {name: k for k, name in enumerate(sorted(set(problem.candidate_ids) - taken))}
    sums = {plan: sum(place.get(name, 0) for name in plan) for plan in tried.plans}
    return {plan for plan, total in sums.items() if total == min(sums.values())}


SECONDS = st.one_of(
    st.none(),
    st.sampled_from([0.0, 60.0, 120.0, 300.0, 600.0, 600.001, 900.0]),
    st.integers(0, 1200).map(float),
)
WEIGHTS = st.one_of(st.sampled_from([0.0, 1.0, 2.0, 10.0]), st.floats(0.001, 1000.0))


@st.composite
def problems(draw: st.DrawFn, *, max_candidates: int = 7) -> LocationProblem:
    """Draw a problem of either objective, with rules; it may have no plan."""
    n_demand = draw(st.integers(1, 9))
    n_candidates = draw(st.integers(1, max_candidates))
    rows = st.lists(SECONDS, min_size=n_candidates, max_size=n_candidates)
    table = draw(st.lists(rows, min_size=n_demand, max_size=n_demand))
    weight = draw(st.lists(WEIGHTS, min_size=n_demand, max_size=n_demand).filter(any))
    names = draw(st.permutations(ids(n_candidates)))
    roles = draw(
        st.lists(
            st.sampled_from(["free"] * 5 + ["fixed", "required", "forbidden"]), min_size=n_candidates, max_size=n_candidates
        )
    )
    named = {
        role: tuple(name for name, given in zip(names, roles, strict=True) if given == role)
        for role in ("fixed", "required", "forbidden")
    }
    new = len(named["required"]) + draw(st.integers(0, max(roles.count("free"), 0)))
    if draw(st.booleans()):
        return coverage(table, weight, candidate_ids=tuple(names), new=new, **named)
    unserved = draw(st.sampled_from([None, 0.0, 300.0, 700.0]))
    return median(table, weight, candidate_ids=tuple(names), new=new, unserved_impedance_s=unserved, **named)
