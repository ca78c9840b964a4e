"""Which sites may be in a plan within a limit: bounds of every plan with a site, by prices or by the linear relaxation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from optimize.core_sites import ROOM
from optimize.gradual_coverage import build_gradual_coverage
from optimize.highs import SolverOptions, run_relaxation
from optimize.lagrange import narrow
from optimize.max_coverage import build_max_coverage
from optimize.model import Model
from optimize.objectives import Objective
from optimize.p_median import build_p_median
from optimize.pricing import ArrayPricing
from optimize.problem import LocationProblem
from optimize.ruled import build_ruled
from optimize.site_model import SiteModel, add_site_rows, model_of_siting
from optimize.site_rows import site_rows
from optimize.site_rules import SiteRules
from optimize.siting import Siting, restrict

SITINGS: Mapping[Objective, Callable[[LocationProblem, SiteRules], Siting]] = MappingProxyType(
    {
        "max_coverage": build_max_coverage,
        "p_median": build_p_median,
        "gradual_coverage": build_gradual_coverage,
        "max_attendance": build_gradual_coverage,
    }
)
"""The objectives whose problem is a siting where there are no rules."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Narrowed:
    """What leaves sites out of a search.

    Parameters
    ----------
    total
        What the objective is subtracted from, where more is better; 0 where less is.
    least
        What no plan with each site can undercut, shape (n_sites,).
    build
        ``build(part, most) -> SiteModel``: the model of some sites, in which every plan is that costs no more.
    siting
        The problem as a siting, where it has that form.
    """

    total: float
    least: NDArray[np.float64]
    build: Callable[[SiteRules, float], SiteModel]
    siting: Siting | None = None


def narrow_by_prices(
    problem: LocationProblem, sites: SiteRules, siting: Siting, *, total: float, deadline: float | None
) -> Narrowed:
    """Return what leaves sites out by Lagrangian prices, and pairs that are too dear for a plan within the limit.

    Parameters
    ----------
    problem, sites, siting
        A problem without rules, what `site_rules` says of it, and its form as a siting.
    total
        What the objective is subtracted from, where more is better; 0 where less is.
    deadline
        Moment of `time.monotonic` at which to stop; the bounds are valid, only less tight.
    """
    _, bounds = narrow(siting, deadline=deadline)
    price = np.minimum(bounds.price, siting.unserved_cost)
    worth = ArrayPricing(siting).worth(price)
    opened = np.sort(worth)[::-1][: siting.n_open]
    lower = siting.constant + math.fsum(price) - math.fsum(opened)
    last_in = float(opened.min(initial=np.inf))

    def build(part: SiteRules, most: float) -> SiteModel:
        left = restrict(siting, np.isin(sites.free, part.free), limit=price + (most - lower) + 2 * siting.tolerance)
        built = model_of_siting(left, n_sites=part.free.size, total=total)
        add_site_rows(built.lp, built.is_open, site_rows(problem, part))
        return built

    return Narrowed(total=total, least=lower + np.maximum(last_in - worth, 0.0), build=build, siting=siting)


def narrow_by_relaxation(problem: LocationProblem, sites: SiteRules, *, model: Model, options: SolverOptions) -> Narrowed:
    """Return what leaves sites out by the reduced costs of the linear relaxation; nothing does where the time was over.

    Parameters
    ----------
    problem, sites, model
        A problem, what `site_rules` says of it, and the model of its objective, which takes every rule.
    options
        How to ask the solver.
    """
    built = build_ruled(problem, sites, model=model)
    relaxed = run_relaxation(built.lp, options)
    least = np.full(sites.free.size, -np.inf)
    if relaxed.bound is not None:
        lower = relaxed.bound / built.factor + built.constant
        reduced = np.array([variable.dj or 0.0 for variable in built.is_open]) / built.factor
        least = lower + np.maximum(reduced, 0.0) - ROOM * max(abs(lower), abs(built.total))
    return Narrowed(total=built.total, least=least, build=lambda part, _most: build_ruled(problem, part, model=model))
