"""The cells of a review workbook: what is written where, which cells may be filled, and what each of them means.

The writer draws this grid, and the reader compares a workbook that came back with it, cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from layers.plan_text import Text
from maps.i18n import Language, format_number, message, translate
from maps.review.sheet import N_PROPOSALS, SHEET_FORMAT, Sheet
from maps.review.words import answer_words, signer_roles
from maps.safe import clean_text

TabKey = Literal["answers", "proposals", "facts"]
Style = Literal["title", "text", "head", "note", "number"]
InputKind = Literal["role", "answer", "reason", "address", "lon", "lat"]

ROLE_ROW = 6
FIRST_SITE_ROW = 9
FIRST_PROPOSAL_ROW = 3
LONGEST_CELL = 32_767
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # no XML holds them


@dataclass(frozen=True)
class Cell:
    """A cell that must not change: row and column from 0, and its text."""

    row: int
    column: int
    text: str
    style: Style = "text"


@dataclass(frozen=True)
class Input:
    """A cell to fill: what it asks, and of which site (its id) or proposal (its number)."""

    row: int
    column: int
    kind: InputKind
    of: str = ""


@dataclass(frozen=True)
class Tab:
    """A sheet of the workbook."""

    key: TabKey
    cells: tuple[Cell, ...]
    inputs: tuple[Input, ...] = ()
    widths: tuple[int, ...] = ()


def tab_name(key: TabKey, language: Language) -> str:
    """Return what a sheet of the workbook is called."""
    names = {"answers": message("Answers"), "proposals": message("Proposals")}
    return translate(names[key], language=language) if key in names else "diffusa"


def build_tabs(sheet: Sheet, language: Language) -> tuple[Tab, ...]:
    """Return the three sheets of a workbook: answers, proposals, and the facts by which it is known again."""
    return _answers(sheet, language), _proposals(sheet, language), _facts(sheet, language)


def _answers(sheet: Sheet, language: Language) -> Tab:
    cells: list[Cell] = [
        Cell(0, 0, _heading(sheet, language), "title"),
        Cell(1, 0, _in(sheet.title, language)),
        Cell(2, 0, _in(sheet.sentence, language)),
        Cell(3, 0, translate(HOW_TO_ANSWER, language=language), "note"),
        Cell(4, 0, translate(NO_NAMES, language=language), "note"),
        Cell(ROLE_ROW, 0, translate("Who answers", language=language), "head"),
    ]
    heads = (
        message("No."),
        message("Place"),
        message("Address"),
        message("What it is"),
        message("Distance"),
        message("Answer"),
        message("Reason"),
        message("Id"),
    )
    cells += [Cell(FIRST_SITE_ROW - 1, column, translate(head, language=language), "head") for column, head in enumerate(heads)]
    inputs = [Input(ROLE_ROW, 2, "role")]
    for row, site in enumerate(sheet.sites, FIRST_SITE_ROW):
        texts = (site.number, site.name, site.address, _in(site.what, language), _distance(site.distance_m, language))
        cells += [Cell(row, column, str(text), "number" if column == 0 else "text") for column, text in enumerate(texts)]
        cells.append(Cell(row, 7, site.site_id))
        if site.may_answer:
            inputs.append(Input(row, 5, "answer", site.site_id))
        else:
            cells.append(Cell(row, 5, translate("stays as it is", language=language), "note"))
        inputs.append(Input(row, 6, "reason", site.site_id))
    return Tab("answers", _clean(cells), tuple(inputs), (7, 34, 30, 34, 14, 16, 60, 18))


def _proposals(sheet: Sheet, language: Language) -> Tab:
    heads = (
        message("No."),
        message("Address, or what stands there"),
        message("Longitude"),
        message("Latitude"),
        message("Reason"),
    )
    cells: list[Cell] = [
        Cell(0, 0, _heading(sheet, language), "title"),
        Cell(1, 0, translate(HOW_TO_PROPOSE, language=language), "note"),
        *(
            Cell(FIRST_PROPOSAL_ROW - 1, column, translate(head, language=language), "head")
            for column, head in enumerate(heads)
        ),
    ]
    inputs: list[Input] = []
    for number in range(1, N_PROPOSALS + 1):
        row = FIRST_PROPOSAL_ROW + number - 1
        cells.append(Cell(row, 0, str(number), "number"))
        kinds: tuple[InputKind, ...] = ("address", "lon", "lat", "reason")
        inputs += [Input(row, column, kind, str(number)) for column, kind in enumerate(kinds, 1)]
    return Tab("proposals", _clean(cells), tuple(inputs), (7, 50, 16, 16, 60))


def _facts(sheet: Sheet, language: Language) -> Tab:
    facts = {
        "format": SHEET_FORMAT,
        "city": sheet.city.id,
        "plan": sheet.plan,
        "quarter": str(sheet.nil),
        "language": language,
    }
    cells = [Cell(row, column, text) for row, pair in enumerate(facts.items()) for column, text in enumerate(pair)]
    cells += [Cell(row, 3, word) for row, word in enumerate(role_words(language))]
    cells += [Cell(row, 4, word) for row, word in enumerate(choice_words(language))]
    return Tab("facts", _clean(cells))


def role_words(language: Language) -> tuple[str, ...]:
    """Return what the roles are called, in the order in which they are offered."""
    return tuple(_in(word, language) for word in signer_roles().values())


def choice_words(language: Language) -> tuple[str, ...]:
    """Return what the answers are called, in the order in which they are offered."""
    return tuple(_in(word, language) for word in answer_words().values())


HOW_TO_ANSWER = message(
    "For each place choose an answer. Agree: a good place. Rather not: another place is better, if one is nearly as good. "
    "Veto: no service may open here. A reason must stand beside “rather not” and “veto”; beside a place that stays as it is "
    "you may write a remark."
)
NO_NAMES = message("Choose who answers from the list. Write no names of persons and no mail addresses anywhere on this sheet.")
HOW_TO_PROPOSE = message(
    "Propose other places in the quarter: by an address, or by a point with longitude and latitude (as maps show them, such as "
    "9.19 and 45.46), with a reason."
)


def _heading(sheet: Sheet, language: Language) -> str:
    place = translate("Quarter {n}", language=language, n=sheet.nil)
    mark = f" – {translate('sample city, not real data', language=language)}" if sheet.city.is_sample else ""
    return f"{sheet.city.name} – {place}: {sheet.name}{mark}"


def _distance(distance_m: float, language: Language) -> str:
    if distance_m == 0:
        return translate("in the quarter", language=language)
    return translate("{n} m", language=language, n=format_number(distance_m, language=language))


def _in(text: Text, language: Language) -> str:
    return text.it if language == "it" else text.en


def _clean(cells: list[Cell]) -> tuple[Cell, ...]:
    return tuple(_kept(cells))


def _kept(cells: list[Cell]) -> Iterator[Cell]:
    """Yield the cells with texts as a workbook can hold them; empty ones are no cells."""
    for cell in cells:
        text = _NO_CHARACTERS.sub("", clean_text(cell.text))
        text = text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
        if text.strip():
            yield Cell(cell.row, cell.column, text, cell.style)
