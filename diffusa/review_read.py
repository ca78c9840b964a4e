"""Sheets that came back become a review: all faults at once, or rules for the next scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import Faults, FileError, ScenarioError
from data.files import digest_file
from diffusa.review_check import Heard, Proposal, answer_key, check_facts, check_filled, find_sheet, role_key
from diffusa.review_filled import Filled
from diffusa.review_json import read_review_json
from diffusa.review_xlsx import read_review_workbook
from layers.plan import Plan
from layers.plan_folder import DOCUMENT, read_plan
from layers.review import RULE_KINDS, Conflict, NewCandidate, Remark, Resolve, Review, RuleKind, SiteRule, Voice
from layers.review_settle import ReviewedSite, Settled, outcomes, settle
from layers.review_sites import reviewed_sites
from maps.review.folder import LIST_NAME
from maps.review.sheet import Sheet, build_sheets

_OF_THE_SYSTEM = {"Thumbs.db", "desktop.ini", LIST_NAME}
_READERS = {".xlsx": read_review_workbook, ".json": read_review_json}


@dataclass(frozen=True)
class ReviewRead:
    """What came of the sheets.

    Parameters
    ----------
    review
        The rules.
    plan
        The plan that was answered.
    n_sheets, n_empty, n_same
        How many sheets hold answers, hold none, and say what another one says already.
    n_removed
        How many mail addresses, telephone numbers and tax codes were taken out of texts.
    n_carried
        Rules of the review on which the plan rests that nobody has answered anew.
    """

    review: Review
    plan: Plan
    n_sheets: int
    n_empty: int
    n_same: int
    n_removed: int
    n_carried: int


def read_reviews(folder: Path, plan_folder: Path, *, resolve: Resolve | None = None) -> ReviewRead:
    """Return the review that the sheets of a folder make.

    Parameters
    ----------
    folder
        Workbooks and files of answers, side by side.
    plan_folder
        The plan that they answer.
    resolve
        How contradictions between quarters are resolved; without it they are errors.

    Raises
    ------
    PlannerError
        The plan cannot be read; `FaultsError` with every fault of every sheet.
    """
    plan = read_plan(plan_folder)
    digest = digest_file(plan_folder / DOCUMENT)
    sheets, faults, heard = build_sheets(plan, digest=digest), Faults(), Heard()
    filled = [one for path in _files(folder, faults) if (one := _read(path, sheets, faults)) is not None]
    answered, n_same = _without_same([one for one in filled if not one.is_empty or one.changed], faults)
    for one in answered:
        sheet = find_sheet(one.facts, sheets)
        if sheet is not None:
            check_filled(one, sheet, heard, faults)
    review, n_carried = _make(plan, digest, heard, resolve, faults)
    faults.raise_if_any()
    n_empty = len(filled) - len(answered) - n_same
    return ReviewRead(review, plan, len(answered), n_empty, n_same, heard.n_removed, n_carried)


def _files(folder: Path, faults: Faults) -> list[Path]:
    if not folder.is_dir():
        raise FileError("the folder is missing", where=str(folder), remedy="Put the sheets that came back into one folder")
    paths = [
        path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "~$")) and path.name not in _OF_THE_SYSTEM
    ]
    kept = [path for path in paths if path.suffix.lower() in _READERS and path.is_file()]
    read = {path.stem for path in kept}
    others = [
        path.name
        for path in paths
        if path not in kept and not (path.suffix.lower() == ".html" and path.stem in read)  # the page beside its answers
    ]
    if others:
        what = "these are no workbooks and no saved answers (.xlsx, .json)"
        remedy = "Of a page the saved answers are needed, not the page; take other files out of the folder"
        faults.add(FileError(what, where=str(folder), n=len(others), examples=others, remedy=remedy))
    if not kept and not others:
        faults.add(FileError("the folder holds no sheets", where=str(folder)))
    return kept


def _read(path: Path, sheets: Sequence[Sheet], faults: Faults) -> Filled | None:
    reader = _READERS[path.suffix.lower()]
    filled = reader(path, find=lambda facts: find_sheet(facts, sheets), faults=faults)
    if filled is not None and (find_sheet(filled.facts, sheets) is None or not filled.facts.get("language")):
        check_facts(filled, sheets, faults)
        return None
    return filled


def _without_same(filled: Sequence[Filled], faults: Faults) -> tuple[list[Filled], int]:
    """Return the sheets without those that say the same as another; a fault where one role of a quarter says two things."""
    kept: dict[tuple[str, ...], Filled] = {}
    n_same = 0
    for one in filled:
        key: tuple[str, ...] = (one.facts["quarter"], role_key(one.role) or one.role)
        other = kept.setdefault(key, one)
        if other is one:
            continue
        if _said(other) == _said(one):
            n_same += 1
            continue
        what = f"the quarter {one.facts['quarter']} has two sheets of the same role with different answers"
        remedy = "Ask which one holds, and take the other out"
        faults.add(ScenarioError(what, where=one.file, examples=[other.file, one.file], remedy=remedy))
        kept[(*key, one.file)] = one
    return list(kept.values()), n_same


def _said(filled: Filled) -> tuple[object, ...]:
    answers = {(one.site, answer_key(one.answer) or one.answer, one.reason) for one in filled.answers}
    return answers, {(one.address, one.lon, one.lat, one.reason) for one in filled.proposals}, filled.changed


def _make(plan: Plan, digest: str, heard: Heard, resolve: Resolve | None, faults: Faults) -> tuple[Review, int]:
    """Return the review, and how many rules of the one before it carries on."""
    before = plan.document.reviewed or Review(city=plan.document.city.id, plan=digest)
    sites = reviewed_sites(plan)
    spoken = {site: _with_earlier(site, voices, before) for site, voices in sorted(heard.voices.items())}
    settled = settle(spoken, sites, resolve=resolve)
    _tell_unresolved(settled, sites, plan, faults)
    rules: dict[RuleKind, tuple[SiteRule, ...]] = {}
    for kind in RULE_KINDS:
        kept = tuple(rule for rule in getattr(before, kind) if rule.site not in spoken)
        rules[kind] = tuple(sorted((*kept, *settled.rules.get(kind, ())), key=lambda rule: rule.site))
    n_carried = sum(rule.site not in spoken for _, rule in before.rules())
    remarks = (*(one for one in before.remark if one.site not in spoken), *settled.remarks)
    conflicts = (*(one for one in before.conflict if one.site not in spoken), *settled.conflicts)
    review = Review(
        city=plan.document.city.id,
        plan=digest,
        resolve=resolve if settled.conflicts else before.resolve,
        forbidden=rules["forbidden"],
        required=rules["required"],
        preferred=rules["preferred"],
        avoided=rules["avoided"],
        candidate=(*before.candidate, *_candidates(heard.proposals, plan, before)),
        remark=tuple(sorted(remarks, key=lambda one: one.site)),
        conflict=tuple(sorted(conflicts, key=lambda one: one.site)),
    )
    return review, n_carried + len(before.candidate)


def _with_earlier(site: str, voices: Sequence[Voice], before: Review) -> list[Voice]:
    """Return the voices about a site with earlier ones of quarters and roles that have not answered anew."""
    entries: Iterable[SiteRule | Remark | Conflict] = (
        *(rule for _, rule in before.rules()),
        *before.remark,
        *before.conflict,
    )
    earlier = {voice for entry in entries if entry.site == site for voice in entry.voices}
    anew = {(voice.quarter, voice.role) for voice in voices}
    return [*voices, *(voice for voice in earlier if (voice.quarter, voice.role) not in anew)]


def _tell_unresolved(settled: Settled, sites: Mapping[str, ReviewedSite], plan: Plan, faults: Faults) -> None:
    names = dict(zip(plan.sites["site_id"], plan.sites["name"], strict=True))
    for conflict in settled.unresolved:
        said = "; ".join(f"{voice.name} ({voice.role}): {voice.answer}" for voice in conflict.voices)
        ways = ", ".join(
            f"--resolve {way}: {outcome.replace('_', ' ')}" for way, outcome in outcomes(conflict, sites[conflict.site]).items()
        )
        what = f"quarters disagree about {names[conflict.site]} [{conflict.site}]: {said}"
        faults.add(ScenarioError(what, where="conflict", remedy=f"What the next plan would do: {ways}"))


def _candidates(proposals: Sequence[Proposal], plan: Plan, before: Review) -> list[NewCandidate]:
    """Return the proposed places with ids that no site has: the number of the quarter, and a number in it."""
    taken = {*plan.sites["site_id"], *(candidate.site for candidate in before.candidate)}
    same: dict[tuple[object, ...], list[Proposal]] = {}
    for one in proposals:
        same.setdefault((one.voice.quarter, one.address.casefold(), one.lonlat), []).append(one)
    found = []
    for group in same.values():
        first, number = group[0], 1
        while (site := f"NIL{first.voice.quarter:02d}-P{number}") in taken:
            number += 1
        taken.add(site)
        lon, lat = first.lonlat or (None, None)
        found.append(
            NewCandidate(
                site=site,
                name=first.address or f"{first.voice.name} {number}",
                address=first.address,
                lon=lon,
                lat=lat,
                voices=tuple(one.voice for one in group),
            )
        )
    return found
