"""A city offers the groups that it can count, and says which others it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from data.city import Paper
from data.errors import ColumnError
from data.groups import FromFacts
from data.groups_file import read_groups
from data.offered_groups import GroupSources, Offer, offer_groups

PAPER = Paper(source="a count of bars", licence="CC0", attribution="nobody", date="2016-07")
CATALOGUE = """
[groups.residents]
plus = ["P1"]
it = "residenti"
en = "residents"
year = 2011
source = "a test"

[groups.households]
plus = ["PF1"]
optional = true
it = "famiglie"
en = "households"
unit = "households"
year = 2011
source = "a test"

[groups.tenants]
plus = ["P2"]
base = "households"
it = "in affitto"
en = "tenants"
unit = "households"
year = 2011
source = "a test"

[groups.bars]
points = "amenities"
where = { kind = ["bar"] }
it = "bar"
en = "bars"

[groups.licences]
facts = "counts.licences"
like = ["bars", "residents"]
it = "licenze"
en = "licences"

[groups.terraces]
facts = "counts.terraces"
like = ["bars"]
it = "dehors"
en = "terraces"
"""
POINTS = pd.DataFrame({"layer": ["amenities"], "kind": ["bar"], "nil": [1]})
FACTS = pd.DataFrame({"nil": [1], "licences": [3.0], "terraces": [1.0]})


def _offer(
    folder: Path,
    *,
    text: str = CATALOGUE,
    census: tuple[str, ...] = ("P1", "P2", "PF1"),
    points: Mapping[str, pd.DataFrame] | None = None,
    facts: Mapping[str, pd.DataFrame] | None = None,
) -> Offer:
    path = folder / "groups.toml"
    path.write_text(text, encoding="utf-8")
    papers = dict.fromkeys(("amenities", "counts"), PAPER)
    given = {"amenities": POINTS} if points is None else points
    return offer_groups(
        read_groups(path),
        GroupSources(census=census, points=given, facts={"counts": FACTS} if facts is None else facts, papers=papers),
    )


def test_a_city_with_everything_offers_every_group_in_order(tmp_path: Path) -> None:
    offer = _offer(tmp_path)
    assert [group.key for group in offer.groups] == ["residents", "households", "tenants", "bars", "licences", "terraces"]
    assert offer.notes == ()


def test_a_group_from_a_layer_has_its_year_and_source(tmp_path: Path) -> None:
    groups = {group.key: group for group in _offer(tmp_path).groups}
    assert (groups["bars"].year, groups["bars"].source) == (2016, "a count of bars")
    assert (groups["residents"].year, groups["residents"].source) == (2011, "a test")


def test_a_group_without_its_layer_is_not_offered_and_told(tmp_path: Path) -> None:
    offer = _offer(tmp_path, points={})
    assert [group.key for group in offer.groups] == ["residents", "households", "tenants", "licences"]
    assert offer.notes == (
        "the group 'bars' is not offered: the recipe has no layer 'amenities' with the role 'points'",
        "the group 'terraces' is not offered: nothing that it is spread like is offered (bars)",
        "the group 'licences' is not spread like 'bars', which is not offered",
    )
    origin = offer.groups[-1].origin
    assert isinstance(origin, FromFacts)
    assert origin.like == ("residents",)


def test_facts_that_the_recipe_lacks_are_told(tmp_path: Path) -> None:
    notes = _offer(tmp_path, facts={}).notes
    assert "the group 'licences' is not offered: the recipe has no layer 'counts' with the role 'quarter_facts'" in notes


def test_an_optional_group_without_its_codes_goes_with_its_parts(tmp_path: Path) -> None:
    offer = _offer(tmp_path, census=("P1", "P2"))
    assert "households" not in {group.key for group in offer.groups}
    assert offer.notes == (
        "the group 'households' is not offered: the census has no column PF1",
        "the group 'tenants' is not offered: its base 'households' is not offered",
    )


def test_a_group_that_is_not_optional_stays_whatever_the_census_has(tmp_path: Path) -> None:
    text = CATALOGUE.replace("optional = true\n", "")
    assert "households" in {group.key for group in _offer(tmp_path, text=text, census=("P1",)).groups}


def test_a_smaller_whole_that_is_not_offered_is_forgotten(tmp_path: Path) -> None:
    text = (
        CATALOGUE
        + """
[groups.young]
plus = ["P3"]
optional = true
base = "residents"
it = "giovani"
en = "young people"
year = 2011
source = "a test"

[groups.pupils]
plus = ["P2"]
base = "residents"
within = "young"
it = "alunni"
en = "pupils"
year = 2011
source = "a test"
"""
    )
    assert {group.key: group.parent for group in _offer(tmp_path, text=text).groups}["pupils"] == "residents"


def test_a_layer_that_is_there_must_have_the_columns(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"layers.amenities: the group 'bars' needs the column 'kind', .* 'kinds'"):
        _offer(tmp_path, points={"amenities": POINTS.rename(columns={"kind": "kinds"})})
    with pytest.raises(ColumnError, match=r"layers.counts: the group 'licences' needs the column 'licences'"):
        _offer(tmp_path, facts={"counts": FACTS.rename(columns={"licences": "license"})})
    summed = CATALOGUE.replace('where = { kind = ["bar"] }', 'sum = "seats"')
    with pytest.raises(ColumnError, match="needs the column 'seats'"):
        _offer(tmp_path, text=summed)
