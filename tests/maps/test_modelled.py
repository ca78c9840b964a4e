"""On the map no figure of people who were estimated stands without its interval, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from data.errors import ColumnError
from layers.plan import ModelledBrief, Plan
from layers.plan_text import Text
from maps.cell_layer import encode_cells
from maps.city_map import render_map
from maps.i18n import Language, format_number, format_percent
from maps.page_data import check_tables
from tests.maps.finding import find

KEY = "youth_15_29"
MODELLED = ModelledBrief(
    definition="own",
    estimator="index",
    factors=(Text(it="istruzione bassa", en="low education"),),
    totals=("the office",),
    base="",
    rate=0.08,
    n_draws=200,
    interval=(0.05, 0.95),
    total=(500.0, 500.0),
    in_cells=(470.0, 490.0),
    no_place=(10.0, 30.0),
)


@pytest.fixture
def modelled_plan(make_plan: Callable[..., Plan]) -> Plan:
    """Return a made-up plan of which one group was estimated: every interval goes from 0.8 to 1.3 times the figure."""
    plan = make_plan()
    for table in (plan.cells, plan.nil, plan.districts, plan.sites):
        for column in [name for name in table.columns if str(name).endswith(KEY)]:
            table[f"{column}_low"], table[f"{column}_high"] = 0.8 * table[column], 1.3 * table[column]
    figures = tuple(
        figure.model_copy(
            update={
                "reached_low": 0.8 * figure.reached,
                "reached_high": 1.3 * figure.reached,
                "share_low": 0.8 * figure.share,
                "share_high": 1.3 * figure.share,
            }
            if figure.group == KEY
            else {}
        )
        for figure in plan.document.figures
    )
    groups = tuple(
        group.model_copy(update={"modelled": MODELLED if group.key == KEY else None}) for group in plan.document.groups
    )
    document = plan.document.model_copy(update={"figures": figures, "groups": groups})
    return Plan(**{**vars(plan), "document": document})


def number_range(value: float, language: Language, *, digits: int = 0) -> str:
    low, mean, high = (format_number(part * value, language=language, digits=digits) for part in (0.8, 1.0, 1.3))
    return mean if low == high else f"{mean} ({low}–{high})"


@pytest.mark.browser
@pytest.mark.parametrize("language", ["it", "en"])
def test_panel_card_and_sites_give_the_interval(modelled_plan: Plan, open_page: Callable[..., Any], language: Language) -> None:
    opened = open_page(render_map(modelled_plan))
    page = opened.page
    page.evaluate(f"diffusa.change({{ language: '{language}' }})")
    document = modelled_plan.document
    best = document.figure("best", KEY, standard_min=document.standard_min)
    bar = page.locator("#bars .bar-group").nth(1).locator(".bar-row").last.inner_text()
    high = format_percent(1.3 * best.share, language=language)
    assert format_number(80 * best.share, language=language, digits=1) + "–" + high in bar
    assert page.locator("#bars .bar-group").nth(0).locator(".range").count() == 0  # counted people have one number
    cell = page.locator(f'#figures td[data-variant="best"][data-group="{KEY}"][data-standard="30"]').first.text_content()
    assert number_range(best.reached, language) in cell
    find(page, modelled_plan.nil["name"].iloc[0])
    quarter = modelled_plan.nil.iloc[0]
    row = page.locator("#card tbody tr").nth(1)
    assert number_range(quarter[KEY], language) in row.locator("th").inner_text()
    assert number_range(quarter[f"reached_best_{KEY}"], language) in (row.locator("td").last.text_content() or "")
    assert "–" not in page.locator("#card tbody tr").nth(0).inner_text()
    page.evaluate("diffusa.sites.show(diffusa.plan.sites[0], diffusa.page.map())")
    within = modelled_plan.sites[f"within_{KEY}"].iloc[0]
    assert number_range(within, language) in page.locator(".popup .within").inner_text()
    assert opened.faults == []


@pytest.mark.browser
def test_cells_and_views_give_the_interval(modelled_plan: Plan, open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(modelled_plan)).page
    read = page.evaluate(f"Array.from({{ length: diffusa.cells.n }}, (_, cell) => diffusa.cells.readPeople('{KEY}', cell))")
    with_interval = [text for text in read if "(" in text]
    assert len(with_interval) > 0.5 * (modelled_plan.cells[KEY] > 0.5).sum()
    counted = page.evaluate(
        "Array.from({ length: diffusa.cells.n }, (_, cell) => diffusa.cells.readPeople('unemployed', cell))"
    )
    assert not any("(" in text for text in counted)
    page.evaluate(f"diffusa.change({{ language: 'en', view: 'share', group: '{KEY}' }})")
    shown = page.evaluate("diffusa.views.current().read(diffusa.plan.quarters[0])")
    share = modelled_plan.nil[f"share_best_{KEY}"].iloc[0]
    assert shown == f"{format_percent(share, language='en')} ({80 * share:.1f}–{130 * share:.1f}%)"
    assert "Estimated, not counted" in page.evaluate("diffusa.views.current().note()")
    page.evaluate("diffusa.change({ group: 'unemployed' })")
    assert "Estimated" not in page.evaluate("diffusa.views.current().note()")


def test_a_plan_without_the_ends_cannot_be_drawn(modelled_plan: Plan) -> None:
    cells = modelled_plan.cells.drop(columns=f"{KEY}_low")
    with pytest.raises(ColumnError, match=f"{KEY}_low"):
        check_tables(Plan(**{**vars(modelled_plan), "cells": cells}))


def test_cells_of_estimated_people_have_a_finer_step(modelled_plan: Plan, tiny_plan: Plan) -> None:
    bands = encode_cells(modelled_plan)
    assert bands["people"][KEY]["step"] == 0.1  # type: ignore[index]
    assert len(bands["people_ends"][KEY]) == 2  # type: ignore[index]
    assert encode_cells(tiny_plan)["people_ends"] == {}
