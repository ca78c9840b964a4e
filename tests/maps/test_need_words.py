"""Words of an explanation: figures rounded once, reasons in their order, both languages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.risk import RiskFactor
from data.risk_file import read_risk
from maps.i18n import Language, format_number
from maps.need_words import (
    MISSING,
    CityFigures,
    PlaceFigures,
    explain_sentence,
    list_reasons,
    round_city,
    round_half_up,
    round_places,
)

FACTORS: tuple[RiskFactor, ...] = read_risk("istat2011").factors[:2]
CITY = CityFigures(rate=81, shares=np.array([45, 7]))


def place(rate: float, points: list[float], shares: list[float]) -> PlaceFigures:
    keys = [*(factor.key for factor in FACTORS), "other"]
    index = pd.MultiIndex.from_product([[1], keys], names=["nil", "factor"])
    explained = pd.DataFrame({"points": points, "share": [*shares, np.nan]}, index=index)
    figures = pd.DataFrame({"base": [120.0], "rate": [rate], "rate_low": [rate - 0.02], "rate_high": [rate + 0.03]})
    return round_places(figures, explained)


def say(found: PlaceFigures, language: Language = "en") -> str:
    return explain_sentence(found, 0, city=CITY, factors=FACTORS, language=language)


def test_the_sentence_says_figures_and_reasons_the_greatest_first() -> None:
    found = place(0.1238, [0.011, 0.021, 0.0108], [0.553, 0.121])
    assert say(found, "it") == (
        "Rischio 12,4% (10,4–15,4), più della città (8,1%): disoccupazione 12% (città 7%) +2,1 punti; "
        "istruzione bassa (al più la licenza media) 55% (città 45%) +1,1 punti; ciò che nessun fattore spiega +1,1 punti."
    )
    assert say(found).startswith("Risk 12.4% (10.4–15.4), more than the city (8.1%): unemployment 12% (city 7%) +2.1 points; ")


@pytest.mark.parametrize(("rate", "word"), [(0.0804, "less than the city"), (0.08149, "as the city"), (0.0816, "more than")])
def test_a_rate_is_compared_as_it_is_written(rate: float, word: str) -> None:
    assert word in say(place(rate, [0.0, 0.0, 0.0], [0.45, 0.07]))


def test_reasons_that_are_written_as_nothing_are_left_out() -> None:
    assert say(place(0.081, [0.0004, -0.0004, 0.0], [0.45, 0.07])).endswith(": no factor differs.")
    reasons = list_reasons(place(0.081, [0.0005, 0.0, -0.001], [0.46, 0.07]), 0, city=CITY, factors=FACTORS, language="en")
    assert reasons == [
        "low education (lower secondary at most) 46% (city 45%) +0.1 points",
        "what no factor explains −0.1 points",
    ]


def test_equal_reasons_keep_the_order_of_the_catalogue() -> None:
    reasons = list_reasons(place(0.1, [-0.0101, 0.0104, 0.0], [0.4, 0.1]), 0, city=CITY, factors=FACTORS, language="en")
    assert [reason.split()[0] for reason in reasons] == ["low", "unemployment"]


def test_a_share_that_points_the_other_way_is_said_to() -> None:
    (reason,) = list_reasons(place(0.09, [0.0, 0.016, 0.0], [0.45, 0.0]), 0, city=CITY, factors=FACTORS, language="en")
    assert (
        reason == "unemployment 0% (city 7%), otherwise where the group lives and once drawn towards the quarter, +1.6 points"
    )


def test_a_share_of_nobody_is_no_data() -> None:
    found = place(0.09, [0.009, 0.0, 0.0], [np.nan, 0.07])
    assert found.shares[0, 0] == MISSING
    assert "low education (lower secondary at most) no data (city 45%) +0.9 points" in say(found)


def test_the_city_is_rounded_like_its_places() -> None:
    index = pd.MultiIndex.from_product([[1], [*(factor.key for factor in FACTORS), "other"]], names=["nil", "factor"])
    made = round_city(0.08149, pd.DataFrame({"city_share": [0.4549, 0.0651, np.nan]}, index=index))
    assert (made.rate, made.shares.tolist()) == (81, [45, 7])


@given(st.floats(0, 1))
def test_whole_numbers_are_rounded_as_texts_are(value: float) -> None:
    whole = int(round_half_up([value], digits=3)[0])
    assert format_number(whole / 10, language="en", digits=1) == f"{whole // 10}.{whole % 10}"
    assert abs(whole / 1000 - value) <= 0.0005 + 1e-12
