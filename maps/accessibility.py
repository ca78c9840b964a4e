"""The statement of accessibility, to which every page links: what was checked, what does not conform, whom to tell.

Its parts are those of the model in Commission Implementing Decision (EU) 2018/1523. The official declaration of an Italian
public body is made with AgID's own form; this page says for it what is known of the pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.dates import format_date

from data.errors import FileError
from layers.plan import PlanDocument
from layers.plan_contact import ContactBrief
from layers.plan_text import Text
from maps.assets import read_template
from maps.i18n import LANGUAGES, Language, message, translate
from maps.need_text import say
from maps.quarter_parts import LANGUAGE_SWITCHES, language_buttons, render_document
from maps.safe import html_attribute, html_text

STATEMENT_NAME = "accessibility.html"
AXE_VERSION = "4.12"
"""The axe-core that the browser tests run; a test holds it against the one that is installed."""
AGID_FORM = "https://form.agid.gov.it"
AGID_OMBUDSMAN = "https://www.agid.gov.it/it/agenzia/difensore-civico-il-digitale"
DECISION = "https://eur-lex.europa.eu/eli/dec_impl/2018/1523/oj"

_NOT_ACCESSIBLE = (
    message(
        "The squares on the map are a picture. Who uses a screen reader hears one square at a time, the one in the middle of "
        "the map, while the arrow keys move it (WCAG 1.1.1). The figures of each quarter stand as tables in the pages of the "
        "quarters and in nil.xlsx and nil.csv."
    ),
    message(
        "The small maps on the pages of the quarters are pictures with a short description (WCAG 1.1.1). Lists and tables "
        "beside them say the same by quarter and place, not by square."
    ),
    message(
        "Names on the map lie over colours that change; they have a white edge, but their contrast cannot be measured "
        "everywhere (WCAG 1.4.3)."
    ),
    message(
        "Colours of squares and quarters differ less than 3:1 from one class to the next (WCAG 1.4.11); a square says its "
        "value under the pointer or the keys, and tables give the figures."
    ),
    message("The files plan.gpkg and plan.json are data for programs, not documents to read."),
)
_CHECKED = (
    message(
        "Every kind of page is checked at each change of the program with axe-core {version} by its rules for WCAG 2.1, levels "
        "A and AA, in Italian and English, 1280 and 360 pixels wide, with panels, cards and notes open: no violation is left."
    ),
    message(
        "The same checks compute the contrast of each text, and open the pages 320 pixels wide and with wide spacing of the "
        "text: no page scrolls sideways. Other checks go through all controls by keyboard."
    ),
    message(
        "Nobody has tried the pages with a screen reader for this statement, and no people with disabilities have tried them. "
        "Whoever publishes the pages should do both."
    ),
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a statement is about.

    Parameters
    ----------
    title
        What the pages show.
    city, language, is_sample
        Of which city they are, in which language they open, and whether it is the sample city.
    contact
        Who publishes them; None where nobody has said so yet.
    version
        Version of the program.
    back
        The page to return to, relative to the statement.
    """

    title: Text
    city: str
    language: Language
    is_sample: bool
    contact: ContactBrief | None
    version: str
    back: str


def statement_of(document: PlanDocument) -> Statement:
    """Return the statement of a plan."""
    return Statement(
        title=document.title,
        city=document.city.name,
        language=document.city.language,
        is_sample=document.city.is_sample,
        contact=document.contact,
        version=document.versions.get("diffusa", ""),
        back="map.html",
    )


def statement_link(language: Language, *, folder: str = "") -> str:
    """Return the link to the statement from a page; `folder` is the way up to it, such as ``../``.

    Examples
    --------
    >>> statement_link("en", folder="../")
    '<a href="../accessibility.html">Accessibility</a>'
    """
    return f'<a href="{html_attribute(folder + STATEMENT_NAME)}">{say(message("Accessibility"), language)}</a>'


def write_statement(statement: Statement, folder: Path) -> None:
    """Write the page into a folder.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    path = folder / STATEMENT_NAME
    try:
        path.write_text(render_statement(statement), encoding="utf-8", newline="\n")
    except OSError as error:
        raise FileError(f"the page cannot be written: {error.strerror}", where=str(path)) from error


def render_statement(statement: Statement) -> str:
    """Return the page: one HTML document without a script that fetches nothing, the same for the same plan."""
    language = statement.language
    bodies = "".join(_body(statement, one) for one in LANGUAGES)
    return render_document(
        f"{translate('Accessibility statement', language=language)} – {statement.city}",
        f'<div class="page">{LANGUAGE_SWITCHES[language]}{bodies}</div>',
        language=language,
        styles=read_template("quarter.css"),
    )


def _body(statement: Statement, language: Language) -> str:
    banner = f'<p class="banner">{say(message("sample city, not real data"), language)}</p>' if statement.is_sample else ""
    back = f'<a href="{html_attribute(statement.back)}">{say(message("Back"), language)}</a>'
    title = say(message("Accessibility statement"), language)
    sections = (
        _section(message("Compliance status"), _status(language), language),
        _section(message("What is not accessible"), _list(_NOT_ACCESSIBLE, language), language),
        _section(message("How it was checked"), _checks(statement, language), language),
        _section(message("Feedback and contact"), _contact(statement.contact, language), language),
        _section(message("If the answer does not satisfy"), _enforcement(language), language),
    )
    return (
        f'<main class="in-{language}" lang="{language}">{banner}<header><p class="city">{html_text(statement.city)}</p>'
        f'{language_buttons()}<h1>{title}</h1><nav aria-label="{title}">{back}</nav>'
        f"<p><b>{html_text(getattr(statement.title, language))}</b></p></header>{_intro(statement, language)}"
        f"{''.join(sections)}</main>"
    )


def _section(title: str, content: str, language: Language) -> str:
    return f"<section><h2>{say(title, language)}</h2>{content}</section>"


def _list(texts: Sequence[str], language: Language) -> str:
    return f"<ul>{''.join(f'<li>{say(text, language)}</li>' for text in texts)}</ul>"


def _intro(statement: Statement, language: Language) -> str:
    about = say(message("This statement is about the pages in this folder and those that it holds."), language)
    model = say(message("It has the parts that Decision (EU) 2018/1523 asks for."), language)
    official = say(message("A public body in Italy makes its official declaration with the form of AgID:"), language)
    contact = statement.contact
    lines = f"<p>{about} {model} {_link(DECISION)}</p>"
    if contact and contact.declaration:
        declared = say(message("The official declaration of whoever publishes these pages:"), language)
        return f"{lines}<p>{declared} {_link(contact.declaration)}</p>"
    return f"{lines}<p>{official} {_link(AGID_FORM)}</p>"


def _status(language: Language) -> str:
    text = message(
        "The pages conform in part to EN 301 549, which asks for WCAG 2.1 at levels A and AA, because of what follows."
    )
    return f"<p>{say(text, language)}</p>"


def _checks(statement: Statement, language: Language) -> str:
    lines = "".join(f"<li>{say(text, language, version=AXE_VERSION)}</li>" for text in _CHECKED)
    made = say(message("Made with Diffusa {version}."), language, version=statement.version) if statement.version else ""
    contact = statement.contact
    if contact and contact.drawn_up:
        drawn_up = say(message("Drawn up on {date}."), language, date=_date(contact.drawn_up, language))
    else:
        drawn_up = say(message("The day on which it was drawn up: to be filled in by whoever publishes the pages."), language)
    return f"<ul>{lines}</ul><p>{drawn_up} {made}</p>"


def _contact(contact: ContactBrief | None, language: Language) -> str:
    if contact is None:
        unfilled = message(
            "Whoever publishes these pages names here the office that answers, and its address or telephone: the table "
            "[contact] of the scenario."
        )
        return f'<p class="unfilled">{say(unfilled, language)}</p>'
    ask = say(message("Tell us what you cannot read or use, and ask for it in another form:"), language)
    ways = [f"<bdi>{html_text(getattr(contact.office, language))}</bdi>"]
    if contact.email:
        ways.append(f'<a href="mailto:{html_attribute(contact.email)}"><bdi>{html_text(contact.email)}</bdi></a>')
    if contact.phone:
        ways.append(f"{say(message('telephone'), language)} <bdi>{html_text(contact.phone)}</bdi>")
    if contact.page:
        ways.append(_link(contact.page))
    return f'<p>{ask}</p><ul class="contact">{"".join(f"<li>{way}</li>" for way in ways)}</ul>'


def _enforcement(language: Language) -> str:
    text = message(
        "If no answer comes within 30 days, or it does not satisfy, in Italy anybody may turn to the Ombudsman for digital "
        "rights (Difensore civico per il digitale) at AgID; in other countries to the body that the country has named."
    )
    return f"<p>{say(text, language)} {_link(AGID_OMBUDSMAN)}</p>"


def _link(address: str) -> str:
    """Return a link to an address of the web; anything else is shown as text."""
    shown = f"<bdi>{html_text(address)}</bdi>"
    return f'<a href="{html_attribute(address)}">{shown}</a>' if address.startswith("https://") else shown


def _date(day: str, language: Language) -> str:
    return format_date(dt.date.fromisoformat(day), "long", locale={"it": "it_IT", "en": "en_GB"}[language])
