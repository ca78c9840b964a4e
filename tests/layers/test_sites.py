from __future__ import annotations

import geopandas as gpd
import pytest

from data.errors import EmptyLayerError, FaultsError, IdError
from layers.sites import SITE_COLUMNS, join_sites, known_selectors, select_sites


def test_a_kind_a_tag_and_an_id_select(sites: gpd.GeoDataFrame) -> None:
    assert select_sites(sites, ["libraries"], where="x") == ["LIB"]
    assert select_sites(sites, ["libraries:old", "job_centre:open"], where="x") == ["JOB", "LIB"]
    assert select_sites(sites, ["SCH"], where="x") == ["SCH"]


def test_a_site_named_twice_is_selected_once(sites: gpd.GeoDataFrame) -> None:
    assert select_sites(sites, ["libraries", "libraries:old", "LIB"], where="x") == ["LIB"]


def test_a_tag_is_matched_whole(sites: gpd.GeoDataFrame) -> None:
    with pytest.raises(IdError, match="libraries:municipal"):
        select_sites(sites, ["libraries:munic"], where="sites.candidates")


def test_all_unknown_selectors_are_told_at_once_with_the_nearest(sites: gpd.GeoDataFrame) -> None:
    with pytest.raises(FaultsError) as caught:
        select_sites(sites, ["libaries", "school", "schools"], where="sites.candidates")
    assert [fault.remedy for fault in caught.value.faults] == [
        "Did you mean 'libraries' or 'libraries:old' or 'libraries:municipal'?",
        "Did you mean 'schools' or 'schools:state'?",
    ]


def test_known_selectors_are_kinds_and_their_tags(sites: gpd.GeoDataFrame) -> None:
    assert known_selectors(sites) == [
        "job_centre",
        "job_centre:open",
        "libraries",
        "libraries:municipal",
        "libraries:old",
        "schools",
        "schools:state",
    ]


def test_joined_sites_are_sorted_and_have_every_column(sites: gpd.GeoDataFrame) -> None:
    joined = join_sites(sites.iloc[[2]], sites.iloc[[1, 0]])
    assert list(joined["site_id"]) == ["JOB", "LIB", "SCH"]
    assert tuple(joined.columns) == SITE_COLUMNS
    assert joined.crs == sites.crs


def test_a_city_without_sites_is_refused(sites: gpd.GeoDataFrame) -> None:
    with pytest.raises(EmptyLayerError, match="neither services nor spaces"):
        join_sites(sites.iloc[:0], sites.iloc[:0])
