"""The table [travel]: windows, and keys that mean something by public transport only."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from data.errors import PlannerError
from diffusa.scenario import Scenario, read_scenario
from diffusa.scenario_travel import Travel, parse_window

WHOLE = """
name = "n"
city = "c"
service = "job_centre"
[need]
unemployed = 1.0
[sites]
candidates = ["schools"]
[choose]
new = 2
"""


def read(folder: Path, text: str) -> Scenario:
    path = folder / "scenario.toml"
    path.write_text(WHOLE + text, encoding="utf-8")
    return read_scenario(path)


def test_a_window_is_a_date_and_two_clock_times() -> None:
    window = parse_window(" 2023-10-18  8:00 – 10:00 ")
    assert (window.date, window.start_min, window.end_min) == (dt.date(2023, 10, 18), 480, 600)
    assert window.clock() == ("08:00", "10:00")


@pytest.mark.parametrize(("text", "end_min"), [("2023-10-18 22:00-01:30", 1530), ("2023-10-18 22:00-24:00", 1440)])
def test_a_window_may_cross_midnight(text: str, end_min: int) -> None:
    assert parse_window(text).end_min == end_min


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8-10", "no window"),
        ("2023-02-30 08:00-10:00", "in no calendar"),
        ("2023-10-18 08:70-10:00", "no clock shows"),
        ("2023-10-18 25:00-26:00", "no clock shows"),
        ("2023-10-18 08:00-24:30", "no clock shows"),
    ],
)
def test_what_is_no_window_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PlannerError, match=message):
        read(tmp_path, f'[travel]\nmode = "transit"\nwindow = "{text}"\nstandard_min = 30\n')


def test_public_transport_needs_a_window(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="needs a window"):
        read(tmp_path, '[travel]\nmode = "transit"\nstandard_min = 30\n')


@pytest.mark.parametrize(
    "line",
    ['window = "2023-10-18 08:00-10:00"', "percentile = 90", "draws = 30", 'direction = "away"', "step_min = 5", "seed = 1"],
)
def test_a_key_without_effect_on_the_streets_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(PlannerError, match=rf"{line.split(maxsplit=1)[0]}.*no effect"):
        read(tmp_path, f"[travel]\nmode = 'walk'\nstandard_min = 30\n{line}\n")


def test_fewer_draws_than_twenty_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="draws"):
        read(tmp_path, '[travel]\nmode = "transit"\nwindow = "2023-10-18 08:00-10:00"\nstandard_min = 30\ndraws = 19\n')


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ('modes = ["walk"]', "names 'walk'"),
        ('modes = ["bike", "bike"]', "repeats a mode"),
        ("percentiles = [90]", "no effect on the mode 'walk'"),
    ],
)
def test_lenses_that_show_nothing_new_are_refused(tmp_path: Path, report: str, message: str) -> None:
    with pytest.raises(PlannerError, match=message):
        read(tmp_path, f"[travel]\nstandard_min = 30\n[report]\n{report}\n")


def test_a_compared_set_cannot_take_the_name_of_a_lens(tmp_path: Path) -> None:
    compare = '[[compare]]\nkey = "best_bike"\nname = { it = "x", en = "x" }\nsites = ["schools"]\n'
    with pytest.raises(PlannerError, match="repeats: best_bike"):
        read(tmp_path, f'[travel]\nstandard_min = 30\n[report]\nmodes = ["bike"]\n{compare}')


def test_a_scenario_reads_back_from_what_a_plan_keeps_of_it(tmp_path: Path) -> None:
    scenario = read(tmp_path, "[travel]\nstandard_min = 30\n")
    assert Scenario.model_validate(scenario.model_dump(mode="json", exclude_none=True)) == scenario


def test_the_step_suits_the_timetable() -> None:
    travel = Travel(mode="transit", window="2023-10-18 08:00-10:00", standard_min=30)
    away = travel.model_copy(update={"direction": "away"})
    assert [travel.usual_step_s(is_drawn=drawn) for drawn in (True, False)] == [600, 60]
    assert away.usual_step_s(is_drawn=False) == 300
    assert travel.model_copy(update={"step_min": 2.5}).usual_step_s(is_drawn=True) == 150
