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
from layers.plan import within_column
from maps.i18n import format_number, format_percent, translate
from maps.modes import mode_name

GROUPS_SHOWN = 3
"""A table with more does not fit a terminal of 80 columns; the file holds them all."""

QUARTERS_SHOWN = 10


def show_areas(areas: SiteAreas, output: Path, *, console: Console) -> None:
    """Print one row per connected site and time: kilometres of street, square kilometres, people of each group."""
    near, shown = areas.near, areas.near.groups[:GROUPS_SHOWN]
    _print_sample(near, console)
    figures = {(row["site_id"], row["minutes"]): row for _, row in areas.areas.iterrows()}
    connected, rows = areas.sites[areas.sites["is_connected"]], []
    for site_id, name in connected[["site_id", "name"]].itertuples(index=False):
        for number, minutes in enumerate(areas.minutes):
            row = figures.get((site_id, minutes))  # none where the time is too short to come to the street
            km, km2 = (0.0, 0.0) if row is None else (row["street_m"] / 1e3, row["area_m2"] / 1e6)
            people = [0.0 if row is None else row[within_column(key)] for key in shown]
            cells = [f"{minutes:g}", _number(km, digits=1), _number(km2, digits=2), *map(_number, people)]
            rows.append(["" if number else f"{name} [{site_id}]", *cells])
    title = f"{near.city.name}: what each site reaches {_travel_words(near)}"
    console.print(_table(title, ["site", "min", "km", "km²", *(_label(near, key) for key in shown)], rows))
    if len(connected) > 1:
        _say(console, "Whoever is near several sites is counted at each of them; 'diffusa access' counts everybody once.")
    if len(near.groups) > len(shown):
        _say(console, f"{len(near.groups) - len(shown)} more groups stand in the file; --group chooses.")
    for line in (*areas.limits, f"Areas: {output}"):
        _say(console, line)


def show_access(access: SiteAccess, output: Path, table: Path, *, console: Console) -> None:
    """Print how many people of the group have a site near, and the quarters that are served worst."""
    near, group = access.near, access.group
    _print_sample(near, console)
    _say(console, _reach_sentence(access))
    rows = [
        [
            row["name"],
            _number(row[group]),
            _number(row["reached"]),
            format_percent(row["share"], language="en"),
            _number(row["minutes"], digits=1),
            _number(row["access"] * 1e3, digits=2),
        ]
        for _, row in rank_worst_quarters(access, QUARTERS_SHOWN).iterrows()
    ]
    heads = ["quarter", _label(near, group), f"within {access.standard_min:g} min", "share", "mean min", "capacity per 1,000"]
    console.print(_table(f"{near.city.name}: the quarters that are served worst", heads, rows))
    for line in (*access.limits, f"Cells, quarters and sites: {output}", f"Quarters: {table}"):
        _say(console, line)


def _reach_sentence(access: SiteAccess) -> str:
    near = access.near
    total, reached = float(near.people.totals[access.group]), float(access.quarters["reached"].sum())
    share = format_percent(reached / total if total > 0 else None, language="en")
    whom = f"{_number(reached)} of {_number(total)} {_label(near, access.group)} ({share})"
    places = "the site asked for" if len(near.sites) == 1 else f"one of {len(near.sites)} sites"
    return f"{whom} have {places} within {access.standard_min:g} minutes {_travel_words(near)}."


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table whose first column holds names; where the terminal is narrow, names and heads give way, no figure."""
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(heads[0], overflow="fold")
    for column, head in enumerate(heads[1:], start=1):
        table.add_column(escape(head), justify="right", min_width=max([len(row[column]) for row in rows], default=0))
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _travel_words(near: NearSites) -> str:
    return f"{mode_name(near.mode).en} at {near.speed_km_h:g} km/h"


def _label(near: NearSites, key: str) -> str:
    return next(group.label_en for group in near.people.groups if group.key == key)


def _number(value: float, *, digits: int = 0) -> str:
    return format_number(value, language="en", digits=digits)


def _print_sample(near: NearSites, console: Console) -> None:
    if near.city.is_sample:
        console.print(f"[bold]{translate('sample city, not real data', language='en').upper()}[/bold]")


def _say(console: Console, text: str) -> None:
    console.print(escape(text), soft_wrap=True, highlight=False)
