"""What the page of an estimate explains by itself: figures of squares and quarters as whole numbers, and the words for them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.risk import RiskFactor
from geo.grid import parse_cell_id
from maps.i18n import LANGUAGES, Language, message, translate
from maps.need_map import Drawing
from maps.need_words import FEW, MISSING, NONE, OTHERWISE, REASON, SENTENCE, UNEXPLAINED, CityFigures, PlaceFigures

NOBODY = message("Nobody of the group lives here.")
SQUARE = message("Square {id}, {n} people of the group")
QUARTER = message("{name}, {n} people of the group")


@dataclass(frozen=True, eq=False, kw_only=True)
class Explained:
    """What can be explained on the page.

    Parameters
    ----------
    squares
        Figures of the squares that the map draws, perhaps of twice or four times the size.
    square_ids
        Their INSPIRE ids.
    parts
        One row per small cell where people live: x, y (metres in the CRS of the city) and square (position among the squares).
    quarters
        Figures of the quarters where people of the base live.
    quarter_rows
        Position of each of them among the quarters of the page.
    names
        Names of all quarters of the page.
    city
        What all are compared with.
    least
        People of the base below which a figure is of no use by itself.
    """

    squares: PlaceFigures
    square_ids: Sequence[str]
    parts: pd.DataFrame
    quarters: PlaceFigures
    quarter_rows: NDArray[np.intp]
    names: Sequence[str]
    city: CityFigures
    least: float


def build_need_data(explained: Explained, *, factors: Sequence[RiskFactor], drawing: Drawing) -> dict[str, object]:
    """Return what the page's script reads.

    Returns
    -------
    ``words``: the texts of each language, with their places; ``factors``: their labels in each language; ``city``, ``squares``
    and ``quarters``: figures as `maps.need_words` rounds them, each band base64 of whole numbers, low byte first; ``parts``:
    where the small cells lie, in units of the drawing, and to which square they belong.
    """
    ids = np.array([parse_cell_id(one)[1:] for one in explained.square_ids], dtype=np.int64).reshape(-1, 3)
    first = explained.square_ids[0] if len(explained.square_ids) else ""
    x, y = drawing.units(explained.parts[["x", "y"]].to_numpy(dtype=np.float64))
    return {
        "words": {language: _words(language) for language in LANGUAGES},
        "factors": {"it": [one.label_it for one in factors], "en": [one.label_en for one in factors]},
        "city": {"rate": explained.city.rate, "shares": explained.city.shares},
        "least": explained.least,
        "missing": MISSING,
        "head": first.split("RES")[0] + "RES",
        "squares": {**_figures(explained.squares), "id": [encode_whole(column, n_bytes=4) for column in ids.T]},
        "quarters": {**_figures(explained.quarters), "row": explained.quarter_rows, "names": list(explained.names)},
        "parts": [encode_whole(column, n_bytes=4) for column in (x, y, explained.parts["square"].to_numpy(dtype=np.int64))],
    }


def _words(language: Language) -> dict[str, str]:
    """Return the texts of one language as the catalogue has them: the script puts the values in."""
    texts = {
        "more": SENTENCE[1],
        "less": SENTENCE[-1],
        "alike": SENTENCE[0],
        "reason": REASON,
        "otherwise": OTHERWISE,
        "unexplained": UNEXPLAINED,
        "none": NONE,
        "few": FEW,
        "nobody": NOBODY,
        "square": SQUARE,
        "quarter": QUARTER,
        "no_data": message("no data"),
    }
    names = ("rate", "low", "high", "city", "reasons", "factor", "share", "city_share", "points", "n", "id", "name")
    places = {name: "{" + name + "}" for name in names}  # they stay as they are
    return {key: translate(text, language=language, **places) for key, text in texts.items()}


def _figures(places: PlaceFigures) -> dict[str, object]:
    return {
        "base": encode_whole(places.base, n_bytes=4),
        **{name: encode_whole(getattr(places, name), n_bytes=2) for name in ("rate", "low", "high")},
        "points": [encode_whole(column, n_bytes=2) for column in places.points.T],
        "shares": [encode_whole(column, n_bytes=2) for column in places.shares.T],
    }


def encode_whole(values: NDArray[np.int64] | NDArray[np.intp], *, n_bytes: int) -> str:
    """Return signed whole numbers of two or four bytes each as base64, low byte first.

    Examples
    --------
    >>> encode_whole(np.array([1, -2]), n_bytes=2)
    'AQD+/w=='
    """
    return base64.b64encode(np.asarray(values).astype(f"<i{n_bytes}").tobytes()).decode("ascii")
