"""The recount of an objective from figures: what the solver claimed must be what people reached give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from data.errors import VerificationError
from diffusa.journeys import Journeys
from diffusa.question import Question
from diffusa.scenario_decay import Step
from layers.figures import count_figures
from layers.plan import BEST
from layers.plan_choice import Figure, Optimum

ROOM = 1e-6
"""By how much a recounted share of need may miss what was claimed, for sums in another order."""


def check_objective(question: Question, journeys: Journeys, optimum: Optimum) -> None:
    """Recount the objective of a choice from people reached, where they say it.

    Notes
    -----
    ``max_coverage`` is the weighted share within the standard. ``set_cover`` with a target reaches that share of the need that
    has a place, and its value is the number of new sites or their cost. A decay in steps is the sum of the shares within the
    limits, each by how much the decay falls there. The other objectives are no figures: `optimize.verify` recounts them.

    Raises
    ------
    VerificationError
        The recount does not give what was claimed.
    """
    choose = question.scenario.choose
    if choose.objective == "max_coverage" and _has_need(question, optimum.figures):
        _compare(_need_within(question, optimum.figures)[optimum.standard_min], optimum)
    elif choose.objective == "set_cover":
        _check_cover(question, optimum)
    elif choose.objective in ("gradual_coverage", "max_attendance") and isinstance(choose.decay, Step):
        limits = [minutes for minutes, _ in choose.decay.steps if minutes <= question.scenario.cutoff_min]
        within = _need_within(question, _figures(question, journeys, optimum, limits))
        falls = zip(choose.decay.steps, [*(share for _, share in choose.decay.steps[1:]), 0.0], strict=True)
        last = within[limits[-1]] if limits else 0.0  # nobody is reached beyond the cutoff
        _compare(sum((share - after) * within.get(minutes, last) for (minutes, share), after in falls), optimum)


def _has_need(question: Question, figures: Sequence[Figure]) -> bool:
    return set(question.scenario.need) <= {figure.group for figure in figures}


def _figures(question: Question, journeys: Journeys, optimum: Optimum, standards_min: Sequence[float]) -> list[Figure]:
    opened = tuple(sorted({*question.open_before, *optimum.selected_new} - {*optimum.closed}))
    groups = tuple(question.scenario.need)
    return count_figures({BEST: opened}, journeys.times, question.people, groups=groups, standards_min=standards_min)


def _need_within(question: Question, figures: Sequence[Figure]) -> Mapping[float, float]:
    """Return the weighted share of the need within each standard."""
    need = question.scenario.need
    whole = sum(need.values())
    within: dict[float, float] = {}
    for figure in figures:
        weight = need.get(figure.group, 0.0) / whole
        within[figure.standard_min] = within.get(figure.standard_min, 0.0) + weight * figure.share
    return within


def _compare(recounted: float, optimum: Optimum) -> None:
    if abs(recounted - optimum.objective) > ROOM:
        raise VerificationError(
            f"the figures at {optimum.standard_min:g} minutes give {recounted:.9f} of the need, "
            f"the choice claimed {optimum.objective:.9f}"
        )


def _check_cover(question: Question, optimum: Optimum) -> None:
    """Recount what a cover counts, and that it reaches its target."""
    choose, need, people = question.scenario.choose, question.scenario.need, question.people
    costs = question.costs.of_site
    value = float(len(optimum.selected_new))
    if choose.by_cost and costs is not None:
        value = question.choices.works_cost(costs, new=optimum.selected_new, sizes=optimum.sizes)
    if abs(value - optimum.objective) > ROOM * max(value, 1.0):
        raise VerificationError(f"the new sites count {value:,.2f}, the choice claimed {optimum.objective:,.2f}")
    if choose.target_share is None or not _has_need(question, optimum.figures):
        return
    placed = sum(weight * people.in_cells[key] / people.totals[key] for key, weight in need.items()) / sum(need.values())
    reached = _need_within(question, optimum.figures)[optimum.standard_min] / placed
    if reached < choose.target_share - ROOM:
        raise VerificationError(f"the figures give {reached:.9f} of the need, the target is {choose.target_share:g}")
