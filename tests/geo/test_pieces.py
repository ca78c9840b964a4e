from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from data.errors import ColumnError, CrsError, EmptyLayerError, FaultsError, GeometryError, IdError
from geo.grid import Grid, build_grid, build_pieces, label_cells

BOWTIE = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])


def zones(by_id: dict[int, BaseGeometry], *, name: str = "nil", crs: object = 3035) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({name: list(by_id)}, geometry=list(by_id.values()), crs=crs)


def cut(by_id: dict[int, BaseGeometry], districts: dict[int, BaseGeometry] | None = None) -> gpd.GeoDataFrame:
    quarters = zones(by_id)
    grid = build_grid(quarters.union_all(), crs=3035)
    chosen = None if districts is None else zones(districts, name="district")
    return build_pieces(grid, quarters, districts=chosen)


def test_a_cell_on_a_boundary_is_cut_and_a_cell_inside_is_whole() -> None:
    pieces = cut({1: box(0, 0, 150, 100), 2: box(150, 0, 300, 100)})
    assert pieces[["cell", "nil", "area_m2"]].to_numpy().tolist() == [
        [0, 1, 10_000],
        [1, 1, 5000],
        [1, 2, 5000],
        [2, 2, 10_000],
    ]
    assert list(pieces.columns) == ["cell", "cell_id", "nil", "area_m2", "geometry"]
    assert pieces["cell_id"].tolist()[0] == "CRS3035RES100mN0E0"
    assert pieces.index.tolist() == [0, 1, 2, 3]
    assert pieces.crs == "EPSG:3035"


def test_a_hole_filled_by_another_quarter_leaves_neither_gap_nor_overlap() -> None:
    inner = box(120, 120, 380, 380)
    pieces = cut({85: box(0, 0, 500, 500).difference(inner), 40: inner})
    assert pieces.groupby("nil")["area_m2"].sum().to_dict() == {40: inner.area, 85: 250_000 - inner.area}
    assert pieces.loc[pieces["cell"] == 12, "nil"].tolist() == [40]


def test_pieces_are_sorted_by_cell_then_quarter_whatever_the_order_of_the_quarters() -> None:
    quarters = {7: box(0, 0, 150, 250), 3: box(150, 0, 300, 250)}
    pieces = cut(quarters)
    turned = cut(dict(reversed(quarters.items())))
    assert pieces["nil"].tolist()[1:3] == [3, 7]
    assert shapely.to_wkb(pieces.geometry.to_numpy()).tolist() == shapely.to_wkb(turned.geometry.to_numpy()).tolist()
    assert pieces.drop(columns="geometry").equals(turned.drop(columns="geometry"))


def test_a_thin_sliver_is_kept() -> None:
    pieces = cut({1: box(0, 0, 100, 100 - 1e-5), 2: box(0, 100 - 1e-5, 100, 100)})
    assert pieces["nil"].tolist() == [1, 2]
    assert pieces["area_m2"].iloc[1] == pytest.approx(1e-3)


def test_what_only_touches_a_cell_makes_no_piece() -> None:
    pieces = cut({1: box(0, 0, 100, 100), 2: box(100, 0, 200, 100)})
    assert pieces[["cell", "nil"]].to_numpy().tolist() == [[0, 1], [1, 2]]


def test_lines_of_a_mixed_overlap_are_dropped() -> None:
    # In the cell from 0 to 100 the quarter is a square on the left, and touches the right side of the cell.
    comb = Polygon([(0, 0), (50, 0), (50, 40), (150, 40), (150, 60), (100, 60), (100, 50), (50, 50), (50, 100), (0, 100)])
    touching = Polygon([(100, 70), (150, 70), (150, 90), (100, 90)])
    pieces = cut({1: MultiPolygon([comb, touching])})
    assert set(pieces.geom_type) <= {"Polygon", "MultiPolygon"}
    assert pieces["area_m2"].sum() == pytest.approx(comb.area + touching.area)


def test_a_piece_takes_the_district_with_most_of_its_area() -> None:
    pieces = cut({1: box(0, 0, 100, 100)}, {5: box(0, 0, 30, 100), 4: box(30, 0, 100, 100)})
    assert pieces["district"].tolist() == [4]
    assert list(pieces.columns) == ["cell", "cell_id", "nil", "district", "area_m2", "geometry"]


def test_of_districts_with_equal_area_the_lower_id_counts() -> None:
    assert cut({1: box(0, 0, 100, 100)}, {5: box(0, 0, 50, 100), 4: box(50, 0, 100, 100)})["district"].tolist() == [4]
    assert cut({1: box(0, 0, 100, 100)}, {4: box(0, 0, 50, 100), 5: box(50, 0, 100, 100)})["district"].tolist() == [4]


def test_a_piece_outside_every_district_takes_the_nearest() -> None:
    pieces = cut({1: box(0, 0, 200, 100)}, {4: box(-900, 0, -101, 100), 5: box(0, 0, 90, 100)})
    assert pieces["district"].tolist() == [5, 5]


def test_a_piece_farther_than_a_cell_from_every_district_is_an_error() -> None:
    with pytest.raises(GeometryError, match="farther than a cell from every district"):
        cut({1: box(0, 0, 300, 100)}, {5: box(0, 0, 90, 100)})


def test_overlapping_quarters_are_an_error_that_names_the_pairs() -> None:
    with pytest.raises(GeometryError, match="quarters overlap") as caught:
        cut({9: box(0, 0, 500, 500), 2: box(120, 120, 380, 380), 3: box(500, 0, 600, 100)})
    assert caught.value.examples == ("2 and 9",)


def test_boundaries_that_cross_by_a_hair_are_no_overlap() -> None:
    assert len(cut({1: box(0, 0, 100.001, 100), 2: box(100, 0, 200, 100)})) == 3


def test_a_quarter_that_reaches_outside_the_grid_is_an_error() -> None:
    grid = build_grid(box(0, 0, 100, 100), crs=3035)
    with pytest.raises(GeometryError, match="outside the grid") as caught:
        build_pieces(grid, zones({1: box(0, 0, 100, 100), 2: box(100, 0, 200, 100)}))
    assert caught.value.examples == ("2",)


@pytest.mark.parametrize("what", ["quarters", "districts"])
def test_each_fault_of_a_layer_is_its_own_error(what: str) -> None:
    grid = build_grid(box(0, 0, 100, 100), crs=3035)
    name = "nil" if what == "quarters" else "district"
    good = zones({1: box(0, 0, 100, 100)}, name=name)

    def build(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        if what == "quarters":
            return build_pieces(grid, layer)
        return build_pieces(grid, zones({1: box(0, 0, 100, 100)}), districts=layer)

    assert len(build(good)) == 1
    with pytest.raises(EmptyLayerError, match=what):
        build(good.iloc[:0])
    with pytest.raises(ColumnError, match=f"'{name}' is missing"):
        build(good.rename(columns={name: "id"}))
    with pytest.raises(CrsError, match="EPSG:32632, but EPSG:3035 is needed"):
        build(good.set_crs(32632, allow_override=True))
    with pytest.raises(CrsError, match="CRS is none"):
        build(good.set_crs(None, allow_override=True))
    with pytest.raises(IdError, match="repeats"):
        build(good.iloc[[0, 0]])
    with pytest.raises(IdError, match="is missing"):
        build(good.assign(**{name: np.nan}))
    for geometry in (None, Polygon(), Point(0, 0), LineString([(0, 0), (9, 9)])):
        with pytest.raises(GeometryError, match="empty or no polygons"):
            build(zones({1: box(0, 0, 100, 100), 2: geometry}, name=name))
    with pytest.raises(GeometryError, match="invalid"):
        build(zones({1: BOWTIE}, name=name))


def test_all_faults_of_a_layer_are_told_at_once() -> None:
    grid = build_grid(box(0, 0, 100, 100), crs=3035)
    quarters = gpd.GeoDataFrame({"nil": [1, 1, 2]}, geometry=[BOWTIE, Point(0, 0), BOWTIE], crs=32632)
    with pytest.raises(FaultsError) as caught:
        build_pieces(grid, quarters)
    assert [type(fault) for fault in caught.value.faults] == [CrsError, IdError, GeometryError, GeometryError]


def test_a_cell_takes_the_quarter_and_district_with_most_of_its_area() -> None:
    quarters = zones({1: box(0, 0, 40, 100), 2: box(40, 0, 200, 100)})
    districts = zones({8: box(0, 0, 40, 100), 9: box(40, 0, 200, 100)}, name="district")
    grid = build_grid(quarters.union_all(), crs=3035)
    labels = label_cells(grid, build_pieces(grid, quarters, districts=districts))
    assert labels.index.tolist() == grid.ids.tolist()
    assert labels.index.name == "cell_id"
    assert labels["nil"].tolist() == [2, 2]
    assert labels["district"].tolist() == [9, 9]
    assert labels["area_m2"].tolist() == [10_000, 10_000]
    assert labels[["x", "y"]].to_numpy().tolist() == [[50, 50], [150, 50]]


def label(by_id: dict[int, BaseGeometry]) -> tuple[int, Point]:
    quarters = zones(by_id)
    grid = build_grid(quarters.union_all(), crs=3035)
    labels = label_cells(grid, build_pieces(grid, quarters))
    assert "district" not in labels.columns
    assert len(labels) == 1
    return int(labels["nil"].iloc[0]), Point(labels["x"].iloc[0], labels["y"].iloc[0])


def test_of_quarters_with_equal_area_in_a_cell_the_lower_id_counts() -> None:
    assert label({6: box(0, 0, 50, 100), 5: box(50, 0, 100, 100)})[0] == 5


def test_a_cell_at_the_edge_of_the_city_lies_at_the_centroid_of_its_part() -> None:
    assert label({1: box(0, 0, 20, 40)})[1] == Point(10, 20)


def test_a_cell_whose_centroid_is_outside_its_part_lies_at_a_point_inside_it() -> None:
    ring = box(0, 0, 100, 100).difference(box(10, 10, 90, 90))
    point = label({1: ring})[1]
    assert ring.contains(point)


def test_a_centroid_on_the_line_between_two_quarters_is_inside() -> None:
    assert label({1: box(0, 0, 50, 100), 2: box(50, 0, 100, 100)})[1] == Point(50, 50)


def test_a_centroid_in_a_gap_of_a_rounding_error_between_two_quarters_is_inside() -> None:
    point = label({1: box(0, 0, 50 - 1e-9, 100), 2: box(50 + 1e-9, 0, 100, 100)})[1]
    assert (point.x, point.y) == pytest.approx((50, 50), abs=1e-6)


def test_a_cell_without_a_piece_is_an_error() -> None:
    grid = build_grid(box(0, 0, 200, 100), crs=3035)
    with pytest.raises(GeometryError, match="in no quarter") as caught:
        label_cells(grid, build_pieces(grid, zones({1: box(0, 0, 100, 100)})))
    assert caught.value.examples == ("CRS3035RES100mN0E100",)


def test_pieces_without_their_columns_are_an_error() -> None:
    grid = build_grid(box(0, 0, 100, 100), crs=3035)
    pieces = build_pieces(grid, zones({1: box(0, 0, 100, 100)}))
    with pytest.raises(FaultsError, match=r"cell(.|\n)*area_m2"):
        label_cells(grid, pieces.drop(columns=["cell", "area_m2"]))


@st.composite
def cities(draw: st.DrawFn) -> dict[int, BaseGeometry]:
    """Return quarters cut from one outline by a few lines, so that they neither overlap nor leave gaps."""
    corner = st.integers(0, 700)
    outline = Polygon([(0, 0), (draw(st.integers(200, 700)), 13), (draw(corner) + 50, 650), (-120, 530)]).convex_hull
    parts: list[BaseGeometry] = [outline]
    for shift_x, shift_y in draw(st.lists(st.tuples(corner, corner), min_size=1, max_size=3)):
        knife = translate(box(-2000, -3000, 0, 3000).buffer(0), shift_x, shift_y)
        parts = [half for part in parts for half in (part.intersection(knife), part.difference(knife))]
    kept = [part for part in parts if part.area > 1.0]
    return dict(enumerate(kept, start=draw(st.integers(1, 50))))


@given(cities())
def test_the_areas_of_pieces_sum_to_those_of_quarters_and_cells(quarters: dict[int, BaseGeometry]) -> None:
    layer = zones(quarters)
    grid = build_grid(layer.union_all(), crs=3035)
    pieces = build_pieces(grid, layer)
    by_nil = pieces.groupby("nil")["area_m2"].sum()
    assert by_nil.to_dict() == pytest.approx({nil: part.area for nil, part in quarters.items()}, rel=1e-9)
    assert pieces["area_m2"].to_numpy() == pytest.approx(pieces.geometry.area.to_numpy())
    assert not pieces.duplicated(["cell", "nil"]).any()
    assert label_cells(grid, pieces)["area_m2"].sum() == pytest.approx(layer.area.sum())


@pytest.mark.shared
def test_the_pieces_of_milano_sum_to_its_quarters(milano_pieces: gpd.GeoDataFrame, milano_quarters: gpd.GeoDataFrame) -> None:
    total_m2 = milano_pieces["area_m2"].sum()
    assert total_m2 == pytest.approx(milano_quarters.area.sum(), rel=1e-6)
    assert total_m2 == pytest.approx(181.903e6, rel=1e-5)
    by_nil = milano_pieces.groupby("nil")["area_m2"].sum()
    assert by_nil.to_numpy() == pytest.approx(milano_quarters.set_index("nil").area.sort_index().to_numpy(), rel=1e-6)


@pytest.mark.shared
def test_the_pieces_of_milano_lie_in_their_quarter_and_their_cell(
    milano_pieces: gpd.GeoDataFrame, milano_quarters: gpd.GeoDataFrame, milano_grid: Grid
) -> None:
    keys = milano_pieces[["cell", "nil"]].to_numpy().tolist()
    assert keys == sorted(keys)
    shapes = milano_pieces.geometry.to_numpy()
    inside = shapely.point_on_surface(shapes)
    own = milano_quarters.set_index("nil").geometry.loc[milano_pieces["nil"]].to_numpy()
    assert shapely.dwithin(own, inside, 1e-6).all()
    assert shapely.contains(milano_grid.polygons()[milano_pieces["cell"]], inside).all()
    assert shapely.is_valid(shapes).all()


@pytest.mark.shared
def test_every_cell_of_milano_lies_at_a_point_inside_the_city(
    milano_pieces: gpd.GeoDataFrame, milano_grid: Grid, milano_quarters: gpd.GeoDataFrame
) -> None:
    labels = label_cells(milano_grid, milano_pieces)
    assert len(labels) == milano_grid.n
    city = milano_quarters.union_all()
    shapely.prepare(city)
    assert shapely.dwithin(city, shapely.points(labels[["x", "y"]].to_numpy()), 1e-6).all()
    assert set(labels["nil"]) == set(range(1, 89))
    assert set(labels["district"]) == set(range(1, 10))
