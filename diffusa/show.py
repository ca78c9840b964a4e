"""What the command prints: the sentence, the table, and what a scenario asks, in words."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data.errors import ScenarioError, suggest_name
from data.pack import CityPack
from diffusa.choice_words import choice_assumptions
from diffusa.explain_rules import rule_lines
from diffusa.objective_words import goal_words
from diffusa.people_year import read_people_of
from diffusa.question import put_question
from diffusa.review_words import review_line
from diffusa.scenario import Scenario
from diffusa.scenario_travel import Travel
from diffusa.show_study import study_lines
from layers.kinds import kind_name
from layers.plan import Plan, PlanDocument, lens_variant
from layers.plan_choice import Figure
from layers.plan_text import Text
from layers.sites import join_sites
from maps.i18n import LANGUAGES, Language, format_number, format_percent, translate


def parse_language(name: str | None) -> Language | None:
    """Return a language given by its name; None, the city's own, for None.

    Raises
    ------
    ScenarioError
        If it is not one of the two.
    """
    if name is None:
        return None
    for language in LANGUAGES:
        if name == language:
            return language
    raise ScenarioError(f"no language {name!r}", where="--language", remedy=suggest_name(name, LANGUAGES))


def show_plan(plan: Plan, map_path: Path, *, console: Console, language: Language | None = None) -> None:
    """Print the sentence, the table of figures, how sure the choice is, and where the map is."""
    document = plan.document
    chosen = language or document.city.language
    if document.city.is_sample:
        console.print(f"[bold]{translate('sample city, not real data', language=chosen).upper()}[/bold]")
    console.print(escape(_in(document.sentence, chosen)), soft_wrap=True)
    console.print(_figure_table(document, chosen))
    for line in _site_lines(plan, chosen):
        console.print(escape(line), soft_wrap=True, highlight=False)
    for line in (*_rule_lines(document, chosen), *_proof_lines(document, chosen), *study_lines(plan, chosen)):
        console.print(escape(line), soft_wrap=True, highlight=False)
    _print_connection(document, console, chosen)
    console.print(escape(translate("Map: {path}", language=chosen, path=str(map_path))), soft_wrap=True, highlight=False)


def _in(text: Text, language: Language) -> str:
    return text.it if language == "it" else text.en


def _figure_table(document: PlanDocument, language: Language) -> Table:
    """Return one row per group, lens and standard, one column per situation."""
    alone = {(figure.group, figure.standard_min): figure for optimum in document.optima for figure in optimum.figures}
    has_alone, lenses = len(document.optima) > 1, document.lenses
    table = Table(title=escape(_in(document.title, language)), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(translate("share of the group within", language=language))
    if len(lenses) > 1:
        table.add_column(translate("how", language=language), min_width=22)
    table.add_column("min", justify="right")
    situations = [variant for variant in document.variants if not variant.lens]
    for variant in situations:
        table.add_column(escape(_in(variant.name, language)), justify="right")
    if has_alone:
        table.add_column(translate("best for each time alone", language=language), justify="right")
    for group in document.groups:
        table.add_section()
        for number, lens in enumerate(lenses):
            for row, standard in enumerate(document.standards_min):
                keys = [lens_variant(variant.key, lens.key) for variant in situations]
                figures = [document.figure(key, group.key, standard_min=standard) for key in keys]
                heads = ["" if row or number else escape(_in(group.label, language))]
                if len(lenses) > 1:
                    heads.append("" if row else escape(_in(lens.name, language)))
                heads.append(format_number(standard, language=language, digits=0))
                shares = [_share(figure, language) for figure in figures]
                if has_alone:
                    shares.append("–" if lens.key else _share(alone[group.key, standard], language))
                table.add_row(*heads, *shares)
    return table


def _share(figure: Figure, language: Language) -> str:
    share = format_percent(figure.share, language=language, digits=1)
    if figure.share_low is None or figure.share_high is None:
        return share
    low, high = (format_percent(value, language=language, digits=1) for value in (figure.share_low, figure.share_high))
    return share if low == high else f"{share}\n{low}–{high}"


def _site_lines(plan: Plan, language: Language) -> list[str]:
    """Return the proposed sites by name and address, one a line."""
    proposed = plan.sites[plan.sites["role"] == "proposed"]
    lines = [translate("Proposed places", language=language) + ":"] if len(proposed) else []
    for site_id, name, kind, address in proposed[["site_id", "name", "kind", "address"]].itertuples(index=False):
        parts = [str(part) for part in (name, _in(kind_name(kind), language), address) if isinstance(part, str) and part]
        lines.append(f"  {', '.join(parts)} [{site_id}]{_size(plan, site_id, language)}")
    return lines


def _size(plan: Plan, site_id: str, language: Language) -> str:
    """Return the size in which a site opens, where it may open in several."""
    document = plan.document
    own = next((one for one in document.optima if one.standard_min == document.standard_min), None)
    key = None if own is None else own.sizes.get(site_id)
    return next((f": {_in(size.name, language)}" for size in document.sizes if size.key == key), "")


def _rule_lines(document: PlanDocument, language: Language) -> list[str]:
    """Return the rules in force with what came of each, one a line."""
    head = [translate("Rules in force", language=language) + ":"] if document.rules else []
    return head + [f"  {_in(rule.rule, language)}: {_in(rule.outcome, language)}" for rule in document.rules]


def _proof_lines(document: PlanDocument, language: Language) -> list[str]:
    lines = []
    for optimum in document.optima:
        message = (
            "{minutes} min: proven best (gap {gap}), recounted; new: {sites}"
            if optimum.status == "optimal"
            else "{minutes} min: not proven best (gap {gap}), recounted; new: {sites}"
        )
        value = "" if optimum.value is None else f"; {_in(optimum.value, language)}"
        lines.append(
            translate(
                message,
                language=language,
                minutes=format_number(optimum.standard_min, language=language, digits=0),
                gap=format_percent(optimum.gap, language=language, digits=2),
                sites=", ".join(optimum.selected_new) or "–",
            )
            + value
        )
    return lines


def _print_connection(document: PlanDocument, console: Console, language: Language) -> None:
    away = document.connection.sites_not_connected
    if away:
        message = translate(
            "{n} sites lie farther than {metres} m from any street and are not connected: {sites}",
            language=language,
            n=len(away),
            metres=format_number(document.connection.max_snap_m, language=language, digits=0),
            sites=", ".join(away),
        )
        console.print(escape(message), soft_wrap=True, highlight=False)


def explain_scenario(scenario: Scenario, pack: CityPack | None, *, console: Console) -> None:
    """Print in words what a scenario asks; with a pack, also the sites that its selectors name.

    Raises
    ------
    PlannerError
        If the scenario does not fit the pack.
    """
    for line in _explanation(scenario):
        console.print(escape(line), soft_wrap=True, highlight=False)
    if pack is None:
        return
    sites = join_sites(pack.read("services"), pack.read("spaces"))
    question = put_question(scenario, pack, people=read_people_of(scenario, pack), sites=sites)
    counts = f"In {pack.city.name}: {len(question.open_before)} sites open now, {len(question.candidates)} candidates"
    number = "" if question.new is None else f", {question.new} to choose"
    console.print(escape(f"{counts}{number}."), highlight=False)
    for text in choice_assumptions(question):
        console.print(escape(text.en), soft_wrap=True, highlight=False)


def _explain_travel(travel: Travel) -> str:
    if travel.mode != "transit":
        return f"Travel: {travel.mode} at {travel.usual_speed_km_h:g} km/h; reached means at most the standard."
    return (
        f"Travel: public transport {travel.direction} the sites, setting off in {travel.window}; reached means that "
        f"{travel.percentile:g} % of the departures take at most the standard. On foot at {travel.usual_speed_km_h:g} km/h, "
        f"at most {travel.max_walk_min:g} minutes to a stop."
    )


def _explain_number(scenario: Scenario) -> str:
    choose, rules = scenario.choose, scenario.rules
    if choose.new is not None:
        return f"{choose.new} new"
    if choose.total is not None:
        return f"{choose.total} in all"
    limits = [(word, n) for word, n in (("at least", rules.new_at_least), ("at most", rules.new_at_most)) if n is not None]
    return " and ".join(f"{word} {n}" for word, n in limits) + " new" if limits else "as many as it takes"


def _explanation(scenario: Scenario) -> list[str]:
    travel = scenario.travel
    whole = sum(scenario.need.values())
    need = ", ".join(f"{key} {weight / whole:.0%}" for key, weight in scenario.need.items())
    number = _explain_number(scenario)
    lines = [
        f"{scenario.name}: place {kind_name(scenario.service, number='many').en} in {scenario.city}.",
        f"Need: {need}; each group is divided by its city total first.",
        _explain_travel(travel),
        f"Choose {number} among {', '.join(scenario.sites.candidates)}.",
        f"Sought: {goal_words(scenario).en}",
        *rule_lines(scenario),
        f"Open now: {', '.join(scenario.sites.fixed) or 'none'}.",
        (
            f"Counted at {', '.join(f'{minutes:g}' for minutes in scenario.standards_min)} minutes "
            f"for {', '.join(scenario.group_keys)}."
        ),
    ]
    if scenario.people is not None:
        lines.append(f"People: updated to {scenario.people.year} by official totals.")
    if scenario.review is not None:
        lines.append(review_line(scenario.review.content, within_percent=scenario.review.wishes_within_percent))
    if scenario.compare:
        lines.append("Compared with: " + ", ".join(variant.name.en for variant in scenario.compare) + ".")
    return lines
