"""How an estimate does against what was observed: figures, a chart of every area, and a table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data.errors import PlannerError
from layers.backtest import Backtest
from maps.i18n import Language, format_number, format_percent, message, translate
from maps.need_text import BACKTEST_NAMES, say, signed
from maps.safe import html_attribute, html_text

SIDE = 300.0
"""Side of a chart in its own units."""
ROOM = 46.0
"""Room for the words beside its axes."""


def render_backtests(
    backtests: Sequence[Backtest],
    language: Language,
    *,
    names: Mapping[int, str],
    unmatched: Sequence[str],
    failed: PlannerError | None,
    least: float,
) -> str:
    """Return the section of the page.

    Parameters
    ----------
    backtests
        The estimate first; none where nothing was observed.
    names
        Names of the quarters.
    unmatched
        Rows of the file that were not used.
    failed
        Why no regression could be held against the rates, where it could not.
    least
        People below which an area is of no use by itself.
    """
    title = say(message("Held against what was observed"), language)
    if not backtests and failed is None:
        text = say(message("No observed rates were given: how good the estimate is, nobody has tested in this city."), language)
        return f'<section class="backtest"><h2>{title}</h2><p>{text}</p></section>'
    charts = "".join(_chart(one, language, names) for one in backtests)
    parts = (
        f'<section class="backtest"><h2>{title}</h2>',
        _summary(backtests, language) if backtests else "",
        f'<div class="charts">{charts}</div>',
        f'<p class="note">{say(_READING, language)}</p>' if backtests else "",
        _why_not(failed, language),
        _unmatched(unmatched, language),
        _areas(backtests, language, names, least) if backtests else "",
        "</section>",
    )
    return "".join(parts)


_READING = message(
    "Each dot is an area: to the right what was observed, up what was estimated, with the interval of what would be counted "
    "there. On the line both are alike. A fair interval of nine in ten holds nine of ten areas."
)


def _summary(backtests: Sequence[Backtest], language: Language) -> str:
    heads = (
        "", message("areas"), message("mean error, points"), message("of one rate for all, points"),
        message("root mean square error, points"), message("mean error with its sign, points"), message("agreement of order"),
        message("in the interval of the risk"), message("in the interval of the count"),
    )  # fmt: skip
    head = "".join(f'<th scope="col">{say(name, language) if name else ""}</th>' for name in heads)
    rows = "".join(_row(one, language) for one in backtests)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="table" tabindex="0" role="group" aria-label="{say(_SUMMARY, language)}">{table}</div>'


_SUMMARY = message("Figures of the comparison")


def _row(one: Backtest, language: Language) -> str:
    points = [100 * value for value in (one.mean_error, one.error_of_one_rate, one.root_mean_square_error)]
    numbers = (
        format_number(one.n_areas, language=language),
        *(format_number(value, language=language, digits=1) for value in points),
        signed(100 * one.bias, language),
        format_number(one.rank_agreement, language=language, digits=2),
        *(format_percent(value, language=language, digits=0) for value in (one.coverage, one.count_coverage)),
    )
    cells = "".join(f"<td>{number}</td>" for number in numbers)
    return f'<tr data-backtest="{_key(one)}"><th scope="row">{_name(one, language)}</th>{cells}</tr>'


def _key(one: Backtest) -> str:
    return f"{one.estimator}-{'foretold' if one.is_foretold else 'held'}"


def _name(one: Backtest, language: Language) -> str:
    return html_text(translate(BACKTEST_NAMES[one.estimator, one.is_foretold], language=language))


def _chart(one: Backtest, language: Language, names: Mapping[int, str]) -> str:
    """Return a chart: observed rates to the right, estimates with their intervals up."""
    areas = one.areas
    most = max(float(areas[["observed", "count_high"]].to_numpy().max()), 0.01)
    marks = "".join(_mark(row, names.get(int(nil), str(nil)), most, language) for nil, row in _rows(areas))
    end = ROOM + SIDE
    frame = f'<rect class="frame" x="{ROOM:g}" y="8" width="{SIDE:g}" height="{SIDE:g}"/>'
    alike = f'<line class="alike" x1="{ROOM:g}" y1="{8 + SIDE:g}" x2="{end:g}" y2="8"/>'
    ends = "".join(
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{format_percent(value, language=language, digits=0)}</text>'
        for x, y, anchor, value in (
            (ROOM, SIDE + 24, "start", 0.0),
            (end, SIDE + 24, "end", most),
            (ROOM - 4, SIDE + 8, "end", 0.0),
            (ROOM - 4, 18, "end", most),
        )
    )
    label = html_attribute(translate(BACKTEST_NAMES[one.estimator, one.is_foretold], language=language))
    axes = (
        f'<text x="{ROOM + SIDE / 2:g}" y="{SIDE + 24:g}" text-anchor="middle">{say(message("observed"), language)}</text>'
        f'<text transform="translate({ROOM - 10:g} {8 + SIDE / 2:g}) rotate(-90)" text-anchor="middle">'
        f"{say(message('estimated'), language)}</text>"
    )
    return (
        f'<figure class="chart"><svg viewBox="0 0 {end + 8:g} {SIDE + 32:g}" role="img" aria-label="{label}">'
        f"{frame}{alike}{marks}{ends}{axes}</svg><figcaption>{_name(one, language)}</figcaption></figure>"
    )


def _rows(areas: Any) -> list[tuple[int, Any]]:
    return [(int(nil), row) for nil, row in zip(areas.index, areas.itertuples(index=False), strict=True)]


def _mark(row: Any, name: str, most: float, language: Language) -> str:
    def up(value: float) -> float:
        return round(8 + SIDE * (1 - value / most), 1)

    x = round(ROOM + SIDE * row.observed / most, 1)
    kind = "in" if row.is_count_covered else "out"
    title = f"{name}: {_percent(row.observed, language)} | {_spread(row.rate, row.count_low, row.count_high, language)}"
    return (
        f'<g class="{kind}"><title>{html_text(title)}</title><line x1="{x}" x2="{x}" y1="{up(row.count_low)}"'
        f' y2="{up(row.count_high)}"/><circle cx="{x}" cy="{up(row.rate)}" r="3.5"/></g>'
    )


def _areas(backtests: Sequence[Backtest], language: Language, names: Mapping[int, str], least: float) -> str:
    """Return each area in figures, by what was observed; those of few people are marked."""
    first = backtests[0].areas.sort_values(["observed", "n"], ascending=[False, False], kind="stable")
    found = [dict(_rows(one.areas)) for one in backtests]
    rows = []
    for nil, row in _rows(first):
        few = f" {say(message('(few people)'), language)}" if row.n < least else ""
        head = f'<th scope="row"><bdi>{html_text(names.get(nil, str(nil)))}</bdi>{few}</th>'
        figures = (format_number(row.n, language=language), _percent(row.observed, language))
        cells = "".join(f"<td>{text}</td>" for text in figures) + "".join(_area(one[nil], language) for one in found)
        rows.append(f'<tr data-area="{nil}">{head}{cells}</tr>')
    columns = (message("quarter"), message("people of the group"), message("observed"))
    heads = [say(name, language) for name in columns] + [_name(one, language) for one in backtests]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    title = say(message("Area by area"), language)
    return f'<details><summary>{title}</summary><div class="table" tabindex="0">{table}</div></details>'


def _area(row: Any, language: Language) -> str:
    """Return the estimate of one area with the interval of its risk; its class says whether that of the count held."""
    text = _spread(row.rate, row.rate_low, row.rate_high, language)
    return f'<td class="{"in" if row.is_count_covered else "out"}">{text}</td>'


def _percent(share: float, language: Language) -> str:
    return format_percent(float(share), language=language)


def _spread(rate: float, low: float, high: float, language: Language) -> str:
    ends = (format_number(100 * float(value), language=language, digits=1) for value in (low, high))
    return f"{_percent(rate, language)} ({'–'.join(ends)})"


def _unmatched(unmatched: Sequence[str], language: Language) -> str:
    if not unmatched:
        return ""
    items = "".join(f"<li>{html_text(line)}</li>" for line in unmatched)
    return f"<p>{say(message('Rows that were not used:'), language)}</p><ul>{items}</ul>"


def _why_not(failed: PlannerError | None, language: Language) -> str:
    if failed is None:
        return ""
    text = say(message("No regression could be fitted to these rates: {why}"), language, why=str(failed))
    return f'<p class="note">{text}</p>'
