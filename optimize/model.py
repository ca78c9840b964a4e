"""What the module of a published model gives to `optimize.solve`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimize.evaluate import allocate, objective_value
from optimize.exact import Answer
from optimize.problem import LocationProblem
from optimize.rules import CoverLimit
from optimize.site_model import SiteModel
from optimize.site_rules import SiteRules
from optimize.solution import Allocation


@dataclass(frozen=True, kw_only=True)
class Model:
    """One published model.

    Parameters
    ----------
    formulation
        The model in a few words, with its source.
    build
        ``build(problem, sites) -> SiteModel``: the model that takes any rule, its number of sites left to the rules. None where
        the model is answered by a row of questions.
    answer
        ``answer(problem, sites, *, options, clock, gap) -> Answer``: the fast way where there are no rules beside fixed,
        required and forbidden sites and an exact number. None: the way with rules is taken there too.
    answer_ruled
        The way with rules where `build` is None, called as `answer`.
    allocate
        ``allocate(problem, selected) -> Allocation``: who is served by which open site, where the answer does not say it.
    measure
        ``measure(problem, allocation, *, new) -> float``: the objective, counted from the arrays.
    demands
        ``demands(problem, sites) -> SiteModel``: what every plan has to serve, where `build` is None; None for nothing.
    needs
        ``needs(problem) -> tuple of CoverLimit``: what every plan has to cover, whatever the rules say, as limits on covered
        shares; None where limits cannot say it, so that no plan is searched for outside the model.
    start
        ``start(problem, sites) -> plan``: positions of free sites of a good plan where there are no rules but an exact number;
        None where a core of the relaxation has one.
    value
        ``value(problem, selected) -> float``: the objective, counted from the arrays, where it is not that of the allocation
        alone but of all open sites; then `measure` is not asked.
    """

    formulation: str
    build: Callable[[LocationProblem, SiteRules], SiteModel] | None
    answer: Callable[..., Answer] | None = None
    answer_ruled: Callable[..., Answer] | None = None
    allocate: Callable[[LocationProblem, Collection[str]], Allocation] = allocate
    measure: Callable[..., float] = objective_value
    demands: Callable[[LocationProblem, SiteRules], SiteModel] | None = None
    needs: Callable[[LocationProblem], tuple[CoverLimit, ...]] | None = None
    start: Callable[[LocationProblem, SiteRules], NDArray[np.intp]] | None = None
    value: Callable[[LocationProblem, Collection[str]], float] | None = None

    def objective(
        self, problem: LocationProblem, allocation: Allocation, *, selected: Collection[str], new: Collection[str]
    ) -> float:
        """Return the objective of a set of open sites, the fixed ones among them, and of who is served by which."""
        if self.value is not None:
            return self.value(problem, selected)
        return self.measure(problem, allocation, new=new)
