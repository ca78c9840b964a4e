"""The trade-off curves of a plan: what more or fewer places, money, fairness or minutes would bring, drawn and as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from layers.plan import GroupBrief
from layers.plan_choice import CurveBrief, CurvePointBrief, ObjectiveUnit
from maps.amounts import amount_text
from maps.i18n import format_percent, message
from maps.quarter_figures import FEW, LEAST
from maps.report.curve_chart import Axis, ChartLine, ChartPoint, draw_chart, draw_key
from maps.report.view import View, fold, note, section, table
from maps.safe import html_text

_OVER: Mapping[str, str] = MappingProxyType(
    {
        "new": message("new places"),
        "budget": message("budget, euros"),
        "floor": message("least share in every district"),
        "standard": message("minutes"),
    }
)
_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "new": message("What more or fewer places would bring"),
        "budget": message("What more or less money would bring"),
        "floor": message("What a floor for every district costs"),
        "standard": message("What other minutes would bring"),
    }
)
_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "optimal": message("proven best"),
        "feasible": message("not proven best"),
        "infeasible": message("no plan is possible"),
        "unknown": message("no plan was found in time"),
    }
)


def render_curves(view: View) -> str:
    """Return every curve of the plan; that nobody studied any where there is none."""
    curves = view.document.curves
    if not curves:
        title = view.say(message("What more or fewer places would bring"))
        text = message("This plan was made without a study of other numbers of places.")
        return section(view, "curves", title, f"<p>{view.say(text)}</p>")
    parts = [_curve(view, number, curve) for number, curve in enumerate(curves)]
    return "".join(parts)


def _curve(view: View, number: int, curve: CurveBrief) -> str:
    unit: ObjectiveUnit = view.own_optimum.unit if view.own_optimum else "share"
    title = view.say(_TITLES[curve.over])
    charts = [_objective_chart(view, curve, unit), _reach_chart(view, curve)]
    hint = message(
        "Each point is the best plan for its value. Hollow points are not proven best: the thick line shows how much better "
        "one may be."
    )
    line = message("The dashed line marks the plan of this report.")
    notes = [view.say(hint), *([view.say(line)] if _chosen(view, curve) is not None else [])]
    content = f'<div class="charts">{"".join(charts)}</div>{note(" ".join(notes))}{_table(view, curve, unit)}'
    return section(view, "curves" if number == 0 else f"curves-{number}", title, content, _changes(view, curve))


def _writer(view: View, over: str) -> Callable[[float], str]:
    """Return what writes the values that are traded."""
    if over == "floor":
        return lambda value: format_percent(value, language=view.language, digits=0 if _is_whole(100 * value) else 1)
    return lambda value: view.number(value, digits=0 if _is_whole(value) else 1)


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-9


def _chosen(view: View, curve: CurveBrief) -> float | None:
    """Return the value that the plan itself has; None where the document does not say."""
    own = view.own_optimum
    known = {"new": None if own is None else float(own.new), "standard": view.document.standard_min}
    found = known.get(curve.over)
    return found if found is not None and any(point.value == found for point in curve.points) else None


def _objective_chart(view: View, curve: CurveBrief, unit: ObjectiveUnit) -> str:
    """Return the chart of what is sought; nothing where no point has a plan."""
    points = tuple(
        ChartPoint(point.value, point.objective, point.best_bound if point.status != "optimal" else None)
        for point in curve.points
        if point.objective is not None
    )
    if not points:
        return ""
    title = _sought(view, unit)
    label = view.words(message("{what}, by {over}"), what=title, over=view.words(_OVER[curve.over]))
    drawn = draw_chart(
        [ChartLine(points)],
        x_axis=Axis(view.words(_OVER[curve.over]), _writer(view, curve.over)),
        y_axis=Axis(title, lambda value: _axis_number(view, value, unit)),
        label=label,
        chosen=_chosen(view, curve),
        most=1.0 if unit == "share" and max(point.y for point in points) > 0.5 else None,
    )
    return f"<figure>{drawn}<figcaption>{html_text(label)}</figcaption></figure>"


def _sought(view: View, unit: ObjectiveUnit) -> str:
    """Return what the axis of the objective is called."""
    names: Mapping[ObjectiveUnit, str] = {
        "share": message("share of the need"),
        "seconds": message("minutes"),
        "sites": message("new places"),
        "euros": message("euros"),
        "metres": message("metres"),
    }
    return view.words(names[unit])


def _axis_number(view: View, value: float, unit: ObjectiveUnit) -> str:
    if unit == "share":
        return format_percent(value, language=view.language, digits=0 if _is_whole(100 * value) else 1)
    shown = value / 60.0 if unit == "seconds" else value
    return view.number(shown, digits=0 if _is_whole(shown) else 1)


def _reach_chart(view: View, curve: CurveBrief) -> str:
    """Return the chart of the people reached, as shares of each group; nothing where the points do not count them."""
    lines = []
    groups = [group for group in view.need_groups if group.total > 0]
    for group in groups:
        found = [
            ChartPoint(point.value, point.reached[group.key] / group.total)
            for point in curve.points
            if group.key in point.reached
        ]
        lines.append(ChartLine(tuple(found)))
    if not any(line.points for line in lines):
        return ""
    minutes = view.minutes(view.document.standard_min)
    title = view.words(message("share within {n} minutes"), n=minutes)
    label = view.words(message("{what}, by {over}"), what=title, over=view.words(_OVER[curve.over]))
    drawn = draw_chart(
        lines,
        x_axis=Axis(view.words(_OVER[curve.over]), _writer(view, curve.over)),
        y_axis=Axis(title, lambda value: format_percent(value, language=view.language, digits=0)),
        label=label,
        chosen=_chosen(view, curve),
        most=1.0,
    )
    keys = "".join(f"<li>{draw_key(row)} {view.pick(group.label)}</li>" for row, group in enumerate(groups))
    return f'<figure>{drawn}<figcaption>{html_text(label)}<ul class="legend row">{keys}</ul></figcaption></figure>'


def _table(view: View, curve: CurveBrief, unit: ObjectiveUnit) -> str:
    """Return the points as a table: what stands behind the charts."""
    groups = [group for group in view.need_groups if any(group.key in point.reached for point in curve.points)]
    over = view.words(_OVER[curve.over])
    heads = [html_text(over), html_text(_sought(view, unit)), view.say(message("at best")), view.say(message("How sure"))]
    heads += [
        view.say(message("{group} within {n} minutes"), group=group.label, n=view.minutes(view.document.standard_min))
        for group in groups
    ]
    rows = [_row(view, curve, point, groups, unit) for point in curve.points]
    return table(view, label=over, heads=heads, rows=rows, key="curve-points")


def _row(view: View, curve: CurveBrief, point: CurvePointBrief, groups: list[GroupBrief], unit: ObjectiveUnit) -> str:
    found = "–" if point.objective is None else html_text(amount_text(point.objective, unit, view.language))
    bound = "–" if point.best_bound is None else html_text(amount_text(point.best_bound, unit, view.language))
    why = f'<br><small class="why">{view.pick(point.reason)}</small>' if point.reason else ""
    is_chosen = ' class="own-standard"' if point.value == _chosen(view, curve) else ""
    return (
        f'<tr data-value="{point.value:g}"{is_chosen}><th scope="row">{html_text(_writer(view, curve.over)(point.value))}</th>'
        f"<td><b>{found}</b></td><td>{bound}</td><td>{view.say(_STATUS[point.status])}{why}</td>"
        + "".join(f"<td>{_people(view, point, group)}</td>" for group in groups)
        + "</tr>"
    )


def _people(view: View, point: CurvePointBrief, group: GroupBrief) -> str:
    """Return the people reached and their share of the whole group; of fewer than ten no number."""
    reached = point.reached.get(group.key)
    if reached is None:
        return "–"
    if 0 < reached < LEAST:
        return view.say(FEW)
    share = format_percent(reached / group.total if group.total > 0 else None, language=view.language)
    return html_text(f"{view.number(reached)} ({share})")


def _changes(view: View, curve: CurveBrief) -> str:
    """Return which new places stand in each point."""
    rows = [
        f'<tr><th scope="row">{html_text(_writer(view, curve.over)(point.value))}</th>'
        f"<td>{view.site_list(point.selected_new) or '–'}</td></tr>"
        for point in curve.points
        if point.objective is not None
    ]
    if not rows:
        return ""
    title = message("The new places of each point")
    heads = [view.say(_OVER[curve.over]), view.say(message("Proposed places"))]
    return fold(view, view.say(title), table(view, label=view.words(title), heads=heads, rows=rows, key="curve-places"))
