"""The command ``diffusa report``: a page or a PDF from a plan folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.diffusa.test_cli import run


@pytest.fixture
def folder(sample_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_folder / "plan", tmp_path / "plan"))


def test_the_report_of_a_folder_is_the_one_that_came_with_the_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    with_plan = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    code, out, err = run(monkeypatch, capsys, "report", folder, "--language", "it")
    assert (code, err) == (0, "")
    assert out.strip() == f"Rapporto: {folder / 'report.html'}"
    assert (folder / "report.html").read_bytes() == with_plan


def test_it_links_to_files_of_the_plan_alone(folder: Path) -> None:
    links = set(re.findall(r'href="([^"#]+)"', (folder / "report.html").read_text(encoding="utf-8")))
    assert "map.html" in links
    assert all((folder / link).is_file() for link in links)


def test_another_language_changes_how_it_opens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    before = (folder / "report.html").read_text(encoding="utf-8")
    assert run(monkeypatch, capsys, "report", folder, "--language", "en")[0] == 0
    after = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="it">' in before
    assert '<html lang="en">' in after


def test_elsewhere_it_links_to_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    assert run(monkeypatch, capsys, "report", folder, "-o", tmp_path / "mail.html")[0] == 0
    assert 'href="map.html"' in (folder / "report.html").read_text(encoding="utf-8")
    assert 'href="map.html"' not in (tmp_path / "mail.html").read_text(encoding="utf-8")


def test_a_pdf_is_written_in_the_language_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    code, _, err = run(monkeypatch, capsys, "report", folder, "-o", tmp_path / "report.pdf", "--language", "en")
    assert (code, err) == (0, "")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("report.docx", "a report is no '.docx' file"),
        ("report", "the file has no ending"),
        ("none/report.pdf", "the folder is missing"),
        ("plan.pdf", "is a folder, not a file"),
    ],
)
def test_a_place_where_no_report_can_be_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, output: str, message: str
) -> None:
    (tmp_path / "plan.pdf").mkdir()
    code, _, err = run(monkeypatch, capsys, "report", folder, "-o", tmp_path / output)
    assert code == 1
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def test_a_folder_that_is_no_plan_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = run(monkeypatch, capsys, "report", tmp_path)
    assert code == 1
    assert "this is no whole plan folder" in err
    assert list(tmp_path.iterdir()) == []
