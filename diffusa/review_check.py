"""Filled sheets checked against the sheets that were sent: every fault is told, and what holds becomes voices and proposals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import get_args

import shapely
from pyproj import Transformer

from data.errors import Faults, GeometryError, IdError, ScenarioError, suggest_name
from diffusa.review_filled import Filled, FilledAnswer, FilledProposal
from diffusa.review_privacy import remove_personal
from layers.plan_text import Text
from layers.review import SIGNER_ROLES, Answer, SignerRole, Voice
from maps.review.sheet import LONGEST_ADDRESS, LONGEST_REASON, SHEET_FORMAT, Sheet
from maps.review.words import answer_words, signer_roles
from maps.safe import clean_text

NEAR_M = 25.0
"""How far outside its quarter a proposed point may lie: the width of a street on its border."""
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Proposal:
    """A proposed place that holds: its point in degrees or None, and who proposed it."""

    voice: Voice
    address: str
    lonlat: tuple[float, float] | None


@dataclass
class Heard:
    """What the sheets say so far.

    Parameters
    ----------
    voices
        Voices by site.
    proposals
        Proposed places, in the order of the sheets.
    n_removed
        How many mail addresses, telephone numbers and tax codes were taken out.
    """

    voices: dict[str, list[Voice]] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    n_removed: int = 0

    def clean(self, text: str, *, longest: int) -> str:
        """Return a text of a sheet on one line, without what must not be kept."""
        kept, n = remove_personal(_SPACE.sub(" ", clean_text(text)).strip()[:longest])
        self.n_removed += n
        return kept


def find_sheet(facts: Mapping[str, str], sheets: Iterable[Sheet]) -> Sheet | None:
    """Return the sheet that was sent, if a file's facts are those of one."""
    for sheet in sheets:
        known = {"format": SHEET_FORMAT, "city": sheet.city.id, "plan": sheet.plan, "quarter": str(sheet.nil)}
        if all(facts.get(key) == value for key, value in known.items()):
            return sheet
    return None


def check_facts(filled: Filled, sheets: Sequence[Sheet], faults: Faults) -> None:
    """Add why a file is no sheet of this plan: another version, city, plan or quarter."""
    facts, own = filled.facts, sheets[0]
    if facts.get("format") != SHEET_FORMAT:
        what = f"the sheet is of the version {_short(facts.get('format'))}, this is {SHEET_FORMAT!r}"
        faults.add(ScenarioError(what, where=filled.file, remedy="Ask for the answers on a sheet made now"))
    elif facts.get("city") != own.city.id:
        what = f"the sheet is of the city {_short(facts.get('city'))}, the plan of {own.city.id!r}"
        faults.add(ScenarioError(what, where=filled.file))
    elif facts.get("plan") != own.plan:
        what = f"the sheet answers another plan ({_short(facts.get('plan'), 12)}, not {own.plan[:12]!r})"
        remedy = "Read it with the plan that it answers, or ask for answers on the sheets of this one"
        faults.add(ScenarioError(what, where=filled.file, remedy=remedy))
    else:
        what = f"the city has no quarter {_short(facts.get('quarter'))}, or the sheet has no language"
        faults.add(IdError(what, where=filled.file))


def _short(text: str | None, longest: int = 40) -> str:
    return repr((text or "")[:longest])


def check_filled(filled: Filled, sheet: Sheet, heard: Heard, faults: Faults) -> None:
    """Add the voices and proposals of one sheet, and its faults; of a sheet with faults nothing is believed."""
    found = Faults()
    if filled.changed:
        what = "cells were changed that must not change"
        remedy = "Ask for the answers on the sheet as it was sent"
        found.add(ScenarioError(what, where=filled.file, n=len(filled.changed), examples=filled.changed, remedy=remedy))
    role = None if filled.changed else _role(filled, found)
    spoken = [_voice(answer, role, filled, sheet, heard, found) for answer in filled.answers]
    _check_twice(filled, found)
    proposals = [_proposal(one, role, filled, sheet, heard, found) for one in filled.proposals]
    _check_proposed_twice(filled, found)
    if not found:
        for answer, voice in zip(filled.answers, spoken, strict=True):
            if voice is not None:
                heard.voices.setdefault(answer.site, []).append(voice)
        heard.proposals += [proposal for proposal in proposals if proposal is not None]
    faults.add_all(found)


def _where(filled: Filled, where: str) -> str:
    return f"{filled.file}, {where}"


def _role(filled: Filled, faults: Faults) -> SignerRole | None:
    """Return the role that signed; a text that is none is not repeated in the message: it may be a name."""
    role = role_key(filled.role)
    if role is not None:
        return role
    what = "nobody says who answers" if not filled.role else "who answers is none of the roles (no names, no mail addresses)"
    listed = ", ".join(word.en for word in signer_roles().values())
    faults.add(ScenarioError(what, where=_where(filled, filled.role_where), remedy=f"Roles are: {listed}"))
    return None


def role_key(text: str) -> SignerRole | None:
    """Return the role that a text names, in either language or by its key; None where it names none."""
    key = _words(signer_roles().items()).get(_plain(text))
    return next((role for role in SIGNER_ROLES if role == key), None)


def answer_key(text: str) -> Answer | None:
    """Return the answer that a text names, in either language or by its key; None where it names none."""
    key = _words(answer_words().items()).get(_plain(text))
    return next((answer for answer in get_args(Answer) if answer == key), None)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold().replace("’", "'")


def _words(named: Iterable[tuple[str, Text]]) -> dict[str, str]:
    """Return the keys by how they are called: by the key itself, and in both languages."""
    return {_plain(text): key for key, word in named for text in (key, word.it, word.en)}


def _voice(
    answer: FilledAnswer, role: SignerRole | None, filled: Filled, sheet: Sheet, heard: Heard, faults: Faults
) -> Voice | None:
    where = _where(filled, answer.where)
    known = {site.site_id for site in sheet.sites}
    if answer.site not in known:
        what = f"{_short(answer.site)} is no place of this sheet"
        faults.add(IdError(what, where=where, remedy=suggest_name(answer.site, known)))
        return None
    word = _answer(answer, answer.site in sheet.answerable, where, faults)
    reason = heard.clean(answer.reason, longest=LONGEST_REASON)
    if word in ("object", "veto") and not reason:
        faults.add(ScenarioError(f"no reason stands beside the answer about {answer.site}", where=where))
    if word is None or role is None:
        return None
    return Voice(quarter=sheet.nil, name=clean_text(sheet.name), role=role, answer=word, reason=reason)


def _answer(answer: FilledAnswer, may_answer: bool, where: str, faults: Faults) -> Answer | None:  # noqa: FBT001
    if not may_answer:
        if answer.answer in ("", "remark"):
            return "remark"
        what = f"{answer.site} stays as it is: it can have a remark, no answer"
        faults.add(ScenarioError(what, where=where))
        return None
    if answer.answer in ("", "remark"):
        what = f"a reason stands beside {answer.site}, but no answer"
        faults.add(ScenarioError(what, where=where, remedy="Ask what the answer is"))
        return None
    key = answer_key(answer.answer)
    if key is not None:
        return key
    listed = ", ".join(f"{word.it!r} ({word.en!r})" for word in answer_words().values())
    faults.add(ScenarioError(f"{_short(answer.answer)} is no answer", where=where, remedy=f"Answers are {listed}"))
    return None


def _check_twice(filled: Filled, faults: Faults) -> None:
    sites = [answer.site for answer in filled.answers]
    repeated = sorted({site for site in sites if sites.count(site) > 1})
    if repeated:
        what = "places are answered more than once"
        faults.add(ScenarioError(what, where=filled.file, n=len(repeated), examples=repeated))


def _check_proposed_twice(filled: Filled, faults: Faults) -> None:
    keys = [(_plain(one.address), one.lon, one.lat) for one in filled.proposals]
    repeated = [one.where for number, one in enumerate(filled.proposals) if keys[number] in keys[:number]]
    if repeated:
        what = "places are proposed more than once"
        faults.add(ScenarioError(what, where=filled.file, n=len(repeated), examples=repeated))


def _proposal(
    one: FilledProposal, role: SignerRole | None, filled: Filled, sheet: Sheet, heard: Heard, faults: Faults
) -> Proposal | None:
    where, found = _where(filled, one.where), Faults()
    address = heard.clean(one.address, longest=LONGEST_ADDRESS)
    reason = heard.clean(one.reason, longest=LONGEST_REASON)
    if not reason:
        found.add(ScenarioError("no reason stands beside the proposed place", where=where))
    lonlat = _point(one, sheet, where, found)
    if lonlat is None and not address and not one.lon and not one.lat:
        found.add(ScenarioError("the proposed place has neither an address nor a point", where=where))
    faults.add_all(found)
    if found or role is None:
        return None
    voice = Voice(quarter=sheet.nil, name=clean_text(sheet.name), role=role, answer="propose", reason=reason)
    return Proposal(voice, address, lonlat)


def _point(one: FilledProposal, sheet: Sheet, where: str, faults: Faults) -> tuple[float, float] | None:
    """Return the point of a proposal; None where there is none, or it is none in the quarter: a fault then."""
    if not one.lon and not one.lat:
        return None
    lon, lat = _degrees(one.lon), _degrees(one.lat)
    if lon is None or lat is None:
        what = f"longitude {_short(one.lon)} and latitude {_short(one.lat)} are no point"
        faults.add(ScenarioError(what, where=where, remedy="Write both in degrees, such as 9.19 and 45.46"))
        return None
    distance_m = _metres_outside(sheet, lon, lat)
    if distance_m <= NEAR_M:
        return round(lon, 6), round(lat, 6)
    is_swapped = _metres_outside(sheet, lat, lon) <= NEAR_M
    remedy = "Longitude and latitude seem to be swapped" if is_swapped else "Propose places in the quarter alone"
    far = f"{distance_m:,.0f} m outside" if distance_m < 1e6 else "far outside"
    faults.add(GeometryError(f"the point {lon:g}, {lat:g} lies {far} the quarter {sheet.name}", where=where, remedy=remedy))
    return None


def _degrees(text: str) -> float | None:
    plain = text.replace(",", ".").strip().removesuffix("°").strip()
    return float(plain) if re.fullmatch(r"[+-]?\d{1,3}(\.\d{0,20})?", plain) else None


def _metres_outside(sheet: Sheet, lon: float, lat: float) -> float:
    """Return how far outside its quarter a point lies, 0 inside; infinite where the projection has no such point."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return float("inf")
    x, y = _to_metres(sheet.city.crs).transform(lon, lat)
    return float(shapely.distance(sheet.shape, shapely.Point(x, y))) if abs(x) < float("inf") else float("inf")


@cache
def _to_metres(crs: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)
