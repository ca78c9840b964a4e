"""Values of an objective in words, by the unit that it is in."""

from __future__ import annotations

from layers.plan_choice import ObjectiveUnit
from maps.i18n import format_percent, message
from maps.report.view import View


def amount_text(view: View, value: float, unit: ObjectiveUnit, *, is_difference: bool = False) -> str:
    """Return a value of an objective, not yet escaped: seconds as minutes, a share as a percentage.

    Parameters
    ----------
    view
        The report.
    value
        In its unit.
    unit
        What it is in.
    is_difference
        Whether it is a difference of two values: one of shares is said in points, not as a percentage.
    """
    if unit == "share":
        if is_difference:
            return view.words(message("{n} points"), n=view.number(100.0 * value, digits=1))
        return format_percent(value, language=view.language)
    if unit == "seconds":
        return view.words(message("{n} minutes"), n=view.number(value / 60.0, digits=1))
    if unit == "euros":
        return view.words(message("{n} euros"), n=view.number(value))
    if unit == "metres":
        return view.words(message("{n} metres"), n=view.number(value))
    return view.number(value)
