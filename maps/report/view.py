"""What every part of a report is given: a plan in one language, for a screen or for paper; and the frames of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from layers.plan import BEFORE, BEST, GroupBrief, LensBrief, Plan, PlanDocument, Variant
from layers.plan_choice import Optimum
from layers.plan_text import Text
from maps.i18n import Language, format_number, translate
from maps.modes import mode_name
from maps.need_text import say
from maps.quarter_figures import Row, minutes_text
from maps.safe import html_attribute, html_text

ROLE_ORDER = ("proposed", "existing", "closed")
"""Roles of the places that a report numbers, in this order."""


@dataclass(frozen=True, eq=False)
class View:
    """A plan in one language.

    Parameters
    ----------
    plan
        The plan; its table of cells is not looked at.
    language
        Of all texts.
    is_paper
        Whether nothing can be clicked: no links, no buttons, nothing folded.
    quarter_pages
        File of the page of each quarter, in the order of ``plan.nil``; empty where no page may be linked to.
    """

    plan: Plan
    language: Language
    is_paper: bool = False
    quarter_pages: tuple[str, ...] = ()

    @property
    def document(self) -> PlanDocument:
        """Return what is no table."""
        return self.plan.document

    def say(self, text: str, /, **values: object) -> str:
        """Return a text of the catalogue as HTML."""
        return say(text, self.language, **values)

    def words(self, text: str, /, **values: object) -> str:
        """Return a text of the catalogue, not yet escaped."""
        return translate(text, language=self.language, **values)

    def pick(self, text: Text) -> str:
        """Return a text of the plan in the language of the report, as HTML."""
        return html_text(self.plain(text))

    def plain(self, text: Text) -> str:
        """Return a text of the plan in the language of the report, not yet escaped."""
        return text.it if self.language == "it" else text.en

    def number(self, value: float | None, *, digits: int = 0) -> str:
        """Return a number as the language writes it."""
        return format_number(value, language=self.language, digits=digits)

    def minutes(self, minutes: float) -> str:
        """Return minutes without digits that say nothing."""
        return minutes_text(minutes, self.language)

    @cached_property
    def need_groups(self) -> tuple[GroupBrief, ...]:
        """Return the groups of the need that the report counts; all groups where it counts none of them."""
        found = tuple(group for group in self.document.groups if group.key in self.document.need)
        return found or self.document.groups

    @cached_property
    def lenses(self) -> tuple[LensBrief, ...]:
        """Return the ways of counting, the plan's own first."""
        return self.document.lenses or (LensBrief(key="", name=mode_name(self.document.mode)),)

    def variants(self, lens: str = "") -> tuple[Variant, ...]:
        """Return the situations through one lens."""
        return tuple(variant for variant in self.document.variants if variant.lens == lens)

    @cached_property
    def own_optimum(self) -> Optimum | None:
        """Return the choice that the plan makes: the optimum at its own standard."""
        found = (one for one in self.document.optima if one.standard_min == self.document.standard_min)
        return next(found, None)

    @cached_property
    def places(self) -> tuple[Row, ...]:
        """Return the sites that the plan opens, keeps or closes, in the order of their numbers."""
        sites = self.plan.sites
        if sites.empty:
            return ()
        rows = pd.DataFrame(sites.drop(columns=sites.geometry.name)).to_dict("records")
        kept = [row for row in rows if row["role"] in ROLE_ORDER]
        return tuple(sorted(kept, key=lambda row: (ROLE_ORDER.index(str(row["role"])), str(row["site_id"]))))

    @cached_property
    def quarter_rows(self) -> Mapping[float, int]:
        """Return the row of each quarter in ``plan.nil`` by its number."""
        return {float(nil): row for row, nil in enumerate(self.plan.nil["nil"])}

    @cached_property
    def site_names(self) -> Mapping[str, str]:
        """Return the name of each site by its id."""
        if self.plan.sites.empty:
            return {}
        return dict(zip(self.plan.sites["site_id"].astype(str), self.plan.sites["name"].astype(str), strict=True))

    def site_name(self, site_id: str) -> str:
        """Return the name of a site as HTML; its id where the plan has no such site."""
        return f"<bdi>{html_text(self.site_names.get(site_id, site_id))}</bdi>"

    def site_list(self, site_ids: Iterable[str]) -> str:
        """Return names of sites as HTML, one after another."""
        return ", ".join(self.site_name(site_id) for site_id in site_ids)


def kind_of(variant: Variant) -> str:
    """Return how a situation is drawn: ``existing``, ``proposed`` or ``compared``; through any lens."""
    plain = variant.key.removesuffix(f"_{variant.lens}") if variant.lens else variant.key
    return {BEFORE: "existing", BEST: "proposed"}.get(plain, "compared")


def section(view: View, key: str, title: str, *parts: str) -> str:
    """Return a part of the report under its heading; its key is its anchor."""
    return f'<section class="{key}" id="{view.language}-{key}"><h2>{title}</h2>{"".join(parts)}</section>'


def note(text: str) -> str:
    """Return a remark in small print."""
    return f'<p class="note">{text}</p>'


def table(view: View, *, label: str, heads: Sequence[str], rows: Sequence[str], caption: str = "", key: str = "") -> str:
    """Return a table that scrolls sideways where a screen is narrow.

    Parameters
    ----------
    view
        The report.
    label
        What the table is, as plain text.
    heads
        Heads of the columns, as HTML.
    rows
        Whole rows, as HTML.
    caption
        Title above the table; none by default.
    key
        Class of the table; ``sortable`` gives its heads buttons where the report is on a screen.
    """
    is_sortable = key == "sortable" and not view.is_paper
    shown = [f'<button type="button">{head}</button>' if is_sortable and head else head for head in heads]
    cells = "".join(f'<th scope="col">{head}</th>' if head else "<td></td>" for head in shown)
    title = f"<caption>{caption}</caption>" if caption else ""
    frame = "" if view.is_paper else f' tabindex="0" role="group" aria-label="{html_attribute(label)}"'
    return (
        f'<div class="table"{frame}><table class="{key}">{title}<thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def fold(view: View, title: str, content: str) -> str:
    """Return content that is folded away on a screen and open on paper."""
    if view.is_paper:
        return f"<h3>{title}</h3>{content}"
    return f"<details><summary>{title}</summary>{content}</details>"


def link(view: View, target: str, text: str) -> str:
    """Return a link with an HTML text; the text alone where nothing may be linked to."""
    if view.is_paper or not view.quarter_pages:
        return text
    return f'<a href="{html_attribute(target)}">{text}</a>'


def quarter_link(view: View, position: int) -> str:
    """Return the name of a quarter, with a link to its page."""
    name = f"<bdi>{html_text(view.plan.nil['name'].iloc[position])}</bdi>"
    return link(view, f"quarters/{view.quarter_pages[position]}", name) if view.quarter_pages else name
