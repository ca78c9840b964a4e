"""The pages of quarters as text: files, small counts, intervals, classes, what stands where nothing is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.errors import ColumnError, FileError
from layers.plan import BEST, GroupBrief, LensBrief, ModelledBrief, Plan, minutes_column, share_column
from layers.plan_text import Text
from maps.assets import read_template
from maps.i18n import format_number, format_percent, translate
from maps.quarter_figures import is_few, left_out_lines, people_text, share_text
from maps.quarter_map import SHAPES, draw_change, draw_city, draw_left_out
from maps.quarter_page import FOLDER, page_names, write_quarter_pages
from maps.quarter_sites import role_name, sites_near

GROUP = GroupBrief(key="g", label=Text(it="gruppo", en="group"), year=2011, total=100.0, in_cells=90.0, no_place=10.0)
MODELLED = ModelledBrief(
    definition="own definition",
    estimator="index",
    factors=(Text(it="istruzione bassa", en="low education"),),
    totals=("the office",),
    base="youth_15_29",
    rate=0.08,
    n_draws=200,
    interval=(0.05, 0.95),
    total=(500.0, 500.0),
    in_cells=(470.0, 490.0),
    no_place=(10.0, 30.0),
)


BESIDE = ("../map.html", "../report.html", "../accessibility.html")


def pages(plan: Plan, folder: Path) -> dict[str, str]:
    write_quarter_pages(plan, folder)
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / FOLDER).iterdir())}


def with_document(plan: Plan, **update: object) -> Plan:
    return replace(plan, document=plan.document.model_copy(update=update))


def modelled(plan: Plan, key: str = "unemployed") -> Plan:
    """Return the plan with one group estimated: every interval goes from 0.8 to 1.1 times the figure."""
    groups = tuple(g.model_copy(update={"modelled": MODELLED if g.key == key else None}) for g in plan.document.groups)
    tables = {}
    for name in ("cells", "nil", "sites"):
        table = getattr(plan, name).copy()
        for column in [column for column in table.columns if str(column).endswith(key)]:
            table[f"{column}_low"], table[f"{column}_high"] = 0.8 * table[column], 1.1 * table[column]
        tables[name] = table
    return replace(with_document(plan, groups=groups), **tables)


def test_each_quarter_has_a_page_and_the_index_links_to_all(tiny_plan: Plan, tmp_path: Path) -> None:
    found = pages(tiny_plan, tmp_path)
    names = page_names(tiny_plan)
    assert sorted(found) == sorted([*names, "index.html"])
    assert names[0] == "01-quartiere-1.html"
    links = re.findall(r'href="([^"]+)"', found["index.html"])
    assert [link for link in links if not link.startswith("../")] == names * 2  # a table for each language
    for text in found.values():
        assert set(re.findall(r'href="([^"#]+)"', text)) <= {*names, "index.html", *BESIDE}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("QT 8", "03-qt-8.html"),
        ("Città Studi – Lambrate", "03-citta-studi-lambrate.html"),
        ("../../etc", "03-etc.html"),
        ("עברית", "03.html"),
        ("x" * 5_000, f"03-{'x' * 60}.html"),
    ],
)
def test_a_name_becomes_plain_letters(tiny_plan: Plan, name: str, expected: str) -> None:
    plan = replace(tiny_plan, nil=tiny_plan.nil.assign(name=name, nil=3))
    assert set(page_names(plan)) == {expected}


def test_two_runs_give_the_same_bytes(tiny_plan: Plan, tmp_path: Path) -> None:
    assert pages(tiny_plan, tmp_path) == pages(tiny_plan, tmp_path)


@pytest.mark.parametrize(("people", "few"), [(9.99, True), (10.0, False), (float("nan"), True), (0.0, True)])
def test_fewer_than_ten_people_of_the_base_are_said_to_be(people: float, few: bool) -> None:
    row = {"g": people, "s": 0.5}
    assert is_few(row, GROUP) is few
    said = "no data" if people != people else "fewer than 10"  # a number that is not given may be of more
    assert (people_text(row, GROUP, "g", "en") == said) is few
    assert share_text(row, GROUP, "s", "it") == (translate(said, language="it") if few else "50,0%")


def test_the_base_of_an_estimated_group_is_the_counted_one() -> None:
    group = GROUP.model_copy(update={"modelled": MODELLED})
    row = {"g": 2.0, "g_low": 1.0, "g_high": 3.0, "youth_15_29": 40.0}
    assert people_text(row, group, "g", "en") == "2 (1–3)"
    assert people_text({**row, "youth_15_29": 9.0}, group, "g", "en") == "fewer than 10"
    del row["youth_15_29"]
    assert people_text(row, group, "g", "en") == "fewer than 10"  # not in the plan: the group itself counts


def test_a_small_quarter_shows_no_figure(tiny_plan: Plan, tmp_path: Path) -> None:
    few = tiny_plan.nil.copy()
    few.loc[0, "unemployed"] = 7.31
    few.loc[0, share_column(BEST, "unemployed")] = 0.4321
    found = pages(replace(tiny_plan, nil=few), tmp_path)
    page, index = found[page_names(tiny_plan)[0]], found["index.html"]
    assert page.count('<td class="few" colspan="2">meno di 10</td>') == 3
    assert "disoccupati: meno di 10 nel quartiere." in page
    assert "disoccupati, 2011: meno di 10" in page
    for text in (page, index):
        assert not re.search(r"43[,.]2%|0\.432|7\.31", text)
    assert '<td data-value="">meno di 10</td>' in index


def test_no_value_of_a_square_stands_in_a_page(tiny_plan: Plan, tmp_path: Path) -> None:
    page = pages(tiny_plan, tmp_path)[page_names(tiny_plan)[0]]
    drawn = page[page.index("<defs>") : page.index("</defs>")]
    assert not re.search(r"data-|title=|\d\.\d", drawn.replace("scale", "").split('<g id="frame">')[0])
    assert tiny_plan.cells["cell_id"].iloc[0] not in page


def test_squares_are_drawn_by_who_is_reached(tiny_plan: Plan) -> None:
    city, cells = draw_city(tiny_plan), tiny_plan.cells.copy()
    rows = np.arange(5)
    cells.loc[rows, "unemployed"] = [5.0, 5.0, 5.0, 5.0, 0.0]
    cells.loc[rows, "youth_15_29"] = 0.0
    cells.loc[rows, minutes_column("before")] = [30.0, 30.1, 30.0, np.nan, 1.0]
    cells.loc[rows, minutes_column("best")] = [30.0, 30.0, 31.0, 31.0, 1.0]
    drawn = draw_change(city, replace(tiny_plan, cells=cells), rows, groups=["unemployed", "youth_15_29"])
    assert re.findall(r'<path class="(\w+)"', drawn) == ["outside", "both", "gained", "lost", "nobody"]


def test_squares_left_out_are_drawn_by_classes_of_people(tiny_plan: Plan) -> None:
    city, cells = draw_city(tiny_plan), tiny_plan.cells.copy()
    rows = np.arange(6)
    cells.loc[rows, "unemployed"] = [9.9, 10.0, 39.0, 40.0, 5.0, 0.0]
    cells.loc[rows, minutes_column("best")] = [31.0, np.nan, 31.0, 31.0, 30.0, 31.0]
    drawn = draw_left_out(city, replace(tiny_plan, cells=cells), rows, group="unemployed")
    assert re.findall(r'<path class="([\w-]+)"', drawn) == ["class-0", "class-1", "class-2", "class-3", "reached"]


def test_who_is_left_out_is_the_rest(tiny_plan: Plan) -> None:
    row = tiny_plan.nil.iloc[0]
    line = left_out_lines(tiny_plan.document, row.to_dict(), "en")[0]
    n, share = row["unemployed"] - row["reached_best_unemployed"], 1 - row["share_best_unemployed"]
    text = f"{format_number(n, language='en')} ({format_percent(share, language='en')})"
    assert line.startswith(f"unemployed people: {text} left out; today ")


def test_of_an_estimated_group_the_share_left_out_has_its_ends_turned(tiny_plan: Plan) -> None:
    plan = modelled(tiny_plan)
    row = {
        **plan.nil.iloc[0].to_dict(),
        "youth_15_29": 50.0,
        "share_best_unemployed": 0.5,
        "share_best_unemployed_low": 0.4,
        "share_best_unemployed_high": 0.7,
    }
    line = left_out_lines(plan.document, row, "en")[0]
    assert "50.0% (30.0%–60.0%) left out" in line


def test_how_an_estimated_group_was_made_is_said(tiny_plan: Plan, tmp_path: Path) -> None:
    plain = pages(tiny_plan, tmp_path / "..")["01-quartiere-1.html"]
    page = pages(modelled(tiny_plan), tmp_path)["01-quartiere-1.html"]
    for text in ("own definition", "istruzione bassa", "low education", "90%", "the office"):
        assert text in page
    assert "How the need was estimated" not in plain
    times = page[page.index('class="times"') :]
    assert 'data-group="unemployed"' not in times[: times.index("</section>")]


def test_intervals_stand_beside_every_estimated_figure(tiny_plan: Plan, tmp_path: Path) -> None:
    plan = modelled(tiny_plan)
    row = plan.nil.iloc[0]
    page = pages(plan, tmp_path)["01-quartiere-1.html"]
    ends = [format_percent(float(row[f"share_best_unemployed{end}"]), language="en") for end in ("", "_low", "_high")]
    assert f"{ends[0]} ({ends[1]}–{ends[2]})" in page
    assert '<line x1="' in page


def test_each_way_of_counting_has_its_tables(tiny_plan: Plan, tmp_path: Path) -> None:
    document = tiny_plan.document
    lenses = (
        LensBrief(key="", name=Text(it="a piedi", en="on foot")),
        LensBrief(key="b", name=Text(it="in bici", en="by bike")),
    )
    variants = (*document.variants, *(v.model_copy(update={"key": f"{v.key}_b", "lens": "b"}) for v in document.variants))
    columns = [column for column in tiny_plan.nil.columns if re.match(r"(share|reached|minutes|beyond)_", column)]
    keys = "|".join(variant.key for variant in document.variants)
    lensed = {re.sub(rf"_({keys})(?=_|$)", r"_\1_b", column): tiny_plan.nil[column] for column in columns}
    tables = {
        "nil": tiny_plan.nil.assign(**lensed),
        "cells": tiny_plan.cells.assign(**{minutes_column(f"{v.key}_b"): 1.0 for v in document.variants}),
        "sites": tiny_plan.sites.assign(**{f"in_{v.key}_b": tiny_plan.sites[f"in_{v.key}"] for v in document.variants}),
    }
    plan = replace(with_document(tiny_plan, lenses=lenses, variants=variants), **tables)
    page = pages(plan, tmp_path)["01-quartiere-1.html"]
    assert page.count('class="figures"') == 4
    assert page.count('data-variant="best_b"') == 4
    assert "Who has a place within 30 minutes, by bike" in page


def test_sites_in_and_near_come_with_their_distance(tiny_plan: Plan) -> None:
    square = shapely.box(0, 0, 1000, 1000)
    xy = [(500, 500), (1300, 500), (1500, 500), (1501, 500), (900, 900)]
    roles = ["candidate", "proposed", "candidate", "candidate", "existing"]
    sites = gpd.GeoDataFrame(
        {"site_id": list("abcde"), "role": roles}, geometry=gpd.points_from_xy(*zip(*xy, strict=True)), crs=tiny_plan.nil.crs
    )
    near = sites_near(replace(tiny_plan, sites=sites), square)
    assert list(zip(near["site_id"], near["distance_m"], strict=True)) == [("e", 0.0), ("b", 300.0), ("a", 0.0), ("c", 500.0)]


def test_a_plan_without_sites_says_there_is_none(tiny_plan: Plan, tmp_path: Path) -> None:
    page = pages(replace(tiny_plan, sites=tiny_plan.sites.iloc[:0]), tmp_path)["01-quartiere-1.html"]
    assert "Nessuna sede è nel quartiere o entro 500 m." in page


def test_the_one_situation_that_is_compared_names_its_sites(tiny_plan: Plan) -> None:
    assert role_name(tiny_plan, "compared", "it") == "già deciso"
    other = tiny_plan.document.variants[1].model_copy(update={"key": "another"})
    two = with_document(tiny_plan, variants=(*tiny_plan.document.variants, other))
    assert role_name(two, "compared", "en") == "Compared"


def test_shapes_are_those_of_the_map() -> None:
    for role, path in SHAPES.items():
        assert f'{role}: "{path}"' in read_template("sites.js")


def test_a_share_that_is_not_known_is_no_data(tiny_plan: Plan, tmp_path: Path) -> None:
    plan = replace(tiny_plan, nil=tiny_plan.nil.assign(**{share_column(BEST, "unemployed"): np.nan}))
    page = pages(plan, tmp_path)["01-quartiere-1.html"]
    assert "<b>nessun dato</b></td>" in page
    assert "nan" not in page.lower().replace("finanza", "")


def test_a_sample_city_says_so(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    for text in pages(make_plan(is_sample=True), tmp_path).values():
        assert text.count('<p class="banner">') == 2


def test_missing_columns_are_an_error(tiny_plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="share_best_unemployed"):
        write_quarter_pages(replace(tiny_plan, nil=tiny_plan.nil.drop(columns="share_best_unemployed")), tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tiny_plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_quarter_pages(tiny_plan, tmp_path / "missing")
