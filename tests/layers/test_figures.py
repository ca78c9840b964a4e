from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from geo.traveltimes import TravelTimes
from layers.figures import count_figures
from layers.people import People
from layers.positions import UncertainTimes
from tests.layers.conftest import straight_times

MINUTE_M = 60.0  # the times of these tests are metres


def _uncertain(people: People, sites: gpd.GeoDataFrame, shifts: list[float]) -> UncertainTimes:
    at = sites.geometry.iloc[2]
    ids = [f"SCH#{draw}" for draw in range(len(shifts))]
    points = [shapely.Point(at.x + shift, at.y) for shift in shifts]
    return UncertainTimes(sites=frozenset({"SCH"}), n_draws=len(shifts), times=straight_times(people, ids, points))


def test_a_share_is_of_everybody_with_those_without_a_place(people: People, times: TravelTimes) -> None:
    (figure,) = count_figures({"before": ["JOB"]}, times, people, groups=["residents"], standards_min=[100 / MINUTE_M])
    assert figure.reached == pytest.approx(130)
    assert figure.total == pytest.approx(205)
    assert figure.share == pytest.approx(130 / 205)
    assert figure.share_low is figure.share_high is None


def test_a_doubtful_place_makes_a_short_share_a_range(people: People, sites: gpd.GeoDataFrame, times: TravelTimes) -> None:
    uncertain = _uncertain(people, sites, [-200.0, 250.0])
    (figure,) = count_figures({"v": ["SCH"]}, times, people, groups=["residents"], standards_min=[1.0], uncertain=uncertain)
    assert figure.reached == pytest.approx(30)
    assert (figure.share_low, figure.share_high) == (pytest.approx(30 / 205), pytest.approx(100 / 205))


def test_a_long_standard_and_a_certain_place_give_one_number(
    people: People, sites: gpd.GeoDataFrame, times: TravelTimes
) -> None:
    uncertain = _uncertain(people, sites, [-200.0])
    figures = count_figures(
        {"certain": ["JOB"], "doubtful": ["SCH"]},
        times,
        people,
        groups=["residents"],
        standards_min=[5.0, 25.0],
        uncertain=uncertain,
    )
    has_range = {(figure.variant, figure.standard_min): figure.share_low is not None for figure in figures}
    assert has_range == {
        ("certain", 5.0): False,
        ("certain", 25.0): False,
        ("doubtful", 5.0): True,
        ("doubtful", 25.0): False,
    }


def test_the_stated_place_always_lies_in_the_range(people: People, sites: gpd.GeoDataFrame, times: TravelTimes) -> None:
    uncertain = _uncertain(people, sites, [5000.0])  # every draw is out of reach
    (figure,) = count_figures(
        {"v": ["SCH", "LIB"]}, times, people, groups=["residents"], standards_min=[1.0], uncertain=uncertain
    )
    assert (figure.share_low, figure.share_high) == (pytest.approx(40 / 205), pytest.approx(70 / 205))


def test_reach_never_falls_with_the_standard(people: People, times: TravelTimes) -> None:
    figures = count_figures({"v": ["SCH"]}, times, people, groups=["residents"], standards_min=[0.5, 1, 2, 4, 8])
    reached = [figure.reached for figure in figures]
    assert reached == sorted(reached)
    assert reached[0] < reached[-1]
