"""The choice: a question and its travel times become location problems, one per standard, and their proven answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diffusa.journeys import Journeys
from diffusa.question import Question
from layers.people import need_weight
from layers.plan import Optimum, Text
from maps.i18n import both
from optimize.problem import LocationProblem
from optimize.solution import Solution, Status
from optimize.solve import solve


@dataclass(frozen=True)
class Choices:
    """The answers of a question: the plan's own standard, and every other standard that the report counts.

    Parameters
    ----------
    solutions
        Solution per standard in minutes.
    standard_min
        The plan's own standard.
    """

    solutions: Mapping[float, Solution]
    standard_min: float

    @property
    def plan(self) -> Solution:
        """Return the solution that is the plan."""
        return self.solutions[self.standard_min]


def build_problem(question: Question, journeys: Journeys, *, standard_min: float) -> LocationProblem:
    """Return the location problem of a question at one standard.

    Compared sites that are no candidates stand in the travel times but must not be chosen: they are forbidden here.
    """
    choose = question.scenario.choose
    may_open = {*question.fixed, *question.candidates}
    others = tuple(site_id for site_id in journeys.times.candidate_ids if site_id not in may_open)
    is_coverage = choose.objective == "max_coverage"
    return LocationProblem(
        objective=choose.objective,
        weight=_weight(question),
        impedance_s=journeys.times.seconds,
        candidate_ids=journeys.times.candidate_ids,
        new=question.new,
        standard_s=standard_min * 60.0 if is_coverage else None,
        unserved_impedance_s=None if is_coverage else journeys.times.cutoff_s,
        fixed=question.fixed,
        required=question.required,
        forbidden=others,
    )


def _weight(question: Question) -> NDArray[np.float64]:
    people = question.people
    return need_weight(people.cells, people.totals, question.scenario.need)


def choose_sites(question: Question, journeys: Journeys, *, progress: Callable[[int, int], None] | None = None) -> Choices:
    """Return the best sites at the plan's standard, and for max_coverage at every other standard of the report.

    The p-median has no standard: it is solved once.
    """
    scenario = question.scenario
    own = scenario.travel.standard_min
    standards = scenario.standards_min if scenario.choose.objective == "max_coverage" else (own,)
    solutions: dict[float, Solution] = {}
    for done, standard_min in enumerate(standards):
        if progress:
            progress(done, len(standards))
        problem = build_problem(question, journeys, standard_min=standard_min)
        solutions[standard_min] = solve(problem, time_limit_s=scenario.choose.time_limit_s)
    if progress:
        progress(len(standards), len(standards))
    return Choices(solutions=solutions, standard_min=own)


def describe_optimum(question: Question, solution: Solution, *, standard_min: float) -> Optimum:
    """Return what the plan says of one solution; the p-median's objective becomes mean seconds over the need in cells."""
    is_coverage = question.scenario.choose.objective == "max_coverage"
    whole = 1.0 if is_coverage else float(_weight(question).sum())
    return Optimum(
        standard_min=standard_min,
        objective_name=question.scenario.choose.objective,
        new=question.new,
        total_open=len(solution.selected),
        selected_new=solution.new,
        status="optimal" if solution.status is Status.OPTIMAL else "feasible",
        objective=solution.objective / whole,
        best_bound=solution.best_bound / whole,
        gap=solution.gap,
        is_verified=True,  # solve() verifies every solution and raises where it does not hold
        tie_rule=_tie_rule(solution),
    )


def _tie_rule(solution: Solution) -> Text:
    """Return in both languages which of equally good plans this one is."""
    if solution.is_tie_broken:
        return both("Of equally good plans this is the one whose sites stand first in the list of ids.")
    return both("Another plan may be equally good.")
