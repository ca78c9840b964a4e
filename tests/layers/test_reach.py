from __future__ import annotations

import numpy as np
import pytest

from geo.traveltimes import TravelTimes
from layers.people import People
from layers.reach import is_within, nearest_seconds, nearest_site, people_within


def test_a_cell_on_the_doorstep_is_reached_in_zero_seconds(people: People, times: TravelTimes) -> None:
    nearest = nearest_seconds(times, ["JOB"])
    assert nearest[list(people.cells["cell_id"]).index("CRS3035RES100mN2480000E4250000")] == 0.0


def test_a_cell_beyond_the_cutoff_has_no_time(people: People, times: TravelTimes) -> None:
    far = list(people.cells["cell_id"]).index("CRS3035RES100mN2480400E4250900")
    assert np.isnan(nearest_seconds(times, ["JOB"])[far])
    assert nearest_seconds(times, ["JOB", "LIB"])[far] == pytest.approx(np.hypot(400, 400), abs=1e-3)


def test_no_site_reaches_nobody(times: TravelTimes) -> None:
    assert np.isnan(nearest_seconds(times, [])).all()


def test_exactly_at_the_standard_is_within() -> None:
    assert is_within(np.array([0.0, 60.0, 60.001, np.nan]), 60.0).tolist() == [True, True, False, False]


def test_one_more_site_never_lengthens_a_way(times: TravelTimes) -> None:
    one, two = nearest_seconds(times, ["JOB"]), nearest_seconds(times, ["JOB", "SCH"])
    assert (two[~np.isnan(one)] <= one[~np.isnan(one)]).all()


def test_people_within_counts_each_site_alone(people: People, times: TravelTimes) -> None:
    counts = people.cells[["residents"]]
    within = people_within(times, counts, standard_s=100.0)["residents"]
    assert within.to_dict() == pytest.approx({"JOB": 130, "LIB": 40, "SCH": 60})


def test_the_nearest_site_serves_and_ties_go_to_the_first_id(people: People, times: TravelTimes) -> None:
    cells, sites, seconds = nearest_site(times, ["SCH", "JOB"])
    served = dict(zip(cells, zip(sites, seconds, strict=True), strict=True))
    middle = list(people.cells["cell_id"]).index("CRS3035RES100mN2480000E4250100")  # 100 m from both
    assert served[middle] == (1, 100.0)
    assert (seconds == nearest_seconds(times, ["SCH", "JOB"])[cells]).all()
