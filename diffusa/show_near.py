"""What the commands on service areas and accessibility print: a table, what limits it, and where the files are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from diffusa.access import SiteAccess, rank_worst_quarters
from diffusa.areas import SiteAreas
from diffusa.near_sites import NearSites
from diffusa.numbers_in_words import number
from layers.plan import within_column
from layers.plan_text import Text
from maps.i18n import Language, both, format_number, format_percent, translate
from maps.modes import mode_name
from maps.quarter_figures import minutes_text

GROUPS_SHOWN = 3
"""A table with more does not fit a terminal of 80 columns; the file holds them all."""

QUARTERS_SHOWN = 10


def show_areas(areas: SiteAreas, output: Path, *, console: Console, language: Language | None = None) -> None:
    """Print one row per connected site and time: kilometres of street, square kilometres, people of each group."""
    near, shown, spoken = areas.near, areas.near.groups[:GROUPS_SHOWN], language or _language(areas.near)
    _print_sample(near, console, spoken)
    figures = {(row["site_id"], row["minutes"]): row for _, row in areas.areas.iterrows()}
    connected, rows = areas.sites[areas.sites["is_connected"]], []
    for site_id, name in connected[["site_id", "name"]].itertuples(index=False):
        for line, minutes in enumerate(areas.minutes):
            row = figures.get((site_id, minutes))  # none where the time is too short to come to the street
            km, km2 = (0.0, 0.0) if row is None else (row["street_m"] / 1e3, row["area_m2"] / 1e6)
            people = [0.0 if row is None else row[within_column(key)] for key in shown]
            sizes = [format_number(km, language=spoken, digits=1), format_number(km2, language=spoken, digits=2)]
            counts = [format_number(one, language=spoken) for one in people]
            rows.append(["" if line else f"{name} [{site_id}]", minutes_text(minutes, spoken), *sizes, *counts])
    title = translate("{city}: what each site reaches {how}", language=spoken, city=near.city.name, how=_travel_words(near))
    site = translate("site", language=spoken)
    console.print(_table(title, [site, "min", "km", "km²", *(_label(near, key, spoken) for key in shown)], rows))
    lines = [getattr(limit, spoken) for limit in areas.limits]
    if len(connected) > 1:
        message = "Whoever is near several sites is counted at each of them; 'diffusa access' counts everybody once."
        lines.insert(0, translate(message, language=spoken))
    if more := len(near.groups) - len(shown):
        message = "{n} more groups stand in the file; --group chooses."
        lines.insert(1 if len(connected) > 1 else 0, translate(message, language=spoken, n=more))
    for line in (*lines, translate("Areas: {path}", language=spoken, path=str(output))):
        _say(console, line)


def show_access(access: SiteAccess, output: Path, table: Path, *, console: Console, language: Language | None = None) -> None:
    """Print how many people of the group have a site near, and the quarters that are served worst."""
    near, group, spoken = access.near, access.group, language or _language(access.near)
    _print_sample(near, console, spoken)
    _say(console, _reach_sentence(access, spoken))
    rows = [
        [
            row["name"],
            format_number(row[group], language=spoken),
            format_number(row["reached"], language=spoken),
            format_percent(row["share"], language=spoken),
            format_number(row["minutes"], language=spoken, digits=1),
            format_number(row["access"] * 1e3, language=spoken, digits=2),
        ]
        for _, row in rank_worst_quarters(access, QUARTERS_SHOWN).iterrows()
    ]
    heads = [
        translate("quarter", language=spoken),
        _label(near, group, spoken),
        translate("within {n} min", language=spoken, n=minutes_text(access.standard_min, spoken)),
        translate("share", language=spoken),
        translate("mean min", language=spoken),
        translate("capacity per 1,000", language=spoken),
    ]
    title = translate("{city}: the quarters that are served worst", language=spoken, city=near.city.name)
    console.print(_table(title, heads, rows))
    files = (
        translate("Cells, quarters and sites: {path}", language=spoken, path=str(output)),
        translate("Quarters: {path}", language=spoken, path=str(table)),
    )
    for line in (*(getattr(limit, spoken) for limit in access.limits), *files):
        _say(console, line)


def _reach_sentence(access: SiteAccess, language: Language) -> str:
    near = access.near
    total, reached = float(near.people.totals[access.group]), float(access.quarters["reached"].sum())
    values = {
        "n": format_number(reached, language=language),
        "all": format_number(total, language=language),
        "group": _label(near, access.group, language),
        "share": format_percent(reached / total if total > 0 else None, language=language),
        "minutes": minutes_text(access.standard_min, language),
        "how": _travel_words(near),
    }
    if len(near.sites) == 1:
        message = "{n} of {all} {group} ({share}) have the site asked for within {minutes} minutes {how}."
        return translate(message, language=language, **values)
    message = "{n} of {all} {group} ({share}) have one of {sites} sites within {minutes} minutes {how}."
    return translate(message, language=language, sites=len(near.sites), **values)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table whose first column holds names; where the terminal is narrow, names and heads give way, no figure."""
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(heads[0], overflow="fold")
    for column, head in enumerate(heads[1:], start=1):
        table.add_column(escape(head), justify="right", min_width=max([len(row[column]) for row in rows], default=0))
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _travel_words(near: NearSites) -> Text:
    """Return how people travel, in both languages."""
    speed = number(near.speed_km_h, digits=_digits(near.speed_km_h))
    return both("{mode} at {n} km/h", mode=mode_name(near.mode), n=speed)


def _language(near: NearSites) -> Language:
    return "it" if near.city.language == "it" else "en"


def _digits(value: float) -> int:
    """Return how many digits a speed needs: 4.5 and 12, not 12.0; at most two."""
    return next((digits for digits in (0, 1) if round(value, digits) == round(value, 2)), 2)


def _label(near: NearSites, key: str, language: Language) -> str:
    group = next(group for group in near.people.groups if group.key == key)
    return group.label_it if language == "it" else group.label_en


def _print_sample(near: NearSites, console: Console, language: Language) -> None:
    if near.city.is_sample:
        console.print(f"[bold]{translate('sample city, not real data', language=language).upper()}[/bold]")


def _say(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)
