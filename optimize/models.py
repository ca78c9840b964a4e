"""Every model by its objective: where a new one is entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from optimize import (
    backup_coverage,
    capacitated_fixed_charge,
    capacitated_max_coverage,
    capacitated_p_median,
    capacity_measure,
    fixed_charge,
    fixed_charge_answer,
    gradual_coverage,
    huff,
    k_nearest_median,
    kolm_pollak,
    lexicographic_center,
    market_capture,
    max_attendance,
    max_coverage,
    p_center,
    p_dispersion,
    p_median,
    set_cover,
    worst_mean,
)
from optimize.capacity_answer import capacitated_model
from optimize.clock import Clock
from optimize.exact import Answer, find_answer
from optimize.highs import SolverOptions, convert_told
from optimize.model import Model
from optimize.needs import needs_reach, needs_target, no_needs
from optimize.objectives import MAXIMISED, Objective
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules
from optimize.siting import Siting


def _answer_siting(
    problem: LocationProblem,
    rules: SiteRules,
    *,
    build: Callable[[LocationProblem, SiteRules], Siting],
    absolute_gap: Callable[..., float],
    options: SolverOptions,
    clock: Clock,
    gap: float,
) -> Answer:
    """Return the answer of a model that has the form of a siting problem."""
    allowed = partial(absolute_gap, gap=gap) if gap > 0 else None
    siting = build(problem, rules)
    if problem.objective in MAXIMISED:
        options = replace(options, tell=convert_told(options.tell, lambda cost: siting.scale - cost))
    return find_answer(siting, options=options, clock=clock, absolute_gap=allowed)


MODELS: Mapping[Objective, Model] = MappingProxyType(
    {
        "max_coverage": Model(
            formulation=max_coverage.FORMULATION,
            build=max_coverage.build_ruled_coverage,
            answer=partial(_answer_siting, build=max_coverage.build_max_coverage, absolute_gap=max_coverage.absolute_gap),
            needs=no_needs,
        ),
        "p_median": Model(
            formulation=p_median.FORMULATION,
            build=p_median.build_ruled_median,
            answer=partial(_answer_siting, build=p_median.build_p_median, absolute_gap=p_median.absolute_gap),
            needs=needs_reach,
        ),
        "gradual_coverage": Model(
            formulation=gradual_coverage.FORMULATION,
            build=gradual_coverage.build_ruled_gradual,
            answer=partial(
                _answer_siting,
                build=gradual_coverage.build_gradual_coverage,
                absolute_gap=gradual_coverage.absolute_gap,
            ),
            needs=no_needs,
        ),
        "set_cover": Model(
            formulation=set_cover.FORMULATION,
            build=set_cover.build_ruled_cover,
            answer=set_cover.solve_set_cover,
            needs=needs_target,
        ),
        "p_center": Model(
            formulation=p_center.FORMULATION,
            build=None,
            answer=p_center.solve_p_center,
            answer_ruled=p_center.solve_ruled_p_center,
            demands=p_center.build_reach,
            needs=needs_reach,
        ),
        "backup_coverage": Model(
            formulation=backup_coverage.FORMULATION,
            build=backup_coverage.build_backup,
            value=backup_coverage.covered_again,
            needs=needs_target,
        ),
        "weighted_backup_coverage": Model(
            formulation=backup_coverage.FORMULATION_WEIGHTED,
            build=backup_coverage.build_weighted_backup,
            start=backup_coverage.start_weighted_backup,
            value=backup_coverage.weighted_cover,
            needs=no_needs,
        ),
        "k_nearest_median": Model(
            formulation=k_nearest_median.FORMULATION,
            build=None,
            answer=k_nearest_median.solve_k_nearest,
            answer_ruled=k_nearest_median.solve_ruled_k_nearest,
            demands=p_median.build_ruled_median,
            needs=needs_reach,
        ),
        "max_attendance": Model(
            formulation=max_attendance.FORMULATION,
            build=max_attendance.build_ruled_gradual,
            answer=partial(
                _answer_siting,
                build=max_attendance.build_gradual_coverage,
                absolute_gap=max_attendance.absolute_gap,
            ),
            needs=no_needs,
        ),
        "p_dispersion": Model(
            formulation=p_dispersion.FORMULATION,
            build=None,
            answer_ruled=p_dispersion.solve_p_dispersion,
            value=p_dispersion.least_apart,
            needs=no_needs,
        ),
        "kolm_pollak": Model(
            formulation=kolm_pollak.FORMULATION,
            build=None,
            answer=kolm_pollak.solve_kolm_pollak,
            answer_ruled=kolm_pollak.solve_ruled_kolm_pollak,
            value=kolm_pollak.equivalent_of_plan_s,
            demands=p_median.build_ruled_median,
            needs=needs_reach,
        ),
        "market_capture": Model(
            formulation=market_capture.FORMULATION,
            build=None,
            answer_ruled=market_capture.solve_market_capture,
            allocate=huff.allocate_by_pull,
            value=huff.captured_weight,
            needs=no_needs,
        ),
        "fixed_charge": Model(
            formulation=fixed_charge.FORMULATION,
            build=fixed_charge.build_ruled_fixed_charge,
            answer=fixed_charge_answer.answer_fixed_charge,
            measure=fixed_charge.measure_fixed_charge,
        ),
        "capacitated_fixed_charge": capacitated_model(
            formulation=capacitated_fixed_charge.FORMULATION,
            build_case=capacitated_fixed_charge.build_charge_case,
            measure=capacity_measure.measure_charge,
        ),
        "capacitated_p_median": capacitated_model(
            formulation=capacitated_p_median.FORMULATION,
            build_case=capacitated_p_median.build_median_case,
            measure=capacity_measure.measure_travel,
        ),
        "capacitated_max_coverage": capacitated_model(
            formulation=capacitated_max_coverage.FORMULATION,
            build_case=capacitated_max_coverage.build_coverage_case,
            measure=capacity_measure.measure_served,
        ),
        "lexicographic_center": Model(
            formulation=lexicographic_center.FORMULATION,
            build=None,
            answer=lexicographic_center.solve_lexicographic_center,
            answer_ruled=lexicographic_center.solve_ruled_lexicographic_center,
            value=lexicographic_center.worst_of_plan_s,
            demands=p_center.build_reach,
            needs=needs_reach,
        ),
        "worst_mean": Model(
            formulation=worst_mean.FORMULATION,
            build=worst_mean.build_worst_mean,
            answer=worst_mean.solve_worst_mean,
            value=worst_mean.worst_mean_of_plan_s,
            needs=needs_reach,
        ),
    }
)
"""The models."""
