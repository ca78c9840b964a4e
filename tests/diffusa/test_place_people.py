"""From a recipe to people on cells, each way that a recipe may ask for, and told in words by a check."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import tomli_w

from data.check import check_pack
from data.errors import GeometryError, PackError, RecipeError
from data.geopackage import write_geopackage
from data.pack import CityPack
from diffusa.city import build_city, read_people, read_spread
from diffusa.place_people import find_census
from layers.people import People
from tests.data.tiny import CRS, GROUPS, PAPER, TinyCity, point, square

PEOPLE = ["section", "nil"]


@pytest.fixture
def tiny(tmp_path: Path) -> TinyCity:
    """Return the tiny city with sections as squares over two cells, a street in one of them and a tower in the other."""
    city = TinyCity(tmp_path / "sources")
    city.frames["sections.gpkg"] = city.frames["sections.gpkg"].set_geometry(
        [square(100, 100, 200), square(500, 800, 200), square(1500, 100, 200), square(1010, 10, 10)], crs=CRS
    )
    return city


def build(city: TinyCity, name: str = "pack") -> CityPack:
    city.write()
    recipe = city.folder / "recipe.toml"
    recipe.write_bytes(tomli_w.dumps(city.tables).encode())
    return build_city(recipe, city.folder, city.folder.parent / name)


def placed(pack: CityPack) -> People:
    report = check_pack(pack.folder)
    assert report.faults == ()
    return read_people(pack)


def told(pack: CityPack) -> list[str]:
    return [fact.strip() for fact in check_pack(pack.folder).facts]


def add_houses(city: TinyCity) -> None:
    city.layer("sections")["spread"] = "buildings"
    city.tables["layers"]["houses"] = {"role": "buildings", "file": "houses.gpkg", "floors": "levels", **PAPER}
    shapes = [square(110, 110, 10), square(210, 210, 10), square(1510, 110, 10)]
    city.frames["houses.gpkg"] = gpd.GeoDataFrame({"levels": [1, 9, 2]}, geometry=shapes, crs=CRS)


def in_cell(people: People, east: int, north: int, key: str = "residents") -> float:
    cells = people.cells.set_index("cell_id")[key]
    return float(cells[f"CRS3035RES100mN{2_480_000 + north}E{4_270_000 + east}"])


def test_by_area_a_section_is_even(tiny: TinyCity) -> None:
    pack = build(tiny)
    assert in_cell(placed(pack), 100, 100) == pytest.approx(75)
    assert "people are spread by area inside their section" in told(pack)
    assert "sections spread over their polygon: 3" in told(pack)


def test_by_streets_people_stand_along_them(tiny: TinyCity) -> None:
    tiny.layer("sections")["spread"] = "streets"
    inside = [point(150, 150), point(150, 950), point(1950, 950), point(1950, 150)]
    tiny.frames["streets.gpkg/nodes"] = tiny.frames["streets.gpkg/nodes"].set_geometry(inside, crs=CRS)
    sections = tiny.frames["sections.gpkg"].geometry.tolist()
    tiny.frames["sections.gpkg"] = tiny.frames["sections.gpkg"].set_geometry(
        [*sections[:2], square(1500, 400, 200), sections[3]], crs=CRS
    )
    people = placed(pack := build(tiny))
    assert in_cell(people, 100, 100) == pytest.approx(100)  # 50 m of the street in the south
    assert in_cell(people, 200, 100) == pytest.approx(200)  # 100 m of it
    assert in_cell(people, 500, 800) == 0
    assert in_cell(people, 500, 900) == pytest.approx(100)
    assert in_cell(people, 1500, 400) == pytest.approx(490 / 4)
    assert "people are spread by metres of street inside their section" in told(pack)
    assert people.totals["residents"] == pytest.approx(1000)
    assert pack.layers["cells"].paper.source.startswith("derived from the layers census and streets and quarters")
    by_way = [fact for fact in told(pack) if "metres of street inside" in fact]
    assert by_way == [
        "people are spread by metres of street inside their section",
        "sections spread by metres of street inside their disc or polygon: 2",
        "sections without metres of street inside, spread by area instead: 1",
    ]


def test_streets_that_hang_together_with_no_others_draw_nobody(tiny: TinyCity) -> None:
    tiny.layer("sections")["spread"] = "streets"
    before = placed(build(tiny))
    nodes, edges = tiny.frames["streets.gpkg/nodes"], tiny.frames["streets.gpkg/edges"]
    lonely = gpd.GeoDataFrame({"node": [50, 60]}, geometry=[point(510, 810), point(510, 890)], crs=CRS)
    edge = gpd.GeoDataFrame({"u": [50], "v": [60], "length_m": [80.0]}, geometry=[edges.geometry.iloc[0]], crs=CRS)
    tiny.frames["streets.gpkg/nodes"] = gpd.GeoDataFrame(pd.concat([nodes, lonely], ignore_index=True))
    tiny.frames["streets.gpkg/edges"] = gpd.GeoDataFrame(pd.concat([edges, edge], ignore_index=True))
    (tiny.folder / "streets.gpkg").unlink()
    after = placed(build(tiny, "more"))
    np.testing.assert_array_equal(after.pieces["residents"], before.pieces["residents"])


def test_by_buildings_people_stand_in_their_floors(tiny: TinyCity) -> None:
    add_houses(tiny)
    pack = build(tiny)
    people = placed(pack)
    assert in_cell(people, 100, 100) == pytest.approx(30)
    assert in_cell(people, 200, 200) == pytest.approx(270)
    assert in_cell(people, 1500, 100) == pytest.approx(490)
    assert in_cell(people, 500, 800) == pytest.approx(50)
    assert "sections spread by floor area of buildings inside their disc or polygon: 2" in told(pack)
    assert "sections without floor area of buildings inside, spread by area instead: 1" in told(pack)
    assert pack.layers["pieces"].paper.source.startswith("derived from the layers census and buildings and quarters")
    del tiny.layer("houses")["floors"]
    assert in_cell(placed(build(tiny, "flat")), 100, 100) == pytest.approx(150)


def test_shares_of_sections_are_kept_in_the_pack(tiny: TinyCity) -> None:
    add_houses(tiny)
    pack = build(tiny)
    shares = read_spread(pack)
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1, 1, 0])
    counted = pack.read("census")["P1"].to_numpy(dtype=float) @ shares
    np.testing.assert_allclose(counted, read_people(pack).pieces["residents"])


def test_a_pack_without_shares_must_be_built_again(tiny: TinyCity) -> None:
    pack = build(tiny)
    older = replace(pack, layers={name: record for name, record in pack.layers.items() if name != "spread"})
    with pytest.raises(PackError, match=r"which section lives in which piece\. Build the pack again"):
        read_spread(older)


def test_whole_people_keep_the_totals_of_quarters(tiny: TinyCity) -> None:
    tiny.frames["sections.gpkg"] = tiny.frames["sections.gpkg"].assign(P1=[301, 199, 490, 10])
    fractions = placed(build(tiny))
    tiny.layer("sections")["whole"] = True
    pack = build(tiny, "whole")
    whole = placed(pack)
    assert in_cell(fractions, 100, 100) == pytest.approx(75.25)
    assert (whole.pieces[whole.keys] % 1 == 0).all(axis=None)
    pd.testing.assert_frame_equal(whole.by_quarter(), fractions.by_quarter())
    assert "pieces hold whole people; quarters and city keep their totals" in told(pack)


def test_institutions_are_a_group_apart(tiny: TinyCity) -> None:
    tiny.layer("sections")["institutions"] = "prison"
    tiny.frames["sections.gpkg"] = tiny.frames["sections.gpkg"].assign(prison=[True, False, False, False])
    pack = build(tiny)
    people = placed(pack)
    assert people.totals.to_dict() == pytest.approx({"residents": 700, "women": 331, "in_institutions": 300})
    assert in_cell(people, 100, 100) == 0
    assert in_cell(people, 100, 100, "in_institutions") == pytest.approx(75)
    assert people.groups[0].label_en == "residents (not in institutions)"
    assert pack.read("institutions")["P1"].tolist() == [300]
    assert "sections: sections that are institutions: 1" in told(pack)


def make_grid(city: TinyCity, **keys: Any) -> None:
    """Replace the sections by three squares without quarters: one over both quarters, one half beyond the city."""
    city.tables["layers"]["sections"] = {
        "role": "census", "file": "squares.gpkg", "id": "id", "fractional": True, "counts": ["P1", "P2"], **PAPER, **keys,
    }  # fmt: skip
    del city.tables["layers"]["totals"]
    counts = {"id": ["a", "b", "c"], "P1": [500.5, 299.5, 200.0], "P2": [200.5, 100.0, 50.0]}
    shapes = [square(0, 0, 100), square(950, 0, 100), square(1950, 500, 100)]
    city.frames["squares.gpkg"] = gpd.GeoDataFrame(counts, geometry=shapes, crs=CRS)


def test_a_grid_without_quarters_is_split_over_them(tiny: TinyCity) -> None:
    make_grid(tiny)
    pack = build(tiny)
    people = placed(pack)
    assert people.totals["residents"] == pytest.approx(1000)
    assert people.by_quarter()["residents"].to_dict() == pytest.approx({7: 500.5 + 149.75, 9: 149.75 + 200})
    census = pack.read("census")
    assert census[PEOPLE].to_dict("list") == {"section": ["a/7", "b/7", "b/9", "c/9"], "nil": [7, 7, 9, 9]}
    assert "sections without a quarter, which became 4 parts of one quarter each: 3" in told(pack)
    assert "sections that reach beyond the city, all of whose people stand inside it: 1" in told(pack)


def test_people_of_a_grid_beyond_the_city_may_be_left_out(tiny: TinyCity) -> None:
    make_grid(tiny, outside="leave_out")
    pack = build(tiny)
    assert placed(pack).totals["residents"] == pytest.approx(900)
    assert "sections that reach beyond the city, whose part outside was left out (100 residents): 1" in told(pack)


def test_whole_people_of_a_grid_keep_the_total_of_the_city(tiny: TinyCity) -> None:
    make_grid(tiny, whole=True)
    people = placed(build(tiny))
    assert people.totals["residents"] == 1000
    assert (people.pieces[people.keys] % 1 == 0).all(axis=None)


def test_institutions_of_a_grid_are_split_too(tiny: TinyCity) -> None:
    make_grid(tiny, institutions="prison")
    tiny.frames["squares.gpkg"] = tiny.frames["squares.gpkg"].assign(prison=[False, True, False])
    people = placed(build(tiny))
    assert people.by_quarter()["in_institutions"].to_dict() == pytest.approx({7: 149.75, 9: 149.75})
    assert people.totals["residents"] == pytest.approx(700.5)


def test_streets_of_the_city_are_needed_where_people_stand_along_them(tiny: TinyCity) -> None:
    tiny.layer("sections")["spread"] = "streets"
    nodes = tiny.frames["streets.gpkg/nodes"]
    tiny.frames["streets.gpkg/nodes"] = nodes.set_geometry(nodes.translate(0, 3000).to_list(), crs=CRS)
    frames = tiny.frames["streets.gpkg/nodes"]
    # one node stays in the extent of the city, so that the file passes for one of it
    shapes = frames.geometry.tolist()
    tiny.frames["streets.gpkg/nodes"] = frames.set_geometry([square(100, 100, 2).centroid, *shapes[1:]], crs=CRS)
    tiny.frames["streets.gpkg/edges"] = tiny.frames["streets.gpkg/edges"].iloc[:2]
    with pytest.raises(GeometryError, match="no street lies in the city"):
        build(tiny)


def test_shares_that_do_not_fit_the_pack_are_told(tiny: TinyCity) -> None:
    pack = build(tiny)
    table = pack.read("spread").assign(piece=lambda frame: frame["piece"].where(frame["share"] < 2, 0) + 10_000)
    table.loc[0, "share"] = 0.5
    (pack.folder / "layers/spread.gpkg").unlink()
    write_geopackage(pack.folder / "layers/spread.gpkg", {"spread": table})
    words = [str(fault) for fault in check_pack(pack.folder).faults]
    assert any("shares lie in pieces that the pack has not" in word for word in words)
    assert any("shares of sections do not sum to 1 (1: 11)" in word for word in words)


def test_a_recipe_without_a_census_has_no_way() -> None:
    with pytest.raises(RecipeError, match="no layer has the role 'census'"):
        find_census({})


@pytest.mark.shared
@pytest.mark.parametrize("spread", ["area", "streets"])
def test_the_grid_of_milano_holds_its_residents(milano_root: Path, tmp_path: Path, spread: str) -> None:
    """The file states 1,241,857 residents; how they are split over quarters is held against ISTAT's sections."""
    root = tmp_path / "sources"
    names = ("boundaries/nil_pgt2030.gpkg", "census/milano_grid235m_census2011.gpkg", "streets/milan_streets_2016.gpkg")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(milano_root / name, root / name)
    (root / "groups.toml").write_text(GROUPS, encoding="utf-8")
    layers = {
        "nil": {"role": "quarters", "file": names[0], "layer": "nil", "id": "id_nil", **PAPER},
        "grid": {
            "role": "census", "file": names[1], "layer": "grid235", "id": "cell_id", "fractional": True,
            "counts": ["P1", "P2"], "spread": spread, **PAPER,
        },
        "streets": {
            "role": "streets", "file": names[2], "nodes_layer": "nodes", "edges_layer": "edges", "node": "node",
            "u": "u", "v": "v", "length_m": "length_m", **PAPER,
        },
    }  # fmt: skip
    city = {
        "id": "milano", "name": "Milano", "country": "IT", "crs": CRS, "language": "it", "groups": "groups.toml",
        "expect": {"residents": 1_241_857},
    }  # fmt: skip
    recipe = tmp_path / "recipe.toml"
    recipe.write_bytes(tomli_w.dumps({"format": "diffusa-recipe/1", "city": city, "layers": layers}).encode())
    people = placed(build_city(recipe, root, tmp_path / "pack"))
    assert round(people.totals["residents"]) == 1_241_857
    assert round(people.in_cells["residents"]) == 1_241_857
    sections = gpd.read_file(milano_root / "census/milano_sez2011_points.gpkg").query("not fictitious")
    official = sections.groupby("id_nil")["P1"].sum().reindex(people.by_quarter().index, fill_value=0)
    misplaced = (people.by_quarter()["residents"] - official).abs().sum() / 2 / official.sum()
    assert misplaced < 0.05
