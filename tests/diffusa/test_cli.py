from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diffusa import cli


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run the command in this process; return its exit status and what it printed."""
    monkeypatch.setattr(sys, "argv", ["diffusa", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0 if code is None else 1), printed.out, printed.err


@pytest.fixture
def scenario(checkout: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(checkout / "data/sample/job_centres.toml", tmp_path / "scenario.toml"))


def test_the_demo_says_its_sentence_and_where_its_map_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(monkeypatch, capsys, "demo", "-o", tmp_path / "demo", "--quiet", "--language", "en")
    assert (code, err) == (0, "")
    assert "SAMPLE CITY, NOT REAL DATA" in out
    assert "have one within 15 minutes on foot" in " ".join(out.split())
    assert "proven best (gap 0.00%)" in out
    assert sorted(path.name for path in (tmp_path / "demo/plan").iterdir()) == [
        "accessibility.html",
        "map.html",
        "nil.csv",
        "nil.xlsx",
        "plan.gpkg",
        "plan.json",
        "quarters",
        "report.html",
        "run.json",
    ]


def test_the_demo_speaks_italian(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, out, _ = run(monkeypatch, capsys, "demo", "-o", tmp_path / "demo", "--quiet", "--language", "it")
    assert "minuti a piedi" in " ".join(out.split())


def test_a_pack_is_described(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path) -> None:
    code, out, _ = run(monkeypatch, capsys, "city", "check", sample_folder / "pack")
    assert code == 0
    assert "EPSG:3035" in out


def test_a_changed_pack_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    pack = Path(shutil.copytree(sample_folder / "pack", tmp_path / "pack"))
    layer = next((pack / "layers").glob("cells*"))
    layer.write_bytes(layer.read_bytes()[:-1] + b"!")
    code, _, err = run(monkeypatch, capsys, "city", "check", pack)
    assert code == 1
    assert "cells" in err
    assert "Traceback" not in err


def test_a_scenario_is_explained_with_its_sites(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scenario: Path, sample_folder: Path
) -> None:
    code, out, _ = run(monkeypatch, capsys, "scenario", "check", scenario, "--city", sample_folder / "pack")
    assert code == 0
    assert "each group is divided by its city total first" in out
    assert "1 sites open now" in out


def test_the_schema_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(monkeypatch, capsys, "scenario", "schema")
    assert code == 0
    assert out.startswith("{")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("standard_min = 15", "standart_min = 15", "Did you mean 'standard_min'"),
        ("schools:state", "school:state", "Did you mean 'schools:state'"),
        ("unemployed = 0.5", "unemploied = 0.5", "Did you mean 'unemployed'"),
        ("new = 2", "new = 999", "999 new sites are asked, but there are only"),
        ('city = "sample"', 'city = "milano"', "the scenario is for 'milano', the pack holds 'sample'"),
    ],
)
def test_a_bad_scenario_is_one_message_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scenario: Path,
    sample_folder: Path,
    tmp_path: Path,
    *,
    old: str,
    new: str,
    message: str,
) -> None:
    text = scenario.read_text(encoding="utf-8")
    assert old in text
    scenario.write_text(text.replace(old, new, 1), encoding="utf-8")
    code, out, err = run(
        monkeypatch, capsys, "plan", scenario, "--city", sample_folder / "pack", "-o", tmp_path / "out", "--quiet"
    )
    assert (code, out) == (1, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "none.toml", "--city", "none", "-o", "out"),
        ("city", "check", "none"),
        ("city", "build", "none.toml", "--root", "none", "-o", "out"),
        ("city", "build", "milano", "--root", "none", "-o", "out"),
        ("demo", "--language", "fr", "-o", "demo-out"),
        ("scenario", "check", "none.toml"),
    ],
)
def test_what_is_not_there_is_told_in_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(monkeypatch, capsys, *words)
    assert code == 1
    assert "diffusa: " in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_things_is_never_replaced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scenario: Path, sample_folder: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter.txt").write_text("years of work")
    code, _, err = run(monkeypatch, capsys, "plan", scenario, "--city", sample_folder / "pack", "-o", precious, "--quiet")
    assert code == 1
    assert "is not replaced" in err
    assert (precious / "chapter.txt").read_text() == "years of work"


def test_the_command_runs_as_a_process_without_a_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "diffusa", "city", "check", str(tmp_path / "none")], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("diffusa: ")
    assert "Traceback" not in ended.stderr
