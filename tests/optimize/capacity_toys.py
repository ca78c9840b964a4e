"""Small problems with costs and capacities under any rules, and the answer by trying every set of sites and every service."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from optimize.problem import LocationProblem
from optimize.rules import NO_RULES
from tests.optimize.ruled_toys import Best, meets_rules, some_rules
from tests.optimize.toys import csr, dense, ids

OBJECTIVES = ("fixed_charge", "capacitated_fixed_charge", "capacitated_p_median", "capacitated_max_coverage")
SPLITS_BY_DEFAULT = {"capacitated_fixed_charge": True, "capacitated_p_median": False, "capacitated_max_coverage": True}


def capacitated(objective: str, table: list[list[float | None]], weight: list[float], **fields: object) -> LocationProblem:
    """Return a problem of one of the objectives."""
    given = {"weight": np.array(weight), "impedance_s": csr(table), "candidate_ids": ids(len(table[0])), **fields}
    return LocationProblem(objective=objective, **given)  # type: ignore[arg-type]


def unit_costs(problem: LocationProblem) -> tuple[np.ndarray, float]:
    """Return what a unit of weight costs at each candidate (infinite: not served there), and unserved."""
    seconds = dense(problem)
    if problem.objective == "capacitated_max_coverage":
        return np.where(seconds <= problem.standard_s, 0.0, np.inf), 1.0
    unserved = np.inf if problem.unserved_impedance_s is None else problem.unserved_impedance_s
    price = problem.impedance_price or 1.0
    return np.where(seconds < unserved, seconds, np.inf) * price, unserved * price


def service_cost(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    """Return the least cost of serving the demand from open sites; None where it cannot be."""
    columns = [j for j, name in enumerate(problem.candidate_ids) if name in selected]
    rows = np.flatnonzero(problem.weight > 0)
    cost, unserved = unit_costs(problem)
    cost, weight = cost[np.ix_(rows, columns)], problem.weight[rows]
    if problem.objective == "fixed_charge":
        value = float((weight * np.minimum(cost.min(axis=1, initial=np.inf), unserved)).sum())
        return value if np.isfinite(value) else None
    capacity = problem.capacity[columns]
    least = np.zeros(len(columns)) if problem.min_use is None else problem.min_use[columns]
    is_split = SPLITS_BY_DEFAULT[problem.objective] if problem.is_split is None else problem.is_split
    serve = _split_service if is_split else _whole_service
    return serve(weight, cost, unserved, capacity, least)


def _whole_service(
    weight: np.ndarray, cost: np.ndarray, unserved: float, capacity: np.ndarray, least: np.ndarray
) -> float | None:
    """Try every way to give each row to one site, or to none."""
    table = np.column_stack([cost, np.full(len(weight), unserved)])
    choice = np.array(list(product(range(table.shape[1]), repeat=len(weight))))
    total = (weight * table[np.arange(len(weight)), choice]).sum(axis=1)
    load = np.array([(weight * (choice == j)).sum(axis=1) for j in range(len(capacity))]).reshape(-1, len(choice)).T
    fits = ((load <= capacity + 1e-9) & (load >= least - 1e-9)).all(axis=1) & np.isfinite(total)
    return float(total[fits].min()) if fits.any() else None


def _split_service(
    weight: np.ndarray, cost: np.ndarray, unserved: float, capacity: np.ndarray, least: np.ndarray
) -> float | None:
    """Solve the flow from rows to sites as a linear programme of its own."""
    n, m = cost.shape
    allowed = np.isfinite(np.column_stack([cost, np.full(n, unserved)])).ravel()
    price = np.column_stack([cost, np.full(n, unserved)]).ravel()
    serve = np.kron(np.eye(n), np.ones(m + 1))
    load = np.kron(np.ones(n), np.eye(m, m + 1))
    if not allowed.any():
        return None
    result = linprog(
        np.where(allowed, price, 0.0),
        A_eq=serve,
        b_eq=weight,
        A_ub=np.vstack([load, -load]),
        b_ub=np.concatenate([capacity, -least]),
        bounds=[(0, None if ok else 0) for ok in allowed],
    )
    return float(result.fun) if result.status == 0 else None


def whole_value(problem: LocationProblem, selected: frozenset[str]) -> float | None:
    """Return the objective of a set of open sites; None where it cannot be one."""
    cost = service_cost(problem, selected)
    if cost is None:
        return None
    if problem.objective == "capacitated_max_coverage":
        return float(problem.weight.sum()) - cost
    if problem.objective == "capacitated_p_median":
        return cost
    cost_of = dict(zip(problem.candidate_ids, problem.site_cost, strict=True))
    return cost + sum(cost_of[name] for name in selected - {*problem.fixed, *problem.rules.open_now})


def try_all_services(problem: LocationProblem) -> Best | None:
    """Return the best of all sets of open sites that meet every rule; None if there is none."""
    free = sorted(set(problem.candidate_ids) - {*problem.fixed, *problem.required, *problem.forbidden})
    values: dict[frozenset[str], float] = {}
    for size in range(len(free) + 1):
        for chosen in combinations(free, size):
            selected = frozenset({*problem.fixed, *problem.required, *chosen})
            value = whole_value(problem, selected) if meets_rules(problem, selected) else None
            if value is not None:
                values[selected] = value
    if not values:
        return None
    best = (max if problem.objective == "capacitated_max_coverage" else min)(values.values())
    near = tuple(plan for plan, value in values.items() if abs(value - best) <= 1e-7 * max(1.0, abs(best)))
    return Best(objective=best, plans=near)


@st.composite
def capacity_problems(draw: st.DrawFn, objective: str, *, has_rules: bool, max_candidates: int = 5) -> LocationProblem:
    """Draw a problem of an objective with small whole weights; with rules of any kind, or with none."""
    n_demand, n_candidates = draw(st.integers(1, 4)), draw(st.integers(2, max_candidates))
    seconds = st.one_of(st.none(), st.sampled_from([0.0, 150.0, 300.0, 450.0, 600.0, 700.0, 1200.0]))
    table = [[draw(seconds) for _ in range(n_candidates)] for _ in range(n_demand)]
    weight = [float(draw(st.integers(0, 9))) for _ in range(n_demand)]
    weight[0] = max(weight[0], 1.0)
    names = ids(n_candidates)
    roles = draw(st.permutations(names))
    fixed = tuple(roles[:1]) if draw(st.booleans()) else ()
    required = tuple(roles[1:2]) if draw(st.integers(0, 3)) == 0 else ()
    fields: dict[str, Any] = _fields(draw, objective, n_candidates)
    rules = NO_RULES
    if has_rules:
        open_now = tuple(roles[2:3]) if draw(st.booleans()) else ()
        rules = draw(some_rules(n_demand=n_demand, n_candidates=n_candidates, open_now=open_now))
        places = dict(zip(names, rules.place or names, strict=True))
        taken = [places[name] for name in (*fixed, *required, *open_now)]
        if len(set(taken)) < len(taken):
            rules = replace(rules, place=None)
        covers = tuple(limit for limit in rules.covers if np.array(weight)[limit.rows].sum() > 0)
        rules = replace(rules, covers=covers)
    if objective in ("capacitated_p_median", "capacitated_max_coverage"):
        fields["new"] = draw(st.integers(len(required), 3))
    elif has_rules:
        rules = replace(rules, new_at_most=draw(st.sampled_from([None, 1, 2])))
    if "site_cost" in fields and has_rules and draw(st.booleans()):
        rules = replace(rules, budget=float(draw(st.integers(0, 4000))))
    return capacitated(objective, table, weight, fixed=fixed, required=required, rules=rules, **fields)


def _fields(draw: st.DrawFn, objective: str, n_candidates: int) -> dict[str, Any]:
    """Draw the fields that an objective reads."""
    fields: dict[str, Any] = {}
    if objective == "capacitated_max_coverage":
        fields["standard_s"] = draw(st.sampled_from([300.0, 600.0]))
    else:
        fields["unserved_impedance_s"] = draw(st.sampled_from([None, 650.0, 2000.0]))
    if objective.endswith("charge"):
        fields["site_cost"] = np.array([draw(st.sampled_from([0.0, 500.0, 900.0, 2500.0])) for _ in range(n_candidates)])
        fields["impedance_price"] = draw(st.sampled_from([None, 0.5]))
    if objective.startswith("capacitated"):
        fields["capacity"] = np.array([float(draw(st.integers(0, 16))) for _ in range(n_candidates)])
        fields["is_split"] = draw(st.sampled_from([None, True, False]))
        if draw(st.booleans()):
            fields["min_use"] = np.array([float(draw(st.integers(0, 6))) for _ in range(n_candidates)])
    return fields
