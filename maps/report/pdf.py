"""``report.pdf``: the report on paper in one language, tagged so that a screen reader reads it, with fixed times inside.

WeasyPrint lays it out; ``docs/decisions/0015-reports-on-paper.md`` says why. Nothing is fetched while it does.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from data.errors import FileError
from layers.plan import Plan
from maps.assets import read_template
from maps.i18n import Language, message, translate
from maps.report.city_maps import CityShapes
from maps.report.page import check_report_tables, render_parts, report_title
from maps.report.view import View
from maps.safe import html_text

PDF_NAME = "report.pdf"
_VARIANT = "pdf/ua-1"
_LONGEST_WORD = 200
_TEXT = re.compile(r">[^<>]+<")
_LETTER = r"(?:&[a-z0-9#]+;|[^\s<>&])"
_ENDLESS_WORD = re.compile(rf"({_LETTER}{{{_LONGEST_WORD}}}){_LETTER}+", re.IGNORECASE)
_NAMED = re.compile(r'<svg [^>]*aria-label="([^"]*)"[^>]*>')
_UNNAMED = re.compile(r'<svg [^>]*aria-hidden="true">')
_DECORATION = message("drawing of the figure beside it")
_REMEDY = (
    "Install Pango: 'apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0' on Debian and Ubuntu, "
    "'brew install pango' on macOS; on Windows as WeasyPrint's page on installation says. report.html needs none of it: "
    "a browser prints it too"
)


def write_report_pdf(plan: Plan, path: Path, *, language: Language | None = None) -> None:
    """Write the report of a plan as a PDF; the file is written whole or not at all.

    Parameters
    ----------
    plan, language
        As for `render_report_pdf`.
    path
        The file.

    Raises
    ------
    PlannerError
        As `render_report_pdf` raises it.
    FileError
        If the file cannot be written.
    """
    content = render_report_pdf(plan, language=language)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FileError(f"the report cannot be written: {error.strerror}", where=str(path)) from error


def render_report_pdf(plan: Plan, *, language: Language | None = None) -> bytes:
    """Return the report as a PDF (PDF/UA-1, A4); the same plan gives the same bytes on a machine with the same fonts.

    Parameters
    ----------
    plan
        The plan.
    language
        Of all texts; that of the city by default.

    Raises
    ------
    ColumnError, EmptyLayerError
        As `maps.report.page.check_report_tables` raises them.
    FileError
        If the system lacks the libraries that lay out text, or any font.
    """
    weasyprint = _load_weasyprint()
    page = render_paper(plan, language=language)
    document = weasyprint.HTML(string=page, url_fetcher=_no_fetcher(weasyprint)).render(pdf_variant=_VARIANT)
    content: bytes = document.write_pdf(pdf_variant=_VARIANT)
    if not document.fonts:
        raise FileError(
            "the system has no font to write with", where=PDF_NAME, remedy="Install fonts, such as fonts-dejavu-core"
        )
    return content


def render_paper(plan: Plan, *, language: Language | None = None) -> str:
    """Return the document that becomes the PDF: one language, without links, buttons or a script.

    Raises
    ------
    ColumnError, EmptyLayerError
        As `maps.report.page.check_report_tables` raises them.
    """
    check_report_tables(plan)
    chosen = language or plan.document.city.language
    parts = render_parts(View(plan, chosen, is_paper=True), CityShapes(plan.nil, plan.districts))
    content = _cut_endless_words(_name_drawings(parts, translate(_DECORATION, language=chosen)))
    styles = read_template("quarter.css") + read_template("report.css") + read_template("paper.css")
    title = html_text(report_title(plan, chosen))
    return (
        f'<!doctype html><html lang="{chosen}"><head><meta charset="utf-8"><title>{title}</title><style>{styles}</style></head>'
        f'<body><div class="page report"><main class="paper" lang="{chosen}">{content}</main></div></body></html>\n'
    )


def _name_drawings(content: str, decoration: str) -> str:
    """Return HTML whose drawings have their names as titles: those of attributes do not reach the tags of a PDF.

    PDF/UA asks for a name of every drawing, so those that repeat the figure beside them say that they do.
    """
    named = _NAMED.sub(lambda found: f"{found[0]}<title>{found[1]}</title>", content)
    return _UNNAMED.sub(lambda found: f"{found[0]}<title>{html_text(decoration)}</title>", named)


def _cut_endless_words(content: str) -> str:
    """Return HTML whose texts have no word longer than a line or two: laying out one of thousands of letters takes minutes."""
    return _TEXT.sub(lambda text: _ENDLESS_WORD.sub(lambda word: word[1] + "…", text[0]), content)


def _load_weasyprint() -> Any:
    """Return WeasyPrint, which looks for the system's libraries when it is loaded."""
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        what = f"the PDF cannot be made, a library is missing: {str(error).splitlines()[0]}"
        raise FileError(what, where=PDF_NAME, remedy=_REMEDY) from error


def _no_fetcher(weasyprint: Any) -> Any:
    """Return a fetcher that fetches nothing: a report carries all that it shows."""
    return weasyprint.urls.URLFetcher(allowed_protocols=())
