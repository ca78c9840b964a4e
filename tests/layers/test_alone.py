from __future__ import annotations

import pytest

from geo.traveltimes import TravelTimes
from layers.alone import count_alone
from layers.figures import count_figures
from layers.people import People

AT_100_S = 100.0 / 60.0


def reached(people: People, times: TravelTimes, ids: list[str]) -> float:
    (figure,) = count_figures({"v": ids}, times, people, groups=["residents"], standards_min=[AT_100_S])
    return figure.reached


def test_alone_is_what_falls_away_with_a_site(people: People, times: TravelTimes) -> None:
    ids = ["JOB", "LIB", "SCH"]
    found = count_alone(times, people, ids, groups=["residents"], standard_min=AT_100_S)
    lost = {one: reached(people, times, ids) - reached(people, times, [two for two in ids if two != one]) for one in ids}
    assert {site_id: by_group["residents"] for site_id, by_group in found.items()} == pytest.approx(lost)
    assert 0 < found["SCH"]["residents"] < reached(people, times, ["SCH"])  # the cell between is also near the job centre


def test_exactly_at_the_standard_is_within_and_beyond_it_is_not(people: People, times: TravelTimes) -> None:
    at, below = (
        count_alone(times, people, ["JOB"], groups=["residents"], standard_min=minutes)["JOB"]["residents"]
        for minutes in (AT_100_S, 99.0 / 60.0)
    )
    assert at == pytest.approx(130)
    assert below < at


def test_without_a_site_there_is_nobody_to_count(people: People, times: TravelTimes) -> None:
    assert count_alone(times, people, [], groups=["residents"], standard_min=1.0) == {}
