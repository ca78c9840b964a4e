"""The examples of docs/groups.md make a city: every block of it is read, built and planned for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tomli_w

from data.check import check_pack
from data.pack import CityPack
from data.sample.generate import write_sample_sources
from diffusa.city import build_city, read_people
from diffusa.embedded import sample_file
from diffusa.planner import make_plan
from diffusa.scenario import Scenario, read_scenario

BLOCK = re.compile(r"```toml\n# (\S+)\n(.*?)```", re.DOTALL)


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return two tables as one, table by table."""
    both = dict(first)
    for key, value in second.items():
        both[key] = _merge(both[key], value) if isinstance(value, dict) and key in both else value
    return both


def _read_blocks(text: str) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {}
    for name, block in BLOCK.findall(text):
        files[name] = _merge(files.get(name, {}), tomllib.loads(block))
    return files


@pytest.fixture(scope="module")
def blocks(checkout: Path) -> dict[str, dict[str, Any]]:
    return _read_blocks((checkout / "docs/groups.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pack(blocks: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    """Return the sample city with the layers and groups of the page."""
    root = tmp_path_factory.mktemp("docs") / "sources"
    write_sample_sources(root)
    counted = pd.read_csv(root / "quarter_totals.csv")
    libraries = pd.read_csv(root / "libraries.csv")
    bars = pd.DataFrame({"lon": libraries["lon"], "lat": libraries["lat"], "amenity": "bar", "seats": 20})
    bars.loc[0, "amenity"] = "pub"
    bars.to_csv(root / "amenities.csv", index=False)
    pd.DataFrame({"id_nil": counted["id_nil"], "public_houses": 10}).to_csv(root / "licences.csv", index=False)
    foreign = (100 * counted["ST1"] / counted["P1"]).round(2)
    pd.DataFrame({"id_nil": counted["id_nil"], "people": counted["P1"] + 50, "foreign_pct": foreign}).to_csv(
        root / "registry.csv", index=False
    )
    (root / "own_groups.toml").write_bytes(tomli_w.dumps(blocks["own_groups.toml"]).encode())
    sample = tomllib.loads(sample_file("sample.toml").read_text(encoding="utf-8"))
    recipe = _merge(sample, blocks["recipe.toml"])
    recipe["layers"]["registry"]["doubtful"] = [int(counted["id_nil"][0])]
    (root / "recipe.toml").write_bytes(tomli_w.dumps(recipe).encode())
    return build_city(root / "recipe.toml", root, root.parent / "pack")


def test_the_groups_of_the_page_are_counted(pack: CityPack) -> None:
    people = read_people(pack)
    assert {"older_75", "bars", "bar_seats", "public_houses"} <= set(people.keys)
    n_quarters = len(people.by_quarter())
    assert people.totals["public_houses"] == pytest.approx(10 * n_quarters)
    assert people.totals["bars"] > people.totals["bar_seats"] / 20 > 0
    assert people.totals["older_75"] < people.totals["older_65"]
    assert check_pack(pack.folder).is_sound


def test_the_scenario_of_the_page_plans_for_2021(pack: CityPack, blocks: dict[str, dict[str, Any]]) -> None:
    content = read_scenario(sample_file("job_centres.toml")).model_dump(mode="json", exclude_none=True)
    asked = {**content, **blocks["scenario.toml"], "need": {"youth_15_29": 1.0, "bars": 1.0}, "report": {}}
    document = make_plan(Scenario.model_validate(asked), pack).document
    known = {group.key: (group.year, group.total) for group in document.groups}
    assert known["youth_15_29"] == (2021, pytest.approx(9000))
    assert known["bars"][0] == 2016
    assert document.limits[0].en == "Updated to 2021 by official totals per quarter: young people aged 15-29."


def test_a_plan_says_how_numbers_of_quarters_were_spread(pack: CityPack) -> None:
    content = read_scenario(sample_file("job_centres.toml")).model_dump(mode="json", exclude_none=True)
    asked = Scenario.model_validate({**content, "need": {"public_houses": 1.0}, "report": {}})
    limits = make_plan(asked, pack).document.limits
    assert limits[0].en == (
        "Of licences of public houses only the number in each quarter is known; within it they are taken to be spread like "
        "bars and pubs or, where there are none, like residents."
    )
    assert limits[0].it.endswith("distribuiti come bar e pub o, dove non ce ne sono, come residenti.")
