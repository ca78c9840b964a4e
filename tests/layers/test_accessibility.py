from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from data.errors import CountError, FaultsError, IdError
from data.pack import CityPack
from diffusa.city import read_people
from diffusa.journeys import read_network
from geo.traveltimes import TravelTimes, walking_times
from layers.accessibility import Accessibility, count_within, measure_accessibility, reached_cells
from layers.catchment import Band
from layers.people import People
from layers.reach import nearest_seconds

CAPACITY = {"JOB": 13.0, "LIB": 8.0, "SCH": 12.0}
HOME, MIDDLE, SCHOOL, EAST = (f"CRS3035RES100mN2480000E4250{column}00" for column in (0, 1, 2, 5))


def shorten(times: TravelTimes, *, cutoff_s: float) -> TravelTimes:
    """Return the travel times as a search up to a smaller cutoff would give them."""
    ways = times.seconds.tocoo()
    near = ways.data <= cutoff_s
    rows, columns = (axis[near] for axis in ways.coords)
    kept = sparse.csr_array((ways.data[near], (rows, columns)), shape=ways.shape)
    return dataclasses.replace(times, seconds=kept, cutoff_s=cutoff_s)


@pytest.fixture(scope="module")
def made(people: People, times: TravelTimes) -> Accessibility:
    """Return who reaches what within 100 m: 130 people the job centre, 60 the school, 40 the library."""
    return measure_accessibility(people, times, group="residents", capacity=CAPACITY, standard_s=100.0)


def test_cells_tell_minutes_number_and_access(people: People, made: Accessibility) -> None:
    cells = made.cells.set_index("cell_id").loc[[HOME, MIDDLE, SCHOOL, EAST]]
    assert cells["residents"].tolist() == pytest.approx([100, 30, 30, 40])
    assert cells["minutes"].tolist() == pytest.approx([0, 100 / 60, 0, 0])
    assert cells["n_within"].tolist() == [1, 2, 1, 1]
    assert cells["access"].tolist() == pytest.approx([0.1, 0.1 + 0.2, 0.2, 0.2])
    assert made.cells["cell_id"].tolist() == people.cells["cell_id"].tolist()
    assert made.cells.crs == people.cells.crs


def test_sites_tell_whom_they_reach_and_their_ratio(made: Accessibility) -> None:
    sites = made.sites.set_index("site_id")
    assert sites["reached"].to_dict() == pytest.approx({"JOB": 130, "LIB": 40, "SCH": 60})
    assert sites["catchment"].to_dict() == pytest.approx({"JOB": 130, "LIB": 40, "SCH": 60})
    assert sites["ratio"].to_dict() == pytest.approx({"JOB": 0.1, "LIB": 0.2, "SCH": 0.2})
    assert sites["capacity"].to_dict() == CAPACITY


def test_quarters_count_everybody_and_average_those_with_a_place(made: Accessibility) -> None:
    west, east = made.quarters.set_index("nil").loc[1], made.quarters.set_index("nil").loc[2]
    assert (west["residents"], west["reached"], west["share"]) == pytest.approx((160, 160, 1.0))
    assert (east["residents"], east["reached"], east["share"]) == pytest.approx((45, 40, 40 / 45))
    assert west["minutes"] == pytest.approx(30 * 100 / 160 / 60)
    assert west["n_within"] == pytest.approx((100 * 1 + 30 * 2 + 30 * 1) / 160)
    assert west["access"] == pytest.approx((100 * 0.1 + 30 * 0.3 + 30 * 0.2) / 160)
    assert (east["access"], east["minutes"], east["beyond_share"]) == pytest.approx((0.2, 0.0, 0.0))


def test_the_capacity_is_shared_out_among_the_people_of_the_quarters(made: Accessibility) -> None:
    placed = made.quarters["residents"] - [0, 5]
    assert (made.quarters["access"] * placed).sum() == pytest.approx(sum(CAPACITY.values()))


def test_cells_beyond_the_cutoff_have_no_minutes_and_count_in_the_share_beyond(people: People, times: TravelTimes) -> None:
    made = measure_accessibility(people, times, group="residents", capacity={"JOB": 1.0}, standard_s=100.0)
    far = made.cells.set_index("cell_id").loc["CRS3035RES100mN2480400E4250900"]
    assert np.isnan(far["minutes"])
    assert (far["n_within"], far["access"]) == (0, 0.0)
    short = shorten(times, cutoff_s=200.0)
    east = measure_accessibility(people, short, group="residents", capacity={"JOB": 1.0}, standard_s=100.0).quarters
    east = east.set_index("nil").loc[2]
    assert (east["beyond_share"], east["reached"], east["share"], east["access"]) == (1.0, 0.0, 0.0, 0.0)
    assert np.isnan(east["minutes"])


def test_nothing_open_reaches_nobody(people: People, times: TravelTimes) -> None:
    made = measure_accessibility(people, times, group="residents", capacity={}, standard_s=100.0)
    assert made.cells["minutes"].isna().all()
    assert (made.cells[["n_within", "access"]] == 0).all(axis=None)
    assert made.quarters["share"].tolist() == [0.0, 0.0]
    assert list(made.sites.columns) == ["site_id", "capacity", "reached", "catchment", "ratio"]
    assert len(made.sites) == 0


def test_a_quarter_without_people_has_no_share_and_no_mean(people: People, times: TravelTimes) -> None:
    emptied = people.pieces.assign(residents=people.pieces["residents"].where(people.pieces["nil"] == 1, 0.0))
    nobody = people.no_place.assign(residents=0.0)
    fewer = dataclasses.replace(people, pieces=emptied, no_place=nobody)
    east = measure_accessibility(fewer, times, group="residents", capacity=CAPACITY, standard_s=100.0).quarters
    row = east.set_index("nil").loc[2]
    assert (row["residents"], row["reached"]) == (0.0, 0.0)
    assert row[["share", "minutes", "beyond_share", "n_within", "access"]].isna().all()


def test_exactly_at_the_standard_is_within(people: People, times: TravelTimes) -> None:
    middle = list(people.cells["cell_id"]).index(MIDDLE)
    counted = {s: int(count_within(times, ["JOB", "SCH"], standard_s=s)[middle]) for s in (99.999, 100.0, 100.001)}
    assert counted == {99.999: 0, 100.0: 2, 100.001: 2}


def test_only_open_sites_are_counted(people: People, times: TravelTimes) -> None:
    home = list(people.cells["cell_id"]).index(HOME)
    assert count_within(times, [], standard_s=600.0)[home] == 0
    assert count_within(times, ["LIB", "SCH"], standard_s=600.0)[home] == 2
    assert count_within(times, ["SCH"], standard_s=0.0).sum() == 1


def test_each_option_changes_the_answer(people: People, times: TravelTimes, made: Accessibility) -> None:
    def ask(**change: object) -> Accessibility:
        usual: dict[str, object] = {"group": "residents", "capacity": CAPACITY, "standard_s": 100.0}
        return measure_accessibility(people, times, **{**usual, **change})  # type: ignore[arg-type]

    assert ask(group="unemployed").sites["reached"].tolist() != made.sites["reached"].tolist()
    assert ask(capacity={**CAPACITY, "JOB": 26.0}).cells["access"].sum() > made.cells["access"].sum()
    wider = ask(standard_s=200.0)
    assert wider.cells["n_within"].sum() > made.cells["n_within"].sum()
    assert wider.sites["catchment"].tolist() == pytest.approx([160, 40, 160])
    banded = ask(bands=[Band(100.0, 1.0), Band(200.0, 0.5)])
    assert banded.sites["catchment"].tolist() == pytest.approx([100 + 30 + 15, 40, 50 + 30 + 30])
    assert banded.sites["reached"].tolist() == made.sites["reached"].tolist()


def test_reached_cells_are_listed_per_site_and_cutoff(people: People, times: TravelTimes) -> None:
    listed = reached_cells(times, cutoffs_s=[100.0, 0.0])
    assert list(listed.columns) == ["site_id", "cutoff_s", "minutes", "cell_id", "seconds"]
    school = listed[listed["site_id"] == "SCH"]
    assert school[school["cutoff_s"] == 0.0]["cell_id"].tolist() == [SCHOOL]
    within = school[school["cutoff_s"] == 100.0]
    assert within["seconds"].tolist() == [100.0, 0.0, 100.0, 100.0]
    assert within["cell_id"].tolist() == [people.cells["cell_id"][i] for i in (1, 2, 3, 12)]
    assert (within["minutes"] == 100 / 60).all()
    assert listed["site_id"].unique().tolist() == ["JOB", "LIB", "SCH"]


def test_no_cutoff_lists_no_cell(times: TravelTimes) -> None:
    assert len(reached_cells(times, cutoffs_s=[])) == 0


@pytest.mark.parametrize("cutoff_s", [-1.0, np.nan, 600.001])
def test_cells_beyond_the_cutoff_cannot_be_listed(times: TravelTimes, cutoff_s: float) -> None:
    with pytest.raises(CountError, match="cutoffs_s"):
        reached_cells(times, cutoffs_s=[60.0, cutoff_s])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"group": "residens"}, IdError, "unknown group 'residens'.*'residents'"),
        ({"capacity": {"JBO": 1.0}}, IdError, "unknown to the travel times.*'JOB'"),
        ({"capacity": {"JOB": np.nan}}, CountError, "capacities are missing"),
        ({"standard_s": -1.0}, CountError, "standard_s: times are negative"),
        ({"standard_s": 600.001}, CountError, "standard_s: the travel times stop at 600 s"),
        ({"bands": []}, CountError, "there is no band"),
        ({"bands": [Band(601.0, 1.0)]}, CountError, "bands: the travel times stop at 600 s"),
    ],
)
def test_what_cannot_be_used_is_an_error(
    people: People, times: TravelTimes, change: dict[str, object], error: type[Exception], message: str
) -> None:
    request: dict[str, object] = {"group": "residents", "capacity": CAPACITY, "standard_s": 100.0, **change}
    with pytest.raises(error, match=message):
        measure_accessibility(people, times, **request)  # type: ignore[arg-type]


def test_travel_times_of_other_cells_are_an_error(people: People, times: TravelTimes) -> None:
    turned = dataclasses.replace(times, demand_ids=tuple(reversed(times.demand_ids)))
    with pytest.raises(IdError, match="are not the 50 cells"):
        measure_accessibility(people, turned, group="residents", capacity=CAPACITY, standard_s=100.0)


def test_all_faults_of_a_request_are_told_at_once(people: People, times: TravelTimes) -> None:
    with pytest.raises(FaultsError) as caught:
        measure_accessibility(people, times, group="x", capacity={"x": -1.0}, standard_s=9999.0, bands=[])
    assert len(caught.value.faults) == 5


@pytest.mark.shared
def test_six_job_centres_of_milano_share_out_their_desks(milano_pack: CityPack) -> None:
    people, (network, _) = read_people(milano_pack), read_network(milano_pack, mode="walk")
    services = milano_pack.read("services")
    sites = services[services["kind"] == "job_centre"].sort_values("site_id")
    times = walking_times(
        network,
        demand_ids=list(people.cells["cell_id"]),
        demand_xy=people.cells[["x", "y"]].to_numpy(),
        candidate_ids=list(sites["site_id"]),
        candidate_xy=np.column_stack([sites.geometry.x, sites.geometry.y]),
        cutoff_s=1800.0,
    )
    desks = dict.fromkeys(times.candidate_ids, 10.0)
    bands = [Band(600.0, 1.0), Band(1200.0, 0.68), Band(1800.0, 0.22)]
    made = measure_accessibility(people, times, group="unemployed", capacity=desks, standard_s=1800.0, bands=bands)
    assert (made.cells["access"] * made.cells["unemployed"]).sum() == pytest.approx(sum(desks.values()))
    near = nearest_seconds(times, list(desks)) <= 1800.0
    assert made.quarters["reached"].sum() == pytest.approx(people.cells.loc[near, "unemployed"].sum())
    assert made.quarters["unemployed"].sum() == pytest.approx(people.totals["unemployed"])
    assert ((made.cells["n_within"] > 0) == near).all()
    listed = reached_cells(times, cutoffs_s=[600.0, 900.0, 1800.0])
    counts = people.cells.set_index("cell_id")["unemployed"]
    reached = listed[listed["cutoff_s"] == 1800.0].groupby("site_id")["cell_id"].agg(lambda ids: float(counts[list(ids)].sum()))
    pd.testing.assert_series_equal(
        reached, made.sites.set_index("site_id")["reached"], check_names=False, check_index_type=False
    )
