"""The table [rules] of a scenario: what a plan must be beside good."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from diffusa.scenario_travel import Minutes, Table

Selector = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Euros = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Pair = tuple[Selector, Selector]
District = Literal["municipio", "nil"]


class InTwoLanguages(Table):
    """One text in the two languages of every page."""

    it: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class CoverPer(Table):
    """A limit on the share of the need of each district that has an open site near enough."""

    district: Annotated[District, Field(description="the districts of the city, or its quarters (NIL)")]
    covered_share: Annotated[Share, Field(description="share of the need of the district's people who have a place")]
    standard_min: Annotated[Minutes | None, Field(description="within so many minutes; default: travel.standard_min")] = None
    excepted: Annotated[tuple[Selector, ...], Field(alias="except", description="districts left out, by name or number")] = ()


class SitesPer(Table):
    """Limits on the number of open sites in each district."""

    district: Annotated[District, Field(description="the districts of the city, or its quarters (NIL)")]
    at_least: Annotated[Count | None, Field(description="open sites, those open now among them")] = None
    at_most: Annotated[Count | None, Field(description="open sites, those open now among them")] = None
    excepted: Annotated[tuple[Selector, ...], Field(alias="except", description="districts left out, by name or number")] = ()

    @model_validator(mode="after")
    def _has_limit(self) -> SitesPer:
        _check_limits(self.at_least, self.at_most)
        return self


class Group(Table):
    """How many of some sites are open."""

    name: Annotated[str | InTwoLanguages, Field(description="what the rule is called, in one language or both")]
    sites: Annotated[tuple[Selector, ...], Field(min_length=1, description="those open now count as well as new ones")]
    at_least: Count | None = None
    at_most: Count | None = None

    @model_validator(mode="after")
    def _has_limit(self) -> Group:
        _check_limits(self.at_least, self.at_most)
        return self

    @property
    def called(self) -> InTwoLanguages:
        """Return the name in both languages."""
        return InTwoLanguages(it=self.name, en=self.name) if isinstance(self.name, str) else self.name


class RulesTable(Table):
    """What a plan must be beside good; every rule holds in every objective, or is refused with the reason."""

    new_at_least: Annotated[Count | None, Field(description="new sites at least, where choose.new does not say it")] = None
    new_at_most: Annotated[Count | None, Field(description="new sites at most, where choose.new does not say it")] = None
    budget_eur: Annotated[
        Euros | None, Field(description="what works may cost in all; costs are the sites' own, else those of [costs]")
    ] = None
    open_now: Annotated[
        tuple[Selector, ...], Field(description="sites that are open now and may close; those of sites.fixed stay")
    ] = ()
    closing_cost_eur: Annotated[Euros | None, Field(description="what closing a site takes from the budget")] = None
    close_at_least: Annotated[Count | None, Field(description="sites of open_now that close at least")] = None
    close_at_most: Annotated[Count | None, Field(description="sites of open_now that close at most")] = None
    together: Annotated[tuple[Pair, ...], Field(description="pairs of sites: both are open, or neither is")] = ()
    apart: Annotated[tuple[Pair, ...], Field(description="pairs of sites of which at most one is open")] = ()
    group: Annotated[tuple[Group, ...], Field(description="limits on the number of open sites among some")] = ()
    at_most_one_per: Annotated[
        Literal["owner"] | None, Field(description="at most one new site of each owner; sites without a known one are free")
    ] = None
    floor_per: Annotated[CoverPer | None, Field(description="least covered share of each district")] = None
    ceiling_per: Annotated[CoverPer | None, Field(description="largest covered share of each district")] = None
    sites_per: Annotated[SitesPer | None, Field(description="number of open sites in each district")] = None
    spacing_m: Annotated[
        float | None,
        Field(gt=0, allow_inf_nan=False, description="least straight metres between open sites; not between two fixed ones"),
    ] = None

    @model_validator(mode="after")
    def _check_ranges(self) -> RulesTable:
        for name in ("new", "close"):
            least, most = getattr(self, f"{name}_at_least"), getattr(self, f"{name}_at_most")
            if least is not None and most is not None and least > most:
                raise ValueError(f"{name}_at_least = {least} and {name}_at_most = {most} contradict each other")
        return self

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> RulesTable:
        closing = [name for name in ("closing_cost_eur", "close_at_least", "close_at_most") if getattr(self, name) is not None]
        if closing and not self.open_now:
            raise ValueError(f"{', '.join(closing)}: nothing may close, give 'open_now'")
        repeated = [name for name, n in Counter(group.called.en for group in self.group).items() if n > 1]
        if repeated:
            raise ValueError(f"group.name repeats: {', '.join(repeated)}")
        return self

    @property
    def is_empty(self) -> bool:
        """Return whether there is no rule at all."""
        return self == RulesTable()


def _check_limits(at_least: int | None, at_most: int | None) -> None:
    if at_least is None and at_most is None:
        raise ValueError("needs 'at_least', 'at_most' or both")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise ValueError(f"at_least = {at_least} and at_most = {at_most} contradict each other")
