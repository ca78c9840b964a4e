"""What a plan says of its studies where something is not known: why there is no loss, no replacement, no point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from layers.plan_text import Text
from maps.i18n import both, message
from optimize.alternatives import Alternatives
from optimize.curve import CurvePoint
from optimize.solution import Status
from optimize.variants import OUT_OF_TIME
from optimize.worth import SiteWorth

LATE = message("The time for studies was over before everything was known of this place.")
UNPROVEN = message("The run ended before the replacement was proven to be the best.")


def worth_reasons(worth: SiteWorth) -> Iterator[Text]:
    """Yield why something is not known of a site, a sentence each."""
    lacks_time = any(OUT_OF_TIME in reason for reason in worth.reasons)
    if lacks_time:
        yield both(LATE)
    if worth.loss is None and not lacks_time:
        yield both("Without it the other places alone are no plan under the rules.")
    if worth.replacement is None and not lacks_time:
        yield both("Under the rules nothing may replace it.")
    if worth.replacement is not None and not worth.is_proven:
        yield both(UNPROVEN)


def is_late(reasons: Sequence[Text]) -> bool:
    """Return whether it was time that was lacking."""
    return any(reason.en in (LATE, UNPROVEN) for reason in reasons)


def near_notes(found: Alternatives, *, k: int) -> Iterator[Text]:
    """Yield why a list of near-equal plans is not complete."""
    if found.is_complete:
        return
    if len(found.plans) == k:
        yield both("There are more such plans than the {n} listed.", n=k)
    else:
        yield both("The run ended before it was proven which plan is the next best.")


def wishes_note() -> Text:
    """Return that the list begins with another plan than the one proposed, which meets wishes of quarters."""
    return both("The list begins with the best plan; the proposed one meets wishes of quarters and may be another.")


def no_near_note() -> Text:
    """Return why no plan is said to be near a best one that is not proven."""
    return both("The best plan is not proven, so that nothing is known to be near it.")


def point_reason(point: CurvePoint) -> Text | None:
    """Return why a point of a curve has no plan, or is not proven; None where there is nothing to say."""
    if point.solution is None:
        if point.is_infeasible:
            return both("No plan meets the rules here.")
        return both("The time for studies was over before there was a plan.")
    if point.solution.status is not Status.OPTIMAL:
        return both("The run ended before this point was proven.")
    return None
