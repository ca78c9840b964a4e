"""The plan: what was asked, what was chosen, what it changes. Plain values, filled by the planner and drawn by the maps.

A *variant* is one set of open sites that is compared with the others. The key ``before`` is what is open now, ``best`` is the
plan; between them stand the sets that the scenario names under ``[[compare]]``. Frames carry one column per variant and group,
named by `minutes_column`, `reached_column` and `share_column`.

The same set of sites may be counted through other *lenses*: another mode of travel, or another percentile of the departures.
Then it is a variant of its own, named by `lens_variant`, such as ``best_walk``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import geopandas as gpd
from pydantic import Field

from layers.plan_choice import CurveBrief, Figure, NearPlansBrief, Optimum, RuleBrief, SiteWorthBrief, SizeBrief
from layers.plan_contact import ContactBrief
from layers.plan_review import ReviewEffect
from layers.plan_text import Text, Value
from layers.review import Review

PlanFormat = Literal["diffusa-plan/1"]
PLAN_FORMAT: PlanFormat = "diffusa-plan/1"
BEFORE = "before"
BEST = "best"
STATION_COLUMNS = ("station_id", "name", "lines", "geometry")
AREA_COLUMNS = ("site_id", "minutes", "n_cells", "geometry")
LINE_COLUMNS = ("mode", "line", "geometry")

Role = Literal["existing", "closed", "proposed", "compared", "competitor", "candidate"]


class CityBrief(Value):
    """The city of a plan; `is_sample` puts "sample city, not real data" on everything made from it."""

    id: str
    name: str
    crs: str
    cell_m: int
    language: Literal["it", "en"]
    is_sample: bool


class ModelledBrief(Value):
    """How a group that nobody counted was estimated; pairs are the ends of the interval of the brief's own figures.

    `base` is the counted group that its rate is of (empty where the pack has none), `totals` name what every draw meets.
    """

    definition: str
    estimator: str
    factors: tuple[Text, ...]
    totals: tuple[str, ...]
    base: str
    rate: float
    n_draws: int
    interval: tuple[float, float]
    total: tuple[float, float]
    in_cells: tuple[float, float]
    no_place: tuple[float, float]


class GroupBrief(Value):
    """A group of people: `total` is the published one, `in_cells` those with a place, `no_place` the others."""

    key: str
    label: Text
    year: int
    total: float
    in_cells: float
    no_place: float
    modelled: ModelledBrief | None = None


class Variant(Value):
    """One set of open sites: `site_ids` is all of them, `new_ids` those that are not open now.

    `lens` is empty where the variant is counted as the plan travels; else it is the key of another mode or percentile.
    """

    key: str
    name: Text
    site_ids: tuple[str, ...]
    new_ids: tuple[str, ...]
    lens: str = ""


class LensBrief(Value):
    """A way of counting: its key, empty for the plan's own, and what it is called, such as "on foot"."""

    key: str
    name: Text


class WindowBrief(Value):
    """When people set off by public transport, and how journeys were searched.

    `start` and `end` are local clock times, `n_departures` the samples of each pair over all draws, `n_draws` how often the
    phases of lines without a timetable were drawn (0: every vehicle runs by a timetable), `stops_not_connected` the stops
    that are too far from any street.
    """

    date: str
    start: str
    end: str
    percentile: float
    direction: Literal["towards", "away"]
    n_departures: int
    n_draws: int
    seed: int
    max_walk_min: float
    max_change_walk_min: float
    change_min: float
    stops_not_connected: tuple[str, ...] = ()


class ModeShare(Value):
    """Share of the journeys to the nearest open site whose longest ride is on a mode; "walking" is walking all the way.

    Journeys are the departures of the window at which the site is reached within the cutoff, weighted by the need of their
    cells.
    """

    variant: str
    mode: str
    share: float


class Connection(Value):
    """What hangs on the street network: share of its length kept, sites and people that it does not reach."""

    n_components: int
    length_share_kept: float
    max_snap_m: float
    sites_not_connected: tuple[str, ...]
    cells_not_connected: int
    people_not_connected: float
    median_site_snap_m: float


class SourceBrief(Value):
    """Where one layer comes from."""

    layer: str
    source: str
    licence: str
    attribution: str
    date: str


class PlanDocument(Value):
    """Everything of a plan that is not a table; written as ``plan.json``."""

    format: PlanFormat = PLAN_FORMAT
    name: str
    service: str
    title: Text
    sentence: Text
    city: CityBrief
    mode: str
    speed_km_h: float
    standard_min: float
    cutoff_min: float
    standards_min: tuple[float, ...]
    need: dict[str, float]
    groups: tuple[GroupBrief, ...]
    variants: tuple[Variant, ...]
    lenses: tuple[LensBrief, ...] = ()
    figures: tuple[Figure, ...]
    optima: tuple[Optimum, ...]
    goal: Text | None = None
    rules: tuple[RuleBrief, ...] = ()
    sizes: tuple[SizeBrief, ...] = ()
    worth: tuple[SiteWorthBrief, ...] = ()
    near: NearPlansBrief | None = None
    curves: tuple[CurveBrief, ...] = ()
    review: tuple[ReviewEffect, ...] = ()
    reviewed: Review | None = None
    connection: Connection
    contact: ContactBrief | None = None
    window: WindowBrief | None = None
    mode_shares: tuple[ModeShare, ...] = ()
    limits: tuple[Text, ...] = ()
    assumptions: tuple[Text, ...] = ()
    sources: tuple[SourceBrief, ...] = ()
    scenario: dict[str, object] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)

    def variant(self, key: str) -> Variant:
        """Return one variant by its key."""
        return next(variant for variant in self.variants if variant.key == key)

    def figure(self, variant: str, group: str, *, standard_min: float) -> Figure:
        """Return one figure by what it counts."""
        return next(
            figure
            for figure in self.figures
            if (figure.variant, figure.group, figure.standard_min) == (variant, group, standard_min)
        )


def empty_table(columns: Sequence[str], *, crs: object = None) -> gpd.GeoDataFrame:
    """Return a layer without rows: a plan need not have it."""
    return gpd.GeoDataFrame({name: [] for name in columns if name != "geometry"}, geometry=[], crs=crs)


@dataclass(frozen=True)
class Plan:
    """A plan with its tables, all in the CRS of the city.

    Beside every column of a modelled group stand the ends of its interval, named by `low_column` and `high_column`.

    Parameters
    ----------
    document
        What ``plan.json`` holds.
    cells
        One row per cell inside the city: cell_id, nil, district, one count column per group (people with a place; fractional),
        ``need`` (share of the city's need, in [0, 1]), is_connected (whether a street is near enough), ``minutes_<variant>`` to
        the nearest open site (NaN: not within the cutoff), ``rate_<group>`` of a modelled group (share of its base, in [0, 1];
        NaN where nobody of the base lives), geometry Polygon (100 m square).
    sites
        One row per site: site_id, name, kind, tags, status, owner, address, role, is_existing, is_selected, ``in_<variant>``,
        nil, district, cost_eur, position_error_m, snap_m, is_connected, ``within_<group>`` (people within the standard of
        this site alone), source; NaN where not known; geometry Point.
    allocation
        One row per cell and site that serves it, within the standard where the objective has one: cell_id, site_id, minutes,
        one count column per group (those served); geometry LineString from cell to site. Only capacities give a cell two rows.
    nil
        One row per quarter: nil, name, district, one column per group (all its people, with those without a place),
        ``reached_<variant>_<group>`` and ``share_<variant>_<group>`` at the standard, ``minutes_<variant>`` (mean over the
        people of need within the cutoff), ``beyond_<variant>`` (share of need beyond the cutoff), geometry.
    districts
        One row per district: district, name, one column per group (all its people, with those without a place),
        ``reached_<variant>_<group>`` and ``share_<variant>_<group>`` at the standard, geometry; may be empty.
    stations
        `STATION_COLUMNS`: station_id, name, lines, geometry Point; of metro and trains; may be empty.
    areas
        `AREA_COLUMNS`: one row per site that is open in a variant and the cells within the standard of it alone, as
        `layers.site_areas.area_table` returns them.
    lines
        `LINE_COLUMNS`: metro and railways, as `layers.transit_lines.transit_lines` returns them; may be empty.
    """

    document: PlanDocument
    cells: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    allocation: gpd.GeoDataFrame
    nil: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame = field(default_factory=partial(empty_table, AREA_COLUMNS))
    lines: gpd.GeoDataFrame = field(default_factory=partial(empty_table, LINE_COLUMNS))


def lens_key(percentile: float) -> str:
    """Return the key of the lens that shows a percentile of the departures.

    Examples
    --------
    >>> lens_key(90.0), lens_key(97.5)
    ('p90', 'p97_5')
    """
    return f"p{percentile:g}".replace(".", "_")


def lens_variant(variant: str, lens: str) -> str:
    """Return the key of a variant counted through a lens; the variant itself for the plan's own way of counting.

    Examples
    --------
    >>> lens_variant("best", "walk"), lens_variant("best", "")
    ('best_walk', 'best')
    """
    return f"{variant}_{lens}" if lens else variant


def minutes_column(variant: str) -> str:
    """Return the name of the column with minutes to the nearest open site of a variant."""
    return f"minutes_{variant}"


def reached_column(variant: str, group: str) -> str:
    """Return the name of the column with the people of a group reached within the standard."""
    return f"reached_{variant}_{group}"


def share_column(variant: str, group: str) -> str:
    """Return the name of the column with the share of a group reached within the standard, in [0, 1]."""
    return f"share_{variant}_{group}"


def beyond_column(variant: str) -> str:
    """Return the name of the column with the share of need that no open site reaches within the cutoff."""
    return f"beyond_{variant}"


def within_column(group: str) -> str:
    """Return the name of the column with the people of a group within the standard of one site alone."""
    return f"within_{group}"


def rate_column(group: str) -> str:
    """Return the name of the column with the rate of a modelled group: its share of the people that the rate is of."""
    return f"rate_{group}"


def low_column(column: str) -> str:
    """Return the name of the column with the lower end of the interval of another column."""
    return f"{column}_low"


def high_column(column: str) -> str:
    """Return the name of the column with the upper end of the interval of another column."""
    return f"{column}_high"


def open_column(variant: str) -> str:
    """Return the name of the column that says whether a site is open in a variant."""
    return f"in_{variant}"


def square_column(group: str) -> str:
    """Return the column with the INSPIRE id of the square, perhaps larger, that a released cell's count is the mean of."""
    return f"square_{group}"
