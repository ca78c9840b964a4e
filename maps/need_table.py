"""The table of an estimate: each quarter with its figures, its interval as a small chart, and its reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.risk import RiskFactor
from maps.i18n import Language, format_number, format_percent, message, translate
from maps.need_data import Explained
from maps.need_map import draw_interval
from maps.need_text import say
from maps.need_words import FEW, N_REASONS, NONE, list_reasons
from maps.safe import html_text

FEW_CLASS = ' class="few"'


def render_table(quarters: pd.DataFrame, explained: Explained, factors: Sequence[RiskFactor], language: Language) -> str:
    """Return the table of quarters, from the highest estimate: figures, a small chart, and why.

    Parameters
    ----------
    quarters
        As `diffusa.need.NeedReport` describes them.
    explained
        Why the quarters have their risk.
    factors
        Their labels.
    language
        Of all texts.
    """
    rows = quarters.sort_values(["rate", "nil"], ascending=[False, True], na_position="last")
    enough = quarters[quarters["base"] >= explained.least]
    most = float(np.nanmax((enough if len(enough) else quarters)["rate_high"].to_numpy(dtype=np.float64)))
    names = (
        message("quarter"), message("people of the group"), message("rate"), message("interval"), "",
        message("estimated people"), message("why"),
    )  # fmt: skip
    heads = "".join(f'<th scope="col">{say(name, language) if name else ""}</th>' for name in names)
    whys = [_reasons(explained, position, factors, language) for position in rows.index]
    least = explained.least
    body = "".join(_row(row, why, most, least, language) for row, why in zip(rows.itertuples(index=False), whys, strict=True))
    title = say(message("Quarters, from the highest estimate"), language)
    return (
        f'<section><h2>{title}</h2><div class="table" tabindex="0" role="group" aria-label="{title}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _row(row: Any, why: str, most: float, least: float, language: Language) -> str:
    figures = {
        name: float(getattr(row, name))
        for name in ("base", "count", "count_low", "count_high", "rate", "rate_low", "rate_high")
    }
    name, nil = str(row.name), int(row.nil)
    number = {key: format_number(figures[key], language=language) for key in ("base", "count", "count_low", "count_high")}
    if not np.isfinite(figures["rate"]):
        empty = say(message("nobody of the group lives here"), language)
        return (
            f'<tr data-nil="{nil}"><th scope="row"><bdi>{html_text(name)}</bdi></th><td>0</td><td colspan="5">{empty}</td></tr>'
        )
    percent = {key: format_percent(figures[key], language=language) for key in ("rate", "rate_low", "rate_high")}
    spread = f"{percent['rate_low']}–{percent['rate_high']}"
    chart = draw_interval(figures["rate_low"], figures["rate"], figures["rate_high"], most=most, label=f"{name}: {spread}")
    is_few = figures["base"] < least
    few = f" <small>{say(FEW, language, n=format_number(least, language=language))}</small>" if is_few else ""
    return (
        f'<tr data-nil="{nil}"{FEW_CLASS if is_few else ""}><th scope="row"><bdi>{html_text(name)}</bdi>{few}</th>'
        f"<td>{number['base']}</td><td><b>{percent['rate']}</b></td><td>{spread}</td><td>{chart}</td>"
        f"<td>{number['count']} ({number['count_low']}–{number['count_high']})</td>"
        f'<td class="why">{html_text(why)}</td></tr>'
    )


def _reasons(explained: Explained, position: int, factors: Sequence[RiskFactor], language: Language) -> str:
    """Return in words which factors move the estimate of a quarter most away from that of the city."""
    found = np.flatnonzero(explained.quarter_rows == position)
    if not len(found):
        return ""
    said = list_reasons(explained.quarters, int(found[0]), city=explained.city, factors=factors, language=language)
    return "; ".join(said[:N_REASONS]) or translate(NONE, language=language)
