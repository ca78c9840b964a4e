"""The commands ``diffusa review pack`` and ``diffusa review read``."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from layers.review import read_review
from tests.diffusa.filled_sheets import answer, fill_workbook, save, saved, sheets_of
from tests.diffusa.test_cli import run


def test_sheets_are_written_and_read_in_the_language_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    plan = sample_folder / "plan"
    for language, first in (("it", "Risposte"), ("en", "Answers")):
        out = tmp_path / language
        code, told, err = run(monkeypatch, capsys, "review", "pack", plan, "-o", out, "--language", language, "--quiet")
        assert (code, err) == (0, "")
        assert "15 sheets" in told
        assert first.encode() in _workbook_parts(out / "06-sant-anna-fornace.xlsx")
    back = tmp_path / "back"
    back.mkdir()
    fill_workbook(sheets_of(plan)[12], back, answers={"SDPRIM03": ("veto", "è piena")})
    words = ("review", "read", back, "--plan", plan, "-o", tmp_path / "review.toml")
    for language, line in (("it", "lì non apre nulla: VIA LUNGOFIUME"), ("en", "nothing opens there: VIA LUNGOFIUME")):
        code, told, err = run(monkeypatch, capsys, *words, "--language", language)
        assert (code, err) == (0, "")
        assert line in told
    assert read_review(tmp_path / "review.toml").sites_of("forbidden") == ("SDPRIM03",)


def _workbook_parts(path: Path) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.read("xl/workbook.xml")


def test_faults_are_one_message_and_leave_the_review_as_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    plan, back, review = sample_folder / "plan", tmp_path / "back", tmp_path / "review.toml"
    back.mkdir()
    review.write_text("old")
    sheets = sheets_of(plan)
    fill_workbook(sheets[6], back, answers={"BIB-2": ("d'accordo", "")})
    save(saved(sheets[2], answers=[answer("BIB-2", "veto", "no")]), back / "02.json")
    save(saved(sheets[12], plan="0" * 64), back / "12.json")
    words = ("review", "read", back, "--plan", plan, "-o", review)
    code, told, err = run(monkeypatch, capsys, *words)
    assert (code, told) == (1, "")
    assert "2 faults were found" in err
    assert "Traceback" not in err
    assert review.read_text() == "old"
    code, _, err = run(monkeypatch, capsys, *words, "--resolve", "hom")
    assert code == 1
    assert "Did you mean 'home'?" in err
