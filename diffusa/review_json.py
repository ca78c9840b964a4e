"""A file of answers that a review page saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import Faults, FileError, ScenarioError
from data.toml_file import explain_faults
from diffusa.review_filled import Filled, FilledAnswer, FilledProposal
from diffusa.review_xlsx import FindSheet
from maps.review.sheet import LONGEST_ADDRESS, LONGEST_REASON, N_PROPOSALS, Sheet
from maps.safe import clean_text

LARGEST_FILE = 2 * 1024 * 1024
_REMEDY = "Ask for the answers again, saved by the page that was sent"
Short = Annotated[str, Field(max_length=LONGEST_REASON)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Answer(_Part):
    site: Short
    answer: Short
    reason: Short = ""


class _Proposal(_Part):
    address: Annotated[str, Field(max_length=LONGEST_ADDRESS)] = ""
    lon: Annotated[float | None, Field(allow_inf_nan=False)] = None
    lat: Annotated[float | None, Field(allow_inf_nan=False)] = None
    reason: Short = ""


class _Site(_Part):
    id: str
    name: str


class _Answers(_Part):
    format: Short
    city: Short
    plan: Short
    quarter: int
    language: Short
    role: Short
    answers: Annotated[tuple[_Answer, ...], Field(strict=False)]
    proposals: Annotated[tuple[_Proposal, ...], Field(max_length=N_PROPOSALS, strict=False)]
    sites: Annotated[tuple[_Site, ...], Field(strict=False)]


def read_review_json(path: Path, *, find: FindSheet, faults: Faults) -> Filled | None:
    """Return what a page saved; None, and faults, where it cannot be read. Parameters are those of `read_review_workbook`."""
    try:
        saved = _Answers.model_validate(_load(path))
    except FileError as error:
        faults.add(error)
        return None
    except ValidationError as invalid:
        faults.add_all(explain_faults(invalid, _Answers, where=path.name, error=ScenarioError))
        return None
    facts = {
        "format": saved.format,
        "city": saved.city,
        "plan": saved.plan,
        "quarter": str(saved.quarter),
        "language": saved.language,
    }
    sheet = find(facts)
    return Filled(
        file=path.name,
        facts=facts,
        role=saved.role.strip(),
        role_where="role",
        answers=tuple(
            FilledAnswer(f"answers[{row}]", one.site, one.answer.strip(), one.reason.strip())
            for row, one in enumerate(saved.answers)
        ),
        proposals=tuple(
            FilledProposal(f"proposals[{row}]", one.address.strip(), _degrees(one.lon), _degrees(one.lat), one.reason.strip())
            for row, one in enumerate(saved.proposals)
        ),
        changed=() if sheet is None else tuple(_changes(saved, sheet)),
    )


def _load(path: Path) -> object:
    try:
        size = path.stat().st_size
        text = "" if size > LARGEST_FILE else path.read_text(encoding="utf-8-sig")
        loaded: object = None if size > LARGEST_FILE else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:  # no UTF-8 and no JSON are both ValueErrors
        raise FileError(f"the file holds no answers: {error}", where=path.name, remedy=_REMEDY) from error
    if size > LARGEST_FILE:
        what = f"the file is larger than {LARGEST_FILE // 1024**2} MB, no file of answers is"
        raise FileError(what, where=path.name, remedy=_REMEDY)
    return loaded


def _degrees(value: float | None) -> str:
    return "" if value is None else repr(value)


def _changes(saved: _Answers, sheet: Sheet) -> list[str]:
    """Return where the list of places differs from that of the page."""
    was = {site.site_id: clean_text(site.name) for site in sheet.sites}
    now = {site.id: site.name for site in saved.sites}
    renamed = [site_id for site_id in was if now.get(site_id, was[site_id]) != was[site_id]]
    changed = [f"the name of {site_id} is {now[site_id][:40]!r}" for site_id in renamed]
    lacking = [f"{site_id} is missing" for site_id in was if site_id not in now]
    return [*changed, *lacking, *(f"{site_id} was added" for site_id in now if site_id not in was)]
