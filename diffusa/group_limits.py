"""What is to be known of the groups of a plan that no census counts, in words."""

from __future__ import annotations

from data.groups import FromFacts
from layers.people import People
from layers.plan_text import Text
from maps.i18n import both


def origin_limits(people: People, keys: tuple[str, ...]) -> tuple[Text, ...]:
    """Return one sentence for each group of a plan that is known by quarter alone: how it was spread within the quarter."""
    labels = {group.key: Text(it=group.label_it, en=group.label_en) for group in people.groups}
    return tuple(
        both(
            "Of {group} only the number in each quarter is known; within it they are taken to be spread like {like}.",
            group=labels[group.key],
            like=_join_likes([labels[key] for key in group.origin.like]),
        )
        for group in people.groups
        if isinstance(group.origin, FromFacts) and group.key in keys
    )


def _join_likes(likes: list[Text]) -> Text:
    """Return the groups in their order: each stands in where there is nobody of the one before."""
    between = both(" or, where there are none, like ")
    return Text(it=between.it.join(like.it for like in likes), en=between.en.join(like.en for like in likes))
