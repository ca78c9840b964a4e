"""The location problem of real Milano, as arrays in a file: travel times once, for many models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bench.choice_instances import stored
from bench.milano import CHECKOUT
from data.pack import open_pack
from diffusa.choice import build_problem
from diffusa.city import read_people
from diffusa.journeys import travel
from diffusa.question import put_question
from diffusa.scenario import read_scenario
from layers.sites import join_sites
from optimize.decay import ExponentialDecay, LinearDecay
from optimize.problem import LocationProblem

SCENARIO = CHECKOUT / "scenarios" / "job_centres_2023.toml"
STANDARD_S = 900.0
NEW = 5
LONGEST_S = 3600.0
TARGET_SHARE = 0.9
NEW_FOR_ALL = {"p_center": 25, "lexicographic_center": 25, "backup_coverage": 160}
"""New sites of the models that reach all demand which any site reaches: five would not do."""

CAPACITY = (0.12, 0.2)
"""Least and largest capacity of a site, as shares of all need: six sites with the one that is open serve most of it."""


def write_problem(pack_path: Path, out: Path) -> None:
    """Write weights, times, sites and what is open now of the example scenario.

    Parameters
    ----------
    pack_path
        The pack of Milano.
    out
        An ``.npz`` file.
    """
    pack = open_pack(pack_path)
    sites = join_sites(pack.read("services"), pack.read("spaces"))
    question = put_question(read_scenario(SCENARIO), pack, people=read_people(pack), sites=sites)
    problem = build_problem(question, travel(question, pack), standard_min=STANDARD_S / 60)
    place = question.sites.set_index("site_id").geometry.loc[list(problem.candidate_ids)]
    times = problem.impedance_s
    np.savez(
        out,
        weight=problem.weight,
        seconds=times.data,
        column=times.indices,
        start=times.indptr,
        ids=np.array(problem.candidate_ids),
        fixed=np.array(problem.fixed, dtype=np.str_),
        xy=np.column_stack([place.x, place.y]),
    )


def milano_problem(path: Path, objective: str, *, is_split: bool = True) -> LocationProblem:
    """Return that problem for a model, with so many new sites; times reach an hour, and nobody is farther than that.

    Parameters
    ----------
    path
        The file of `write_problem`.
    objective
        Of the model. Those of covering all and of the worst impedance leave out who is reached by nobody.
    is_split
        Whether the demand of a square may be split between sites, where they have a capacity.
    """
    with np.load(path) as file:
        known = {name: file[name] for name in file.files}
    n, m = known["weight"].size, known["ids"].size
    times = sparse.csr_array((known["seconds"], known["column"], known["start"]), shape=(n, m))
    problem = LocationProblem(
        objective="max_coverage",
        weight=known["weight"],
        impedance_s=times,
        candidate_ids=tuple(known["ids"].tolist()),
        fixed=tuple(known["fixed"].tolist()),
        new=NEW,
        standard_s=STANDARD_S,
    )
    own = {"new": NEW, "standard_s": None, **_fields(objective, xy=known["xy"], n_demand=n, is_split=is_split)}
    if objective in NEW_FOR_ALL:
        reach_s = STANDARD_S if own["standard_s"] else LONGEST_S
        reached = np.zeros(n, dtype=np.bool_)
        reached[np.repeat(np.arange(n), np.diff(times.indptr))[times.data <= reach_s]] = True
        own |= {"new": NEW_FOR_ALL[objective], "weight": np.where(reached, known["weight"], 0.0)}
    return replace(problem, objective=objective, **own)  # type: ignore[arg-type]


def _fields(objective: str, *, xy: NDArray[np.float64], n_demand: int, is_split: bool) -> dict[str, Any]:
    """Return what a model reads beside weights, times and the number of sites."""
    m, rng, unserved = len(xy), np.random.default_rng(0), {"unserved_impedance_s": LONGEST_S}
    attraction, competitors = rng.integers(1, 10, m).astype(np.float64), rng.random(n_demand) * 2e-5
    cost_s, capacity = rng.integers(30, 80, m).astype(np.float64), rng.uniform(*CAPACITY, m)
    standard, capacities = {"standard_s": STANDARD_S}, {"capacity": capacity, "is_split": is_split}
    if objective == "p_dispersion":
        apart = np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1))
        return {"site_impedance": stored(apart, ~np.eye(m, dtype=np.bool_))}
    fields: dict[str, dict[str, Any]] = {
        "max_coverage": standard,
        "set_cover": {**standard, "new": None, "target_share": TARGET_SHARE},
        "backup_coverage": standard,
        "weighted_backup_coverage": {**standard, "backup_share": 0.4},
        "p_median": unserved,
        "k_nearest_median": {"k_nearest": 20, **unserved},
        "gradual_coverage": {"decay": LinearDecay(full_s=STANDARD_S / 3, zero_s=2 * STANDARD_S)},
        "max_attendance": {"decay": ExponentialDecay(scale_s=STANDARD_S)},
        "market_capture": {"attraction": attraction, "competitor_pull": competitors, "pull_exponent": 2.0},
        "kolm_pollak": {"aversion": 1 / STANDARD_S, **unserved},
        "worst_mean": {"worst_share": 0.1, **unserved},
        "fixed_charge": {"new": None, "site_cost": cost_s, **unserved},
        "capacitated_fixed_charge": {"new": None, "site_cost": cost_s, **capacities, **unserved},
        "capacitated_p_median": {**capacities, **unserved},
        "capacitated_max_coverage": {**standard, **capacities},
    }
    return fields.get(objective, {})
