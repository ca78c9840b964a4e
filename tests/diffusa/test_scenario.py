from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.errors import FaultsError, FileError, ScenarioError
from diffusa.scenario import read_scenario, scenario_schema

WHOLE = """
name = "n"
city = "c"
service = "job_centre"
[need]
unemployed = 1.0
[travel]
standard_min = 30
[sites]
candidates = ["schools"]
[choose]
new = 2
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_short_scenario_has_every_default(tmp_path: Path) -> None:
    scenario = read_scenario(write(tmp_path, WHOLE))
    assert (scenario.travel.mode, scenario.travel.usual_speed_km_h, scenario.travel.max_snap_m) == ("walk", 4.5, 400.0)
    assert (scenario.standards_min, scenario.cutoff_min, scenario.group_keys) == ((30.0,), 60.0, ("unemployed",))
    assert scenario.choose.objective == "max_coverage"


def test_standards_rise_hold_the_plans_own_and_move_the_cutoff(tmp_path: Path) -> None:
    scenario = read_scenario(write(tmp_path, WHOLE + "[report]\nstandards_min = [90, 15]\n"))
    assert scenario.standards_min == (15.0, 30.0, 90.0)
    assert scenario.cutoff_min == 90.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("standard_min", "standard_mins", "unknown key 'travel.standard_mins'.*'standard_min'"),
        ("[choose]", "[chose]", "unknown key 'chose'.*'choose'"),
        ('city = "c"\n', "", "the key 'city' is missing"),
        ("standard_min = 30", "standard_min = -30", "travel.standard_min: input should be greater than 0, not -30"),
        ("standard_min = 30", "standard_min = nan", "travel.standard_min"),
        ("new = 2", "new = 2.5", "choose.new"),
        ("new = 2", "", "needs 'new'"),
        ("new = 2", 'new = 2\nobjective = "p_centre"', "choose.objective.*p_median"),
        ("unemployed = 1.0", "unemployed = 0", "need.unemployed: input should be greater than 0"),
        ("unemployed = 1.0", "", "need"),
        ('candidates = ["schools"]', "candidates = []", "sites.candidates"),
        (
            "standard_min = 30",
            "standard_min = 30\ncutoff_min = 20",
            "travel.cutoff_min is 20, below the standard of 30 minutes",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in WHOLE
    with pytest.raises((ScenarioError, FaultsError), match=message):
        read_scenario(write(tmp_path, WHOLE.replace(old, new)))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace("standard_min = 30", "standart_min = 30").replace("new = 2", "new = -1")
    with pytest.raises(FaultsError) as caught:
        read_scenario(write(tmp_path, text))
    assert len(caught.value.faults) == 3  # the unknown key, the missing one, the negative number


@pytest.mark.parametrize("key", ["before", "best"])
def test_a_compared_variant_may_not_take_the_planners_own_keys(tmp_path: Path, key: str) -> None:
    text = WHOLE + f'[[compare]]\nkey = "{key}"\nname = {{ it = "a", en = "b" }}\nsites = ["schools"]\n'
    with pytest.raises(ScenarioError, match="planner's own word"):
        read_scenario(write(tmp_path, text))


def test_compared_keys_stand_once(tmp_path: Path) -> None:
    variant = '[[compare]]\nkey = "x"\nname = { it = "a", en = "b" }\nsites = ["schools"]\n'
    with pytest.raises(ScenarioError, match="repeats: x"):
        read_scenario(write(tmp_path, WHOLE + variant * 2))


def test_a_missing_and_a_broken_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_scenario(tmp_path / "none.toml")
    with pytest.raises(FileError, match="no TOML"):
        read_scenario(write(tmp_path, "name = "))
    (tmp_path / "latin.toml").write_bytes("name = 'Città'".encode("latin-1"))
    with pytest.raises(FileError, match="UTF-8"):
        read_scenario(tmp_path / "latin.toml")


def test_the_schema_knows_every_key_and_forbids_others() -> None:
    schema = json.loads(scenario_schema())
    assert schema["additionalProperties"] is False
    assert {"need", "travel", "sites", "choose", "compare", "report"} <= set(schema["properties"])


def test_every_scenario_that_comes_along_reads(checkout: Path) -> None:
    files = sorted((checkout / "scenarios").glob("*.toml"))
    assert files
    for path in [*files, checkout / "data/sample/job_centres.toml"]:
        assert read_scenario(path).name
