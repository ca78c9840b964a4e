from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from geo.traveltimes import TravelTimes
from layers.people import People
from layers.reach import people_within
from layers.site_areas import area_table


def test_an_area_holds_the_people_within_the_standard_of_its_site(people: People, times: TravelTimes) -> None:
    made = area_table(people, times, site_ids=["SCH", "JOB", "LIB"], standard_min=100 / 60).set_index("site_id")
    within = people_within(times, people.cells[["residents"]], standard_s=100.0)["residents"]
    middles = people.cells.geometry.centroid
    for site_id, row in made.iterrows():
        inside = shapely.contains_properly(row["geometry"], middles.to_numpy())
        assert inside.sum() == row["n_cells"]
        assert people.cells.loc[inside, "residents"].sum() == pytest.approx(within[site_id])
    assert made["geometry"].area.to_numpy() == pytest.approx(made["n_cells"] * 10_000.0)
    assert made["minutes"].to_numpy() == pytest.approx(100 / 60)


def test_a_longer_standard_makes_a_larger_area(people: People, times: TravelTimes) -> None:
    near, far = (
        area_table(people, times, site_ids=["JOB"], standard_min=minutes).geometry.iloc[0] for minutes in (1.0, 100 / 60)
    )
    assert far.covers(near)
    assert far.area > near.area


def test_a_way_exactly_as_long_as_the_standard_is_in(people: People, times: TravelTimes) -> None:
    stored = times.seconds.tocsc()
    column = list(times.candidate_ids).index("JOB")
    seconds = np.sort(stored.data[stored.indptr[column] : stored.indptr[column + 1]])
    standard_s = float(seconds[len(seconds) // 2])
    made = area_table(people, times, site_ids=["JOB"], standard_min=standard_s / 60)
    assert made["n_cells"].tolist() == [int((seconds <= standard_s).sum())]


def test_sites_without_a_cell_have_no_row(people: People, times: TravelTimes) -> None:
    far = times.seconds.copy()
    far.data += 3600.0
    made = area_table(people, replace(times, seconds=far), site_ids=["JOB", "LIB"], standard_min=1.0)
    assert made.empty
    assert made.crs == people.cells.crs
    assert area_table(people, times, site_ids=[], standard_min=1.0).empty
