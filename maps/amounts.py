"""Values of an objective in words, by the unit that it is in."""

from __future__ import annotations

from layers.plan_choice import ObjectiveUnit
from maps.i18n import Language, format_number, format_percent, message, translate


def amount_text(value: float, unit: ObjectiveUnit, language: Language, *, is_difference: bool = False) -> str:
    """Return a value of an objective, not yet escaped: seconds as minutes, a share as a percentage.

    Parameters
    ----------
    value
        In its unit.
    unit
        What it is in.
    language
        Of the text.
    is_difference
        Whether it is a difference of two values: one of shares is said in points, not as a percentage.

    Examples
    --------
    >>> amount_text(0.125, "share", "en", is_difference=True), amount_text(90.0, "seconds", "it")
    ('12.5 points', '1,5 minuti')
    """
    if unit == "share" and is_difference:
        points = format_number(100.0 * value, language=language, digits=1)
        return translate(message("{n} points"), language=language, n=points)
    if unit == "share":
        return format_percent(value, language=language)
    if unit == "seconds":
        return translate(message("{n} minutes"), language=language, n=format_number(value / 60.0, language=language, digits=1))
    number = format_number(value, language=language)
    if unit == "euros":
        return translate(message("{n} euros"), language=language, n=number)
    if unit == "metres":
        return translate(message("{n} metres"), language=language, n=number)
    return number
