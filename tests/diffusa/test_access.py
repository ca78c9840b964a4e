"""How well a group reaches sites: figures agree with the plan and with each other, and files are whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest

from data.errors import ColumnError, CountError, FaultsError, FileError, IdError, ScenarioError
from data.geopackage import read_geopackage
from data.pack import CityPack, read_pack
from diffusa.access import SiteAccess, measure_access, rank_worst_quarters, write_access
from diffusa.cli_access import parse_bands
from layers.plan import BEFORE, BEST, Plan
from tests.diffusa.test_cli import run

SITES = ("job_centre", "REG-ISOLA")


def ask(pack: CityPack, **change: object) -> SiteAccess:
    """Return how residents reach the libraries within 15 minutes, unless something else is asked."""
    usual: dict[str, object] = {"sites": ["libraries"], "group": "residents", "minutes": 15}
    return measure_access(pack, **{**usual, **change})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(sample_pack: CityPack) -> SiteAccess:
    """Return how unemployed people of the sample city reach three job centres, and a farm far from any street."""
    return ask(sample_pack, sites=SITES, group="unemployed")


@pytest.mark.parametrize("variant", [BEFORE, "decided", BEST])
def test_whoever_is_reached_is_whom_the_plan_counts(sample_pack: CityPack, sample_plan: Plan, variant: str) -> None:
    document = sample_plan.document
    minutes = document.standard_min
    made = ask(sample_pack, sites=document.variant(variant).site_ids, group="unemployed", minutes=minutes)
    figure = document.figure(variant, "unemployed", standard_min=minutes)
    assert made.quarters["reached"].sum() == pytest.approx(figure.reached, abs=1e-3)
    assert made.quarters["unemployed"].sum() == pytest.approx(figure.total, abs=1e-3)
    planned = sample_plan.nil.set_index("nil")[f"share_{variant}_unemployed"]
    assert made.quarters.set_index("nil")["share"].to_numpy() == pytest.approx(planned.to_numpy(), abs=1e-5, nan_ok=True)
    of_plan = sample_plan.cells[f"minutes_{variant}"].to_numpy()
    assert made.cells["minutes"].to_numpy() == pytest.approx(of_plan, abs=1e-4, nan_ok=True)


def test_the_sites_share_themselves_out_among_the_people(made: SiteAccess) -> None:
    assert (made.cells["access"] * made.cells["unemployed"]).sum() == pytest.approx(3)  # the farm reaches nobody
    sites = made.sites.set_index("site_id")
    assert sites["capacity"].tolist() == [1.0] * 4
    assert np.isnan(sites.loc["REG-ISOLA", "ratio"])
    assert sites.loc["REG-ISOLA", "reached"] == 0
    caught = sites.drop("REG-ISOLA")
    assert (caught["ratio"] * caught["catchment"]).to_numpy() == pytest.approx([1, 1, 1])


def test_cells_count_the_sites_near_them(made: SiteAccess) -> None:
    assert made.cells["n_within"].max() == 2
    assert ((made.cells["n_within"] > 0) == (made.cells["minutes"] <= 15)).all()
    assert not made.cells.loc[~made.cells["is_connected"], "minutes"].notna().any()


def test_the_site_without_a_street_is_told_by_name(made: SiteAccess) -> None:
    assert made.limits[0].en.endswith("not connected: Cascina Isola")
    assert made.sites.set_index("site_id")["is_connected"].to_dict() == {
        "CPI-CORSO": True,
        "CPI-ROGGIA": True,
        "CPI-TINTORI": True,
        "REG-ISOLA": False,
    }


def test_the_worst_quarters_come_first_the_fuller_one_of_equals(made: SiteAccess) -> None:
    worst = rank_worst_quarters(made, 10)
    assert len(worst) == 10
    assert worst["share"].is_monotonic_increasing
    left_out = worst["unemployed"] - worst["reached"]
    tied = worst["share"].diff() == 0
    assert tied.any()
    assert (left_out.diff()[tied] <= 0).all()
    others = made.quarters[~made.quarters["nil"].isin(worst["nil"])]
    assert (others["share"].dropna() >= worst["share"].max()).all()


def test_quarters_where_nobody_lives_are_not_ranked(made: SiteAccess) -> None:
    everybody = rank_worst_quarters(made, 99)
    lived = made.quarters["unemployed"] > 0
    assert (~lived).sum() == 1  # the park
    assert set(everybody["nil"]) == set(made.quarters.loc[lived, "nil"])


def test_the_files_hold_the_layers_and_the_quarters_as_a_table(made: SiteAccess, tmp_path: Path) -> None:
    write_access(made, tmp_path / "access.gpkg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["access.gpkg", "access_nil.csv"]
    assert [str(name) for name, _ in pyogrio.list_layers(tmp_path / "access.gpkg")] == ["cells", "quarters", "sites"]
    for name in ("cells", "quarters", "sites"):
        frame, own = read_geopackage(tmp_path / "access.gpkg", name), getattr(made, name)
        assert list(frame.columns) == list(own.columns)
        assert len(frame) == len(own)
    table = pd.read_csv(tmp_path / "access_nil.csv")
    assert set(table["note"]) == {"sample city, not real data"}
    assert table["name"].tolist() == made.quarters["name"].tolist()
    assert table["reached"].to_numpy() == pytest.approx(made.quarters["reached"].to_numpy(), abs=1e-6)
    assert table["access"].to_numpy() == pytest.approx(made.quarters["access"].to_numpy(), rel=1e-6, nan_ok=True)


def test_the_same_question_gives_the_same_bytes_and_replaces_the_files(sample_pack: CityPack, tmp_path: Path) -> None:
    written = []
    for sites in (["job_centre", "BIB-1"], ["BIB-1", "job_centre"]):
        write_access(ask(sample_pack, sites=sites), tmp_path / "access.gpkg")
        written.append([path.read_bytes() for path in sorted(tmp_path.iterdir())])
    assert written[0] == written[1]


def test_a_table_that_cannot_be_replaced_leaves_the_geopackage_as_it_was(made: SiteAccess, tmp_path: Path) -> None:
    (tmp_path / "access.gpkg").write_text("what stood there")
    (tmp_path / "access_nil.csv").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        write_access(made, tmp_path / "access.gpkg")
    assert (tmp_path / "access.gpkg").read_text() == "what stood there"


@pytest.mark.parametrize(
    "change",
    [
        {"sites": ["libraries:municipal"]},
        {"group": "older_65"},
        {"minutes": 14},
        {"bands": [(10, 1), (20, 0.5)]},
        {"bands": [(14, 1)]},
        {"mode": "slow_walk"},
        {"mode": "bike"},
        {"speed_km_h": 4.0},
        {"max_snap_m": 12.0},
    ],
    ids=str,
)
def test_every_option_changes_an_answer(sample_pack: CityPack, change: dict[str, object]) -> None:
    figures = ["reached", "minutes", "n_within", "access"]
    first, second = ask(sample_pack).quarters, ask(sample_pack, **change).quarters
    assert not first[figures].equals(second[figures])


def test_a_capacity_column_weighs_the_sites(sample_pack: CityPack) -> None:
    plain = ask(sample_pack, sites=["municipal_buildings"])
    weighed = ask(sample_pack, sites=["municipal_buildings"], capacity_column="capacity")
    assert weighed.sites["capacity"].tolist() == [60.0]
    assert weighed.cells["access"].to_numpy() == pytest.approx(60 * plain.cells["access"].to_numpy())
    assert ask(sample_pack, sites=["municipal_buildings"], capacity_column="floor_area_m2").sites["capacity"].tolist() == [
        520.0
    ]


def test_the_nearest_site_is_looked_for_beyond_the_standard(sample_pack: CityPack) -> None:
    near = ask(sample_pack, minutes=5).cells["minutes"]
    assert 5 < near.max() <= 60
    far = ask(sample_pack, minutes=5, bands=[(90, 1)], mode="slow_walk").cells["minutes"]
    assert 60 < far.max() <= 90


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sites": ["librarie"]}, IdError, "sites: 'librarie' names no site. Did you mean 'libraries'"),
        ({"sites": []}, ScenarioError, "sites: none is given"),
        ({"group": "resident"}, IdError, "unknown group 'resident'. Did you mean 'residents'"),
        ({"minutes": -1}, ScenarioError, "minutes.0: input should be greater than 0, not -1"),
        ({"bands": []}, ScenarioError, "bands: none is given"),
        ({"bands": [(20, 1), (10, 0.5)]}, ScenarioError, "until 10 minutes follows one until 20: let them rise"),
        ({"bands": [(10, 1), (10, 0.5)]}, ScenarioError, "until 10 minutes follows one until 10: let them rise"),
        ({"bands": [(10, 0.5), (20, 1)]}, ScenarioError, "the weight 1 follows 0.5: a longer way never weighs more"),
        ({"bands": [(10, 0)]}, ScenarioError, "bands.0.weight: input should be greater than 0"),
        ({"bands": [(-10, 1)]}, ScenarioError, "bands.0.until_min: input should be greater than 0"),
        ({"mode": "transit"}, ScenarioError, "mode: input should be 'walk', 'slow_walk' or 'bike'"),
        ({"speed_km_h": 99.0}, ScenarioError, "speed_km_h: input should be less than or equal to 30"),
        ({"max_snap_m": -1.0}, ScenarioError, "max_snap_m: input should be greater than 0"),
        ({"capacity_column": "capcity"}, ColumnError, "no numbers 'capcity'. Did you mean 'capacity'"),
        ({"capacity_column": "name"}, ColumnError, "no numbers 'name'"),
        ({"capacity_column": "capacity"}, CountError, "capacities are missing"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_an_error(
    sample_pack: CityPack, change: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(sample_pack, **change)


def test_all_faults_are_told_at_once(sample_pack: CityPack) -> None:
    with pytest.raises(FaultsError) as numbers:
        ask(sample_pack, minutes=0, bands=[(20, 1), (10, 1)], mode="fly")
    assert len(numbers.value.faults) == 3
    with pytest.raises(FaultsError) as names:
        ask(sample_pack, sites=["librarie"], group="x", capacity_column="y")
    assert len(names.value.faults) == 3


@pytest.mark.parametrize("text", ["10", "10:1,20", "a:1", "10:1:1", ""])
def test_bands_that_are_no_pairs_of_numbers_are_an_error(text: str) -> None:
    with pytest.raises(ScenarioError, match="--bands: values cannot be read"):
        parse_bands(text)


def test_the_command_writes_the_files_and_prints_the_ten_worst_quarters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    output = tmp_path / "access.gpkg"
    words = ("access", sample_folder / "pack", "--sites", "libraries", "--group", "residents", "--minutes", "15")
    code, out, err = run(monkeypatch, capsys, *words, "-o", output, "-q", "--language", "en")
    assert (code, err) == (0, "")
    assert "SAMPLE CITY, NOT REAL DATA" in out
    quarters = read_geopackage(output, "quarters")
    reached, total = quarters["reached"].sum(), quarters["residents"].sum()
    whom = f"{reached:,.0f} of {total:,.0f} residents ({reached / total:.1%})"
    assert f"{whom} have one of 5 sites within 15 minutes on foot at 4.5 km/h." in out
    table = out.split("served worst")[1].split("The street network")[0]
    rows = [line.split() for line in table.splitlines() if "%" in line]
    assert len(rows) == 10
    assert [float(row[-3].rstrip("%")) for row in rows] == sorted(float(row[-3].rstrip("%")) for row in rows)
    assert f"Quarters: {tmp_path / 'access_nil.csv'}" in out


def test_the_command_speaks_the_language_of_the_city(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    words = ("access", sample_folder / "pack", "--sites", "libraries", "--group", "residents", "--minutes", "15")
    _, out, _ = run(monkeypatch, capsys, *words, "-o", tmp_path / "access.gpkg", "-q")
    assert "hanno una di 5 sedi entro 15 minuti a piedi a 4,5 km/h." in out
    assert "i quartieri serviti peggio" in " ".join(out.split())
    share = next(line for line in out.splitlines() if "%" in line and "residenti" not in line)
    assert "," in share.split("%")[0]


def test_the_command_passes_its_options_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    words = (
        "access",
        sample_folder / "pack",
        "--sites",
        "MUN-ANAGRAFE",
        "--group",
        "residents",
        "--minutes",
        "15",
        "-q",
        "--language",
        "en",
    )
    output = tmp_path / "access.gpkg"
    options = ("--capacity-column", "capacity", "--bands", "10:1,20:0.5", "--mode", "bike", "--speed-km-h", "12")
    code, out, _ = run(monkeypatch, capsys, *words, "-o", output, *options)
    assert code == 0
    assert "have the site asked for within 15 minutes by bicycle at 12 km/h" in out
    made = measure_access(
        read_pack(sample_folder / "pack"),
        sites=["MUN-ANAGRAFE"],
        group="residents",
        minutes=15,
        capacity_column="capacity",
        bands=[(10, 1), (20, 0.5)],
        mode="bike",
        speed_km_h=12,
    )
    written = read_geopackage(output, "sites")[["capacity", "reached", "catchment"]].to_numpy()
    assert written == pytest.approx(made.sites[["capacity", "reached", "catchment"]].to_numpy(), abs=1e-6)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sites", "librarie", "--group", "residents", "--minutes", "15"), "Did you mean 'libraries'"),
        (("--sites", "libraries", "--group", "resident", "--minutes", "15"), "Did you mean 'residents'"),
        (("--sites", "libraries", "--group", "residents", "--minutes", "-15"), "minutes.0: input should be greater than 0"),
        (("--sites", "libraries", "--group", "residents", "--minutes", "15", "--bands", "20:1,10:1"), "let them rise"),
        (("--sites", "libraries", "--group", "residents", "--minutes", "15", "--bands", "20"), "--bands: values cannot"),
        (("--sites", "libraries", "--group", "residents", "--minutes", "15", "-o", "none/a.gpkg"), "the folder is missing"),
    ],
    ids=str,
)
def test_a_fault_is_one_message_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sample_folder: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(monkeypatch, capsys, "access", sample_folder / "pack", "-o", "access.gpkg", "-q", *words)
    assert (code, out) == (1, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_minutes_of_the_command_that_are_no_number_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sample_folder: Path, tmp_path: Path
) -> None:
    words = ("access", sample_folder / "pack", "--sites", "libraries", "--group", "residents", "--minutes", "ten")
    code, _, err = run(monkeypatch, capsys, *words, "-o", tmp_path / "access.gpkg")
    assert code != 0
    assert "--minutes" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.shared
def test_the_job_centres_decided_in_2023_reach_whom_the_table_says(milano_pack: CityPack) -> None:
    made = ask(milano_pack, sites=["job_centre:open", "job_centre:decided"], group="unemployed", minutes=30)
    assert made.near.people.totals["unemployed"] == pytest.approx(40_821)
    assert round(100 * made.quarters["reached"].sum() / 40_821, 1) == 30.2
    assert len(made.quarters) == 88
    assert (made.cells["access"] * made.cells["unemployed"]).sum() == pytest.approx(6)
    worst = rank_worst_quarters(made, 10)
    assert (worst["share"] == 0).all()
    assert worst["unemployed"].is_monotonic_decreasing
