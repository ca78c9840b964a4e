"""Whom readers of a plan may turn to: the office that publishes it, as the page on accessibility must say."""

from __future__ import annotations

from layers.plan_text import Text, Value


class ContactBrief(Value):
    """The office that publishes a plan.

    Parameters
    ----------
    office
        What it is called.
    email, phone, page
        How it is reached; empty where the office gives none. `page` is an https address.
    declaration
        https address of the official declaration of accessibility; empty where there is none.
    drawn_up
        Day on which the office drew up its statement, ISO 8601; empty where it has not.
    """

    office: Text
    email: str = ""
    phone: str = ""
    page: str = ""
    declaration: str = ""
    drawn_up: str = ""
