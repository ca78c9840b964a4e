"""What pages call the modes of travel, and how they say how people travel."""

from __future__ import annotations

import datetime as dt

from babel.dates import format_date

from layers.plan import PlanDocument, WindowBrief
from layers.plan_text import Text
from maps.i18n import both, format_number


def mode_name(mode: str) -> Text:
    """Return how people travel, as an adverb; the key with spaces for a mode that nobody has named."""
    names = {
        "walk": both("on foot"),
        "slow_walk": both("on foot, slowly"),
        "bike": both("by bicycle"),
        "transit": both("by public transport"),
    }
    plain = mode.replace("_", " ")
    return names.get(mode, Text(it=plain, en=plain))


def vehicle_name(mode: str) -> Text:
    """Return what people ride on, or that they walk; the key for a vehicle that nobody has named."""
    names = {
        "metro": both("metro"),
        "tram": both("tram"),
        "bus": both("bus"),
        "train": both("train"),
        "other": both("other vehicles"),
        "walking": both("walking all the way"),
    }
    return names.get(mode, Text(it=mode, en=mode))


def travel_words(document: PlanDocument) -> Text:
    """Return how people travel in a plan: mode and speed, and by public transport when, and what of the departures counts."""
    how = both("{mode}, {n} km/h", mode=mode_name(document.mode), n=_number(document.speed_km_h, digits=1))
    window = document.window
    if window is None:
        return how
    walks = both(
        "{mode}; on foot at {n} km/h, at most {walk} minutes to a stop and {change} between stops",
        mode=mode_name(document.mode),
        n=_number(document.speed_km_h, digits=1),
        walk=_number(window.max_walk_min),
        change=_number(window.max_change_walk_min),
    )
    return _join([walks, _window_words(window)])


def _window_words(window: WindowBrief) -> Text:
    day = dt.date.fromisoformat(window.date)
    date = Text(it=format_date(day, "long", locale="it_IT"), en=format_date(day, "long", locale="en_GB"))
    values = {"date": date, "start": window.start, "end": window.end, "n": _number(window.n_departures)}
    if window.percentile == 50:
        return both("{date}, {start} to {end}: the median of {n} departures", **values)
    share = _number(window.percentile, digits=0 if window.percentile == round(window.percentile) else 1)
    return both("{date}, {start} to {end}: {share} % of {n} departures arrive within it", share=share, **values)


def _number(value: float, *, digits: int = 0) -> Text:
    return Text(it=format_number(value, language="it", digits=digits), en=format_number(value, language="en", digits=digits))


def _join(texts: list[Text]) -> Text:
    return Text(it=". ".join(text.it for text in texts), en=". ".join(text.en for text in texts))
