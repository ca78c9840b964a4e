"""The head of a report: what was asked, and the plan in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from layers.kinds import kind_name
from layers.plan import BEFORE, BEST, Plan, Variant
from maps.accessibility import statement_link
from maps.i18n import format_percent, message
from maps.modes import travel_words
from maps.quarter_parts import language_buttons, render_banner
from maps.report.view import View, link
from maps.safe import html_text

MAP, QUARTER_LIST = "map.html", "quarters/index.html"
_MOST_NAMES = 12


def render_head(view: View) -> str:
    """Return title, sentence and links; on paper without buttons and links."""
    document = view.document
    buttons = "" if view.is_paper else language_buttons()
    nav = ""
    if view.quarter_pages and not view.is_paper:
        links = [(MAP, message("Map of the plan")), (QUARTER_LIST, message("All quarters"))]
        shown = "".join(link(view, target, view.say(text)) for target, text in links)
        nav = f'<nav aria-label="{view.say(message("Other pages"))}">{shown}{statement_link(view.language)}</nav>'
    return (
        f'{render_banner(document, view.language)}<header><p class="city">{html_text(document.city.name)} · '
        f"{view.say(message('Report'))}</p>{buttons}<h1>{view.pick(document.title)}</h1>{nav}"
        f'<p class="sentence">{view.pick(document.sentence)}</p></header>'
    )


def render_question(view: View) -> str:
    """Return what was asked: what is sought, for whom, how people travel, what is open and where something may open."""
    document = view.document
    n = view.minutes(document.standard_min)
    reached = message("an open place within {n} minutes or exactly {n}; searched up to {cutoff}")
    rows = [(message("Sought"), view.pick(document.goal))] if document.goal else []
    rows += [
        (message("Need"), _need(view)),
        (message("Travel"), view.pick(travel_words(document))),
        (message("Reached"), view.say(reached, n=n, cutoff=view.minutes(document.cutoff_min))),
        (message("Open now"), _open_sites(view, BEFORE)),
        (message("Where something may open"), _candidates(view)),
    ]
    rows += [(message("New places"), html_text(view.number(view.own_optimum.new)))] if view.own_optimum else []
    facts = "".join(_fact(view.say(name), text) for name, text in rows)
    facts += "".join(
        _fact(view.pick(variant.name), _new_sites(view, variant)) for variant in view.variants() if _is_other(variant)
    )
    title = view.say(message("The question"))
    return f'<section class="question" id="{view.language}-question"><h2>{title}</h2><dl class="facts">{facts}</dl></section>'


def _fact(name: str, text: str) -> str:
    return f"<div><dt>{name}</dt><dd>{text}</dd></div>"


def _is_other(variant: Variant) -> bool:
    return variant.key not in (BEFORE, BEST)


def _need(view: View) -> str:
    """Return the groups of the need with their weights."""
    need = view.document.need
    whole = sum(need.values())
    labels = {group.key: view.plain(group.label) for group in view.document.groups}
    parts = [
        f"{labels.get(key, key)} {format_percent(weight / whole if whole else None, language=view.language, digits=0)}"
        for key, weight in need.items()
    ]
    return html_text(", ".join(parts))


def _names(view: View, site_ids: tuple[str, ...]) -> str:
    """Return names of sites, not more than fit a line or two."""
    if not site_ids:
        return view.say(message("none"))
    shown = view.site_list(site_ids[:_MOST_NAMES])
    rest = len(site_ids) - _MOST_NAMES
    return f"{shown} {view.say(message('and {n} more'), n=view.number(rest))}" if rest > 0 else shown


def _open_sites(view: View, key: str) -> str:
    found = next((variant.site_ids for variant in view.variants() if variant.key == key), ())
    return _names(view, found)


def _new_sites(view: View, variant: Variant) -> str:
    return _names(view, variant.new_ids)


def _candidates(view: View) -> str:
    """Return the kinds of places among which the plan could choose."""
    names = sorted({view.plain(kind_name(kind, number="many")) for kind in candidate_kinds(view.plan)})
    return html_text(", ".join(names)) if names else view.say(message("none"))


def candidate_kinds(plan: Plan) -> set[str]:
    """Return the kinds of places among which the scenario lets the plan choose: those that its selectors name."""
    if plan.sites.empty:
        return set()
    kind_of_site = dict(zip(plan.sites["site_id"].astype(str), plan.sites["kind"].astype(str), strict=True))
    asked = plan.document.scenario.get("sites")
    selectors = [*asked.get("candidates", ()), *asked.get("required", ())] if isinstance(asked, Mapping) else []
    named = {kind_of_site.get(str(selector), str(selector).partition(":")[0]) for selector in selectors}
    may_be_new = plan.sites["role"].isin(["candidate", "proposed"])
    return named & set(kind_of_site.values()) or set(plan.sites.loc[may_be_new, "kind"].astype(str))
