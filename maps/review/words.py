"""What roles and answers are called on sheets and pages, in both languages."""

from __future__ import annotations

from layers.plan_text import Text
from layers.review import SIGNER_ROLES, SignerRole
from maps.i18n import both


def signer_roles() -> dict[SignerRole, Text]:
    """Return what the roles are called that may sign."""
    named: dict[SignerRole, Text] = {
        "quarter_committee": both("quarter committee"),
        "municipio_council": both("council of the municipio"),
        "residents_assembly": both("assembly of residents"),
        "association": both("association"),
        "school": both("school"),
        "social_services": both("social services"),
        "traders": both("traders"),
        "other_body": both("other body"),
    }
    return {role: named[role] for role in SIGNER_ROLES}


def answer_words() -> dict[str, Text]:
    """Return what the answers about a place are called on sheets."""
    return {
        "accept": both("agree"),
        "object": both("rather not"),
        "veto": both("veto"),
    }
