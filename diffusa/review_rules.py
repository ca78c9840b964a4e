"""A review put to a city: proposed places become sites, its rules sites that are required, forbidden or wished for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from data.errors import Faults, GeometryError, IdError, PlannerError, ScenarioError, suggest_name
from data.pack import CityPack
from diffusa.scenario import Scenario
from layers.review import PROPOSAL_KIND, NewCandidate, Review
from layers.sites import SITE_COLUMNS
from optimize.rules import SiteGroup

SOURCE = "review"
_FAR_M = 100.0
Ids = tuple[str, ...]


@dataclass(frozen=True)
class Wishes:
    """Places that quarters would rather have and rather not have, and by what share a plan may be worse for them."""

    preferred: Ids = ()
    avoided: Ids = ()
    within: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is wished for."""
        return not self.preferred and not self.avoided


def review_of(scenario: Scenario, faults: Faults) -> Review | None:
    """Return the review of a scenario; None where it has none, or it cannot be read: the faults are added then."""
    if scenario.review is None:
        return None
    try:
        review = scenario.review.content
    except PlannerError as error:
        faults.add(error)
        return None
    if review.city != scenario.city:
        what = f"the review is of {review.city!r}, the scenario of {scenario.city!r}"
        faults.add(ScenarioError(what, where="review", remedy="Name the review of this city"))
        return None
    return review


def add_proposals(sites: gpd.GeoDataFrame, review: Review, pack: CityPack, faults: Faults) -> gpd.GeoDataFrame:
    """Return the sites of a city with the places that quarters proposed; a fault for those that have no point in the city.

    Parameters
    ----------
    sites
        The joined sites, in the CRS of the city.
    review
        Its candidates have points in degrees.
    """
    candidates = review.candidate
    unplaced = [candidate for candidate in candidates if candidate.lon is None]
    if unplaced:
        examples = [f"{candidate.site} {candidate.address!r}" for candidate in unplaced]
        what = "proposed places have an address and no point"
        remedy = "Look them up and write their lon and lat into the review, or take them out"
        faults.add(ScenarioError(what, where="review.candidate", n=len(unplaced), examples=examples, remedy=remedy))
    taken = sorted({candidate.site for candidate in candidates} & set(sites["site_id"]))
    if taken:
        what = "proposed places have the ids of sites of the city"
        faults.add(IdError(what, where="review.candidate", n=len(taken), examples=taken, remedy="Give them other ids"))
    placed = [candidate for candidate in candidates if candidate.lon is not None and candidate.site not in taken]
    if not placed:
        return sites
    frame = _frame(placed, sites, pack, faults)
    # astype: a column of nothing but missing values would lose its type in the joining
    joined = pd.concat([sites, frame.astype(sites.drop(columns="geometry").dtypes.to_dict())], ignore_index=True)
    return gpd.GeoDataFrame(joined, crs=sites.crs).sort_values("site_id", ignore_index=True)


def _frame(candidates: Sequence[NewCandidate], sites: gpd.GeoDataFrame, pack: CityPack, faults: Faults) -> gpd.GeoDataFrame:
    points = gpd.points_from_xy([one.lon for one in candidates], [one.lat for one in candidates], crs="EPSG:4326")
    points = gpd.GeoSeries(points).to_crs(sites.crs)
    quarters = pack.read("quarters")
    _, rows = quarters.sindex.nearest(points, return_all=False)
    found = quarters.iloc[rows].reset_index(drop=True)
    far = points.reset_index(drop=True).distance(gpd.GeoSeries(found.geometry.to_numpy(), crs=sites.crs)) > _FAR_M
    if far.any():
        ids = [one.site for one, is_far in zip(candidates, far, strict=True) if is_far]
        what = f"proposed places lie more than {_FAR_M:g} m outside the city"
        faults.add(GeometryError(what, where="review.candidate", n=len(ids), examples=ids, remedy="Mend their lon and lat"))
    columns: dict[str, object] = dict.fromkeys(name for name in SITE_COLUMNS if name != "geometry")
    columns |= {
        "site_id": [one.site for one in candidates],
        "name": [one.name for one in candidates],
        "kind": PROPOSAL_KIND,
        "tags": "",
        "address": [one.address or None for one in candidates],
        "cost_eur": [one.cost_eur for one in candidates],
        "source": "review of the quarters",
        "source_layer": SOURCE,
        "nil": found["nil"].to_numpy(),
        "district": found["district"].to_numpy() if "district" in found else None,
    }
    return gpd.GeoDataFrame(columns, geometry=points.to_numpy(), crs=sites.crs)[list(SITE_COLUMNS)]


def put_review(review: Review, chosen: dict[str, Ids], sites: gpd.GeoDataFrame, faults: Faults) -> dict[str, Ids]:
    """Return the sites that a scenario names, with those that its review requires, forbids and proposes.

    Parameters
    ----------
    review
        The answers.
    chosen
        Ids by what the scenario says of them: fixed, required, candidates, forbidden, open_now.
    sites
        All sites, proposed ones among them.
    faults
        Where faults are gathered: ids that are unknown, rules that contradict those of the scenario, rules without effect.
    """
    known = set(sites["site_id"]) | {candidate.site for candidate in review.candidate}
    for kind, rule in review.rules():
        if rule.site not in known:
            remedy = suggest_name(rule.site, known)
            faults.add(IdError(f"{rule.site!r} names no site", where=f"review.{kind}", remedy=remedy))
    required, forbidden = ({*review.sites_of(kind)} & known for kind in ("required", "forbidden"))
    _check(chosen, required, forbidden, review, faults)
    required, forbidden = required - {*chosen["forbidden"]}, forbidden - {*chosen["required"], *chosen["fixed"]}
    may_close = {*chosen["open_now"]}
    proposed = {candidate.site for candidate in review.candidate} & set(sites["site_id"])
    return {
        **chosen,
        "candidates": tuple(sorted({*chosen["candidates"], *proposed})),
        "required": tuple(sorted({*chosen["required"], *(required - may_close)})),
        "forbidden": tuple(sorted({*chosen["forbidden"], *(forbidden - may_close)})),
    }


def _check(chosen: Mapping[str, Ids], required: set[str], forbidden: set[str], review: Review, faults: Faults) -> None:
    for ids, of_review, key in (
        (required, "required", "forbidden"),
        (forbidden, "forbidden", "required"),
        (forbidden, "forbidden", "fixed"),
    ):
        both = sorted(ids & {*chosen[key]})
        if both:
            what = f"sites are {of_review} by the review and {key} by the scenario"
            remedy = "Take them out of one of the two"
            faults.add(ScenarioError(what, where=f"review.{of_review}", n=len(both), examples=both, remedy=remedy))
    proposed = {candidate.site for candidate in review.candidate}
    acting = {*chosen["candidates"], *chosen["required"], *chosen["open_now"], *proposed} - {*chosen["fixed"]}
    idle = [f"{rule.site} ({kind})" for kind, rule in review.rules() if kind != "required" and rule.site not in acting]
    idle = [text for text in idle if text.split(" ", 1)[0] not in forbidden & {*chosen["fixed"]}]
    if idle:
        what = "rules are about sites that may not open in this scenario"
        remedy = "Take them out of the review, or name the sites in sites.candidates"
        faults.add(ScenarioError(what, where="review", n=len(idle), examples=idle, remedy=remedy))


def closing_groups(review: Review, open_now: Ids) -> tuple[SiteGroup, ...]:
    """Return the limits that make sites of ``rules.open_now`` stay or close, as the review requires or forbids them."""
    stay, close = ({*review.sites_of(kind)} & {*open_now} for kind in ("required", "forbidden"))
    return (
        *(SiteGroup(name=f"review: {site} stays open", ids=(site,), at_least=1) for site in sorted(stay)),
        *(SiteGroup(name=f"review: {site} closes", ids=(site,), at_most=0) for site in sorted(close)),
    )


def wishes_of(scenario: Scenario, review: Review, may_open: frozenset[str]) -> Wishes:
    """Return the places that quarters would rather have and rather not have, of those that may be open."""
    within = 0.0 if scenario.review is None else scenario.review.wishes_within_percent / 100.0
    preferred, avoided = (
        tuple(site for site in review.sites_of(kind) if site in may_open) for kind in ("preferred", "avoided")
    )
    return Wishes(preferred=preferred, avoided=avoided, within=within)
