from __future__ import annotations

import geopandas as gpd
import numpy as np

from layers.positions import draw_positions, uncertain_sites


def test_only_sites_placed_worse_than_the_limit_are_uncertain(sites: gpd.GeoDataFrame) -> None:
    assert uncertain_sites(sites) == ["SCH"]
    assert uncertain_sites(sites.assign(position_error_m=[150.0, 150.1, np.nan])) == ["LIB"]


def test_drawn_positions_stay_in_the_disc_and_fill_it(sites: gpd.GeoDataFrame) -> None:
    drawn = draw_positions(sites, ["SCH"], n_draws=2000)
    centre = sites.geometry.iloc[2]
    away = np.hypot(drawn.xy[:, 0] - centre.x, drawn.xy[:, 1] - centre.y)
    assert away.max() <= 300.0
    assert abs(float((away <= 300.0 / np.sqrt(2)).mean()) - 0.5) < 0.05  # half of the disc's area


def test_draws_of_a_site_do_not_depend_on_other_sites(sites: gpd.GeoDataFrame) -> None:
    alone, both = draw_positions(sites, ["SCH"], n_draws=4), draw_positions(sites, ["LIB", "SCH"], n_draws=4)
    assert both.site_ids[4:] == alone.site_ids == ("SCH#0", "SCH#1", "SCH#2", "SCH#3")
    np.testing.assert_array_equal(both.xy[4:], alone.xy)


def test_another_seed_draws_elsewhere(sites: gpd.GeoDataFrame) -> None:
    assert not np.array_equal(draw_positions(sites, ["SCH"], seed=0).xy, draw_positions(sites, ["SCH"], seed=1).xy)


def test_nothing_to_draw_is_empty(sites: gpd.GeoDataFrame) -> None:
    assert draw_positions(sites, []).xy.shape == (0, 2)
