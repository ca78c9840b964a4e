"""Rows at one position are one site, and nothing of them is lost."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.clean.merge_sites import merge_same_position
from data.clean.sites import arrange_sites
from data.errors import CountError
from tests.data.tiny import CRS, point


def _sites(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame([{"kind": "k", "tags": "", "position_error_m": 1.0, "merged_ids": "", **row} for row in rows])
    places = gpd.GeoSeries([point(*row["at"]) for row in rows], crs=CRS)
    return arrange_sites(frame.drop(columns="at"), places, crs=CRS)


def test_the_first_by_id_gives_id_name_and_address() -> None:
    merged = merge_same_position(
        _sites(
            {"site_id": "B", "name": "Bi", "address": "b", "at": (1, 1)},
            {"site_id": "A", "name": "A", "address": "a", "at": (1, 1)},
            {"site_id": "C", "name": "Ci", "address": "c", "at": (1, 1)},
        ),
        where="x",
    )
    assert merged[["site_id", "name", "address", "merged_ids"]].to_numpy().tolist() == [["A", "A (+2)", "a", "B;C"]]


def test_tags_unite_errors_take_the_largest_capacities_sum_texts_are_listed() -> None:
    merged = merge_same_position(
        _sites(
            {"site_id": "A", "tags": "x;z", "position_error_m": 5, "capacity": 10, "owner": "P", "at": (1, 1)},
            {"site_id": "B", "tags": "y", "position_error_m": 9, "capacity": 20, "owner": "C", "at": (1, 1)},
            {"site_id": "C", "tags": "z", "owner": "P", "at": (1, 1)},
        ),
        where="x",
    ).iloc[0]
    assert (merged["tags"], merged["position_error_m"], merged["capacity"], merged["owner"]) == ("x;y;z", 9, 30, "C; P")
    assert pd.isna(merged["status"])


def test_areas_that_agree_stand_and_those_that_are_missing_do_not_matter() -> None:
    rows = [{"site_id": "A", "at": (1, 1)}, {"site_id": "B", "floor_area_m2": 70.0, "at": (1, 1)}]
    merged = merge_same_position(_sites(*rows), where="x").iloc[0]
    assert merged["floor_area_m2"] == 70
    assert pd.isna(merged["capacity"])


@pytest.mark.parametrize("column", ["cost_eur", "floor_area_m2", "site_area_m2"])
def test_areas_and_costs_that_differ_are_told(column: str) -> None:
    rows = [{"site_id": "A", column: 1.0, "at": (1, 1)}, {"site_id": "B", column: 2.0, "at": (1, 1)}]
    with pytest.raises(CountError, match=rf"different values of {column} \(2: A, B\)"):
        merge_same_position(_sites(*rows), where="x")


def test_two_kinds_at_one_position_stay_two_sites() -> None:
    rows = [{"site_id": "A", "kind": "a", "at": (1, 1)}, {"site_id": "B", "kind": "b", "at": (1, 1)}]
    assert len(merge_same_position(_sites(*rows), where="x")) == 2


def test_a_metre_apart_is_another_position() -> None:
    rows = [{"site_id": "A", "at": (1, 1)}, {"site_id": "B", "at": (1, 2)}]
    assert len(merge_same_position(_sites(*rows), where="x")) == 2


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=15))
def test_every_row_is_in_one_site(places: list[tuple[int, int]]) -> None:
    sites = _sites(*({"site_id": f"S{row:02}", "tags": f"t{row:02}", "at": at} for row, at in enumerate(places)))
    merged = merge_same_position(sites, where="x")
    assert len(merged) == len(set(places))
    ids = [one for row in merged.itertuples() for one in [row.site_id, *filter(None, row.merged_ids.split(";"))]]
    assert sorted(ids) == sites["site_id"].tolist()
    assert sorted(tag for text in merged["tags"] for tag in text.split(";")) == sites["tags"].tolist()
