"""The sites in a quarter and near it: what they are, how far off, and how many people each reaches by itself."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.kinds import kind_name
from layers.plan import BEFORE, BEST, GroupBrief, Plan, open_column, within_column
from maps.i18n import Language, format_number, message, translate
from maps.need_text import say
from maps.quarter_figures import minutes_text, people_text
from maps.quarter_map import NEAR_M, draw_symbol
from maps.quarter_worth import worth_text
from maps.safe import html_attribute, html_text
from maps.size_words import size_words

_ORDER = ("existing", "closed", "proposed", "compared", "competitor", "candidate")
_STEP_M = 50.0
"""Distances are said in steps: positions are no better."""


def sites_near(plan: Plan, shape: shapely.Geometry) -> gpd.GeoDataFrame:
    """Return the sites in a quarter and at most `NEAR_M` from it, those open or proposed first, then by distance.

    Returns
    -------
    Rows of ``plan.sites`` with ``distance_m``: straight metres to the border, 0 inside.
    """
    sites = plan.sites
    if sites.empty:
        return sites.assign(distance_m=[])
    distance_m = shapely.distance(sites.geometry.to_numpy(), shape)
    order = sites["role"].map({role: position for position, role in enumerate(_ORDER)})
    near = sites.assign(distance_m=distance_m, order=order)[distance_m <= NEAR_M]
    return near.sort_values(["order", "distance_m", "site_id"], ignore_index=True).drop(columns="order")


def role_name(plan: Plan, role: str, language: Language) -> str:
    """Return what a role is called; sites of one situation that is compared go by its name."""
    others = [variant for variant in plan.document.variants if not variant.lens and variant.key not in (BEFORE, BEST)]
    if role == "compared" and len(others) == 1:
        return str(getattr(others[0].name, language))
    names = {
        "existing": message("Open now"),
        "closed": message("The plan closes it"),
        "competitor": message("Competitor"),
        "compared": message("Compared"),
        "proposed": message("Proposed by the plan"),
        "candidate": message("Other candidate"),
    }
    return translate(names[role], language=language)


def render_sites(plan: Plan, near: gpd.GeoDataFrame, shape: shapely.Geometry, language: Language) -> str:
    """Return the list of sites in and near a quarter, with their numbers on the map, and the nearest open ones."""
    title = say(message("Places in the quarter and near it"), language)
    sentences = "".join(f"<p>{text}</p>" for text in _nearest(plan, shape, language))
    if near.empty:
        none = say(message("No place is in the quarter or within {n} m of it."), language, n=f"{NEAR_M:.0f}")
        return f'<section class="sites"><h2>{title}</h2>{sentences}<p>{none}</p></section>'
    groups = [group for group in plan.document.groups if group.key in plan.document.need]
    heads = (message("No."), message("Place"), message("What it is"), message("Distance"))
    cells = "".join(f'<th scope="col">{say(name, language)}</th>' for name in heads)
    cells += "".join(f'<th scope="col">{_reach_head(plan, group, language)}</th>' for group in groups)
    rows = pd.DataFrame(near.drop(columns=near.geometry.name)).to_dict("records")
    has_worth = bool(plan.document.worth or plan.document.near)
    cells += f'<th scope="col">{say(message("What it is worth"), language)}</th>' if has_worth else ""
    body = "".join(_row(plan, number, row, groups, language, has_worth=has_worth) for number, row in enumerate(rows, 1))
    note = _note(language, has_worth=has_worth)
    return (
        f'<section class="sites"><h2>{title}</h2>{sentences}<div class="table" tabindex="0" role="group" aria-label="{title}">'
        f'<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div><p class="note">{note}</p></section>'
    )


def _note(language: Language, *, has_worth: bool) -> str:
    if has_worth:
        return say(
            message(
                "Distance: straight, to the border of the quarter. People: within the standard of this place alone, in the "
                "whole city. Worth: by how much what is sought gets worse without the place, and how often it stands in plans "
                "that are nearly as good."
            ),
            language,
        )
    return say(
        message(
            "Distance: straight, to the border of the quarter. People: within the standard of this place alone, in the whole "
            "city. What a place is worth beside the others is not worked out here."
        ),
        language,
    )


def _reach_head(plan: Plan, group: GroupBrief, language: Language) -> str:
    n = minutes_text(plan.document.standard_min, language)
    return say(message("{group} within {n} minutes"), language, group=group.label, n=n)


def _row(
    plan: Plan, number: int, row: Mapping[Hashable, object], groups: list[GroupBrief], language: Language, *, has_worth: bool
) -> str:
    role, kind = str(row["role"]), kind_name(str(row["kind"]))
    parts = (getattr(kind, language), role_name(plan, role, language), size_words(plan, row, language))
    what = html_text(" – ".join(part for part in parts if part))
    address = "" if pd.isna(row["address"]) else f'<br><bdi class="address">{html_text(row["address"])}</bdi>'  # type: ignore[call-overload]
    reach = "".join(f"<td>{html_text(_reach(row, group, language))}</td>" for group in groups)
    worth = f'<td class="worth">{html_text(worth_text(plan, str(row["site_id"]), language))}</td>' if has_worth else ""
    return (
        f'<tr data-site="{html_attribute(row["site_id"])}"><td class="mark">{draw_symbol(role)} {number}</td>'
        f'<th scope="row"><bdi>{html_text(row["name"])}</bdi>{address}</th><td>{what}</td>'
        f"<td>{_distance(float(str(row['distance_m'])), language)}</td>{reach}{worth}</tr>"
    )


def _reach(row: Mapping[Hashable, object], group: GroupBrief, language: Language) -> str:
    """Return how many people a place reaches by itself; of few, in any part of the city, no number is said."""
    column = within_column(group.key)
    return people_text({**row, group.key: row[column]}, group, column, language)


def _distance(distance_m: float, language: Language) -> str:
    if distance_m == 0:
        return say(message("in the quarter"), language)
    stepped = max(_STEP_M, round(distance_m / _STEP_M) * _STEP_M)
    return say(message("{n} m"), language, n=format_number(stepped, language=language))


def _nearest(plan: Plan, shape: shapely.Geometry, language: Language) -> list[str]:
    """Return where the nearest open place is, today and in the plan."""
    texts = []
    for key in (BEFORE, BEST):
        opened = plan.sites[plan.sites[open_column(key)].astype(bool)] if len(plan.sites) else plan.sites
        if opened.empty:
            continue
        distance_m = shapely.distance(opened.geometry.to_numpy(), shape)
        row = int(np.argmin(distance_m))
        texts.append(
            say(
                message("Nearest open place, {variant}: {name} ({distance})."),
                language,
                variant=plan.document.variant(key).name,
                name=str(opened["name"].iloc[row]),
                distance=_distance(float(distance_m[row]), language),
            )
        )
    return texts
