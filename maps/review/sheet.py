"""The sheet of a quarter: which places it may answer about, and what stands on it that must not change.

Both forms of a sheet, the workbook and the page, show these values, and a sheet that comes back is checked against them.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from layers.kinds import kind_name
from layers.plan import CityBrief, Plan
from layers.plan_text import Text
from layers.review_sites import reviewed_sites
from maps.quarter_page import page_names
from maps.quarter_sites import role_name, sites_near

SHEET_FORMAT = "diffusa-review-sheet/1"
N_PROPOSALS = 10
"""How many places a quarter can propose on one sheet."""
LONGEST_REASON = 1_000
LONGEST_ADDRESS = 200


@dataclass(frozen=True)
class SheetSite:
    """A place on a sheet: its number on the quarter's page, what it is, and whether it can be answered about."""

    number: int
    site_id: str
    name: str
    address: str
    what: Text
    role: str
    distance_m: float
    may_answer: bool


@dataclass(frozen=True, eq=False)
class Sheet:
    """The sheet of one quarter.

    Parameters
    ----------
    city
        The city of the plan.
    plan
        Digest of the plan.
    nil, name, position
        Number and name of the quarter, and its row in ``plan.nil``.
    stem
        What its files are called, without their ending.
    title, sentence
        What the plan is, in both languages.
    sites
        The places in the quarter and near it, as its page lists them.
    shape
        Polygon of the quarter, in the CRS of the plan.
    """

    city: CityBrief
    plan: str
    nil: int
    name: str
    position: int
    stem: str
    title: Text
    sentence: Text
    sites: tuple[SheetSite, ...]
    shape: shapely.Geometry

    @property
    def answerable(self) -> frozenset[str]:
        """Return the ids of the places about which it can be answered."""
        return frozenset(site.site_id for site in self.sites if site.may_answer)


def build_sheets(plan: Plan, *, digest: str) -> tuple[Sheet, ...]:
    """Return the sheet of every quarter of a plan, in the order of ``plan.nil``.

    Parameters
    ----------
    plan
        As read from its folder.
    digest
        sha256 of its ``plan.json``.
    """
    known = reviewed_sites(plan)
    answerable = {site_id for site_id, site in known.items() if site.may_answer}
    stems = [name.removesuffix(".html") for name in page_names(plan)]
    rows = zip(plan.nil["nil"], plan.nil["name"], plan.nil.geometry, stems, strict=True)
    return tuple(
        Sheet(
            city=plan.document.city,
            plan=digest,
            nil=int(nil),
            name=str(name),
            position=position,
            stem=stem,
            title=plan.document.title,
            sentence=plan.document.sentence,
            sites=_sites(plan, sites_near(plan, shape), answerable),
            shape=shape,
        )
        for position, (nil, name, shape, stem) in enumerate(rows)
    )


def _sites(plan: Plan, near: gpd.GeoDataFrame, answerable: set[str]) -> tuple[SheetSite, ...]:
    columns = ["site_id", "name", "kind", "role", "address", "distance_m"]
    rows = pd.DataFrame(near[columns]).itertuples(index=False) if len(near) else ()
    return tuple(
        SheetSite(
            number=number,
            site_id=str(row.site_id),
            name=str(row.name),
            address=_text(row.address),
            what=_what(plan, str(row.kind), str(row.role)),
            role=str(row.role),
            distance_m=_stepped(float(str(row.distance_m))),
            may_answer=row.site_id in answerable,
        )
        for number, row in enumerate(rows, 1)
    )


def _stepped(distance_m: float) -> float:
    """Return a distance in steps of 50 m, as positions are no better; 0 in the quarter alone."""
    return max(50.0, round(distance_m / 50.0) * 50.0) if distance_m > 0 else 0.0


def _what(plan: Plan, kind: str, role: str) -> Text:
    named = kind_name(kind)
    return Text(it=f"{named.it} – {role_name(plan, role, 'it')}", en=f"{named.en} – {role_name(plan, role, 'en')}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
