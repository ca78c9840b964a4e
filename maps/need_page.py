"""The page of an estimate of need: map, quarters with their intervals and reasons, how it did, and what it is not for.

Languages and maps are switched by inputs that the style sheet looks at. The one script of the page makes the words of the
place that a reader chooses: figures come with the page, so that it fetches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import FileError, PlannerError
from layers.backtest import Backtest
from layers.plan_text import Text
from layers.risk_estimate import RiskEstimate
from maps.accessibility import statement_link
from maps.assets import read_template
from maps.i18n import LANGUAGES, Language, format_number, format_percent, message, translate
from maps.need_backtest import render_backtests
from maps.need_data import Explained, build_need_data
from maps.need_map import (
    RISK,
    WIDTH,
    Classes,
    Drawing,
    build_classes,
    draw_cells,
    draw_outlines,
    draw_quarters,
)
from maps.need_method import need_limits, need_method
from maps.need_table import render_table
from maps.need_text import say, signed
from maps.safe import hash_script, html_attribute, html_text, script_json


@dataclass(frozen=True, eq=False, kw_only=True)
class NeedPage:
    """What the page shows; tables as `diffusa.need.NeedReport` describes them."""

    city: str
    language: Language
    is_sample: bool
    estimate: RiskEstimate
    quarters: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    explained: Explained
    effect: pd.DataFrame | None
    backtests: tuple[Backtest, ...]
    unmatched: tuple[str, ...]
    failed: PlannerError | None
    n_observed: int
    area_names: Mapping[int, str]
    cut_share: float
    attributions: tuple[str, ...]


def write_need_page(page: NeedPage, path: Path) -> None:
    """Write the page.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    try:
        path.write_text(render_need_page(page), encoding="utf-8", newline="\n")
    except OSError as error:
        raise FileError(f"the page cannot be written: {error.strerror}", where=str(path)) from error


def render_need_page(page: NeedPage) -> str:
    """Return the page: one HTML document that fetches nothing and runs its own script alone, the same for the same estimate."""
    styles = read_template("need.css")
    script = read_template("need.js")
    policy = (
        f"default-src 'none'; script-src {hash_script(script)}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    data = build_need_data(page.explained, factors=page.estimate.factors, drawing=Drawing(page.quarters))
    title = f"{translate('Estimate of need', language=page.language)} – {page.city}"
    switches = "".join(_switch("language", key, key == page.language) for key in LANGUAGES)
    switches += "".join(_switch("view", key, key == "cells-risk") for key in _VIEWS)
    bodies = "".join(_body(page, language) for language in LANGUAGES)
    return (
        f'<!doctype html><html lang="{page.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html_attribute(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html_text(title)}</title><style>{styles}</style></head><body>{_drawing(page)}"
        f'<div class="page">{switches}{bodies}</div>'
        f'<script type="application/json" id="need-data">{script_json(data)}</script><script>{script}</script></body></html>\n'
    )


_VIEWS = {
    "cells-risk": (message("Risk by square"), "rate", RISK),
    "cells-width": (message("Uncertainty by square"), "width", WIDTH),
    "quarters-risk": (message("Risk by quarter"), "rate", RISK),
    "quarters-width": (message("Uncertainty by quarter"), "width", WIDTH),
}


def _switch(name: str, key: str, is_on: bool) -> str:  # noqa: FBT001
    label = {"it": "Italiano", "en": "English"}.get(key, key)
    checked = " checked" if is_on else ""
    return f'<input type="radio" name="{name}" id="{name}-{key}" aria-label="{html_attribute(label)}"{checked}>'


def _values(frame: pd.DataFrame, what: str) -> np.ndarray:
    if what == "rate":
        return frame["rate"].to_numpy(dtype=np.float64)
    return (frame["rate_high"] - frame["rate_low"]).to_numpy(dtype=np.float64)


def _classes(page: NeedPage, what: str, colors: Sequence[str]) -> Classes:
    """Return the classes of the quarters: squares have the same, so that the two maps can be compared."""
    return build_classes(_values(page.quarters, what), page.quarters["base"].to_numpy(dtype=np.float64), colors=colors)


def _drawing(page: NeedPage) -> str:
    """Return all maps once, hidden; each language shows them by reference."""
    drawing = Drawing(page.quarters)
    outlines = draw_outlines(drawing, page.quarters)
    groups = []
    for key, (_, what, colors) in _VIEWS.items():
        classes = _classes(page, what, colors)
        if key.startswith("cells"):
            drawn = draw_cells(drawing, page.cells, _values(page.cells, what), classes) + outlines
        else:
            titles = [str(name) for name in page.quarters["name"]]
            drawn = draw_quarters(drawing, page.quarters, _values(page.quarters, what), classes, titles)
        groups.append(f'<g id="map-{key}">{drawn}</g>')
    return f'<svg class="store" width="0" height="0" aria-hidden="true"><defs>{"".join(groups)}</defs></svg>'


def _body(page: NeedPage, language: Language) -> str:
    sections = (
        _head(page, language),
        _map(page, language),
        render_backtests(
            page.backtests,
            language,
            names=_names(page),
            unmatched=page.unmatched,
            failed=page.failed,
            least=page.explained.least,
        ),
        _effect(page, language),
        render_table(page.quarters, page.explained, page.estimate.factors, language),
        _list(page, language, message("What it is, and what it is not for"), need_limits(page.estimate)),
        _list(
            page,
            language,
            message("Method"),
            need_method(page.estimate, n_observed=page.n_observed, n_areas=len(page.area_names), cut_share=page.cut_share),
        ),
        f"<footer><p>{html_text(' · '.join(page.attributions))}</p><p>{statement_link(language)}</p></footer>",
    )
    return f'<main class="in-{language}" lang="{language}">{"".join(sections)}</main>'


def _names(page: NeedPage) -> dict[int, str]:
    """Return the names of quarters, and of areas where rates are of others."""
    quarters = zip(page.quarters["nil"].astype(int), page.quarters["name"].astype(str), strict=True)
    return {**dict(quarters), **page.area_names}


def _head(page: NeedPage, language: Language) -> str:
    city, definition = page.estimate.city, page.estimate.definition
    percent = {name: format_percent(float(city[f"rate{name}"]), language=language) for name in ("", "_low", "_high")}
    enough = page.quarters[page.quarters["base"] >= page.explained.least]
    sentence = translate(
        "{n} of {base} are estimated to be: {definition}. That is {rate}; between quarters it differs from {least} to {most}.",
        language=language,
        n=format_number(float(city["count"]), language=language),
        base=format_number(float(city["base"]), language=language),
        definition=definition.label_it if language == "it" else definition.label_en,
        rate=percent[""],
        least=format_percent(float(enough["rate"].min()), language=language),
        most=format_percent(float(enough["rate"].max()), language=language),
    )
    banner = f'<p class="banner">{say(message("sample city, not real data"), language)}</p>' if page.is_sample else ""
    labels = {"it": "Italiano", "en": "English"}
    buttons = "".join(f'<label for="language-{key}" lang="{key}" class="to-{key}">{labels[key]}</label>' for key in LANGUAGES)
    return (
        f'{banner}<header><p class="city">{html_text(page.city)}</p><div class="languages">{buttons}</div>'
        f'<h1>{say(message("Estimate of need"), language)}</h1><p class="sentence">{html_text(sentence)}</p></header>'
    )


def _map(page: NeedPage, language: Language) -> str:
    drawing = Drawing(page.quarters)
    labels = "".join(
        f'<label for="view-{key}" class="to-{key}">{say(name, language)}</label>' for key, (name, _, _) in _VIEWS.items()
    )
    shown = "".join(
        f'<figure class="view-{key}"><svg viewBox="0 0 {drawing.width} {drawing.height}" role="img" tabindex="0"'
        f' data-kind="{"squares" if key.startswith("cells") else "quarters"}"'
        f' aria-label="{html_attribute(translate(name, language=language))}">'
        f'<use href="#map-{key}"/><path class="chosen"/></svg>'
        f"<figcaption>{_legend(_classes(page, what, colors), what, language)}</figcaption></figure>"
        for key, (name, what, colors) in _VIEWS.items()
    )
    size = message(
        "Squares of 100 m; where fewer than ten people of the group live, squares of 200 or 400 m. "
        "Uncertainty: width of the interval."
    )
    note = say(size, language)
    return (
        f'<section class="maps"><div class="segments">{labels}</div>{shown}<p class="note">{note}</p></section>'
        f"{_chosen(page, language)}"
    )


def _chosen(page: NeedPage, language: Language) -> str:
    """Return where the page's script writes why the chosen place has its risk."""
    names = "".join(f'<option value="{row}">{html_text(name)}</option>' for row, name in enumerate(page.quarters["name"]))
    title, label = say(message("Why here?"), language), say(message("quarter"), language)
    hint = say(
        message("Choose a quarter, or a square on the map (by arrow keys, too): here stands why its risk is so."), language
    )
    return (
        f'<section class="why-here"><h2>{title}</h2><label>{label} <select class="quarter"><option value=""></option>{names}'
        f'</select></label><div class="explained" aria-live="polite"><p class="note">{hint}</p></div></section>'
    )


def _legend(classes: Classes, what: str, language: Language) -> str:
    ends = [_end(value, what, language) for value in classes.breaks]
    texts = [translate("up to {high}", language=language, high=ends[0])] if ends else []
    texts += [translate("{low} to {high}", language=language, low=low, high=high) for low, high in pairwise(ends)]
    texts += [translate("more than {low}", language=language, low=ends[-1])] if ends else []
    items = zip(classes.colors, texts, strict=False)
    return "<ul>" + "".join(f'<li><i style="background:{color}"></i>{html_text(text)}</li>' for color, text in items) + "</ul>"


def _end(value: float, what: str, language: Language) -> str:
    """Return the end of a class: a rate in percent, the width of an interval in points."""
    if what == "rate":
        return format_percent(value, language=language)
    return translate("{n} points", language=language, n=format_number(100.0 * value, language=language, digits=1))


def _effect(page: NeedPage, language: Language) -> str:
    if page.effect is None:
        return ""
    change = page.effect["rate_change"]
    least, most = (signed(100.0 * float(value), language) for value in (change.min(), change.max()))
    text = say(
        message("Without the factors that were switched off, rates of quarters change by {least} to {most} points."),
        language,
        least=least,
        most=most,
    )
    return f"<section><h2>{say(message('Factors switched off'), language)}</h2><p>{text}</p></section>"


def _list(page: NeedPage, language: Language, title: str, texts: Sequence[Text]) -> str:
    items = "".join(f"<li>{html_text(getattr(text, language))}</li>" for text in texts)
    return f"<section><h2>{say(title, language)}</h2><ul>{items}</ul></section>"
