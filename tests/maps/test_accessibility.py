"""The statement of accessibility: whom it names, that every page leads to it, and that it says what the checks do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from data.errors import PlannerError
from data.toml_file import validate_model
from diffusa.scenario_contact import Contact
from layers.plan import Plan
from layers.plan_contact import ContactBrief
from layers.plan_text import Text
from maps.accessibility import AXE_VERSION, STATEMENT_NAME, Statement, render_statement, statement_of

OFFICE = ContactBrief(office=Text(it="Ufficio Piani", en="Planning office"), email="piani@example.org")


def render(plan: Plan, **fields: object) -> str:
    contact = OFFICE.model_copy(update=fields) if fields else None
    return render_statement(statement_of(plan.document.model_copy(update={"contact": contact})))


def main_of(page: str, language: str) -> str:
    return page.partition(f'<main class="in-{language}"')[2].split("</main>", maxsplit=1)[0]


def test_it_names_the_axe_core_that_the_tests_run() -> None:
    assert re.match(rf"/\*! axe v{re.escape(AXE_VERSION)}\.\d+\n", AXE_SCRIPT)


def test_without_a_contact_it_says_who_fills_it_in(tiny_plan: Plan) -> None:
    page = render(tiny_plan)
    assert "tabella [contact] dello scenario" in main_of(page, "it")
    assert "table [contact] of the scenario" in main_of(page, "en")
    assert "mailto:" not in page


def test_both_languages_name_the_office(tiny_plan: Plan) -> None:
    page = render(tiny_plan, phone="+39 02 0202")
    for language, office in (("it", "Ufficio Piani"), ("en", "Planning office")):
        main = main_of(page, language)
        assert office in main
        assert 'href="mailto:piani@example.org"' in main
        assert "+39 02 0202" in main
        assert "[contact]" not in main


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("email", "altro@example.org", "altro@example.org"),
        ("phone", "02 0202", "02 0202"),
        ("page", "https://example.org/scrivi", 'href="https://example.org/scrivi"'),
        ("declaration", "https://form.agid.gov.it/view/abc", 'href="https://form.agid.gov.it/view/abc"'),
        ("drawn_up", "2026-09-23", "23 settembre 2026"),
        ("office", Text(it="Altro ufficio", en="Other office"), "Altro ufficio"),
    ],
)
def test_every_option_changes_the_page(tiny_plan: Plan, field: str, value: object, shown: str) -> None:
    plain, changed = render(tiny_plan, phone="1234"), render(tiny_plan, **{"phone": "1234", field: value})
    assert shown not in plain
    assert shown in main_of(changed, "it")


def test_an_address_that_is_none_of_the_web_is_text(tiny_plan: Plan) -> None:
    page = render(tiny_plan, page="javascript:alert(1)", office=Text(it='<img src=x onerror="x">', en="</main><script>"))
    assert 'href="javascript' not in page
    assert "javascript:alert(1)" in page
    assert "<img" not in page
    assert "<script" not in page


def test_a_scenario_names_the_office() -> None:
    asked = Contact.model_validate({"office": "Ufficio", "page": "https://example.org", "drawn_up": "2026-09-23"})
    assert asked.brief() == ContactBrief(
        office=Text(it="Ufficio", en="Ufficio"), page="https://example.org", drawn_up="2026-09-23"
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"office": "Ufficio"}, "must be able to reach"),
        ({"office": "Ufficio", "email": "nobody"}, "email"),
        ({"office": "Ufficio", "page": "http://example.org"}, "page"),
        ({"office": "Ufficio", "page": "javascript:alert(1)"}, "page"),
        ({"office": "Ufficio", "phone": "call us"}, "phone"),
        ({"office": "Ufficio", "phone": "1234", "drawn_up": "yesterday"}, "drawn_up"),
        ({"office": "Ufficio", "phone": "1234", "fax": "1"}, "fax"),
        ({"email": "a@example.org"}, "office"),
    ],
    ids=str,
)
def test_a_contact_that_is_of_no_use_is_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(PlannerError, match=said):
        validate_model(Contact, table, where="scenario", error=PlannerError)


def test_every_page_of_a_plan_leads_to_the_statement_and_to_files_that_are_there(sample_folder: Path) -> None:
    folder = sample_folder / "plan"
    pages = [path for path in sorted(folder.rglob("*.html")) if path.name != STATEMENT_NAME]
    assert len(pages) > 5
    for path in [*pages, folder / STATEMENT_NAME]:
        text = path.read_text(encoding="utf-8")
        local = [link for link in re.findall(r'<a [^>]*href="([^"#]+)', text) if not re.match(r"[a-z]+:", link)]
        assert all((path.parent / link).is_file() for link in local), path.name
        if path in pages:
            assert any((path.parent / link).resolve() == (folder / STATEMENT_NAME).resolve() for link in local), path.name


def test_a_sample_city_says_so() -> None:
    made = Statement(
        title=Text(it="Prova", en="Trial"),
        city="Prova",
        language="en",
        is_sample=True,
        contact=None,
        version="",
        back="map.html",
    )
    page = render_statement(made)
    assert "sample city, not real data" in main_of(page, "en")
    assert '<html lang="en">' in page
