"""The table of facts from which the sample city is drawn: quarters, people, barriers, points."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

FACTS_FILE = "facts.toml"
OUTSIDE = "."
N_AGES = 16
N_AGES_FROM_15 = 13
N_EDUCATIONS = 6

Share = Annotated[float, Field(ge=0, le=1)]
Ages = Annotated[tuple[Share, ...], Field(min_length=N_AGES, max_length=N_AGES)]
AgesFrom15 = Annotated[tuple[Share, ...], Field(min_length=N_AGES_FROM_15, max_length=N_AGES_FROM_15)]
FactorsFrom15 = Annotated[tuple[float, ...], Field(min_length=N_AGES_FROM_15, max_length=N_AGES_FROM_15)]
Educations = Annotated[tuple[Share, ...], Field(min_length=N_EDUCATIONS, max_length=N_EDUCATIONS)]
Cell = str | int | float | bool


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CityFact(_Fact):
    """The lattice of the city: where it lies and which quarter and district each of its squares belongs to."""

    name: str
    crs: str
    corner: tuple[float, float]
    square_m: float
    jitter_m: float
    section_code: int
    plan: tuple[str, ...]
    districts: tuple[str, ...]
    district_names: tuple[str, ...]

    @model_validator(mode="after")
    def _check_same_outline(self) -> CityFact:
        outlines = [[[letter != OUTSIDE for letter in row] for row in rows] for rows in (self.plan, self.districts)]
        if outlines[0] != outlines[1]:
            raise ValueError("plan and districts do not cover the same squares")
        if len({len(row) for row in self.plan}) != 1:
            raise ValueError("the rows of the plan differ in length")
        return self


class CharacterFact(_Fact):
    """What a kind of quarter looks like: how large its sections are and how dense its streets."""

    people_per_section: int
    street_keep: Share
    every_street: Literal[0, 1, 2]


class QuarterFact(_Fact):
    """One quarter; `residents` have a place in it."""

    letter: Annotated[str, Field(min_length=1, max_length=1)]
    id: int
    name: str
    former_name: str
    character: str
    residents: int
    unemployment: Share
    youth: float
    foreign: Share
    empty_sections: int
    coworking: int


class NoPlaceFact(_Fact):
    """People at a conventional address of a quarter."""

    quarter: str
    residents: int


class NoAreaFact(_Fact):
    """The quarter of the one section whose area is missing."""

    quarter: str


class SexFact(_Fact):
    """The active by age, and the homemakers among the inactive who neither study nor draw a pension."""

    active: AgesFrom15
    homemakers: Share


class PeopleFact(_Fact):
    """Shares by which people are drawn; the order of the ages is that of ISTAT's P14 to P29."""

    age_shares: Ages
    men_share: Share
    section_spread: Share
    aged_6_to_9: Share
    unemployment_factor: FactorsFrom15
    students: AgesFrom15
    pensioners: AgesFrom15
    education: Educations
    men: SexFact
    women: SexFact


class CrossingFact(_Fact):
    """The street nearest to a position crosses a barrier; it is `length_factor` times as long as its chord."""

    name: str
    x_m: float
    y_m: float
    length_factor: Annotated[float, Field(ge=1)]


class BarrierFact(_Fact):
    """A line along corners of the lattice, (column, row), that streets cross at its crossings only."""

    name: str
    corners: tuple[tuple[int, int], ...]
    crossings: tuple[CrossingFact, ...]


class IslandFact(_Fact):
    """A block of streets that no other street meets, where a quarter's people live; (x_m, y_m) is its south-west."""

    name: str
    quarter: str
    x_m: float
    y_m: float
    columns: int
    rows: int
    pitch_m: float


class StreetsFact(_Fact):
    """How streets bend: the share of them that is longer than its chord, and by how much at most."""

    curved_share: Share
    curved_max: float
    jitter_m: float


class PointsFact(_Fact):
    """One file of points: its columns in order, and its rows with the position in metres from the corner."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Cell], ...]


class Facts(_Fact):
    """All facts of the sample city."""

    city: CityFact
    characters: dict[str, CharacterFact]
    quarters: tuple[QuarterFact, ...]
    no_place: NoPlaceFact
    no_area: NoAreaFact
    people: PeopleFact
    barriers: tuple[BarrierFact, ...]
    islands: tuple[IslandFact, ...]
    streets: StreetsFact
    points: dict[str, PointsFact]

    @model_validator(mode="after")
    def _check_letters(self) -> Facts:
        drawn = {letter for row in self.city.plan for letter in row} - {OUTSIDE}
        told = [quarter.letter for quarter in self.quarters]
        if sorted(told) != sorted(drawn):
            raise ValueError("the letters of the plan are not those of the quarters")
        return self

    def quarter(self, letter: str) -> QuarterFact:
        """Return the quarter of a letter of the plan."""
        return next(quarter for quarter in self.quarters if quarter.letter == letter)

    def character(self, letter: str) -> CharacterFact:
        """Return the character of the quarter of a letter of the plan."""
        return self.characters[self.quarter(letter).character]


def read_facts() -> Facts:
    """Return the facts that lie beside this module.

    Examples
    --------
    >>> read_facts().city.name
    'Borgo Diffuso'
    """
    text = files("data.sample").joinpath(FACTS_FILE).read_text(encoding="utf-8")
    return Facts.model_validate(tomllib.loads(text))
