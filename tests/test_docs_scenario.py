"""Every example of docs/scenario.md makes a plan of the sample city."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from data.pack import CityPack
from diffusa.scenario_choose import Choose
from diffusa.scenario_rules import RulesTable
from diffusa.scenario_sizes import Size
from diffusa.scenario_study import Curve, Near, Study
from optimize.objectives import OBJECTIVES
from tests.diffusa.asked import plan_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scenario.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_makes_a_proven_plan(sample_pack: CityPack, example: str) -> None:
    tables = tomllib.loads(example)
    if "choose" in tables:
        tables["choose"].setdefault("new", None)
    elif "fixed" in tables.get("sites", {}):
        tables["choose"] = {"new": 2}
    assert plan_of(sample_pack, **tables).optima[-1].status == "optimal"


def test_every_objective_and_every_rule_stands_on_the_page() -> None:
    options = set(Choose.model_fields) - {"objective", "total", "time_limit_s"}
    studies = [*Study.model_fields, *Near.model_fields, *Curve.model_fields, *Size.model_fields]
    missing = [name for name in (*OBJECTIVES, *options, *RulesTable.model_fields, *studies) if name not in TEXT]
    assert missing == []
