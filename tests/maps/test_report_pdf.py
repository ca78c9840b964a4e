"""The report as a PDF: its text, its tags, its bytes, and what is said where it cannot be made."""

from __future__ import annotations

import importlib
import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pypdf
import pytest

from data.errors import FileError
from layers.plan import Plan, share_column
from maps.i18n import format_number, format_percent
from maps.report import pdf as module
from maps.report.pdf import render_report_pdf, write_report_pdf
from tests.maps.hostile import PAYLOADS, fill
from tests.maps.studied import studied


@pytest.fixture(scope="module")
def plan(tiny_plan: Plan) -> Plan:
    return studied(tiny_plan)


@pytest.fixture(scope="module")
def content(plan: Plan) -> bytes:
    return render_report_pdf(plan, language="en")


@pytest.fixture(scope="module")
def reader(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_the_same_plan_gives_the_same_bytes_without_any_time(plan: Plan, content: bytes, reader: pypdf.PdfReader) -> None:
    assert render_report_pdf(plan, language="en") == content
    assert reader.metadata is not None
    assert not {"/CreationDate", "/ModDate"} & set(reader.metadata)


def test_it_holds_the_figures_of_the_plan(plan: Plan, reader: pypdf.PdfReader) -> None:
    found = text_of(reader)
    assert plan.document.sentence.en in found
    for figure in plan.document.figures:
        assert format_percent(figure.share, language="en") in found
        if figure.standard_min == plan.document.standard_min:
            assert format_number(figure.reached, language="en") in found
    for row in plan.nil.to_dict("records"):
        assert f"{row['nil']} {row['name']}" in found
        assert format_percent(row[share_column("best", "youth_15_29")], language="en") in found
    for text in ("What each place is worth", "12.5 points", "ab" * 32, "Censimento di prova"):
        assert text in found


def test_it_is_tagged_and_says_its_language_and_title(reader: pypdf.PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Four new job centres – Report – Prova"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    tags = _tags(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/P"} <= set(tags)


def _tags(node: object, depth: int = 0) -> list[str]:
    found = []
    resolved = node.get_object() if isinstance(node, pypdf.generic.IndirectObject) else node
    if isinstance(resolved, pypdf.generic.ArrayObject):
        return [tag for child in resolved for tag in _tags(child, depth + 1)]
    if isinstance(resolved, pypdf.generic.DictionaryObject):
        found = [str(resolved["/S"])] if "/S" in resolved else []
        return found + (_tags(resolved["/K"], depth + 1) if "/K" in resolved and depth < 40 else [])
    return found


def test_every_drawing_has_a_name_that_a_screen_reader_says(reader: pypdf.PdfReader) -> None:
    names = _figure_names(reader.trailer["/Root"]["/StructTreeRoot"])
    assert "unemployed people, best plan: share with an open place within 30 minutes, by quarter" in names
    assert "drawing of the figure beside it" in names
    assert None not in names


def _figure_names(node: object) -> list[str | None]:
    resolved = node.get_object() if isinstance(node, pypdf.generic.IndirectObject) else node
    if isinstance(resolved, pypdf.generic.ArrayObject):
        return [name for child in resolved for name in _figure_names(child)]
    if isinstance(resolved, pypdf.generic.DictionaryObject):
        own = [str(resolved["/Alt"]) if "/Alt" in resolved else None] if resolved.get("/S") == "/Figure" else []
        return own + (_figure_names(resolved["/K"]) if "/K" in resolved else [])
    return []


def test_its_outline_leads_to_its_parts(reader: pypdf.PdfReader) -> None:
    titles = [
        entry.title for level in reader.outline if isinstance(level, list) for entry in level if not isinstance(entry, list)
    ]
    assert "By quarter" in titles
    assert "Limits" in titles


def test_it_runs_nothing_and_leads_nowhere(reader: pypdf.PdfReader) -> None:
    assert "/OpenAction" not in reader.trailer["/Root"]
    assert "/JavaScript" not in reader.trailer["/Root"].get("/Names", {})
    assert all("/Annots" not in page for page in reader.pages)


def test_the_language_changes_its_words(plan: Plan) -> None:
    found = text_of(pypdf.PdfReader(io.BytesIO(render_report_pdf(replace(plan, sites=plan.sites.iloc[:0])))))
    assert "Il piano non ha sedi." in found
    assert "The plan" not in found


@pytest.mark.parametrize("name", ["script", "long", "half surrogate"])
def test_hostile_text_is_text(tiny_plan: Plan, name: str) -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_report_pdf(fill(studied(tiny_plan), PAYLOADS[name]), language="en")))
    found = text_of(reader)
    assert "Who has a place within 30 minutes" in found
    assert "/JavaScript" not in reader.trailer["/Root"].get("/Names", {})
    assert all("/Annots" not in page for page in reader.pages)
    if name == "script":
        assert "window.wasRun = true" in found


def test_a_missing_library_is_one_readable_error(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> object:
        raise OSError("cannot load library 'libpango-1.0-0': no such file\nand more lines")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(FileError, match=r"a library is missing: cannot load library 'libpango-1\.0-0': no such file\. Install"):
        write_report_pdf(plan, tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_system_without_fonts_is_one_readable_error(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(fonts={}, write_pdf=lambda **_: b"%PDF")
    fake = SimpleNamespace(
        HTML=lambda **_: SimpleNamespace(render=lambda **_: made), urls=SimpleNamespace(URLFetcher=lambda **_: None)
    )
    monkeypatch.setattr(module, "_load_weasyprint", lambda: fake)
    with pytest.raises(FileError, match="no font"):
        render_report_pdf(plan)


def test_nothing_is_fetched(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = module._no_fetcher(importlib.import_module("weasyprint"))
    for url in ("https://example.org/x.css", "file:///etc/passwd", "data:text/css,x"):
        with pytest.raises(ValueError, match="disallowed"):
            fetcher.fetch(url)


def test_a_file_that_cannot_be_written_leaves_nothing(
    plan: Plan, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "render_report_pdf", lambda *_, **__: content)
    write_report_pdf(plan, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == content
    with pytest.raises(FileError, match="the report cannot be written"):
        write_report_pdf(plan, tmp_path / "none" / "report.pdf")
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(FileError, match="the report cannot be written"):
        write_report_pdf(plan, tmp_path / "folder.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.pdf", "report.pdf"]
