"""The size in which a place opens, in words, where it may open in several."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from layers.plan import Plan
from maps.i18n import Language, format_number, message, translate


def size_words(plan: Plan, row: Mapping[Hashable, object], language: Language) -> str:
    """Return the name of the size of a row of sites, and what the scenario says of it; empty where it has none."""
    size = next((one for one in plan.document.sizes if one.key == row.get("size")), None)
    if size is None:
        return ""
    said = (
        (message("{n} euros"), size.cost_eur),
        (message("room for {n} people"), size.capacity_people),
        (message("at least {n} people"), size.min_use_people),
        (message("{n} m²"), size.floor_area_m2),
    )
    facts = [
        translate(text, language=language, n=format_number(value, language=language, digits=0))
        for text, value in said
        if value is not None
    ]
    name: str = getattr(size.name, language)
    return f"{name} ({', '.join(facts)})" if facts else name
