"""Census sections of the sample city with ISTAT-coded counts that agree with one another."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from data.sample.facts import Facts, PeopleFact, QuarterFact, SexFact
from data.sample.lattice import Blocks

Counts = NDArray[np.int64]

COUNT_PATTERN = r"(P|ST)\d+"
AGE_CODES = tuple(f"P{n}" for n in range(14, 30))  # under 5, 5-9, … 70-74, over 74
MEN_AGE_CODES = tuple(f"P{n}" for n in range(30, 46))
EDUCATION_CODES = tuple(f"P{n}" for n in range(47, 53))  # degree, upper, lower, primary, literate, illiterate
MEN_EDUCATION_CODES = tuple(f"P{n}" for n in range(54, 60))
FIRST_FROM_15 = 3
YOUTH = slice(3, 6)  # ages 15 to 29
UNEMPLOYMENT_CAP = 0.9
SEEKING_AGAIN_SHARE = 0.75  # of the unemployed have worked before
WORK_CODES = {
    "active": ("P60", "P64"), "employed": ("P61", "P65"), "seeking_again": ("P62", "P66"), "inactive": ("P128", "P129"),
    "homemakers": ("P130", None), "students": ("P131", "P132"), "others": ("P135", "P136"),
    "pensioners": ("P139", "P140"),
}  # fmt: skip
POSITION_NOISE_M = 55.0  # so that some points lie outside their quarter, as those of real sections do


@dataclass(frozen=True)
class _Ground:
    """Sections as places: arrays of shape (n,); a section without people is one of the last of its quarter."""

    quarter: NDArray[np.int64]
    district: NDArray[np.int64]
    xy: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    residents: Counts


def build_sections(facts: Facts, blocks: Blocks, *, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the census sections as points.

    Returns
    -------
    GeoDataFrame
        One row per section, in the order of the quarters; the last is the fictitious one, whose people are counted at a
        conventional address. Columns sez2011, municipio, id_nil, area_m2 (NaN for the last and one other),
        pos_quality, has_census_row, fictitious, ISTAT's counts; geometry Point in the CRS of the facts.
    """
    grounds = [_settle(quarter, facts=facts, blocks=blocks, rng=rng) for quarter in facts.quarters]
    ground = _join([*grounds, _settle_nowhere(facts, grounds)])
    frame = pd.DataFrame(
        {
            "sez2011": facts.city.section_code + np.arange(1, len(ground.quarter) + 1),
            "municipio": ground.district,
            "id_nil": ground.quarter,
            "area_m2": ground.area_m2.round(1),
            "pos_quality": "grid",
            "has_census_row": ground.residents > 0,
            "fictitious": np.arange(len(ground.quarter)) == len(ground.quarter) - 1,
        }
    )
    first = np.flatnonzero(ground.quarter == facts.quarter(facts.no_area.quarter).id)[0]
    frame.loc[first, "area_m2"] = np.nan
    counts = pd.DataFrame(_draw_counts(facts, ground, rng=rng))
    points = shapely.points(ground.xy)
    sections: gpd.GeoDataFrame = gpd.GeoDataFrame(pd.concat([frame, counts], axis=1), geometry=points, crs=facts.city.crs)
    return sections


def _join(grounds: list[_Ground]) -> _Ground:
    names = [field.name for field in fields(_Ground)]
    return _Ground(**{name: np.concatenate([getattr(ground, name) for ground in grounds]) for name in names})


def sum_by_quarter(sections: gpd.GeoDataFrame, facts: Facts) -> pd.DataFrame:
    """Return the exact total of every count per quarter, people without a place included."""
    codes = [column for column in sections.columns if re.fullmatch(COUNT_PATTERN, column)]
    totals: pd.DataFrame = sections.groupby("id_nil")[codes].sum().reset_index()
    names = {quarter.id: quarter.name.upper() for quarter in facts.quarters}
    totals.insert(1, "nil", totals["id_nil"].map(names))
    return totals


def _settle(quarter: QuarterFact, *, facts: Facts, blocks: Blocks, rng: np.random.Generator) -> _Ground:
    """Return the sections of one quarter: its blocks go to the nearest of some of them, drawn at random."""
    mine = blocks.letters == quarter.letter
    xy, area_m2, district = blocks.xy[mine], blocks.area_m2[mine], blocks.districts[mine]
    n_lived_in = max(1, round(quarter.residents / facts.character(quarter.letter).people_per_section))
    n = min(n_lived_in + quarter.empty_sections, len(xy))
    order = rng.permutation(len(xy))
    seeds = order[np.argsort(~_is_settled(quarter, xy, facts=facts)[order], kind="stable")][:n]  # settled blocks first
    nearest = cdist(xy, xy[seeds]).argmin(axis=1)
    noise = rng.uniform(-POSITION_NOISE_M, POSITION_NOISE_M, size=(n, 2))
    section_area_m2 = np.bincount(nearest, weights=area_m2, minlength=n).astype(np.float64)
    return _Ground(
        quarter=np.full(n, quarter.id),
        district=district[seeds],
        xy=(xy[seeds] + noise).round(1),
        area_m2=section_area_m2,
        residents=_share_out(quarter, section_area_m2, n_empty=quarter.empty_sections, facts=facts, rng=rng),
    )


def _is_settled(quarter: QuarterFact, xy: NDArray[np.float64], *, facts: Facts) -> NDArray[np.bool_]:
    """Return which blocks people live in: those on the quarter's islands of streets, or all where it has none."""
    settled = np.zeros(len(xy), dtype=np.bool_)
    islands = [island for island in facts.islands if island.quarter == quarter.letter]
    for island in islands:
        place = (xy - facts.city.corner - (island.x_m, island.y_m)) / island.pitch_m
        settled |= ((place > -0.5) & (place < (island.columns - 0.5, island.rows - 0.5))).all(axis=1)
    return settled if islands else ~settled


def _share_out(
    quarter: QuarterFact, area_m2: NDArray[np.float64], *, n_empty: int, facts: Facts, rng: np.random.Generator
) -> Counts:
    weight = np.sqrt(area_m2) * rng.lognormal(sigma=facts.people.section_spread, size=len(area_m2))
    weight[len(weight) - n_empty :] = 0.0
    return rng.multinomial(quarter.residents, weight / weight.sum()).astype(np.int64)


def _settle_nowhere(facts: Facts, grounds: list[_Ground]) -> _Ground:
    """Return the fictitious section; its point is the first one of its quarter, its area is not known."""
    quarter = facts.quarter(facts.no_place.quarter)
    host = grounds[facts.quarters.index(quarter)]
    return _Ground(
        quarter=host.quarter[:1],
        district=host.district[:1],
        xy=host.xy[:1],
        area_m2=np.array([np.nan]),
        residents=np.array([facts.no_place.residents]),
    )


def _draw_counts(facts: Facts, ground: _Ground, *, rng: np.random.Generator) -> dict[str, Counts]:
    quarters = {quarter.id: quarter for quarter in facts.quarters}
    own = [quarters[int(number)] for number in ground.quarter]
    ages = _draw_ages(facts.people, ground.residents, youth=np.array([q.youth for q in own]), rng=rng)
    men = rng.binomial(ages, facts.people.men_share)
    women = ages - men
    spread = rng.lognormal(sigma=facts.people.section_spread, size=len(own))
    unemployment = np.array([q.unemployment for q in own]) * spread
    counts = {"P1": ages.sum(axis=1), "P2": men.sum(axis=1), "P3": women.sum(axis=1)}
    counts |= dict(zip(AGE_CODES, ages.T, strict=True)) | dict(zip(MEN_AGE_CODES, men.T, strict=True))
    counts |= _draw_education(facts.people, men, women, rng=rng)
    rate = np.minimum(unemployment[:, None] * np.array(facts.people.unemployment_factor), UNEMPLOYMENT_CAP)
    counts |= _draw_work(facts.people, men[:, FIRST_FROM_15:], women[:, FIRST_FROM_15:], rate=rate, rng=rng)
    foreign = np.array([q.foreign for q in own])
    counts["ST2"] = rng.binomial(counts["P2"], foreign)
    counts["ST1"] = counts["ST2"] + rng.binomial(counts["P3"], foreign)
    return {code: counts[code].astype(np.int64) for code in sorted(counts, key=_code_order)}


def _code_order(code: str) -> tuple[str, int]:
    letters = code.rstrip("0123456789")
    return letters, int(code.removeprefix(letters))


def _draw_ages(people: PeopleFact, residents: Counts, *, youth: NDArray[np.float64], rng: np.random.Generator) -> Counts:
    shares = np.tile(people.age_shares, (len(residents), 1))
    shares[:, YOUTH] *= youth[:, None]
    return rng.multinomial(residents, shares / shares.sum(axis=1, keepdims=True)).astype(np.int64)


def _draw_education(people: PeopleFact, men: Counts, women: Counts, *, rng: np.random.Generator) -> dict[str, Counts]:
    def aged_6_and_over(ages: Counts) -> Counts:
        from_6: Counts = rng.binomial(ages[:, 1], people.aged_6_to_9) + ages[:, 2:].sum(axis=1)
        return from_6

    men_6, women_6 = aged_6_and_over(men), aged_6_and_over(women)
    shares = np.array(people.education) / sum(people.education)
    men_titles, women_titles = rng.multinomial(men_6, shares), rng.multinomial(women_6, shares)
    counts = {"P46": men_6 + women_6, "P53": men_6}
    counts |= dict(zip(EDUCATION_CODES, (men_titles + women_titles).T, strict=True))
    return counts | dict(zip(MEN_EDUCATION_CODES, men_titles.T, strict=True))


def _draw_work(
    people: PeopleFact, men: Counts, women: Counts, *, rate: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, Counts]:
    """Return the labour force and the others from 15 years on, by code."""
    of_men = _divide(people, men, sex=people.men, rate=rate, rng=rng)
    of_women = _divide(people, women, sex=people.women, rate=rate, rng=rng)
    counts: dict[str, Counts] = {}
    for part, (code, code_of_men) in WORK_CODES.items():
        counts[code] = of_men[part] + of_women[part]
        if code_of_men is not None:
            counts[code_of_men] = of_men[part]
    return counts


def _divide(
    people: PeopleFact, ages: Counts, *, sex: SexFact, rate: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, Counts]:
    """Return the parts of one sex, shape (n,) each; a part is drawn from the whole that contains it."""
    in_force = rng.binomial(ages, sex.active)
    unemployed = rng.binomial(in_force, rate)
    students = rng.binomial(ages - in_force, people.students)
    pensioners = rng.binomial(ages - in_force - students, people.pensioners)
    rest = (ages - in_force - students - pensioners).sum(axis=1)
    at_home = rng.binomial(rest, sex.homemakers)
    return {
        "active": in_force.sum(axis=1),
        "employed": (in_force - unemployed).sum(axis=1),
        "seeking_again": rng.binomial(unemployed, SEEKING_AGAIN_SHARE).sum(axis=1),
        "inactive": (ages - in_force).sum(axis=1),
        "homemakers": at_home,
        "students": students.sum(axis=1),
        "others": rest - at_home,
        "pensioners": pensioners.sum(axis=1),
    }
