"""A page for each quarter of a plan: where it is, who is reached, who is left out, which places there are, how to answer.

A page is one HTML file without a script that fetches nothing. Both languages stand in it; inputs that the style sheet looks at
switch between them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.errors import FileError
from layers.plan import BEFORE, BEST, Plan
from maps.accessibility import statement_link
from maps.assets import read_template
from maps.i18n import LANGUAGES, Language, format_number, message, translate
from maps.need_text import say
from maps.page_data import check_tables
from maps.palettes import CHANGE, NOBODY
from maps.quarter_figures import left_out_lines, minutes_text, render_figures, render_other_times
from maps.quarter_index import render_quarter_index
from maps.quarter_map import (
    LEFT_OUT_BREAKS,
    LEFT_OUT_COLORS,
    CityDrawing,
    draw_change,
    draw_city,
    draw_frame,
    draw_left_out,
    draw_place,
    draw_sites,
    draw_symbol,
    view_box,
    window_of,
)
from maps.quarter_method import render_answer, render_estimates, render_limits
from maps.quarter_parts import LANGUAGE_SWITCHES, language_buttons, render_banner, render_document
from maps.quarter_sites import render_sites, role_name, sites_near
from maps.review.effects import render_effects
from maps.safe import html_attribute, html_text

FOLDER = "quarters"
INDEX_NAME = "index.html"
_LONGEST_SLUG = 60
_TOUCH_M = 1.0  # borders of two quarters need not be the same to the millimetre


@dataclass(frozen=True, eq=False)
class _Quarter:
    """One quarter with what its page shows: its row, the rows of its squares, the sites near it."""

    position: int
    row: Mapping[Hashable, object]
    cells: NDArray[np.intp]
    sites: gpd.GeoDataFrame


def write_quarter_pages(plan: Plan, folder: Path) -> None:
    """Write ``quarters/NN-name.html`` for each quarter, and ``quarters/index.html``, into a plan folder that exists.

    Raises
    ------
    PlannerError
        If the plan's tables lack what the pages show.
    FileError
        If a file cannot be written.
    """
    check_tables(plan)
    names = page_names(plan)
    pages = {INDEX_NAME: render_quarter_index(plan, names)}
    city = draw_city(plan)
    cells_of = plan.cells.groupby("nil").indices
    rows = pd.DataFrame(plan.nil.drop(columns=plan.nil.geometry.name)).to_dict("records")
    for position, (row, name) in enumerate(zip(rows, names, strict=True)):
        cells = np.asarray(cells_of.get(row["nil"], []), dtype=np.intp)
        quarter = _Quarter(position, row, cells, sites_near(plan, plan.nil.geometry.iloc[position]))
        pages[name] = _render_page(plan, city, quarter, names)
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
        for name, page in pages.items():
            (folder / FOLDER / name).write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise FileError(f"the pages of quarters cannot be written: {error.strerror}", where=str(folder / FOLDER)) from error


def page_names(plan: Plan) -> list[str]:
    """Return the file name of each quarter's page: its number, and its name in plain letters."""
    digits = max(2, *(len(str(nil)) for nil in plan.nil["nil"]))
    return [
        f"{int(nil):0{digits}d}{_slug(str(name))}.html" for nil, name in zip(plan.nil["nil"], plan.nil["name"], strict=True)
    ]


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_SLUG].strip("-")
    return f"-{slug}" if slug else ""


def _render_page(plan: Plan, city: CityDrawing, quarter: _Quarter, names: list[str]) -> str:
    language = plan.document.city.language
    title = (
        f"{quarter.row['name']} – {translate('Quarter', language=language)} {quarter.row['nil']} – {plan.document.city.name}"
    )
    bodies = "".join(_body(plan, city, quarter, names, one) for one in LANGUAGES)
    content = f'{_store(plan, city, quarter)}<div class="page">{LANGUAGE_SWITCHES[language]}{bodies}</div>'
    return render_document(title, content, language=language, styles=read_template("quarter.css"))


def _store(plan: Plan, city: CityDrawing, quarter: _Quarter) -> str:
    """Return all drawings once, hidden; each language shows them by reference."""
    window = window_of(plan.nil.geometry.iloc[quarter.position])
    keys = [group.key for group in plan.document.groups]
    frame = draw_frame(city, plan, quarter.position, window)
    drawn = {
        "change": draw_change(city, plan, quarter.cells, groups=keys),
        **{
            f"left-{number}": draw_left_out(city, plan, quarter.cells, group=key)
            for number, key in enumerate(plan.document.need)
            if key in keys  # the report need not count every group of the need
        },
        "frame": frame,
        "sites": draw_sites(city, quarter.sites, window),
    }
    groups = "".join(f'<g id="{key}">{shapes}</g>' for key, shapes in drawn.items())
    city_path = f'<path id="city" class="city-outline" d="{city.city_path}"/>'
    return f'<svg class="store" width="0" height="0" aria-hidden="true"><defs>{groups}{city_path}</defs></svg>'


def _body(plan: Plan, city: CityDrawing, quarter: _Quarter, names: list[str], language: Language) -> str:
    shape = plan.nil.geometry.iloc[quarter.position]
    sections = (
        _head(plan, quarter, names, language),
        _where(plan, city, quarter, names, language),
        render_figures(plan.document, quarter.row, language),
        render_other_times(plan, quarter.row, quarter.cells, language),
        _left_out(plan, city, quarter, language),
        render_sites(plan, quarter.sites, shape, language),
        render_effects(plan.document, language, quarter=int(str(quarter.row["nil"]))),
        render_answer(language, sheet=names[quarter.position]),
        render_estimates(plan.document, language),
        render_limits(plan.document, language),
    )
    return f'<main class="in-{language}" lang="{language}">{"".join(sections)}</main>'


def _head(plan: Plan, quarter: _Quarter, names: list[str], language: Language) -> str:
    document, position = plan.document, quarter.position
    links = [(INDEX_NAME, message("All quarters")), ("../map.html", message("Map of the plan"))]
    links += [(names[position - 1], message("Previous"))] if position else []
    links += [(names[position + 1], message("Next"))] if position + 1 < len(names) else []
    links.append(("../report.html", message("Report")))
    nav = "".join(f'<a href="{html_attribute(name)}">{say(text, language)}</a>' for name, text in links)
    nav += statement_link(language, folder="../")
    quarters = say(message("Quarters"), language)
    place = say(message("Quarter {n}"), language, n=quarter.row["nil"])
    return (
        f'{render_banner(document, language)}<header><p class="city">{html_text(document.city.name)} · {place}</p>'
        f"{language_buttons()}<h1><bdi>{html_text(quarter.row['name'])}</bdi></h1>"
        f'<nav aria-label="{quarters}">{nav}</nav>'
        f"<p><b>{html_text(getattr(document.title, language))}</b></p>"
        f'<p class="sentence">{html_text(getattr(document.sentence, language))}</p></header>'
    )


def _where(plan: Plan, city: CityDrawing, quarter: _Quarter, names: list[str], language: Language) -> str:
    title = say(message("Where we are"), language)
    label = html_attribute(translate("The quarter in the city", language=language))
    note = say(message("One square is {n} by {n} metres."), language, n=plan.document.city.cell_m)
    drawing = _map(plan, city, quarter, "change", translate("Who is reached in the quarter, and the places", language=language))
    return (
        f'<section class="where"><h2>{title}</h2><figure>{drawing}<figcaption>{_legend(plan, quarter, language)}'
        f'<p class="note">{note}</p>{draw_place(city, quarter.position, label=label)}</figcaption></figure>'
        f"{_neighbours(plan, quarter, names, language)}</section>"
    )


def _neighbours(plan: Plan, quarter: _Quarter, names: list[str], language: Language) -> str:
    """Return links to the quarters that touch this one."""
    shapes = plan.nil.geometry.to_numpy()
    beside = np.flatnonzero(shapely.dwithin(shapes, shapes[quarter.position], _TOUCH_M))
    links = ", ".join(
        f'<a href="{html_attribute(names[row])}"><bdi>{html_text(plan.nil["name"].iloc[row])}</bdi></a>'
        for row in beside
        if row != quarter.position
    )
    return f'<p class="beside">{say(message("Next to:"), language)} {links}</p>' if links else ""


def _map(plan: Plan, city: CityDrawing, quarter: _Quarter, key: str, label: str) -> str:
    box = view_box(city, window_of(plan.nil.geometry.iloc[quarter.position]))
    return (
        f'<svg class="map" viewBox="{box}" role="img" aria-label="{html_attribute(label)}">'
        f'<use href="#{key}"/><use href="#frame"/><use href="#sites"/></svg>'
    )


def _legend(plan: Plan, quarter: _Quarter, language: Language) -> str:
    n = minutes_text(plan.document.standard_min, language)
    before, after = (plan.document.variant(key).name for key in (BEFORE, BEST))
    classes = {
        "both": say(message("within {n} minutes, {before} and {after}"), language, n=n, before=before, after=after),
        "gained": say(message("gained: reached only now"), language),
        "lost": say(message("lost: no longer reached"), language),
        "outside": say(message("still not reached"), language),
        "nobody": say(message("nobody"), language),
    }
    colors = {**CHANGE, "nobody": NOBODY}
    items = "".join(f'<li><i style="background:{colors[key]}"></i>{text}</li>' for key, text in classes.items())
    roles = dict.fromkeys(str(role) for role in quarter.sites["role"])
    items += "".join(f"<li>{draw_symbol(role)} {html_text(role_name(plan, role, language))}</li>" for role in roles)
    return f'<ul class="legend">{items}</ul>'


def _left_out(plan: Plan, city: CityDrawing, quarter: _Quarter, language: Language) -> str:
    document = plan.document
    title = say(message("Who is left out, and where"), language)
    lines = "".join(f"<li>{line}</li>" for line in left_out_lines(document, quarter.row, language))
    labels = {group.key: getattr(group.label, language) for group in document.groups}
    figures = "".join(
        f"<figure>{_map(plan, city, quarter, f'left-{number}', labels[key])}"
        f"<figcaption><p><b>{html_text(labels[key])}</b></p>{_classes(language)}</figcaption></figure>"
        for number, key in enumerate(document.need)
        if key in labels
    )
    return f'<section class="left-out"><h2>{title}</h2><ul>{lines}</ul>{figures}</section>'


def _classes(language: Language) -> str:
    ends = [format_number(end, language=language) for end in LEFT_OUT_BREAKS]
    texts = [say(message("fewer than {n} in the square"), language, n=ends[0])]
    texts += [say(message("{low} to {high}"), language, low=low, high=high) for low, high in pairwise(ends)]
    texts += [say(message("{n} or more"), language, n=ends[-1]), say(message("reached, or nobody"), language)]
    colors = (*LEFT_OUT_COLORS, NOBODY)
    items = "".join(f'<li><i style="background:{color}"></i>{text}</li>' for color, text in zip(colors, texts, strict=True))
    return f'<ul class="legend">{items}</ul>'
