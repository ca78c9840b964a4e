"""What pages call the modes of travel."""

from __future__ import annotations

from layers.plan import Text
from maps.i18n import both


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
