"""What may be released of a plan: small squares merged, small figures hidden, and nothing of the rest as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.errors import FaultsError, ReleaseError, ScenarioError, VerificationError
from layers.plan import BEFORE, BEST, Plan, SourceBrief, reached_column, share_column, square_column, within_column
from layers.plan_choice import Figure
from layers.plan_text import Text
from maps.cell_layer import encode_cells
from maps.release import document as release_document
from maps.release import protect as release_protect
from maps.release.atoms import NOWHERE, find_atoms
from maps.release.choices import Choices, choose_protection
from maps.release.document import check_known_fields, protect_document, small_numbers
from maps.release.protect import Earlier, Protected, protect_plan
from maps.release.record import CC_BY, ODBL, TO_FILL, Holder, attribution_text, build_record, missing_facts, newest_date
from maps.release.rules import Rules

RULES = Rules(10)
GROUPS = ("unemployed", "youth_15_29")


@pytest.fixture(scope="module")
def protected(sample_plan: Plan) -> Protected:
    return protect_plan(sample_plan, RULES)


def test_every_square_that_is_shown_has_the_minimum_count(sample_plan: Plan, protected: Protected) -> None:
    for group in GROUPS:
        true = sample_plan.cells[group].groupby(protected.plan.cells[square_column(group)]).sum()
        shown = protected.plan.cells.groupby(square_column(group))[group].sum(min_count=1)
        kept = shown[shown > 0].index
        assert len(kept)
        assert (true[kept] >= 10).all()
        assert (shown[kept] / 5).tolist() == pytest.approx((shown[kept] / 5).round().tolist())
        assert (np.abs(shown[kept] - true[kept]) <= 2.5 + 1e-6).all()
        assert (true[shown.index[shown.isna()]] < 20).all()


def test_the_map_says_where_its_counts_are_means_of_joined_squares(sample_plan: Plan, protected: Protected) -> None:
    assert encode_cells(protected.plan)["is_joined"] is True
    assert encode_cells(sample_plan)["is_joined"] is False


def test_small_cells_are_merged_before_any_is_hidden(sample_plan: Plan, protected: Protected) -> None:
    cells = protected.plan.cells
    small = (sample_plan.cells["youth_15_29"] > 0) & (sample_plan.cells["youth_15_29"] < 10)
    sizes = cells[square_column("youth_15_29")].str.extract(r"RES(\d+)m", expand=False)[small]
    assert set(sizes) == {"200", "400"}
    sums = sample_plan.cells["youth_15_29"].groupby(cells[square_column("youth_15_29")]).sum()
    few = sums.index[sums.between(0, 10, inclusive="neither")]
    assert len(few)
    assert few.str.contains("RES400m").all()
    assert cells.loc[cells[square_column("youth_15_29")].isin(few), "youth_15_29"].isna().all()


def test_no_cell_and_no_figure_of_a_quarter_is_as_it_was(sample_plan: Plan, protected: Protected) -> None:
    for group in GROUPS:
        was, now = sample_plan.cells[group], protected.plan.cells[group]
        assert not (np.isclose(was, now, atol=1e-9) & (was > 0) & (was < 10)).any()
        for column in (group, reached_column(BEST, group)):
            found = protected.plan.nil[column].dropna()
            assert (found % 5).eq(0).all()
            assert not found.between(0, 10, inclusive="neither").any()


def test_a_hidden_square_is_never_alone_in_its_quarter(sample_plan: Plan) -> None:
    for group in GROUPS:
        chosen = choose_protection(sample_plan, group, RULES)
        squares = pd.Series(chosen.squares)
        for _, rows in sample_plan.cells.groupby("nil"):
            lived = squares[rows.index[rows[group] > 0]]
            hidden = [name for name in set(lived) if name in chosen.hidden_squares]
            sums = sample_plan.cells[group].groupby(chosen.squares).sum()
            others = [name for name in set(lived) if name not in chosen.hidden_squares and sums[name] < RULES.hidden_most]
            assert len(hidden) != 1 or not others


def test_reached_and_not_reached_are_hidden_together(sample_plan: Plan) -> None:
    nil = sample_plan.nil.copy()
    column = reached_column(BEST, "youth_15_29")
    nil.loc[0, column] = nil.loc[0, "youth_15_29"] - 4.0  # all but four
    chosen = choose_protection(replace(sample_plan, nil=nil), "youth_15_29", RULES)
    assert ("nil", column, 0) in chosen.hidden


def test_the_minimum_count_changes_what_goes_out(sample_plan: Plan, protected: Protected) -> None:
    strict = protect_plan(sample_plan, Rules(30))
    assert len(strict.choices["youth_15_29"].hidden_squares) > len(protected.choices["youth_15_29"].hidden_squares)
    assert strict.plan.nil["youth_15_29"].dropna().mod(15).eq(0).all()


@pytest.mark.parametrize("min_count", [0, 2, 5_000])
def test_a_minimum_count_out_of_bounds_is_refused(min_count: int) -> None:
    with pytest.raises(ScenarioError, match="minimum count"):
        Rules(min_count)


def test_shares_follow_from_the_released_counts(protected: Protected) -> None:
    nil = protected.plan.nil
    expected = (nil[reached_column(BEST, "youth_15_29")] / nil["youth_15_29"]).clip(upper=1)
    assert nil[share_column(BEST, "youth_15_29")].tolist() == pytest.approx(expected.tolist(), nan_ok=True)


def test_people_near_a_site_are_in_hundredths_of_the_city(sample_plan: Plan, protected: Protected) -> None:
    total = next(group.total for group in sample_plan.document.groups if group.key == "youth_15_29")
    values = protected.plan.sites[within_column("youth_15_29")]
    assert values.mod(RULES.coarse_step(total)).eq(0).all()
    assert values.gt(0).any()


def test_columns_and_fields_that_nobody_knows_stay_behind(sample_plan: Plan) -> None:
    plan = replace(sample_plan, cells=sample_plan.cells.assign(secret=1.0), nil=sample_plan.nil.assign(secret=2.0))
    made = protect_plan(plan, RULES).plan
    assert "secret" not in made.cells
    assert "secret" not in made.nil


def test_a_field_that_nobody_has_looked_at_stops_the_release(sample_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    check_known_fields()
    monkeypatch.setattr(release_document, "_KNOWN", {Figure: "variant group"})
    with pytest.raises(ReleaseError, match=r"Figure\.standard_min"):
        protect_document(sample_plan, RULES)


def test_figures_of_the_city_are_rounded_and_texts_with_small_numbers_left_out(sample_plan: Plan) -> None:
    label = sample_plan.document.groups[0].label
    small = Text(it=f"Senza posto: 3 {label.it}.", en=f"No place: 3 {label.en}.")
    document = sample_plan.document.model_copy(update={"limits": (small, *sample_plan.document.limits)})
    assert small_numbers(small, document.groups, RULES)
    made = protect_document(replace(sample_plan, document=document), RULES)
    assert small not in made.limits
    assert any("10" in text.en and "Released figures" in text.en for text in made.limits)
    assert all(figure.reached % 20 == 0 or figure.reached == figure.total for figure in made.figures)
    assert made.optima[0].objective == round(sample_plan.document.optima[0].objective, 3)


def test_every_cell_has_its_parts_and_every_quarter_one_for_those_without_a_place(sample_plan: Plan) -> None:
    atoms = find_atoms(sample_plan)
    assert set(atoms.cell[atoms.cell != NOWHERE].tolist()) == set(range(len(sample_plan.cells)))
    assert atoms.quarter[atoms.cell == NOWHERE].tolist() == list(range(len(sample_plan.nil)))
    assert len(np.unique(np.stack([atoms.cell, atoms.quarter]), axis=1).T) == len(atoms.cell)


@pytest.mark.parametrize("table", ["cells", "nil", "figures"])
def test_an_edited_plan_is_refused(sample_plan: Plan, table: str) -> None:
    if table == "figures":
        figures = [one.model_copy(update={"reached": one.reached + 40}) for one in sample_plan.document.figures]
        plan = replace(sample_plan, document=sample_plan.document.model_copy(update={"figures": tuple(figures)}))
    else:
        frame = getattr(sample_plan, table).copy()
        column = "youth_15_29" if table == "cells" else reached_column(BEST, "youth_15_29")
        frame.loc[int(frame["youth_15_29"].idxmax()), column] += 12.0
        plan = replace(sample_plan, **{table: frame})
    with pytest.raises(VerificationError, match="changed after it was written"):
        protect_plan(plan, RULES)


def test_a_small_difference_to_an_earlier_release_is_hidden_now(sample_plan: Plan, protected: Protected) -> None:
    """Two more minutes are two more streets: both releases are safe alone, and what differs between them is not."""
    again = protect_plan(sample_plan, RULES, earlier=[Earlier("spring.zip", protected.plan, RULES)])
    assert again.earlier == {"spring.zip": GROUPS}
    assert not any(found.leaks for found in again.checked.values())
    assert again.checked["youth_15_29"].n_figures > protected.checked["youth_15_29"].n_figures


def test_an_earlier_release_that_tells_small_squares_stops_the_next(sample_plan: Plan) -> None:
    loose = protect_plan(sample_plan, Rules(3)).plan
    with pytest.raises(ReleaseError, match="from what was released before") as caught:
        protect_plan(sample_plan, RULES, earlier=[Earlier("loose.zip", loose, Rules(3))])
    assert caught.value.where == "loose.zip"
    assert "(loose.zip): known to within" in str(caught.value)


def test_what_hiding_cannot_help_stops_the_release_and_says_where(sample_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_protect, "_MOST_ROUNDS", 1)
    monkeypatch.setattr(release_protect, "choose_protection", _hide_no_figure_of_quarters)
    with pytest.raises(FaultsError, match="hiding more does not help") as caught:
        protect_plan(sample_plan, RULES)
    assert all(isinstance(fault, ReleaseError) for fault in caught.value.faults)  # one a group
    assert "(a) reached best, quarter" in str(caught.value)


def _hide_no_figure_of_quarters(plan: Plan, group: str, rules: Rules) -> Choices:
    """Return choices that show what is small in quarters: who is reached, and who is not."""
    return replace(choose_protection(plan, group, rules), hidden=frozenset())


def test_an_earlier_release_of_other_people_is_named(sample_plan: Plan, protected: Protected) -> None:
    other = protected.plan.nil.assign(**{reached_column(BEFORE, "youth_15_29"): 500.0})
    with pytest.raises(ReleaseError, match="other people") as caught:
        protect_plan(sample_plan, RULES, earlier=[Earlier("other.zip", replace(protected.plan, nil=other), RULES)])
    assert "other.zip" in str(caught.value)


def test_the_record_has_every_mandatory_property(sample_plan: Plan) -> None:
    document = protect_document(sample_plan, RULES)
    holder = Holder(name="Comune di Prova", identifier="c_prova", modified="2026-11-30", url="https://example.org/plan.zip")
    record = build_record(document, {"nil.csv": b"a", "map.html": b"b"}, holder)
    nodes = {node["@id"]: node for node in json.loads(json.dumps(record))["@graph"]}
    dataset, catalogue, agent = nodes["#dataset"], nodes["#catalogue"], nodes["#holder"]
    wanted = ["identifier", "title", "description", "modified", "rightsHolder", "accrualPeriodicity"]
    assert {f"dct:{name}" for name in wanted} | {"dcat:theme", "dcat:distribution"} <= set(dataset)
    assert {f"dct:{name}" for name in ("title", "description", "publisher", "modified")} | {"dcat:dataset"} <= set(catalogue)
    assert (agent["foaf:name"], agent["dct:identifier"]) == ("Comune di Prova", "c_prova")
    assert dataset["dct:modified"]["@value"] == "2026-11-30"
    for link in dataset["dcat:distribution"]:
        assert {"dct:format", "dct:license", "dcat:accessURL"} <= set(nodes[link["@id"]])
    assert missing_facts(holder) == []
    assert missing_facts(Holder()) == ["rights holder", "identifier", "access URL"]
    assert build_record(document, {}, Holder())["@graph"][2]["foaf:name"] == TO_FILL


@pytest.mark.parametrize(("licence", "expected"), [("CC BY 4.0", CC_BY), ("CC BY 4.0; ODbL 1.0", ODBL)])
def test_one_source_under_a_share_alike_licence_rules_all(sample_plan: Plan, licence: str, expected: str) -> None:
    source = SourceBrief(layer="streets", source="Vie", licence=licence, attribution="© Vie", date="2024-12; 2019")
    document = sample_plan.document.model_copy(update={"sources": (source,)})
    record = build_record(document, {"nil.csv": b""}, Holder())
    assert record["@graph"][3]["dct:license"] == {"@id": expected}
    assert ("ODbL, 4.4" in attribution_text(document)) is (expected == ODBL)
    assert "© Vie" in attribution_text(document)
    assert newest_date(document) == "2024-12-01"


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(ScenarioError, match="is no day"):
        Holder(modified="30/11/2026")
