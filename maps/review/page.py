"""The review sheet of a quarter as a page to fill: it checks the answers and saves them as a file, with no server.

One form stands in the page, its texts in both languages; inputs that the style sheet looks at switch between them. A point is
set by a click on the drawing of the quarter, or by typing longitude and latitude.
"""

from __future__ import annotations

from dataclasses import asdict

from layers.plan import BEFORE, BEST, Plan
from layers.plan_text import Text
from maps.assets import read_template
from maps.i18n import LANGUAGES, Language, both, format_number, message, translate
from maps.palettes import CHANGE, NOBODY
from maps.quarter_figures import minutes_text
from maps.quarter_map import CityDrawing, draw_change, draw_frame, draw_sites, draw_symbol, view_box, window_of
from maps.quarter_parts import LANGUAGE_SWITCHES, language_buttons
from maps.quarter_sites import sites_near
from maps.review.grid import NO_NAMES
from maps.review.page_texts import script_texts
from maps.review.point_fit import fit_points
from maps.review.sheet import (
    LONGEST_ADDRESS,
    LONGEST_REASON,
    N_PROPOSALS,
    SHEET_FORMAT,
    Sheet,
    SheetSite,
)
from maps.review.words import answer_words, signer_roles
from maps.safe import hash_script, html_attribute, html_text, script_json


def render_review_page(plan: Plan, city: CityDrawing, sheet: Sheet) -> str:
    """Return the page of one quarter.

    Parameters
    ----------
    plan, city
        The plan, and the drawings that all quarters share.
    sheet
        What stands on it.
    """
    language = sheet.city.language
    script = read_template("review.js")
    policy = (
        f"default-src 'none'; script-src {hash_script(script)}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    title = f"{sheet.name} – {translate('Answers of the quarter', language=language)} – {sheet.city.name}"
    styles = read_template("quarter.css") + read_template("review.css")
    body = (
        f'<div class="page">{LANGUAGE_SWITCHES[language]}<main class="sheet">{_head(sheet)}<form id="form" novalidate>'
        f"{_role(sheet)}{_map(plan, city, sheet)}{_sites(sheet)}{_proposals()}{_end()}</form></main></div>"
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html_attribute(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html_text(title)}</title><style>{styles}</style></head><body>{body}"
        f'<script type="application/json" id="data">{script_json(_data(plan, city, sheet))}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _data(plan: Plan, city: CityDrawing, sheet: Sheet) -> dict[str, object]:
    window = window_of(plan.nil.geometry.iloc[sheet.position])
    return {
        "format": SHEET_FORMAT,
        "city": sheet.city.id,
        "plan": sheet.plan,
        "quarter": sheet.nil,
        "file": f"{sheet.stem}.json",
        "sites": [{"id": site.site_id, "name": site.name, "mayAnswer": site.may_answer} for site in sheet.sites],
        "fit": asdict(fit_points(city, window, crs=sheet.city.crs)),
        "mostProposals": N_PROPOSALS,
        "longestReason": LONGEST_REASON,
        "longestAddress": LONGEST_ADDRESS,
        "texts": {key: {"it": text.it, "en": text.en} for key, text in script_texts().items()},
    }


def _both(text: Text) -> str:
    """Return a text in both languages, of which the style sheet shows one."""
    return "".join(f'<span class="{key}" lang="{key}">{html_text(getattr(text, key))}</span>' for key in LANGUAGES)


def _say(text: str, **values: object) -> str:
    return _both(both(text, **values))


def _titled(text: Text) -> str:
    """Return attributes from which the script takes a label that no element can hold in two languages."""
    return "".join(f' data-{key}="{html_attribute(getattr(text, key))}"' for key in LANGUAGES)


def _head(sheet: Sheet) -> str:
    banner = f'<p class="banner">{_say(message("sample city, not real data"))}</p>' if sheet.city.is_sample else ""
    place = _say(message("Quarter {n}"), n=sheet.nil)
    return (
        f'{banner}<header><p class="city">{html_text(sheet.city.name)} · {place}</p>{language_buttons()}'
        f"<h1><bdi>{html_text(sheet.name)}</bdi></h1><p><b>{_both(sheet.title)}</b></p>"
        f'<p class="sentence">{_both(sheet.sentence)}</p><p>{_say(HOW_TO_FILL)}</p><p class="note">{_say(NO_NAMES)}</p>'
        f"<noscript><p><b>{_say(NO_SCRIPT)}</b></p></noscript></header>"
    )


HOW_TO_FILL = message(
    "Answer about as many places as you like, propose others, then save the answers: a file is made on this device, nothing is "
    "sent. Give it to the office that sent you this page."
)
NO_SCRIPT = message("This page needs scripts to save answers. Use the workbook of the same name instead.")


def _role(sheet: Sheet) -> str:
    options = "".join(
        f'<option value="{key}"{_titled(word)}>{html_text(getattr(word, sheet.city.language))}</option>'
        for key, word in signer_roles().items()
    )
    return (
        f'<section><h2>{_say(message("Who answers"))}</h2><p class="field"><label for="role">{_say(message("Role"))}</label>'
        f'<select id="role" aria-describedby="role-fault"><option value="">–</option>{options}</select>'
        f'<span class="fault" id="role-fault"></span></p></section>'
    )


def _map(plan: Plan, city: CityDrawing, sheet: Sheet) -> str:
    shape = plan.nil.geometry.iloc[sheet.position]
    window, near = window_of(shape), sites_near(plan, shape)
    rows = (plan.cells["nil"] == sheet.nil).to_numpy().nonzero()[0]
    drawn = (
        draw_change(city, plan, rows, groups=[group.key for group in plan.document.groups])
        + draw_frame(city, plan, sheet.position, window)
        + draw_sites(city, near, window)
    )
    label = both("Map of the quarter. A click sets the point of the place that is proposed.")
    squares = _say(message("One square is {n} by {n} metres."), n=plan.document.city.cell_m)
    return (
        f"<section><h2>{_say(message('The quarter and its places'))}</h2>"
        f'<svg class="map" id="map" viewBox="{view_box(city, window)}" role="img"{_titled(label)}>{drawn}'
        f'<g id="points"></g></svg>{_legend(plan)}<p class="note">{squares}</p></section>'
    )


def _legend(plan: Plan) -> str:
    """Return what the colours of the squares mean."""
    document = plan.document
    before, after = (document.variant(key).name for key in (BEFORE, BEST))
    n = Text(it=minutes_text(document.standard_min, "it"), en=minutes_text(document.standard_min, "en"))
    classes = {
        "both": _say(message("within {n} minutes, {before} and {after}"), n=n, before=before, after=after),
        "gained": _say(message("gained: reached only now")),
        "lost": _say(message("lost: no longer reached")),
        "outside": _say(message("still not reached")),
        "nobody": _say(message("nobody")),
    }
    colors = {**CHANGE, "nobody": NOBODY}
    items = "".join(f'<li><i style="background:{colors[key]}"></i>{text}</li>' for key, text in classes.items())
    return f'<ul class="legend">{items}</ul>'


def _sites(sheet: Sheet) -> str:
    title = _say(message("Places in the quarter and near it"))
    if not sheet.sites:
        return f"<section><h2>{title}</h2><p>{_say(message('No place is in the quarter or near it.'))}</p></section>"
    meaning = _say(
        message("Agree: a good place. Rather not: another place is better, if one is nearly as good. Veto: no service here.")
    )
    return f"<section><h2>{title}</h2><p>{meaning}</p>{''.join(_site(site, sheet) for site in sheet.sites)}</section>"


def _site(site: SheetSite, sheet: Sheet) -> str:
    row = site.number - 1
    where = Text(it=_distance(site.distance_m, "it"), en=_distance(site.distance_m, "en"))
    address = f"<bdi>{html_text(site.address)}</bdi> · " if site.address else ""
    facts = f'<p class="facts">{address}{_both(site.what)} · {_both(where)}</p>'
    choices = "".join(
        f'<label class="choice"><input type="radio" name="answer-{row}" value="{key}"{" checked" if not key else ""}>'
        f" {_both(word)}</label>"
        for key, word in {"": both("no answer"), **answer_words()}.items()
    )
    stays = _say(message("This place stays as it is; a remark can be written."))
    asked = choices if site.may_answer else f'<p class="note">{stays}</p>'
    reason = message("Reason") if site.may_answer else message("Remark")
    return (
        f'<fieldset data-site="{html_attribute(site.site_id)}"><legend>{draw_symbol(site.role)} {site.number}. '
        f'<bdi>{html_text(site.name)}</bdi></legend>{facts}<div class="choices">{asked}</div>'
        f'<p class="field"><label for="reason-{row}">{_say(reason)}</label><textarea id="reason-{row}" rows="2" '
        f'maxlength="{LONGEST_REASON}" aria-describedby="reason-{row}-fault"></textarea>'
        f'<span class="fault" id="reason-{row}-fault"></span></p></fieldset>'
    )


def _distance(distance_m: float, language: Language) -> str:
    if distance_m == 0:
        return translate("in the quarter", language=language)
    return translate("{n} m", language=language, n=format_number(distance_m, language=language))


def _proposals() -> str:
    """Return the proposals: none yet, a pattern for one, and the button that adds one."""
    fields = (
        ("address", both("Address, or what stands there"), f'maxlength="{LONGEST_ADDRESS}"'),
        ("lon", both("Longitude"), 'inputmode="decimal"'),
        ("lat", both("Latitude"), 'inputmode="decimal"'),
    )
    inputs = "".join(
        f'<p class="field {key}"><label>{_both(label)} <input type="text" data-field="{key}" {more} autocomplete="off">'
        "</label></p>"
        for key, label, more in fields
    )
    reason = (
        f'<p class="field"><label>{_say(message("Reason"))} <textarea rows="2" data-field="reason" '
        f'maxlength="{LONGEST_REASON}"></textarea></label></p>'
    )
    remove = f'<button type="button" class="remove">{_say(message("Take this place out"))}</button>'
    pattern = (
        f'<template id="proposal"><fieldset class="proposal"><legend>{_say(message("Proposed place"))} <span class="number">'
        f'</span></legend>{inputs}{reason}<span class="fault"></span>{remove}</fieldset></template>'
    )
    how = _say(
        message(
            "An address is enough. A point is better: click it on the map above, or type longitude and latitude as maps show "
            "them, such as 9.19 and 45.46."
        )
    )
    return (
        f'<section id="proposed"><h2>{_say(message("Propose other places in the quarter"))}</h2><p>{how}</p>{pattern}'
        f'<div id="proposals"></div><button type="button" id="add" class="button">{_say(message("Propose a place"))}</button>'
        "</section>"
    )


def _end() -> str:
    opened = _say(message("Go on with answers that were saved before:"))
    return (
        '<section class="end"><div id="faults" role="alert" tabindex="-1"></div>'
        f'<button type="submit" class="button primary" id="save">{_say(message("Save the answers"))}</button>'
        '<p id="told" role="status"></p>'
        f'<p class="field"><label>{opened} <input type="file" id="open" accept=".json,application/json"></label></p></section>'
    )
