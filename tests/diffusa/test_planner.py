from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import diffusa.planner as module
from data.errors import PlanFolderError
from data.geopackage import write_geopackage
from data.pack import CityPack
from diffusa.embedded import sample_file
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import Scenario, read_scenario
from layers.plan import BEFORE, BEST, Plan
from layers.plan_folder import LAYERS, read_plan


def changed(**tables: dict[str, object]) -> Scenario:
    """Return the scenario of the sample city with some keys changed."""
    content = read_scenario(sample_file("job_centres.toml")).model_dump(mode="json", exclude_none=True)
    for table, keys in tables.items():
        content[table] = {**content.get(table, {}), **keys}
    return Scenario.model_validate(content)


def test_the_best_plan_reaches_at_least_what_was_decided(sample_plan: Plan) -> None:
    document = sample_plan.document
    need = {
        key: sum(
            weight * document.figure(key, group, standard_min=document.standard_min).share
            for group, weight in document.need.items()
        )
        for key in (BEFORE, "decided", BEST)
    }
    assert need[BEFORE] < need["decided"] <= need[BEST]


def test_every_optimum_is_proven_and_no_other_choice_beats_it_at_its_standard(sample_plan: Plan) -> None:
    document = sample_plan.document
    assert {optimum.standard_min for optimum in document.optima} == set(document.standards_min)
    for optimum in document.optima:
        assert (optimum.status, optimum.gap, optimum.is_verified) == ("optimal", 0.0, True)
        for variant in document.variants:
            shares = [document.figure(variant.key, group, standard_min=optimum.standard_min).share for group in document.need]
            weights = list(document.need.values())
            assert sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights) <= optimum.objective + 1e-9


def test_tables_and_figures_agree(sample_plan: Plan) -> None:
    document = sample_plan.document
    for group in document.groups:
        assert sample_plan.nil[group.key].sum() == pytest.approx(group.total, abs=1e-3)
        assert sample_plan.cells[group.key].sum() == pytest.approx(group.in_cells, abs=1e-3)
        for variant in document.variants:
            figure = document.figure(variant.key, group.key, standard_min=document.standard_min)
            near = sample_plan.cells[f"minutes_{variant.key}"] <= document.standard_min
            assert sample_plan.cells.loc[near, group.key].sum() == pytest.approx(figure.reached, abs=1e-2)
            assert sample_plan.nil[f"reached_{variant.key}_{group.key}"].sum() == pytest.approx(figure.reached, abs=1e-2)


def test_the_allocation_serves_whom_the_plan_counts_once(sample_plan: Plan) -> None:
    document = sample_plan.document
    assert sample_plan.allocation["cell_id"].is_unique
    assert (sample_plan.allocation["minutes"] <= document.standard_min).all()
    assert set(sample_plan.allocation["site_id"]) <= set(document.variant(BEST).site_ids)
    for group in document.groups:
        figure = document.figure(BEST, group.key, standard_min=document.standard_min)
        assert sample_plan.allocation[group.key].sum() == pytest.approx(figure.reached, abs=1e-2)


def test_the_sample_says_on_every_table_that_it_is_not_real(sample_plan: Plan, sample_folder: Path) -> None:
    assert sample_plan.document.city.is_sample
    assert set(pd.read_csv(sample_folder / "plan/nil.csv")["note"]) == {"sample city, not real data"}
    assert "not real data" in (sample_folder / "plan/map.html").read_text(encoding="utf-8")


def test_the_same_input_gives_the_same_bytes(sample_pack: CityPack, sample_folder: Path, tmp_path: Path) -> None:
    scenario = read_scenario(sample_file("job_centres.toml"))
    write_plan(make_plan(scenario, sample_pack), tmp_path / "again")
    for path in sorted((sample_folder / "plan").rglob("*.*")):
        name = path.relative_to(sample_folder / "plan")
        if path.name != "run.json":
            assert path.read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_pages_of_quarters_link_to_files_of_the_plan_alone(sample_plan: Plan, sample_folder: Path) -> None:
    pages = sorted((sample_folder / "plan/quarters").iterdir())
    assert len(pages) == len(sample_plan.nil) + 1
    for page in pages:
        links = set(re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8")))
        assert "../map.html" in links
        assert all((page.parent / link).is_file() for link in links)


def test_inputs_are_known_by_digest(sample_plan: Plan, sample_pack: CityPack) -> None:
    inputs = sample_plan.document.inputs
    assert {**sample_pack.digests(), "scenario": inputs["scenario"]} == inputs
    assert all(len(digest) == 64 for digest in inputs.values())


@pytest.mark.parametrize(
    "tables",
    [
        {"travel": {"standard_min": 30}},
        {"travel": {"speed_km_h": 4.0}},
        {"travel": {"mode": "slow_walk"}},
        {"travel": {"mode": "bike"}},
        {"choose": {"new": 3}},
        {"need": {"unemployed": 100.0}},
        {"sites": {"candidates": ["schools:state"]}},
        {"choose": {"objective": "p_median"}},
        {"report": {"standards_min": [5]}},
        {"travel": {"max_snap_m": 15}},
    ],
    ids=str,
)
def test_every_option_changes_an_answer(sample_plan: Plan, sample_pack: CityPack, tables: dict[str, dict[str, object]]) -> None:
    other = make_plan(changed(**tables), sample_pack).document
    assert (other.figures, other.optima) != (sample_plan.document.figures, sample_plan.document.optima)


def test_forbidding_a_chosen_site_costs_reach(sample_plan: Plan, sample_pack: CityPack) -> None:
    chosen = sample_plan.document.variant(BEST).new_ids[0]
    other = make_plan(changed(sites={"forbidden": [chosen]}), sample_pack).document
    assert chosen not in other.variant(BEST).site_ids
    own = {optimum.standard_min: optimum.objective for optimum in sample_plan.document.optima}
    assert all(optimum.objective <= own[optimum.standard_min] + 1e-9 for optimum in other.optima)


def test_requiring_a_site_opens_it(sample_plan: Plan, sample_pack: CityPack) -> None:
    unchosen = next(iter(set(sample_plan.sites.loc[sample_plan.sites["role"] == "candidate", "site_id"])))
    other = make_plan(changed(sites={"required": [unchosen]}), sample_pack).document
    assert unchosen in other.variant(BEST).new_ids
    assert len(other.variant(BEST).new_ids) == 2


def test_a_plan_reads_back_as_it_was_written(sample_plan: Plan, tmp_path: Path) -> None:
    write_plan(sample_plan, tmp_path / "copy")
    again = read_plan(tmp_path / "copy")
    assert again.document == sample_plan.document
    pd.testing.assert_frame_equal(again.nil, sample_plan.nil)


def test_service_areas_and_lines_read_back_and_old_folders_have_none(sample_plan: Plan, tmp_path: Path) -> None:
    opened = {site_id for variant in sample_plan.document.variants for site_id in variant.site_ids}
    assert set(sample_plan.areas["site_id"]) == opened
    within = sample_plan.cells.set_index("cell_id").geometry.centroid.within(sample_plan.areas.geometry.iloc[0])
    residents = sample_plan.sites.set_index("site_id").loc[sample_plan.areas["site_id"].iloc[0]]
    group = sample_plan.document.groups[0].key
    counted = sample_plan.cells.set_index("cell_id").loc[within, group].sum()
    assert counted == pytest.approx(residents[f"within_{group}"], abs=1e-3)
    write_plan(sample_plan, tmp_path / "old")
    (tmp_path / "old/plan.gpkg").unlink()
    write_geopackage(tmp_path / "old/plan.gpkg", {name: getattr(sample_plan, name) for name in LAYERS})
    old = read_plan(tmp_path / "old")
    assert (len(old.areas), len(old.lines)) == (0, 0)
    assert old.areas.crs == sample_plan.cells.crs
    write_plan(old, tmp_path / "again")
    assert read_plan(tmp_path / "again").areas.empty


def test_an_incomplete_or_foreign_plan_folder_is_refused(sample_folder: Path, tmp_path: Path, sample_plan: Plan) -> None:
    with pytest.raises(PlanFolderError, match=r"plan\.json, plan\.gpkg, nil\.csv"):
        read_plan(tmp_path)
    write_plan(sample_plan, tmp_path / "old")
    document = json.loads((tmp_path / "old/plan.json").read_text(encoding="utf-8"))
    (tmp_path / "old/plan.json").write_text(json.dumps({**document, "format": "diffusa-plan/0"}), encoding="utf-8")
    with pytest.raises(PlanFolderError, match="no plan of this version"):
        read_plan(tmp_path / "old")


def test_a_plan_that_fails_while_it_is_written_leaves_the_old_one(
    sample_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(sample_plan, tmp_path / "plan")
    before = {path: path.read_bytes() for path in (tmp_path / "plan").rglob("*.*")}

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module, "write_map", fail)
    with pytest.raises(OSError, match="disk full"):
        write_plan(sample_plan, tmp_path / "plan")
    assert {path: path.read_bytes() for path in (tmp_path / "plan").rglob("*.*")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_plan_that_reaches_nobody_is_a_plan_all_the_same(sample_pack: CityPack, tmp_path: Path) -> None:
    plan = make_plan(changed(travel={"max_snap_m": 0.001}), sample_pack)
    assert plan.allocation.empty
    assert all(figure.share == 0 for figure in plan.document.figures)
    write_plan(plan, tmp_path / "nobody")
    assert read_plan(tmp_path / "nobody").allocation.empty
