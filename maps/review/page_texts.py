"""What the script of a review page says, in both languages."""

from __future__ import annotations

from layers.plan_text import Text
from maps.i18n import both


def script_texts() -> dict[str, Text]:
    """Return the texts of the script by the names under which it knows them; ``%1`` and ``%2`` stand for values."""
    return {
        "faults": both("Before the answers can be saved:"),
        "noRole": both("Choose who answers."),
        "noReason": both("%1: write the reason."),
        "noAnswer": both("%1: a reason without an answer. Choose an answer, or delete the reason."),
        "nothing": both("Nothing has been answered yet."),
        "emptyProposal": both("Proposed place %1: write an address or set a point."),
        "badNumber": both("Proposed place %1: longitude and latitude are not both numbers."),
        "outside": both("Proposed place %1: the point lies outside the quarter."),
        "noProposalReason": both("Proposed place %1: write the reason."),
        "mail": both("%1: take the mail address out."),
        "saved": both("Saved as %1. Give this file to the office that sent you this page."),
        "opened": both("The saved answers were read."),
        "otherSheet": both("This file holds answers to another page: another quarter, or another plan."),
        "notReadable": both("This file holds no saved answers."),
        "most": both("No more than %1 places can be proposed."),
        "proposal": both("Proposed place %1"),
    }
