"""Why a place has its risk, in words: the same sentence here and in the page, from figures rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.risk import RiskFactor
from layers.risk_explain import OTHER
from maps.i18n import Language, format_number, message, translate

Whole = NDArray[np.int64]
N_REASONS = 2
"""Reasons of a quarter in the table; the sentence gives all."""
MISSING = -32768
"""What stands for no value among whole numbers of two bytes."""

SENTENCE = {
    1: message("Risk {rate} ({low}–{high}), more than the city ({city}): {reasons}."),
    -1: message("Risk {rate} ({low}–{high}), less than the city ({city}): {reasons}."),
    0: message("Risk {rate} ({low}–{high}), as the city ({city}): {reasons}."),
}
REASON = message("{factor} {share} (city {city_share}) {points} points")
OTHERWISE = message(
    "{factor} {share} (city {city_share}), otherwise where the group lives and once drawn towards the quarter, {points} points"
)
"""Said where a counted share lies on the other side of the city's than the one that the estimate goes by."""
UNEXPLAINED = message("what no factor explains {points} points")
NONE = message("no factor differs")
FEW = message("Fewer than {n} people of the group live here: figure and interval are of no use by themselves.")


@dataclass(frozen=True, eq=False)
class PlaceFigures:
    """Figures of places, rounded as they are written: rates and points in tenths of a percent, shares in percent.

    Parameters
    ----------
    base
        People of the base, in tenths, shape (n_places,).
    rate, low, high
        Tenths of a percent, shape (n_places,).
    points
        What each factor adds to the rate of the city, then what none explains, in tenths of a point, shape
        (n_places, n_factors + 1).
    shares
        Of each factor, in percent, shape (n_places, n_factors); `MISSING` where nobody is in its denominator.
    """

    base: Whole
    rate: Whole
    low: Whole
    high: Whole
    points: Whole
    shares: Whole


@dataclass(frozen=True, eq=False)
class CityFigures:
    """The rate of the city in tenths of a percent, and the share of each factor in percent."""

    rate: int
    shares: Whole


def round_half_up(values: object, *, digits: int) -> Whole:
    """Return numbers as whole multiples of a decimal digit, halves away from zero as `maps.i18n.format_number` does.

    Examples
    --------
    >>> round_half_up([0.1235, -0.00005, float("nan")], digits=3).tolist()
    [124, 0, -32768]
    """
    flat = np.asarray(values, dtype=np.float64)
    whole = [
        int(Decimal(repr(value)).scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_UP)) if np.isfinite(value) else MISSING
        for value in flat.ravel().tolist()
    ]
    return np.array(whole, dtype=np.int64).reshape(flat.shape)


def round_places(figures: pd.DataFrame, explained: pd.DataFrame) -> PlaceFigures:
    """Return the figures of places as they are written.

    Parameters
    ----------
    figures
        base, rate, rate_low and rate_high, one row per place that `explained` has, in its order.
    explained
        As `layers.risk_explain.explain_quarters`.
    """
    n_factors = explained.index.get_level_values(1).nunique()
    points, shares = (explained[name].to_numpy().reshape(len(figures), n_factors) for name in ("points", "share"))
    return PlaceFigures(
        base=round_half_up(figures["base"], digits=1),
        rate=round_half_up(figures["rate"], digits=3),
        low=round_half_up(figures["rate_low"], digits=3),
        high=round_half_up(figures["rate_high"], digits=3),
        points=round_half_up(points, digits=3),
        shares=round_half_up(shares[:, :-1], digits=2),
    )


def round_city(rate: float, explained: pd.DataFrame) -> CityFigures:
    """Return the figures of the city as they are written."""
    first = explained.index.get_level_values(0)[0]
    shares = explained.loc[first, "city_share"].drop(OTHER)
    return CityFigures(rate=int(round_half_up([rate], digits=3)[0]), shares=round_half_up(shares, digits=2))


def explain_sentence(
    places: PlaceFigures, row: int, *, city: CityFigures, factors: Sequence[RiskFactor], language: Language
) -> str:
    """Return the sentence of one place: its risk with the interval, against that of the city, and what every factor adds."""
    rate = int(places.rate[row])
    reasons = list_reasons(places, row, city=city, factors=factors, language=language)
    return translate(
        SENTENCE[int(np.sign(rate - city.rate))],
        language=language,
        rate=_percent(rate, language),
        low=_tenths(int(places.low[row]), language),
        high=_tenths(int(places.high[row]), language),
        city=_percent(city.rate, language),
        reasons="; ".join(reasons) or translate(NONE, language=language),
    )


def list_reasons(
    places: PlaceFigures, row: int, *, city: CityFigures, factors: Sequence[RiskFactor], language: Language
) -> list[str]:
    """Return what each factor adds to the rate of the city, the greatest first, and last what none explains."""
    points = places.points[row]
    order = sorted(np.flatnonzero(points[:-1]).tolist(), key=lambda column: (-abs(points[column]), column))
    said = [
        translate(
            OTHERWISE if _is_otherwise(places, row, column, city) else REASON,
            language=language,
            factor=factors[column].label_it if language == "it" else factors[column].label_en,
            share=_share(int(places.shares[row, column]), language),
            city_share=_share(int(city.shares[column]), language),
            points=_signed(int(points[column]), language),
        )
        for column in order
    ]
    if points[-1]:
        said.append(translate(UNEXPLAINED, language=language, points=_signed(int(points[-1]), language)))
    return said


def _is_otherwise(places: PlaceFigures, row: int, column: int, city: CityFigures) -> bool:
    """Return whether the counted share and the points point two ways: few were counted, or elsewhere in the place."""
    share, of_city = int(places.shares[row, column]), int(city.shares[column])
    return share != MISSING and (share - of_city) * int(places.points[row, column]) < 0


def _tenths(value: int, language: Language) -> str:
    return format_number(value / 10, language=language, digits=1)


def _percent(value: int, language: Language) -> str:
    return _tenths(value, language) + "%"


def _share(value: int, language: Language) -> str:
    return format_number(None if value == MISSING else value, language=language) + ("" if value == MISSING else "%")


def _signed(value: int, language: Language) -> str:
    return ("+" if value > 0 else "−") + _tenths(abs(value), language)
