"""The same sites counted by another mode beside that of the plan."""

from __future__ import annotations

import pytest

from data.pack import CityPack
from diffusa.embedded import sample_file
from diffusa.planner import make_plan
from diffusa.scenario import Scenario, read_scenario
from layers.plan import BEFORE, BEST, Plan, lens_variant, minutes_column, open_column


def counted_by_bicycle() -> Scenario:
    scenario = read_scenario(sample_file("job_centres.toml"))
    return scenario.model_copy(update={"report": scenario.report.model_copy(update={"modes": ("bike",)})})


@pytest.fixture(scope="module")
def plan(sample_pack: CityPack) -> Plan:
    return make_plan(counted_by_bicycle(), sample_pack)


def test_every_variant_stands_twice_and_its_sites_are_the_same(plan: Plan, sample_plan: Plan) -> None:
    plain = [variant.key for variant in sample_plan.document.variants]
    assert [variant.key for variant in plan.document.variants] == [*plain, *(f"{key}_bike" for key in plain)]
    for key in plain:
        own, other = plan.document.variant(key), plan.document.variant(lens_variant(key, "bike"))
        assert (own.lens, other.lens) == ("", "bike")
        assert (own.site_ids, own.new_ids) == (other.site_ids, other.new_ids)
        assert other.name.en == f"{own.name.en}, by bicycle"
        assert (plan.sites[open_column(key)] == plan.sites[open_column(other.key)]).all()


def test_the_plan_and_its_own_figures_are_those_without_the_lens(plan: Plan, sample_plan: Plan) -> None:
    own = [figure for figure in plan.document.figures if not plan.document.variant(figure.variant).lens]
    assert own == list(sample_plan.document.figures)
    assert plan.document.optima == sample_plan.document.optima
    assert plan.document.sentence == sample_plan.document.sentence


def test_figures_of_the_lens_are_those_of_a_plan_by_that_mode(plan: Plan, sample_pack: CityPack) -> None:
    scenario = read_scenario(sample_file("job_centres.toml"))
    travel = scenario.travel.model_copy(update={"mode": "bike"})
    other = make_plan(scenario.model_copy(update={"travel": travel}), sample_pack).document
    for key in (BEFORE, "decided"):  # the best plan by bicycle may be another one
        for group in other.groups:
            for standard_min in other.standards_min:
                seen = plan.document.figure(lens_variant(key, "bike"), group.key, standard_min=standard_min)
                assert seen.share == other.figure(key, group.key, standard_min=standard_min).share


def test_by_bicycle_nobody_needs_longer_than_on_foot(plan: Plan) -> None:
    on_foot = plan.cells[minutes_column(BEST)]
    by_bicycle = plan.cells[minutes_column(lens_variant(BEST, "bike"))]
    assert (by_bicycle[on_foot.notna()] <= on_foot[on_foot.notna()] + 1e-9).all()
    assert by_bicycle.notna().sum() >= on_foot.notna().sum()
