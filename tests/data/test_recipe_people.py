"""What the guide of the recipe says of the census and of buildings is true of the recipe."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from data.recipe_layers import BuildingsEntry, CensusEntry
from tests.data.tiny import PAPER, TinyCity


def test_the_examples_of_the_guide_are_recipes(tiny: TinyCity, checkout: Path) -> None:
    text = (checkout / "docs" / "recipe.md").read_text(encoding="utf-8")
    blocks = [tomllib.loads(block)["layers"] for block in re.findall(r"```toml\n(\[layers\..*?)```", text, re.DOTALL)]
    examples = {name: {**table, **PAPER} for block in blocks for name, table in block.items() if name in ("grid", "buildings")}
    assert len(examples) == 2
    del tiny.tables["layers"]["sections"], tiny.tables["layers"]["totals"]
    tiny.tables["layers"]["grid"] = examples["grid"]
    grid = tiny.recipe().layers["grid"]
    assert isinstance(grid, CensusEntry)
    assert (grid.quarter, grid.outside, grid.spread) == (None, "leave_out", "streets")
    examples["grid"]["spread"] = "buildings"
    tiny.tables["layers"]["buildings"] = examples["buildings"]
    buildings = tiny.recipe().layers["buildings"]
    assert isinstance(buildings, BuildingsEntry)
    assert buildings.floors == "levels"


def test_every_key_of_the_census_stands_in_the_guide(checkout: Path) -> None:
    text = (checkout / "docs" / "recipe.md").read_text(encoding="utf-8")
    own = set(CensusEntry.model_fields) - {"role", "file", "layer", "separator", "encoding", "keep", *PAPER}
    assert sorted(key for key in own if f"`{key}" not in text) == []
