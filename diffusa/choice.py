"""The choice: a question and its travel times become location problems, one per standard, and their proven answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from data.errors import FaultsError, InfeasibleError, ProblemError, SolverError
from diffusa.journeys import Journeys
from diffusa.objective_words import MEANS, objective_unit, value_words
from diffusa.planner_words import in_planner_words
from diffusa.problem_fields import asked_weight, objective_fields
from diffusa.question import Question
from diffusa.review_wishes import with_wishes
from diffusa.sizes import sizes_of
from layers.plan_choice import Optimum
from layers.plan_text import Text
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

    Compared sites and competitors that are no candidates stand in the travel times but must not be chosen: they are forbidden
    here.

    Raises
    ------
    ProblemError
        The rules and the objective contradict one another; `FaultsError` where they do in several ways.
    InfeasibleError
        Somebody is out of reach whom the objective has to reach.
    """
    fields: dict[str, Any] = objective_fields(question, journeys, standard_min=standard_min)
    choices = question.choices
    names = choices.choices_of()
    shut = [site_id for site_id in journeys.times.candidate_ids if site_id not in question.may_open]
    return LocationProblem(
        objective=question.scenario.choose.objective,
        weight=asked_weight(question, journeys, standard_min=standard_min),
        impedance_s=choices.columns(journeys.times.seconds),
        candidate_ids=choices.ids,
        fixed=question.fixed,
        required=tuple(name for site_id in question.required if len(names[site_id]) == 1 for name in names[site_id]),
        forbidden=choices.expand(shut),
        rules=choices.rules(question.rules, required=question.required),
        **fields,
    )


def choose_sites(question: Question, journeys: Journeys, *, progress: Callable[[int, int], None] | None = None) -> Choices:
    """Return the best sites at the plan's standard, and for max_coverage at every other standard of the report.

    The other objectives are solved once: they have no standard, or nothing says that another one leaves a plan.

    Raises
    ------
    InfeasibleError
        No plan meets the rules; the message says which, in the planner's words.
    ProblemError
        The rules and the objective contradict one another; `FaultsError` where they do in several ways.
    """
    scenario = question.scenario
    own = scenario.travel.standard_min
    standards = scenario.standards_min if scenario.choose.objective == "max_coverage" else (own,)
    solutions: dict[float, Solution] = {}
    for done, standard_min in enumerate(standards):
        if progress:
            progress(done, len(standards))
        solutions[standard_min] = choose_at(question, journeys, standard_min=standard_min)
    if progress:
        progress(len(standards), len(standards))
    return Choices(solutions=solutions, standard_min=own)


def choose_at(question: Question, journeys: Journeys, *, standard_min: float) -> Solution:
    """Return the best sites at one standard, with the wishes of quarters; the errors are those of `choose_sites`."""

    def attempt(asked: Question) -> Solution:
        return _solve(asked, journeys, standard_min=standard_min, explains=False)

    return with_wishes(question, _solve(question, journeys, standard_min=standard_min), solve=attempt)


def _solve(question: Question, journeys: Journeys, *, standard_min: float, explains: bool = True) -> Solution:
    """Return the solution at one standard, over sites; what the optimizer refuses is told in the planner's words."""
    try:
        problem = build_problem(question, journeys, standard_min=standard_min)
        found = solve(problem, time_limit_s=question.scenario.choose.time_limit_s, explains=explains)
        return question.choices.plain(found)
    except (InfeasibleError, ProblemError, SolverError, FaultsError) as error:
        raise in_planner_words(error, cell_ids=question.people.cells["cell_id"].tolist()) from error


def objective_whole(question: Question, journeys: Journeys, *, standard_min: float) -> float:
    """Return by what an objective of the optimizer is divided to be one of the plan: the need in cells, for a mean."""
    if question.scenario.choose.objective not in MEANS:
        return 1.0
    return float(asked_weight(question, journeys, standard_min=standard_min).sum())


def describe_optimum(question: Question, journeys: Journeys, solution: Solution, *, standard_min: float) -> Optimum:
    """Return what the plan says of one solution; the objective of a median becomes mean seconds over the need in cells."""
    scenario = question.scenario
    whole = objective_whole(question, journeys, standard_min=standard_min)
    objective = solution.objective / whole
    return Optimum(
        standard_min=standard_min,
        objective_name=scenario.choose.objective,
        unit=objective_unit(scenario),
        value=value_words(scenario, objective, standard_min=standard_min),
        new=len(solution.new),
        total_open=len(solution.selected),
        selected_new=solution.new,
        closed=solution.closed,
        sizes=sizes_of(solution),
        status="optimal" if solution.status is Status.OPTIMAL else "feasible",
        objective=objective,
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
