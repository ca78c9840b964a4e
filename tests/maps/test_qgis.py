"""Styles of QGIS in plan.gpkg: found where QGIS looks, one default a layer, rules that part the rows as the figures do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pyogrio
import pytest

from layers.plan import BEFORE, BEST, Plan, reached_column
from layers.plan_folder import LATER_LAYERS, LAYERS, TABLES, read_plan, write_plan_files
from layers.plan_text import Text
from maps.palettes import CHANGE
from maps.qgis.qml import rgba, write_qml
from maps.qgis.styles import plan_styles, write_plan_styles
from maps.qgis.symbols import ROLE_SYMBOLS, kind_symbol
from maps.safe import clean_text

Read = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def folder(tiny_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("styled")
    write_plan_files(tiny_plan, made)
    write_plan_styles(tiny_plan, made)
    return made


@pytest.fixture
def ask(folder: Path) -> Iterator[Read]:
    with closing(sqlite3.connect(folder / TABLES)) as database:
        yield lambda query: database.execute(query).fetchall()


def qml_of(ask: Read, layer: str, position: int = 0) -> ET.Element:
    rows = ask(f"SELECT styleQML FROM layer_styles WHERE f_table_name = '{layer}' ORDER BY id")
    return ET.fromstring(str(rows[position][0]))


def test_every_layer_with_rows_opens_with_one_style(ask: Read, tiny_plan: Plan) -> None:
    defaults = ask("SELECT f_table_name, count(*) FROM layer_styles WHERE useAsDefault GROUP BY 1")
    filled = {name for name in (*LAYERS, *LATER_LAYERS) if len(getattr(tiny_plan, name))}
    assert {"nil", "cells", "sites", "districts", "stations"} <= filled
    assert dict(defaults) == dict.fromkeys(filled, 1)  # type: ignore[arg-type]


def test_styles_stand_where_qgis_looks_for_them(ask: Read, folder: Path) -> None:
    columns = [row[1] for row in ask("PRAGMA table_info(layer_styles)")]
    assert columns == [
        *("id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML"),
        *("styleSLD", "useAsDefault", "description", "owner", "ui", "update_time"),
    ]
    found = ask("SELECT DISTINCT f_table_catalog, f_table_schema, f_geometry_column FROM layer_styles")
    assert found == [("", "", "geom")]
    assert ask("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'") == [("attributes",)]
    table = pyogrio.read_dataframe(folder / TABLES, layer="layer_styles")
    assert table["useAsDefault"].dtype == bool


def test_each_rule_of_each_style_has_its_symbol(ask: Read) -> None:
    rows = ask("SELECT f_table_name, styleQML FROM layer_styles")
    assert len(rows) > 10
    for layer, text in rows:
        root = ET.fromstring(str(text))
        rules = root.findall("renderer-v2/rules/rule")
        symbols = {symbol.get("name"): symbol for symbol in root.findall("renderer-v2/symbols/symbol")}
        assert rules
        assert [rule.get("symbol") for rule in rules] == list(symbols)
        kinds = {symbol.get("type") for symbol in symbols.values()}
        assert kinds == {
            {"sites": "marker", "stations": "marker", "allocation": "line", "lines": "line"}.get(str(layer), "fill")
        }
        for symbol in symbols.values():
            assert symbol.findall("layer/Option/Option[@name]")


def test_rules_part_the_rows_of_a_layer(ask: Read) -> None:
    # The expressions are SQL as well: SQLite counts what QGIS would draw.
    parted = 0
    for layer, name, text in ask("SELECT f_table_name, styleName, styleQML FROM layer_styles"):
        filters = [rule.get("filter") for rule in ET.fromstring(str(text)).findall("renderer-v2/rules/rule")]
        n = ask(f"SELECT count(*) FROM {layer}")[0][0]
        drawn = [ask(f"SELECT count(*) FROM {layer} WHERE {one}")[0][0] for one in filters if one and not is_paler(one)]
        if drawn:
            parted += 1
            assert sum(drawn) == n, (layer, name)  # type: ignore[arg-type]
    assert parted > 8


def is_paler(where: str) -> bool:
    """Return whether a rule lies over others: squares where nobody of any group lives."""
    return " + " in where


def test_the_colours_of_change_are_drawn_where_the_figures_say(ask: Read, tiny_plan: Plan) -> None:
    root = qml_of(ask, "cells")
    rules = root.findall("renderer-v2/rules/rule")
    group = tiny_plan.document.groups[0].key
    people = {}
    for rule in rules:
        color = root.find(f"renderer-v2/symbols/symbol[@name='{rule.get('symbol')}']/layer/Option/Option[@name='color']")
        assert color is not None
        people[color.get("value")] = ask(f'SELECT total("{group}") FROM cells WHERE {rule.get("filter")}')[0][0]
    nil = tiny_plan.nil
    before, after = (nil[reached_column(key, group)].sum() for key in (BEFORE, BEST))
    gained, both, lost = (people[rgba(CHANGE[key])] for key in ("gained", "both", "lost"))
    assert gained + both == pytest.approx(after, abs=0.01)  # type: ignore[operator]
    assert both + lost == pytest.approx(before, abs=0.01)  # type: ignore[operator]
    assert float(str(gained)) > 0


def test_sites_have_a_shape_and_a_colour_of_their_own_by_role_and_by_kind() -> None:
    for symbols in (list(ROLE_SYMBOLS.values()), [kind_symbol(n) for n in range(9)]):
        looks = [(tuple(part.options["name"] for part in symbol.parts), symbol.parts[0].options["size"]) for symbol in symbols]
        assert len(set(looks)) == len(looks)


def test_styles_speak_the_language_of_the_city_or_the_one_asked_for(tiny_plan: Plan) -> None:
    assert plan_styles(tiny_plan)["sites"][1].name == "Tipo"
    assert plan_styles(tiny_plan, language="en")["sites"][1].name == "Kind"


def test_the_same_plan_gives_the_same_bytes_and_reads_back(tiny_plan: Plan, folder: Path, tmp_path: Path) -> None:
    write_plan_files(tiny_plan, tmp_path)
    write_plan_styles(tiny_plan, tmp_path)
    assert (tmp_path / TABLES).read_bytes() == (folder / TABLES).read_bytes()
    assert list(read_plan(folder).sites["site_id"]) == list(tiny_plan.sites["site_id"])


def test_layers_without_rows_have_no_style_and_each_situation_has_one(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan(variants=("before", "best"))
    made = plan_styles(replace(plan, stations=plan.stations.iloc[:0]))
    assert "stations" not in made
    assert len(made["cells"]) == 1 + 2 + len(plan.document.groups)
    assert len(plan_styles(make_plan())["cells"]) == len(made["cells"]) + 1


@pytest.mark.parametrize(
    "text",
    ["</qgis>", 'Via dell\'Orso "x" & <b>', r"\' OR 1=1 --", "a\x00b\x0bc", "\u202egpj.exe 👩‍👩‍👧", "x" * 5_000],
    ids=repr,
)
def test_names_from_data_stay_texts(tiny_plan: Plan, text: str, tmp_path: Path) -> None:
    both = Text(it=text, en=text)
    variants = tuple(one.model_copy(update={"name": both}) for one in tiny_plan.document.variants)
    document = tiny_plan.document.model_copy(update={"variants": variants})
    plan = replace(tiny_plan, document=document, sites=tiny_plan.sites.assign(kind=clean_text(text)))
    for styles in plan_styles(plan).values():
        for style in styles:
            root = ET.fromstring(write_qml(style))
            assert len(root.findall("renderer-v2/rules/rule")) == len(style.rules)
    by_kind = plan_styles(plan)["sites"][1].rules[0]
    with closing(sqlite3.connect(":memory:")) as database:
        found = database.execute(f"SELECT {by_kind.filter.removeprefix(chr(34) + 'kind' + chr(34) + ' = ')}").fetchone()[0]
    assert found == clean_text(text).replace("\\", "\\\\")  # QGIS reads a doubled backslash as one, SQL does not
