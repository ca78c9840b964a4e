"""The size of a place stands on the page of its quarter and in the report, in both languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from layers.plan import Plan
from layers.plan_choice import SizeBrief
from layers.plan_text import Text
from maps.quarter_page import FOLDER, write_quarter_pages
from maps.report.page import render_report

SAID = {"it": "Grande &lt;b&gt; (500.000 euro, posto per 4.000 persone)", "en": "Large (500,000 euros, room for 4,000 people)"}


@pytest.fixture
def sized(tiny_plan: Plan) -> Plan:
    """Return a plan of which one proposed place opens in a size."""
    site_id = str(tiny_plan.sites.loc[tiny_plan.sites["role"] == "proposed", "site_id"].iloc[0])
    size = SizeBrief(key="large", name=Text(it="Grande <b>", en="Large"), cost_eur=500_000, capacity_people=4000)
    sites = tiny_plan.sites.assign(size=tiny_plan.sites["site_id"].map({site_id: "large"}))
    return replace(tiny_plan, sites=sites, document=tiny_plan.document.model_copy(update={"sizes": (size,)}))


def test_a_quarter_reads_the_size_of_a_place(sized: Plan, tmp_path: Path) -> None:
    write_quarter_pages(sized, tmp_path)
    pages = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / FOLDER).glob("*.html"))]
    for said in SAID.values():
        assert any(said in page for page in pages)


def test_the_report_reads_the_size_of_a_place(sized: Plan, tiny_plan: Plan) -> None:
    page, plain = render_report(sized), render_report(tiny_plan)
    for said in SAID.values():
        assert said in page
        assert said not in plain
