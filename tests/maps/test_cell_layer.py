"""A byte or two for each cell say what the plan says of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from data.errors import CountError, IdError
from layers.plan import Plan, minutes_column
from maps.cell_layer import CHANGES, MINUTE_STEP, encode_band, encode_cells, keep_side


def _codes(band: dict[str, object]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(str(band["data"])), dtype=f"<u{band['bytes']}").astype(int)


def _decode(band: dict[str, object]) -> np.ndarray:
    codes, highest = _codes(band), 2 ** (8 * int(str(band["bytes"]))) - 1
    values = codes * float(str(band["step"]))
    return np.where(codes == highest, np.nan, np.where(codes == highest - 1, float(str(band["step"])) / 4, values))


@given(npst.arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 6000) | st.just(np.nan)), st.sampled_from([1.0, 0.1]))
def test_a_band_reads_back_to_half_a_step(values: np.ndarray, step: float) -> None:
    found = _decode(encode_band(values, step=step, where="people"))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    np.testing.assert_allclose(found, values, atol=step / 2 + 1e-9)
    assert ((found > 0) == (values > 0)).all()  # few is not none


def test_no_data_is_not_zero() -> None:
    assert _codes(encode_band(np.array([0.0, np.nan]), step=1.0, where="people")).tolist() == [0, 255]


@pytest.mark.parametrize(("most", "n_bytes"), [(253.0, 1), (254.0, 2), (60_000.0, 2)])
def test_a_band_takes_the_bytes_that_it_needs(most: float, n_bytes: int) -> None:
    assert encode_band(np.array([0.0, most]), step=1.0, where="people")["bytes"] == n_bytes


@pytest.mark.parametrize("wrong", [-1.0, np.inf, 70_000.0])
def test_a_value_that_no_band_holds_is_refused(wrong: float) -> None:
    with pytest.raises(CountError, match=r"cells\.people"):
        encode_band(np.array([1.0, wrong]), step=1.0, where="people")


@given(npst.arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 60)))
def test_rounding_minutes_keeps_them_on_their_side_of_the_standard(minutes: np.ndarray) -> None:
    kept = keep_side(minutes, (15.0, 30.0), step=MINUTE_STEP)
    drawn = _decode(encode_band(kept, step=MINUTE_STEP, where="minutes"))
    for standard in (15.0, 30.0):
        np.testing.assert_array_equal(drawn <= standard + 1e-9, minutes <= standard)


def _in_drawn_order(plan: Plan, column: str) -> np.ndarray:
    bounds = plan.cells.geometry.bounds
    return plan.cells[column].to_numpy()[np.lexsort((bounds["minx"], bounds["miny"]))]


def test_bands_follow_the_order_of_the_runs(tiny_plan: Plan) -> None:
    packed = encode_cells(tiny_plan)
    runs = np.array(packed["runs"]).reshape(-1, 3)
    assert runs[:, 2].sum() == len(tiny_plan.cells)
    np.testing.assert_allclose(_decode(packed["people"]["unemployed"]), _in_drawn_order(tiny_plan, "unemployed"), atol=0.5)
    ids = [
        f"{packed['id']['head']}{packed['id']['south_m'] + row * 100}E{packed['id']['west_m'] + (first + step) * 100}"
        for row, first, length in runs.tolist()
        for step in range(length)
    ]
    assert ids == _in_drawn_order(tiny_plan, "cell_id").tolist()


def test_change_says_gained_and_lost_at_the_standard_exactly(make_plan: Callable[..., Plan]) -> None:
    plan = make_plan(radius_m=300, n_quarters=1)
    before = np.resize([30.0, 30.01, np.nan, 30.0, 12.0], len(plan.cells))
    after = np.resize([30.0, 30.0, 29.0, np.nan, 31.0], len(plan.cells))
    cells = plan.cells.assign(**{minutes_column("before"): before, minutes_column("best"): after})
    order = np.lexsort((cells.geometry.bounds["minx"], cells.geometry.bounds["miny"]))
    expected = np.resize(["both", "gained", "gained", "lost", "lost"], len(cells))[order]
    codes = _codes(encode_cells(replace(plan, cells=cells))["change"]["best"])
    assert [CHANGES[code] for code in codes] == expected.tolist()


def test_a_cell_of_no_known_quarter_is_refused(tiny_plan: Plan) -> None:
    with pytest.raises(IdError, match="999"):
        encode_cells(replace(tiny_plan, cells=tiny_plan.cells.assign(nil=999)))


def test_ids_of_another_rule_are_left_out(tiny_plan: Plan) -> None:
    renamed = tiny_plan.cells.assign(cell_id=[f"x{i}" for i in range(len(tiny_plan.cells))])
    assert encode_cells(replace(tiny_plan, cells=renamed, allocation=tiny_plan.allocation.iloc[:0]))["id"] is None
