"""What stands at the end of a report: rules, method, limits, assumptions, sources, and what makes the plan again."""

from __future__ import annotations

from layers.plan_choice import Optimum
from layers.plan_text import Text
from maps.i18n import format_percent, message
from maps.modes import travel_words
from maps.quarter_method import render_estimates
from maps.report.view import View, fold, section, table
from maps.safe import html_text


def render_rules(view: View) -> str:
    """Return the rules in force and what came of each; that there were none where there were none.

    Those of a review have a section of their own.
    """
    title = view.say(message("Rules in force"))
    rules = [rule for rule in view.document.rules if not rule.key.startswith("review.")]
    if not rules:
        return section(view, "rules", title, f"<p>{view.say(message('None besides the number of places.'))}</p>")
    items = "".join(f"<li>{view.pick(rule.rule)}: <b>{view.pick(rule.outcome)}</b></li>" for rule in rules)
    return section(view, "rules", title, f"<ul>{items}</ul>")


def render_method(view: View) -> str:
    """Return how the need was counted, how people travel, how sure the choice is, and what hangs on no street."""
    document = view.document
    rows = [
        (message("Travel"), [view.pick(travel_words(document))]),
        (message("Choice"), [_proof(view, optimum) for optimum in document.optima]),
        (message("Equal choices"), list(dict.fromkeys(view.pick(one.tie_rule) for one in document.optima))),
        (message("Streets"), _streets(view)),
        (message("Without a place on the map"), _placeless(view)),
    ]
    facts = "".join(
        f"<div><dt>{view.say(name)}</dt>{''.join(f'<dd>{line}</dd>' for line in lines)}</div>" for name, lines in rows if lines
    )
    made = section(view, "method", view.say(message("How it was calculated")), f'<dl class="facts">{facts}</dl>')
    return render_estimates(document, view.language) + made


def _proof(view: View, optimum: Optimum) -> str:
    """Return how sure one choice is, and how good it is."""
    text = (
        message("{n} min: proven best choice of {sites} new places (gap {gap}).")
        if optimum.status == "optimal"
        else message("{n} min: best choice found of {sites} new places; one better by at most {gap} may exist.")
    )
    gap = format_percent(optimum.gap, language=view.language, digits=2)
    parts = [view.say(text, n=view.minutes(optimum.standard_min), sites=view.number(optimum.new), gap=gap)]
    if optimum.value is not None:
        words = view.plain(optimum.value)
        parts.append(html_text(f"{words[:1].upper()}{words[1:]}."))
    if optimum.is_verified:
        parts.append(view.say(message("Recounted.")))
    return " ".join(parts)


def _streets(view: View) -> list[str]:
    found = view.document.connection
    share = format_percent(found.length_share_kept, language=view.language)
    people = view.number(found.people_not_connected)
    return [
        view.say(message("{share} of the length of the streets is connected and used."), share=share),
        view.say(message("Places not connected: {n}."), n=view.number(len(found.sites_not_connected))),
        view.say(
            message("Squares not connected: {n}, with {people} people."),
            n=view.number(found.cells_not_connected),
            people=people,
        ),
    ]


def _placeless(view: View) -> list[str]:
    lines = []
    for group in view.document.groups:
        text = f"{view.plain(group.label)}: {view.number(group.no_place)}"
        if group.modelled:
            low, high = (view.number(end) for end in group.modelled.no_place)
            text += f" ({low}–{high})" if low != high else ""
        lines.append(html_text(text))
    return lines


def render_texts(view: View, key: str, title: str, texts: tuple[Text, ...]) -> str:
    """Return a list of texts of the plan under a title of the catalogue; nothing where there are none."""
    if not texts:
        return ""
    items = "".join(f"<li>{view.pick(text)}</li>" for text in texts)
    return section(view, key, view.say(title), f"<ul>{items}</ul>")


def render_sources(view: View) -> str:
    """Return the sources of each layer, with their dates and licences; nothing where the plan names none."""
    sources = view.document.sources
    if not sources:
        return ""
    rows = [
        f'<tr><th scope="row"><bdi>{html_text(one.layer)}</bdi></th><td><bdi>{html_text(one.source)}</bdi></td>'
        f"<td>{html_text(one.date)}</td><td>{html_text(one.licence)}</td><td>{html_text(one.attribution)}</td></tr>"
        for one in sources
    ]
    names = (message("Layer"), message("Source"), message("Date"), message("Licence"), message("Attribution"))
    title = message("Sources")
    made = table(view, label=view.words(title), heads=[view.say(name) for name in names], rows=rows, key="wide")
    return section(view, "sources", view.say(title), made)


def render_digests(view: View) -> str:
    """Return what makes the plan again: the digest of each input, and the versions of the programs."""
    document = view.document
    rows = [
        f'<tr><th scope="row"><bdi>{html_text(name)}</bdi></th><td><code>{html_text(digest)}</code></td></tr>'
        for name, digest in document.inputs.items()
    ]
    title = message("Inputs by their digests, and versions")
    heads = [view.say(message("Input")), "sha256"]
    shown = table(view, label=view.words(title), heads=heads, rows=rows, key="digests") if rows else ""
    versions = ", ".join(f"{name} {version}" for name, version in document.versions.items())
    made = f"<p>{view.say(message('Made with {versions}.'), versions=versions)}</p>" if versions else ""
    text = view.say(message("The same inputs and versions give the same plan."))
    content = f"<p>{text}</p>{made}{fold(view, view.say(message('Digests')), shown) if shown else ''}"
    return section(view, "digests", view.say(title), content)
