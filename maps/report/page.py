"""``report.html``: the report of a plan for a council, one page in both languages that fetches nothing."""

from __future__ import annotations

from pathlib import Path

from data.errors import ColumnError, EmptyLayerError, Faults, FileError
from layers.plan import Plan, high_column, low_column, open_column, share_column, within_column
from maps.assets import read_template
from maps.i18n import LANGUAGES, Language, message, translate
from maps.quarter_page import page_names
from maps.quarter_parts import LANGUAGE_SWITCHES, render_document
from maps.report.areas import render_districts, render_quarters
from maps.report.city_maps import CityShapes, render_maps, store_shapes
from maps.report.curves import render_curves
from maps.report.figures import render_modes, render_reach, render_times
from maps.report.method import render_digests, render_method, render_rules, render_sources, render_texts
from maps.report.places import render_near, render_places, render_worth
from maps.report.question import render_head, render_question
from maps.report.view import View
from maps.review.effects import render_effects

REPORT_NAME = "report.html"
_SITE_COLUMNS = ("site_id", "name", "kind", "address", "role", "nil", "cost_eur")


def write_report(plan: Plan, path: Path, *, language: Language | None = None, has_links: bool = True) -> None:
    """Write the report of a plan.

    Parameters
    ----------
    plan, language, has_links
        As for `render_report`.
    path
        The file.

    Raises
    ------
    PlannerError
        As `render_report` raises it.
    FileError
        If the file cannot be written.
    """
    page = render_report(plan, language=language, has_links=has_links)
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise FileError(f"the report cannot be written: {error.strerror}", where=str(path)) from error


def render_report(plan: Plan, *, language: Language | None = None, has_links: bool = True) -> str:
    """Return the report: one HTML document that fetches nothing; the same plan gives the same text.

    Parameters
    ----------
    plan
        The plan.
    language
        In which the page opens; that of the city by default.
    has_links
        Whether it lies in a plan folder, so that it may link to the map and to the pages of quarters.

    Raises
    ------
    ColumnError
        If the tables of quarters or sites lack what the report shows.
    EmptyLayerError
        If there are no quarters.
    """
    check_report_tables(plan)
    chosen = language or plan.document.city.language
    pages = tuple(page_names(plan)) if has_links else ()
    shapes = CityShapes(plan.nil, plan.districts)
    bodies = "".join(_body(View(plan, one, quarter_pages=pages), shapes) for one in LANGUAGES)
    return render_document(
        report_title(plan, chosen),
        f'{store_shapes(shapes)}<div class="page report">{LANGUAGE_SWITCHES[chosen]}{bodies}</div>',
        language=chosen,
        styles=read_template("quarter.css") + read_template("report.css"),
        script=read_template("quarter.js"),
    )


def report_title(plan: Plan, language: Language) -> str:
    """Return the title of the report, plain text."""
    document = plan.document
    title = document.title.it if language == "it" else document.title.en
    return f"{title} – {translate('Report', language=language)} – {document.city.name}"


def _body(view: View, shapes: CityShapes) -> str:
    content = render_parts(view, shapes)
    return f'<main class="in-{view.language}" lang="{view.language}">{content}</main>'


def render_parts(view: View, shapes: CityShapes) -> str:
    """Return everything that a report says in one language, for a screen or for paper."""
    document = view.document
    return "".join(
        (
            render_head(view),
            render_reach(view),
            render_question(view),
            render_maps(view, shapes),
            render_places(view),
            render_districts(view),
            render_times(view),
            render_modes(view),
            render_curves(view),
            render_worth(view),
            render_near(view),
            render_rules(view),
            render_effects(document, view.language),
            render_texts(view, "limits", message("Limits"), document.limits),
            render_texts(view, "assumptions", message("Assumptions"), document.assumptions),
            render_method(view),
            render_quarters(view),
            render_sources(view),
            render_digests(view),
        )
    )


def check_report_tables(plan: Plan) -> None:
    """Check that the tables of quarters and sites have what a report shows.

    Raises
    ------
    ColumnError
        If columns are missing.
    EmptyLayerError
        If there are no quarters; sites and districts may be empty.
    """
    groups = plan.document.groups
    variants = [variant.key for variant in plan.document.variants if not variant.lens]
    modelled = [group.key for group in groups if group.modelled]
    of_nil = [group.key for group in groups] + [share_column(key, group.key) for key in variants for group in groups]
    ends = [end(column) for column in of_nil for end in (low_column, high_column) if column.endswith(tuple(modelled))]
    within = [within_column(group.key) for group in groups]
    needed = {
        "nil": ["nil", "name", "district", *of_nil, *(ends if modelled else [])],
        "sites": [*_SITE_COLUMNS, *map(open_column, variants), *within],
    }
    faults = Faults()
    for layer, columns in needed.items():
        frame = plan.nil if layer == "nil" else plan.sites
        missing = [column for column in columns if column not in frame.columns]
        if layer == "nil" and frame.empty:
            faults.add(EmptyLayerError("the layer has no rows", where=layer, remedy="A plan without them cannot be reported"))
        elif missing and not frame.empty:
            faults.add(ColumnError("columns are missing", where=layer, n=len(missing), examples=missing))
    faults.raise_if_any()
