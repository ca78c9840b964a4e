"""What somebody filled into a review sheet, before anything of it is believed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FilledAnswer:
    """What was written about a place: where in the file, of which site, and the texts as they stand."""

    where: str
    site: str
    answer: str
    reason: str


@dataclass(frozen=True)
class FilledProposal:
    """A place that was proposed; longitude and latitude as texts."""

    where: str
    address: str
    lon: str
    lat: str
    reason: str


@dataclass(frozen=True)
class Filled:
    """A sheet that came back: the facts by which it is known, and what was filled in.

    Parameters
    ----------
    file
        Name of the file.
    facts
        format, city, plan, quarter and language, as the file states them.
    role, role_where
        Who signed, and where that stands.
    answers, proposals
        What was filled in; empty ones are left out.
    changed
        Where cells differ that must not change, with what they held.
    """

    file: str
    facts: dict[str, str]
    role: str
    role_where: str
    answers: tuple[FilledAnswer, ...]
    proposals: tuple[FilledProposal, ...]
    changed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was filled in at all."""
        return not self.role and not self.answers and not self.proposals
