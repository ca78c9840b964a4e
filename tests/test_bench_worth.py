"""The benchmark of what sites are worth: each question has its row, and real Milano its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import choice_worth
from data.pack import CityPack
from optimize.alternatives import near_equal_plans
from optimize.curve import trade_off
from optimize.problem import LocationProblem
from optimize.solve import solve
from optimize.worth import site_worth
from tests.optimize.model_toys import plane_problem


def cells_of(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("name", list(choice_worth.QUESTIONS))
def test_every_question_has_a_row_with_its_seconds_and_its_memory(name: str) -> None:
    problem = plane_problem("max_coverage", 1, n_demand=60, n_sites=25, new=5, standard_s=200.0)
    cells = cells_of(choice_worth.measure(name, problem))
    assert len(cells) == len(cells_of(choice_worth.HEADER[0]))
    assert cells[0] == name
    assert float(cells[4]) > 0


def test_missing_data_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFUSA_SHARED", str(tmp_path))
    assert choice_worth.bench_choice_worth() == ["worth of sites: skipped, the real data is not beside the checkout"]


@pytest.fixture(scope="module")
def job_centres(milano_pack: CityPack) -> LocationProblem:
    return choice_worth.job_centres(milano_pack.folder)


@pytest.mark.shared
def test_what_the_job_centres_of_milano_are_worth(job_centres: LocationProblem) -> None:
    """A change of data, streets or model moves these figures, and then belongs under "Changed results"."""
    solution = solve(job_centres)
    worths = site_worth(job_centres, solution)
    assert [worth.is_new for worth in worths].count(True) == 5
    for worth in worths:
        assert worth.is_proven
        assert worth.loss == pytest.approx(worth.weight_alone)
        assert worth.replacement is not None
        assert len(worth.replacement) == 1
    assert min(worth.replacement_loss or 0.0 for worth in worths if worth.is_new) == pytest.approx(0.000107, abs=1e-5)


@pytest.mark.shared
def test_near_equal_plans_of_milano_begin_with_the_best_replacement(job_centres: LocationProblem) -> None:
    solution = solve(job_centres)
    found = near_equal_plans(job_centres, solution, within=0.01, k=4)
    losses = [worth.replacement_loss for worth in site_worth(job_centres, solution) if worth.is_new]
    assert solution.objective - found.plans[1].objective == pytest.approx(min(loss for loss in losses if loss is not None))
    assert not found.is_complete
    assert found.core == ("CPI-STROZZI", "MIPM03000T", "MISL01000C", "MITD026012")


@pytest.mark.shared
def test_the_first_points_of_the_curve_of_milano(job_centres: LocationProblem) -> None:
    points = trade_off(job_centres, values=(1, 2, 5))
    reached = [point.objective or 0.0 for point in points]
    assert reached == sorted(reached)
    assert [point.gap for point in points] == [0.0, 0.0, 0.0]
    assert reached[2] == pytest.approx(0.56965, abs=1e-5)
