"""What is asked beside the best plan: what its sites are worth, near-equal plans, and trade-off curves.

Every figure is of `optimize.solve`, which verifies each plan; people are counted by `layers`, and the objective of each point
of a curve is recounted from them where they say it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from data.errors import InfeasibleError
from diffusa.choice import Choices, build_problem, describe_optimum, objective_whole
from diffusa.journeys import Journeys
from diffusa.question import Question
from diffusa.recount import check_objective
from diffusa.scenario_study import Curve, Near, is_cheap
from diffusa.sizes import over_choices, sizes_of
from diffusa.study_words import near_notes, no_near_note, point_reason, wishes_note, worth_reasons
from layers.alone import count_alone
from layers.figures import count_figures
from layers.plan import BEST
from layers.plan_choice import CurveBrief, CurvePointBrief, NearPlanBrief, NearPlansBrief, SiteWorthBrief
from optimize.alternatives import near_equal_plans
from optimize.clock import Clock, stop_by_hand
from optimize.curve import CurvePoint, Over, trade_off
from optimize.problem import LocationProblem
from optimize.solution import Solution, Status
from optimize.variants import NoPlan, try_variant
from optimize.worth import site_worth

Progress = Callable[[int, int], None]

ONE_MORE = 2
"""A curve that nobody asked for goes from no new site to one more than the plan has: so many values more than its number."""


@dataclass(frozen=True)
class Asked:
    """What is studied of a question, asked for or cheap."""

    worth: bool
    near: Near | None
    curves: tuple[Curve, ...]

    @classmethod
    def of(cls, question: Question) -> Asked:
        """Return what the scenario asks, and what is cheap where it says nothing."""
        scenario, study = question.scenario, question.scenario.study
        cheap = is_cheap(scenario.choose, scenario.rules_in_force, new=question.new)
        near = study.near if study.near is not None else Near() if cheap else None
        curves = study.curve
        if curves is None:
            most = min((question.new or 0) + ONE_MORE, len(question.candidates) + 1)
            curves = (Curve(over="new", values=tuple(range(most))),) if cheap else ()
        return cls(
            worth=cheap if study.worth is None else study.worth,
            near=near if near is not None and near.k else None,
            curves=curves,
        )

    @property
    def n_parts(self) -> int:
        """How many steps there are for a bar of progress."""
        return self.worth + (self.near is not None) + sum(len(curve.values) for curve in self.curves)


@dataclass(frozen=True)
class Studies:
    """What a plan says beside its best choice."""

    worth: tuple[SiteWorthBrief, ...] = ()
    near: NearPlansBrief | None = None
    curves: tuple[CurveBrief, ...] = ()


@dataclass(frozen=True)
class _Case:
    """What is studied, how long, and how the bar of progress moves."""

    question: Question
    journeys: Journeys
    choices: Choices
    problem: LocationProblem
    clock: Clock
    tell: Callable[[], None]

    @property
    def standard_min(self) -> float:
        return self.choices.standard_min

    @property
    def whole(self) -> float:
        """Return by what an objective of the optimizer is divided to be one of the plan."""
        return objective_whole(self.question, self.journeys, standard_min=self.standard_min)


def study_plan(question: Question, journeys: Journeys, choices: Choices, *, progress: Progress | None = None) -> Studies:
    """Return what a scenario asks beside its plan.

    Parameters
    ----------
    question, journeys, choices
        What was asked, the travel times, and the plan.
    progress
        Told how many parts are done, and how many there are.

    Notes
    -----
    When the time is over, or at the first Ctrl-C, what is known stays, and each part says what is missing.
    """
    asked = Asked.of(question)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, asked.n_parts)

    if not asked.n_parts:
        return Studies()
    with stop_by_hand() as is_stopped:
        case = _Case(
            question,
            journeys,
            choices,
            build_problem(question, journeys, standard_min=choices.standard_min),
            Clock(began=time.monotonic(), limit_s=question.scenario.study.time_limit_s, is_stopped=is_stopped),
            tell,
        )
        return Studies(
            worth=_worth(case) if asked.worth else (),
            near=_near(case, asked.near) if asked.near else None,
            curves=tuple(_curve(case, curve) for curve in asked.curves),
        )


def _worth(case: _Case) -> tuple[SiteWorthBrief, ...]:
    """Return what each open site of the plan is worth, the new ones first."""
    plan, question = case.choices.plan, case.question
    site_of = question.choices.site_of()
    alone = count_alone(
        case.journeys.times,
        question.people,
        plan.selected,
        groups=question.scenario.group_keys,
        standard_min=case.standard_min,
    )
    # The others stay anyway, so nothing is required beside them; the site itself may fall through though it was required.
    free = build_problem(replace(question, required=()), case.journeys, standard_min=case.standard_min)
    found = site_worth(free, over_choices(plan), time_limit_s=case.clock.left_s())
    case.tell()
    briefs = [
        SiteWorthBrief(
            site_id=site_of[worth.site],
            is_new=site_of[worth.site] in plan.new,
            alone=alone[site_of[worth.site]],
            loss=None if worth.loss is None else worth.loss / case.whole,
            replacement=None if worth.replacement is None else tuple(site_of[name] for name in worth.replacement),
            replacement_loss=None if worth.replacement_loss is None else worth.replacement_loss / case.whole,
            is_proven=worth.is_proven,
            reasons=tuple(worth_reasons(worth)),
        )
        for worth in found
    ]
    return tuple(sorted(briefs, key=lambda brief: not brief.is_new))


def _near(case: _Case, asked: Near) -> NearPlansBrief:
    within = asked.within_percent / 100.0
    has_wishes = not case.question.wishes.is_empty
    best = try_variant(case.problem, clock=case.clock) if has_wishes else over_choices(case.choices.plan)
    if isinstance(best, NoPlan) or best.status is not Status.OPTIMAL:
        case.tell()
        return NearPlansBrief(within=within, plans=(), is_complete=False, site_share={}, notes=(no_near_note(),))
    found = near_equal_plans(case.problem, best, within=within, k=asked.k, time_limit_s=case.clock.left_s())
    case.tell()
    plans = [case.question.choices.plain(plan) for plan in found.plans]
    stands = Counter(site_id for plan in plans for site_id in plan.new)
    return NearPlansBrief(
        within=within,
        plans=tuple(
            NearPlanBrief(
                selected_new=plan.new,
                closed=plan.closed,
                sizes=sizes_of(plan),
                objective=plan.objective / case.whole,
                worse=_worse(best, plan),
                is_proven=plan.status is Status.OPTIMAL,
            )
            for plan in plans
        ),
        is_complete=found.is_complete,
        site_share={site_id: stands[site_id] / len(plans) for site_id in sorted(stands)},
        notes=(*([wishes_note()] if has_wishes else []), *near_notes(found, k=asked.k)),
    )


def _worse(best: Solution, plan: Solution) -> float:
    """Return by what share of the best objective a plan is worse."""
    return abs(best.objective - plan.objective) / abs(best.objective) if best.objective else 0.0


def _curve(case: _Case, asked: Curve) -> CurveBrief:
    points = []
    for value in sorted(asked.values):
        points.append(_describe_point(case, asked, value, _point(case, asked, value)))
        case.tell()
    return CurveBrief(over=asked.over, points=tuple(points))


def _point(case: _Case, asked: Curve, value: float) -> CurvePoint:
    """Return one point; a plan that is known already is not solved again."""
    known = _known(case, asked, value)
    if known is not None and known.status is Status.OPTIMAL:
        return CurvePoint(value=value, solution=over_choices(known))
    try:
        problem = case.problem
        if asked.over == "standard":
            problem = build_problem(case.question, case.journeys, standard_min=value)
    except InfeasibleError as error:
        return CurvePoint(value=value, solution=None, reason=str(error), is_infeasible=True)
    over: Over = "standard_s" if asked.over == "standard" else asked.over
    solved = int(value) if over == "new" else value * 60.0 if over == "standard_s" else value
    (point,) = trade_off(problem, values=(solved,), over=over, time_limit_s=case.clock.left_s())
    return replace(point, value=value)


def _known(case: _Case, asked: Curve, value: float) -> Solution | None:
    """Return the solution that the plan has of a value, None for none; wishes of quarters may have moved it from the best."""
    if not case.question.wishes.is_empty:
        return None
    if asked.over == "standard":
        return case.choices.solutions.get(value)
    rules = case.question.scenario.rules_in_force
    own = {
        "new": case.problem.new,
        "budget": rules.budget_eur,
        "floor": None if rules.floor_per is None else rules.floor_per.covered_share,
    }[asked.over]
    return case.choices.plan if own == value else None


def _describe_point(case: _Case, asked: Curve, value: float, point: CurvePoint) -> CurvePointBrief:
    """Return a point in the words of the plan, recounted."""
    found, reason = point.solution, point_reason(point)
    if found is None:
        status = "infeasible" if point.is_infeasible else "unknown"
        return CurvePointBrief(value=value, objective=None, best_bound=None, gap=None, status=status, reason=reason)
    solution = case.question.choices.plain(found)
    standard_min = value if asked.over == "standard" else case.standard_min
    figures = count_figures(
        {BEST: solution.selected},
        case.journeys.times,
        case.question.people,
        groups=case.question.scenario.group_keys,
        standards_min=sorted({standard_min, case.standard_min}),
    )
    optimum = describe_optimum(case.question, case.journeys, solution, standard_min=standard_min)
    at_own = tuple(figure for figure in figures if figure.standard_min == standard_min)
    check_objective(case.question, case.journeys, optimum.model_copy(update={"figures": at_own}))
    return CurvePointBrief(
        value=value,
        objective=optimum.objective,
        best_bound=optimum.best_bound,
        gap=optimum.gap,
        status=optimum.status,
        selected_new=solution.new,
        reached={figure.group: figure.reached for figure in figures if figure.standard_min == case.standard_min},
        reason=reason,
    )


def open_everywhere(near: NearPlansBrief) -> Iterator[str]:
    """Yield the new sites that stand in all of the near-equal plans."""
    yield from (site_id for site_id, share in near.site_share.items() if share == 1)
