"""The table of an estimate: each quarter with its figures, its interval as a small chart, and its reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.risk import RiskFactor
from layers.risk_explain import OTHER
from maps.i18n import Language, format_number, format_percent, message, translate
from maps.need_map import draw_interval
from maps.safe import html_text

N_REASONS = 2
SMALLEST_POINT = 0.0005
"""Factors that move a rate by less than a twentieth of a point are no reason."""


def say(text: str, language: Language, /, **values: object) -> str:
    """Return a text of the catalogue as HTML."""
    return html_text(translate(text, language=language, **values))


def render_table(quarters: pd.DataFrame, explained: pd.DataFrame, factors: Sequence[RiskFactor], language: Language) -> str:
    """Return the table of quarters, from the highest estimate: figures, a small chart, and why.

    Parameters
    ----------
    quarters, explained
        As `diffusa.need.NeedReport` describes them.
    factors
        Their labels.
    language
        Of all texts.
    """
    rows = quarters.sort_values(["rate", "nil"], ascending=[False, True], na_position="last")
    most = float(np.nanmax(quarters["rate_high"].to_numpy(dtype=np.float64)))
    names = (
        message("quarter"), message("people of the group"), message("rate"), message("interval"), "",
        message("estimated people"), message("why"),
    )  # fmt: skip
    heads = "".join(f'<th scope="col">{say(name, language) if name else ""}</th>' for name in names)
    whys = [explain_in_words(explained, factors, nil, language) for nil in rows["nil"].astype(int)]
    body = "".join(_row(row, why, most, language) for row, why in zip(rows.itertuples(index=False), whys, strict=True))
    title = say(message("Quarters, from the highest estimate"), language)
    return (
        f'<section><h2>{title}</h2><div class="table" tabindex="0" role="group" aria-label="{title}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _row(row: Any, why: str, most: float, language: Language) -> str:
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
    return (
        f'<tr data-nil="{nil}"><th scope="row"><bdi>{html_text(name)}</bdi></th><td>{number["base"]}</td>'
        f"<td><b>{percent['rate']}</b></td><td>{spread}</td><td>{chart}</td>"
        f"<td>{number['count']} ({number['count_low']}–{number['count_high']})</td>"
        f'<td class="why">{html_text(why)}</td></tr>'
    )


def explain_in_words(explained: pd.DataFrame, factors: Sequence[RiskFactor], nil: int, language: Language) -> str:
    """Return in words which factors move the estimate of a quarter most away from that of the city."""
    if nil not in explained.index.get_level_values(0):
        return ""
    labels = {factor.key: factor.label_it if language == "it" else factor.label_en for factor in factors}
    rows = explained.loc[nil]
    known = rows[(rows.index != OTHER) & (rows["points"].abs() >= SMALLEST_POINT)]
    ranked = known.reindex(known["points"].abs().sort_values(ascending=False, kind="stable").index)[:N_REASONS]
    said = [
        translate(
            "{factor} {share} (city {city_share}): {points} points",
            language=language,
            factor=labels[str(key)],
            share=format_percent(float(reason.share), language=language, digits=0),
            city_share=format_percent(float(reason.city_share), language=language, digits=0),
            points=signed(100.0 * float(reason.points), language),
        )
        for key, reason in zip(ranked.index, ranked.itertuples(), strict=True)
    ]
    return "; ".join(said) if said else translate("as the city", language=language)


def signed(value: float, language: Language) -> str:
    """Return a change with its sign."""
    sign = "+" if value > 0 else "−"
    return sign + format_number(abs(value), language=language, digits=1)
