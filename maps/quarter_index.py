"""The list of the pages of quarters: a table of shares before and after that can be sorted by each column."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import pandas as pd

from layers.plan import BEFORE, BEST, GroupBrief, Plan, share_column
from maps.accessibility import statement_link
from maps.assets import read_template
from maps.i18n import LANGUAGES, Language, message, translate
from maps.need_text import say
from maps.quarter_figures import Row, is_few, minutes_text, people_text, share_text, value
from maps.quarter_parts import LANGUAGE_SWITCHES, language_buttons, render_banner, render_document
from maps.safe import html_attribute, html_text


def render_quarter_index(plan: Plan, names: Sequence[str]) -> str:
    """Return the page that lists the quarters; `names` are the files of their pages, in the order of ``plan.nil``."""
    language = plan.document.city.language
    bodies = "".join(_body(plan, names, one) for one in LANGUAGES)
    return render_document(
        f"{translate('Quarters', language=language)} – {plan.document.city.name}",
        f'<div class="page">{LANGUAGE_SWITCHES[language]}{bodies}</div>',
        language=language,
        styles=read_template("quarter.css"),
        script=read_template("quarter.js"),
    )


def _body(plan: Plan, names: Sequence[str], language: Language) -> str:
    document = plan.document
    title = say(message("Quarters"), language)
    hint = say(
        message("Share of each group with an open place within {n} minutes. The buttons in the head sort the table."),
        language,
        n=minutes_text(document.standard_min, language),
    )
    return (
        f'<main class="in-{language}" lang="{language}">{render_banner(document, language)}<header>'
        f'<p class="city">{html_text(document.city.name)}</p>{language_buttons()}<h1>{title}</h1>'
        f'<nav aria-label="{title}"><a href="../map.html">{say(message("Map of the plan"), language)}</a>'
        f"{statement_link(language, folder='../')}</nav>"
        f"<p><b>{html_text(getattr(document.title, language))}</b></p>"
        f'<p class="sentence">{html_text(getattr(document.sentence, language))}</p></header>'
        f'<p class="note">{hint}</p>{_table(plan, names, language, title)}</main>'
    )


def _table(plan: Plan, names: Sequence[str], language: Language, title: str) -> str:
    groups = [group for group in plan.document.groups if group.key in plan.document.need]
    before, after = (getattr(plan.document.variant(key).name, language) for key in (BEFORE, BEST))
    heads = [translate("No.", language=language), translate("quarter", language=language)]
    for group in groups:
        label = getattr(group.label, language)
        heads += [label, f"{label}: {before}", f"{label}: {after}"]
    cells = "".join(f'<th scope="col"><button type="button">{html_text(head)}</button></th>' for head in heads)
    rows = pd.DataFrame(plan.nil.drop(columns=plan.nil.geometry.name)).to_dict("records")
    body = "".join(_row(row, name, groups, language) for row, name in zip(rows, names, strict=True))
    return (
        f'<div class="table" tabindex="0" role="group" aria-label="{title}"><table class="sortable">'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Mapping[Hashable, object], page: str, groups: Sequence[GroupBrief], language: Language) -> str:
    link = f'<a href="{html_attribute(page)}"><bdi>{html_text(row["name"])}</bdi></a>'
    nil = int(str(row["nil"]))
    cells = [f'<td data-value="{nil}">{nil}</td>', f'<th scope="row">{link}</th>']
    for group in groups:
        cells.append(_cell(row, group, group.key, people_text(row, group, group.key, language)))
        for variant in (BEFORE, BEST):
            column = share_column(variant, group.key)
            cells.append(_cell(row, group, column, share_text(row, group, column, language)))
    return f"<tr>{''.join(cells)}</tr>"


def _cell(row: Row, group: GroupBrief, column: str, text: str) -> str:
    """Return a figure with what it is sorted by, as it is written; one of few is sorted as nothing, last."""
    found = value(row, column)
    sortable = "" if is_few(row, group) or found != found else f"{found:.3f}"
    return f'<td data-value="{sortable}">{html_text(text)}</td>'
