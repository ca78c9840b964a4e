"""The release of a plan folder: one zip, the same bytes for the same plan, and nothing at all where anything fails."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

import diffusa.release
from data.errors import FileError, PlanFolderError, PlannerError, ReleaseError
from diffusa.cli import app
from diffusa.release import Release, release_plan
from layers.plan import Plan
from layers.plan_folder import read_plan
from maps.city_map import write_map
from maps.release import archive
from maps.release.archive import read_earlier
from maps.release.readback import read_back
from maps.release.rules import Rules

RULES = Rules(10)


@pytest.fixture(scope="module")
def folder(sample_folder: Path) -> Path:
    return sample_folder / "plan"


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return release_plan(folder, tmp_path_factory.mktemp("release") / "plan.zip", rules=RULES)


@pytest.fixture(scope="module")
def opened(made: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("opened")
    with zipfile.ZipFile(made.path) as file:
        file.extractall(root)
    return root


def test_the_zip_holds_pages_tables_papers_and_their_digests(opened: Path) -> None:
    names = {path.relative_to(opened).as_posix() for path in opened.rglob("*") if path.is_file()}
    papers = {"release_log.json", "release_log.txt", "dcat-ap-it.jsonld", "LICENCE-AND-SOURCES.txt", "manifest.json"}
    assert {"map.html", "report.html", "nil.csv", "nil.xlsx", "plan.gpkg", "plan.json", "quarters/index.html"} | papers <= names
    assert "run.json" not in names
    assert set(json.loads((opened / "manifest.json").read_text())["sha256"]) == names - {"manifest.json"}


def test_no_link_of_a_page_leads_to_a_file_that_stayed_behind(opened: Path) -> None:
    pages = sorted(opened.rglob("*.html"))
    links = [(page, link) for page in pages for link in re.findall(r'href="([^"#:?]+)"', page.read_text(encoding="utf-8"))]
    assert len(links) > len(pages)
    assert {(page.name, link) for page, link in links if not (page.parent / link).is_file()} == set()


def test_the_same_plan_gives_the_same_bytes(made: Release, folder: Path, tmp_path: Path) -> None:
    again = release_plan(folder, tmp_path / "again.zip", rules=RULES)
    assert again.path.read_bytes() == made.path.read_bytes()


def test_what_is_read_back_from_the_zip_is_protected(made: Release, folder: Path) -> None:
    found = read_earlier(made.path)
    true = read_plan(folder)
    assert found.rules == RULES
    assert found.plan.nil["youth_15_29"].dropna().mod(5).eq(0).all()
    assert not found.plan.nil["youth_15_29"].equals(true.nil["youth_15_29"])


def test_the_log_says_what_was_checked_and_what_was_protected(made: Release, opened: Path) -> None:
    log = json.loads((opened / "release_log.json").read_text())
    group = log["groups"]["youth_15_29"]
    assert set(log["checks"]) == {"a", "b", "c"}
    assert group["leaks"] == 0
    assert group["remainders checked (a)"] > 0
    assert group["pairs compared (b)"] > group["figures known to an outsider"]
    assert group["hidden parts bounded (c)"] > 0
    assert log["protected"]["youth_15_29"]["squares hidden"] == len(made.protected.choices["youth_15_29"].hidden_squares)
    assert log["figures read back"]["map.html"] > 1_000
    text = (opened / "release_log.txt").read_text()
    assert "youth_15_29:" in text
    assert "{" not in text


@pytest.mark.browser
def test_the_released_map_opens_with_the_released_figures(opened: Path, browser: Browser) -> None:
    page = browser.new_context(offline=True).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto((opened / "map.html").as_uri())
    page.wait_for_selector("html[data-ready]", timeout=20_000)
    data = json.loads(page.locator('script[type="application/json"]').first.text_content() or "")
    nil = pd.read_csv(opened / "nil.csv")
    assert [row["people"][1] for row in data["quarters"]] == [None if pd.isna(value) else value for value in nil["youth_15_29"]]
    assert faults == []
    page.context.close()


def _writers_with(name: str, write: Callable[[Plan, Path], None]) -> dict[str, Callable[[Plan, Path], None]]:
    return {**diffusa.release._WRITERS, name: write}


def test_a_page_that_embeds_what_is_not_protected_stops_the_release(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = read_plan(folder)
    leaky = _writers_with("map", lambda _, part: write_map(plan, part / "map.html"))
    monkeypatch.setattr(diffusa.release, "_WRITERS", leaky)
    with pytest.raises(ReleaseError, match="holds figures that are not protected") as caught:
        release_plan(folder, tmp_path / "out.zip", rules=RULES)
    assert "map.html" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def files(made: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the protected plan."""
    root = tmp_path_factory.mktemp("files")
    for write in diffusa.release._WRITERS.values():
        write(made.protected.plan, root)
    return root


@pytest.mark.parametrize(
    ("name", "file"),
    [("workbook", "nil.xlsx"), ("pages of quarters", "quarters"), ("tables", "plan.json"), ("report", "report.html")],
)
def test_so_does_every_other_file(name: str, file: str, files: Path, made: Release, sample_plan: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    shutil.copytree(files, folder)
    lists = ("report.html", "quarters/index.html")
    assert file in read_back(folder, made.protected.plan, maps=("map.html",), lists=lists)
    (folder / "plan.gpkg").unlink()
    diffusa.release._WRITERS[name](sample_plan, folder)
    if name != "tables":
        shutil.copy(files / "plan.gpkg", folder / "plan.gpkg")
    with pytest.raises(PlannerError, match="not protected") as caught:
        read_back(folder, made.protected.plan, maps=("map.html",), lists=lists)
    assert file in str(caught.value)


def test_an_earlier_release_is_known(made: Release, folder: Path, tmp_path: Path) -> None:
    again = release_plan(folder, tmp_path / "again.zip", rules=RULES, earlier=[made.path])
    assert again.log["known to an outsider"]["earlier releases"] == {"plan.zip": ["unemployed", "youth_15_29"]}


def test_no_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanFolderError, match="no whole plan folder"):
        release_plan(tmp_path / "none", tmp_path / "out.zip", rules=RULES)


def test_a_folder_somebody_worked_on_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "plan")
    csv = tmp_path / "plan" / "nil.csv"
    csv.write_text(csv.read_text().replace(",0.0,", ",7.0,", 1))
    with pytest.raises(PlanFolderError, match="changed after it was written"):
        release_plan(tmp_path / "plan", tmp_path / "out.zip", rules=RULES)


@pytest.mark.parametrize(
    ("name", "text"), [("there.zip", "stands there already"), ("out.tar", "a release is a zip"), ("no/o.zip", "missing")]
)
def test_a_place_that_cannot_be_is_refused_first(name: str, text: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_bytes(b"kept")
    with pytest.raises(FileError, match=text):
        release_plan(folder, tmp_path / name, rules=RULES)
    assert (tmp_path / "there.zip").read_bytes() == b"kept"


def _rewrite(made: Release, path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(made.path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    change(content)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            file.writestr(name, data)
    return path


def test_an_earlier_zip_that_is_broken_or_changed_is_refused(made: Release, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="missing"):
        read_earlier(tmp_path / "none.zip")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(ReleaseError, match="no zip that can be read"):
        read_earlier(tmp_path / "text.zip")
    (tmp_path / "cut.zip").write_bytes(made.path.read_bytes()[:50_000])
    with pytest.raises(ReleaseError, match="no zip that can be read"):
        read_earlier(tmp_path / "cut.zip")
    with pytest.raises(ReleaseError, match="files are missing"):
        read_earlier(_rewrite(made, tmp_path / "few.zip", lambda content: content.pop("plan.gpkg") and None))
    changed = _rewrite(made, tmp_path / "changed.zip", lambda content: content.update({"nil.csv": b"nil\n"}))
    with pytest.raises(ReleaseError, match="was changed after it was written"):
        read_earlier(changed)
    with pytest.raises(ReleaseError, match="manifest or log"):
        read_earlier(_rewrite(made, tmp_path / "log.zip", lambda content: content.update({"release_log.json": b"[]"})))


def test_a_zip_bomb_is_not_unpacked(made: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_BYTES", 5_000_000)
    bomb = _rewrite(made, tmp_path / "bomb.zip", lambda content: content.update({"plan.gpkg": bytes(6_000_000)}))
    assert bomb.stat().st_size < 5_000_000
    with pytest.raises(ReleaseError, match="no release is like that"):
        read_earlier(bomb)
    # One whose head lies of its size is cut while it is read.
    head = bomb.read_bytes().replace((6_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    (tmp_path / "liar.zip").write_bytes(head)
    with pytest.raises(ReleaseError, match=r"no zip that can be read|larger than it says|was changed"):
        read_earlier(tmp_path / "liar.zip")


def test_the_command_releases_and_says_what_is_still_to_fill_in(folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out.zip")
    arguments = ["release", str(folder), "-o", out, "--quiet", "--language", "en", "--holder", "Comune di Prova"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "nothing small can be computed" in result.output
    assert "before it is published: identifier, access URL" in result.output
    with zipfile.ZipFile(out) as file:
        record = json.loads(file.read("dcat-ap-it.jsonld"))
    assert next(node for node in record["@graph"] if node["@id"] == "#holder")["foaf:name"] == "Comune di Prova"
    again = CliRunner().invoke(app, [*arguments[:3], str(tmp_path / "o2.zip"), *arguments[4:], "--min-count", "1"])
    assert again.exit_code != 0
    assert isinstance(again.exception, PlannerError)
