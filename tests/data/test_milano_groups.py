"""Groups of the catalogue on real Milano: plausible totals, and sums by quarter that official tables give."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from data.groups import Group, count_group
from data.groups_file import build_group, read_groups

pytestmark = pytest.mark.shared
GROUPS = {
    key: build_group(key, entry, year=2011, source="ISTAT") for key, entry in read_groups("istat2011").items() if entry.plus
}
TOTALS = {
    "children_0_4": 55_415,
    "residents_15_19": 47_413,
    "households": 618_524,
    "single_person_households": 276_772,
    "tenant_households": 179_767,
}


@pytest.fixture(scope="module")
def sections(milano_root: Path) -> gpd.GeoDataFrame:
    frame: gpd.GeoDataFrame = gpd.read_file(milano_root / "census/milano_sez2011_points.gpkg", layer="sez2011")
    return frame


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_sections_sum_to_the_official_table_of_quarters(group: Group, sections: gpd.GeoDataFrame, milano_root: Path) -> None:
    official = pd.read_csv(milano_root / "census/nil_census2011.csv").set_index("id_nil").sort_index()
    counted = count_group(sections, group).groupby(sections["id_nil"]).sum()
    pd.testing.assert_series_equal(
        counted.reindex(official.index, fill_value=0.0), count_group(official, group), check_names=False
    )


@pytest.mark.parametrize("group", [group for group in GROUPS.values() if group.parent], ids=lambda group: group.key)
def test_a_part_is_nowhere_more_than_what_holds_it(group: Group, sections: gpd.GeoDataFrame) -> None:
    assert group.parent is not None
    assert group.base is not None
    assert (count_group(sections, group) <= count_group(sections, GROUPS[group.parent])).all()
    assert (count_group(sections, group) <= count_group(sections, GROUPS[group.base])).all()


def test_totals_of_the_city(sections: gpd.GeoDataFrame) -> None:
    assert {key: int(count_group(sections, GROUPS[key]).sum()) for key in TOTALS} == TOTALS
