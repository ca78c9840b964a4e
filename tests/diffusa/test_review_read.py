"""Sheets that come back: what holds is read, and every fault is told at once."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest

from data.errors import FaultsError, FileError, PlannerError
from diffusa.review_read import read_reviews
from layers.review import Voice, format_review, read_review, write_review
from maps.review.sheet import Sheet
from tests.diffusa.filled_sheets import answer, fill_workbook, proposal, save, saved, sheets_of

OWN, NEXT, FAR = 6, 2, 12
"""The quarter of the proposed library, one beside it, and that of the proposed school."""


@pytest.fixture(scope="session")
def plan_folder(sample_folder: Path) -> Path:
    return sample_folder / "plan"


@pytest.fixture(scope="session")
def sheets(plan_folder: Path) -> dict[int, Sheet]:
    return sheets_of(plan_folder)


@pytest.fixture
def inside(sheets: dict[int, Sheet]) -> tuple[float, float]:
    """Return longitude and latitude of a point in the own quarter."""
    own = sheets[OWN]
    point = gpd.GeoSeries([own.shape.representative_point()], crs=own.city.crs).to_crs("EPSG:4326").iloc[0]
    return round(point.x, 6), round(point.y, 6)


def faults_of(folder: Path, plan_folder: Path) -> list[str]:
    with pytest.raises(PlannerError) as found:
        read_reviews(folder, plan_folder)
    error = found.value
    return [str(fault) for fault in error.faults] if isinstance(error, FaultsError) else [str(error)]


def fault_of(folder: Path, plan_folder: Path) -> str:
    (fault,) = faults_of(folder, plan_folder)
    return fault


def test_a_workbook_and_a_saved_page_say_the_same(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet], inside: tuple[float, float]
) -> None:
    lon, lat = inside
    by_hand, by_page = tmp_path / "hand", tmp_path / "page"
    by_hand.mkdir()
    by_page.mkdir()
    fill_workbook(
        sheets[OWN],
        by_hand,
        role="associazione",
        answers={"BIB-2": ("d'accordo", ""), "SDMED01": ("meglio di no", "è lontana"), "SDTEC01": ("veto", "è in vendita")},
        proposals=[("Via dei Tigli 3", str(lon).replace(".", ","), lat, "c'è posto")],
    )
    content = saved(
        sheets[OWN],
        answers=[
            answer("BIB-2", "accept"),
            answer("SDMED01", "object", "è lontana"),
            answer("SDTEC01", "veto", "è in vendita"),
        ],
        proposals=[proposal("Via dei Tigli 3", lon, lat, "c'è posto")],
    )
    save(content, by_page / "06.json")
    hand, page = (read_reviews(folder, plan_folder) for folder in (by_hand, by_page))
    assert hand.review == page.review
    review = hand.review
    assert [(kind, rule.site) for kind, rule in review.rules()] == [
        ("forbidden", "SDTEC01"),
        ("required", "BIB-2"),
        ("avoided", "SDMED01"),
    ]
    (made,) = review.candidate
    assert (made.site, made.address, made.lon, made.lat) == ("NIL06-P1", "Via dei Tigli 3", lon, lat)
    assert made.voices[0] == Voice(
        quarter=OWN, name="SANT'ANNA & FORNACE", role="association", answer="propose", reason="c'è posto"
    )
    assert (hand.n_sheets, hand.n_empty, hand.n_same) == (1, 0, 0)


def test_the_file_reads_back_and_is_the_same_each_time(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet], inside: tuple[float, float]
) -> None:
    content = saved(
        sheets[OWN], answers=[answer("BIB-2", "accept")], proposals=[proposal("x", *inside), proposal('Via "=1" \\')]
    )
    save(content, tmp_path / "06.json")
    review = read_reviews(tmp_path, plan_folder).review
    write_review(review, tmp_path / "review.toml")
    assert read_review(tmp_path / "review.toml") == review
    again = read_reviews(_without(tmp_path, "review.toml"), plan_folder).review
    assert format_review(again, name="r") == format_review(review, name="r")


def _without(folder: Path, name: str) -> Path:
    (folder / name).unlink()
    return folder


def test_an_agreement_prefers_where_the_place_lies_elsewhere_or_is_not_proposed(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]
) -> None:
    save(saved(sheets[NEXT], answers=[answer("BIB-2", "accept"), answer("CPI-TINTORI", "accept")]), tmp_path / "02.json")
    review = read_reviews(tmp_path, plan_folder).review
    assert review.sites_of("preferred") == ("BIB-2", "CPI-TINTORI")
    assert review.required == ()


def test_a_remark_on_an_open_place_is_kept_and_is_no_rule(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    fill_workbook(sheets[NEXT], tmp_path, answers={"CPI-CORSO": ("", "ha chiuso")})
    review = read_reviews(tmp_path, plan_folder).review
    assert review.is_empty
    assert [(remark.site, remark.voices[0].reason) for remark in review.remark] == [("CPI-CORSO", "ha chiuso")]


def test_sheets_that_came_back_empty_are_counted_not_read(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    fill_workbook(sheets[OWN], tmp_path, answers={"BIB-2": ("d'accordo", "")})
    fill_workbook(sheets[NEXT], tmp_path, role="")
    (tmp_path / "06-sant-anna-fornace.html").write_text("<p>the page itself")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    read = read_reviews(tmp_path, plan_folder)
    assert (read.n_sheets, read.n_empty) == (1, 1)


def conflicting(folder: Path, sheets: dict[int, Sheet]) -> None:
    """Write what two quarters want of the proposed library: one agrees, one has a veto."""
    fill_workbook(sheets[OWN], folder, answers={"BIB-2": ("d'accordo", "")})
    save(saved(sheets[NEXT], answers=[answer("BIB-2", "veto", "troppo rumore")]), folder / "02.json")


def test_a_disagreement_is_an_error_that_says_what_each_way_would_do(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]
) -> None:
    conflicting(tmp_path, sheets)
    fault = fault_of(tmp_path, plan_folder)
    assert "quarters disagree about FORNACE [BIB-2]" in fault
    assert "DARSENA NUOVA (association): veto; SANT'ANNA & FORNACE (quarter_committee): accept" in fault
    assert "--resolve home: required, --resolve strictest: forbidden, --resolve none: no rule" in fault


@pytest.mark.parametrize(("way", "outcome"), [("home", "required"), ("strictest", "forbidden"), ("none", "no_rule")])
def test_each_way_to_resolve_does_what_it_says(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet], way: str, outcome: str
) -> None:
    conflicting(tmp_path, sheets)
    review = read_reviews(tmp_path, plan_folder, resolve=way).review  # type: ignore[arg-type]
    assert [kind for kind, rule in review.rules() if rule.site == "BIB-2"] == ([] if outcome == "no_rule" else [outcome])
    (conflict,) = review.conflict
    assert (conflict.outcome, len(conflict.voices), review.resolve) == (outcome, 2, way)


def test_what_personal_data_is_recognised_is_taken_out(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    reason = "scrivere a anna.bianchi@example.org o 02 1234 5678, RSSMRA80A01F205X"
    save(saved(sheets[OWN], answers=[answer("BIB-2", "veto", reason)]), tmp_path / "06.json")
    read = read_reviews(tmp_path, plan_folder)
    assert read.review.forbidden[0].voices[0].reason == "scrivere a […] o […], […]"
    assert read.n_removed == 3


def test_who_signs_is_a_role_and_what_else_stands_there_is_not_repeated(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]
) -> None:
    fill_workbook(sheets[OWN], tmp_path, role="Anna Bianchi <anna@example.org>", answers={"BIB-2": ("d'accordo", "")})
    fault = fault_of(tmp_path, plan_folder)
    assert "none of the roles (no names, no mail addresses)" in fault
    assert "Risposte!C7" in fault
    assert "Anna" not in fault
    assert "example.org" not in fault


def test_every_fault_of_every_sheet_is_told_at_once(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    own = sheets[OWN]
    save(
        saved(
            own,
            role="",
            answers=[
                answer("BIB-2", "veto"),
                answer("BIB-2", "accept"),
                answer("BIB-22", "accept"),
                answer("SDMED01", "perhaps"),
                answer("SDTEC01", "remark", "why"),
            ],
            proposals=[proposal(), proposal("x", 9.0, 45.0), proposal("y", reason=""), proposal("y", reason="")],
        ),
        tmp_path / "a.json",
    )
    save(saved(sheets[FAR], plan="0" * 64), tmp_path / "b.json")
    save(saved(sheets[FAR], city="torino"), tmp_path / "c.json")
    save(saved(sheets[FAR], format="diffusa-review-sheet/0"), tmp_path / "d.json")
    save(saved(sheets[FAR], quarter=99), tmp_path / "e.json")
    save(saved(sheets[NEXT], answers=[answer("CPI-CORSO", "veto", "no")]), tmp_path / "f.json")
    (tmp_path / "g.docx").write_bytes(b"x")
    told = "\n".join(faults_of(tmp_path, plan_folder))
    for part in (
        "a.json, role: nobody says who answers",
        "no reason stands beside the answer about BIB-2",
        "places are answered more than once (1: BIB-2)",
        "'BIB-22' is no place of this sheet. Did you mean 'BIB-2'",
        "'perhaps' is no answer",
        "a reason stands beside SDTEC01, but no answer",
        "neither an address nor a point",
        "outside the quarter SANT'ANNA & FORNACE",
        "no reason stands beside the proposed place",
        "places are proposed more than once (1: proposals[3])",
        "b.json: the sheet answers another plan ('000000000000'",
        "c.json: the sheet is of the city 'torino', the plan of 'sample'",
        "d.json: the sheet is of the version 'diffusa-review-sheet/0'",
        "e.json: the city has no quarter '99'",
        "CPI-CORSO stays as it is: it can have a remark, no answer",
        "no workbooks and no saved answers (.xlsx, .json) (1: g.docx)",
    ):
        assert part in told


def test_swapped_coordinates_are_named(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet], inside: tuple[float, float]
) -> None:
    lon, lat = inside
    save(saved(sheets[OWN], proposals=[proposal("x", lat, lon)]), tmp_path / "06.json")
    assert "Longitude and latitude seem to be swapped" in fault_of(tmp_path, plan_folder)


@pytest.mark.parametrize(
    ("cells", "part"),
    [
        ({("Risposte", "B10"): "Another library"}, "changed that must not change (1: Risposte!B10 is 'Another library')"),
        ({("Risposte", "H10"): None}, "Risposte!H10 is empty"),
        ({("diffusa", "D1"): "somebody"}, "diffusa!D1 is 'somebody'"),
        ({("Risposte", "G10"): '=HYPERLINK("http://x")'}, "formulas or errors, which are not read (1: Risposte!G10)"),
        ({("Risposte", "K4"): "here is what we think"}, "written where nothing is to be filled in (1: Risposte!K4)"),
        ({("Proposte", "C4"): "east", ("Proposte", "E4"): "y"}, "longitude 'east' and latitude ''"),
    ],
    ids=str,
)  # fmt: skip
def test_a_workbook_that_was_changed_is_refused(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet], cells: dict[tuple[str, str], object], part: str
) -> None:
    fill_workbook(sheets[OWN], tmp_path, answers={"BIB-2": ("d'accordo", "")}, cells=cells)
    assert part in fault_of(tmp_path, plan_folder)


def test_a_row_that_was_taken_out_is_a_change(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    path = fill_workbook(sheets[OWN], tmp_path, answers={"BIB-2": ("d'accordo", "")})
    book = openpyxl.load_workbook(path)
    book["Risposte"].delete_rows(11)
    book.save(path)
    assert "cells were changed that must not change" in fault_of(tmp_path, plan_folder)


def test_names_of_places_that_were_changed_in_a_saved_page_are_told(
    tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]
) -> None:
    content = saved(sheets[OWN], answers=[answer("BIB-2", "accept")])
    content["sites"] = [{"id": "BIB-2", "name": "CASINO"}, {"id": "NEW-1", "name": "x"}]
    save(content, tmp_path / "06.json")
    fault = fault_of(tmp_path, plan_folder)
    assert "the name of BIB-2 is 'CASINO'" in fault
    assert "(7:" in fault  # the name, five places that are missing, one that was added


def test_two_sheets_of_one_role_must_agree(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    same = saved(sheets[OWN], role="quarter_committee", answers=[answer("BIB-2", "accept")])
    fill_workbook(sheets[OWN], tmp_path, answers={"BIB-2": ("Agree", "")})
    save(same, tmp_path / "06.json")
    read = read_reviews(tmp_path, plan_folder)
    assert (read.n_sheets, read.n_same) == (1, 1)
    save({**same, "answers": [answer("BIB-2", "veto", "no")]}, tmp_path / "06.json")
    told = "\n".join(faults_of(tmp_path, plan_folder))
    assert "the quarter 6 has two sheets of the same role with different answers" in told


def test_two_roles_of_one_quarter_are_two_voices(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    for role, name in (("school", "a.json"), ("traders", "b.json")):
        save(saved(sheets[OWN], role=role, answers=[answer("BIB-2", "accept")]), tmp_path / name)
    (rule,) = read_reviews(tmp_path, plan_folder).review.required
    assert [voice.role for voice in rule.voices] == ["school", "traders"]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.xlsx", b"no zip", "the file is no workbook, or is broken"),
        ("a.xlsx", b"", "the file is no workbook, or is broken"),
        ("a.json", b"{", "the file holds no answers"),
        ("a.json", b"\xff\xfe", "the file holds no answers"),
        ("a.json", b"[" * 100_000, "the file holds no answers"),
        ("a.json", b"[1]", "a.json"),
        ("a.json", b'{"format": NaN}', "a.json"),
        ("a.json", b" " * 3_000_000, "larger than 2 MB"),
    ],
    ids=["no zip", "empty", "cut", "no utf-8", "deep", "list", "NaN", "large"],
)
def test_a_broken_file_is_told(tmp_path: Path, plan_folder: Path, name: str, content: bytes, part: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert part in "\n".join(faults_of(tmp_path, plan_folder))


@pytest.mark.parametrize(
    ("members", "part"),
    [
        ({"a.xml": b"0" * 60_000_000}, "unpacks to more than 40 MB"),
        ({f"{n}.xml": b"" for n in range(201)}, "packs 201 files"),
        ({"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "declares entities"),
        ({"x.txt": b"x"}, "the workbook cannot be read"),
    ],
    ids=["bomb", "many", "entities", "other zip"],
)
def test_a_hostile_workbook_is_not_opened(tmp_path: Path, plan_folder: Path, members: dict[str, bytes], part: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    assert (tmp_path / "a.xlsx").stat().st_size < 100_000
    assert part in fault_of(tmp_path, plan_folder)


def test_a_folder_that_is_missing_or_empty_is_told(tmp_path: Path, plan_folder: Path) -> None:
    with pytest.raises(FileError, match="the folder is missing"):
        read_reviews(tmp_path / "none", plan_folder)
    assert "holds no sheets" in fault_of(tmp_path, plan_folder)


def test_a_review_file_with_faults_is_told_as_a_whole(tmp_path: Path) -> None:
    text = 'format = "diffusa-review/1"\ncity = "x"\nplan = ""\nforbiden = []\n[[required]]\nsite = ""\n'
    (tmp_path / "review.toml").write_text(text)
    with pytest.raises(FaultsError) as found:
        read_review(tmp_path / "review.toml")
    assert "'forbiden'" in str(found.value)
    assert "'forbidden'" in str(found.value)
    assert "required.0.site" in str(found.value)


def test_a_site_has_one_rule(tmp_path: Path) -> None:
    text = 'format = "diffusa-review/1"\ncity = "x"\nplan = ""\n[[required]]\nsite = "A"\n[[forbidden]]\nsite = "A"\n'
    (tmp_path / "review.toml").write_text(text)
    with pytest.raises(FileError, match="sites stand under several rules, or twice: A"):
        read_review(tmp_path / "review.toml")


def test_nothing_of_a_sheet_with_faults_is_believed(tmp_path: Path, plan_folder: Path, sheets: dict[int, Sheet]) -> None:
    conflicting(tmp_path, sheets)  # the veto is on a sheet that is refused: then there is no disagreement to tell
    save(saved(sheets[NEXT], role="", answers=[answer("BIB-2", "veto", "troppo rumore")]), tmp_path / "02.json")
    told = faults_of(tmp_path, plan_folder)
    assert len(told) == 1
    assert "nobody says who answers" in told[0]
