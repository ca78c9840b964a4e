"""The location problem of real Milano, as arrays in a file: travel times once, for many models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
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
from optimize.decay import ExponentialDecay
from optimize.problem import LocationProblem

SCENARIO = CHECKOUT / "scenarios" / "job_centres_2023.toml"
STANDARD_S = 900.0
NEW = 5


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


def milano_problem(path: Path, objective: str) -> LocationProblem:
    """Return that problem for a model, with so many new sites; times reach an hour, and nobody is farther than that."""
    with np.load(path) as file:
        known = {name: file[name] for name in file.files}
    n, m = known["weight"].size, known["ids"].size
    times = sparse.csr_array((known["seconds"], known["column"], known["start"]), shape=(n, m))
    apart = np.hypot(*(known["xy"][:, None] - known["xy"][None, :]).transpose(2, 0, 1))
    rng, unserved = np.random.default_rng(0), {"unserved_impedance_s": 3600.0}
    fields: dict[str, dict[str, Any]] = {
        "backup_coverage": {"standard_s": STANDARD_S},
        "weighted_backup_coverage": {"standard_s": STANDARD_S, "backup_share": 0.4},
        "k_nearest_median": {"k_nearest": 20, **unserved},
        "max_attendance": {"decay": ExponentialDecay(scale_s=STANDARD_S)},
        "market_capture": {
            "attraction": rng.integers(1, 10, m).astype(np.float64),
            "competitor_pull": rng.random(n) * 2e-5,
            "pull_exponent": 2.0,
        },
        "p_dispersion": {"site_impedance": stored(apart, ~np.eye(m, dtype=np.bool_))},
        "kolm_pollak": {"aversion": 1 / STANDARD_S, **unserved},
        "worst_mean": {"worst_share": 0.1, **unserved},
        "lexicographic_center": {},
    }
    problem = LocationProblem(
        objective="max_coverage",
        weight=known["weight"],
        impedance_s=times,
        candidate_ids=tuple(known["ids"].tolist()),
        fixed=tuple(known["fixed"].tolist()),
        new=NEW,
        standard_s=STANDARD_S,
    )
    return replace(problem, **{"objective": objective, "standard_s": None, **fields[objective]})  # type: ignore[arg-type]
