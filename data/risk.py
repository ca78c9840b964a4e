"""Risk of being out of work and out of school: definitions, factors and priors, as a catalogue states them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from data.errors import Faults, RecipeError, suggest_name
from data.groups import Group


@dataclass(frozen=True, kw_only=True)
class RiskDefinition:
    """Who is meant: totals and rates of different definitions are never mixed.

    Parameters
    ----------
    key
        Name of the definition in files, legends and pages.
    base
        The people that rates are of.
    year
        The year that the definition is bound to; None if it is bound to none.
    has_job_seekers
        Whether people who look for work are in it.
    """

    key: str
    base: Group
    ages: str
    year: int | None
    has_job_seekers: bool
    label_it: str
    label_en: str
    source: str


@dataclass(frozen=True, kw_only=True)
class RiskFactor:
    """A share of the census that goes with the risk.

    Parameters
    ----------
    key
        Name of the factor.
    numerator, denominator
        Whose share of whom it is.
    direction
        1 if a higher share goes with a higher risk, −1 if with a lower one.
    low, high
        Fixed goalposts, shares in [0, 1].
    weight
        Prior weight among the factors; above 0, only their proportions count.
    """

    key: str
    numerator: Group
    denominator: Group
    direction: int
    low: float
    high: float
    weight: float
    label_it: str
    label_en: str
    year: int
    source: str


@dataclass(frozen=True)
class LogNormal:
    """A prior for a standard deviation: its median, and the standard deviation of its logarithm."""

    median: float
    log_sd: float


@dataclass(frozen=True)
class RiskPriors:
    """What is assumed where nothing is measured, on the scale of the logit.

    Parameters
    ----------
    spread
        Standard deviation of the risk that goes with the index.
    quarter_effect, cell_effect
        Standard deviation of what quarters and cells have of their own.
    weight_concentration
        How closely drawn weights of the factors lie around the stated ones (Dirichlet); above 0.
    quarter_effect_areas
        How many observed areas the prior of the quarter effect counts for; above 0.
    coefficient_ratio
        Standard deviation of a coefficient of the regression, as a multiple of what the factor counts in the index; above 0.
    """

    spread: LogNormal
    quarter_effect: LogNormal
    cell_effect: LogNormal
    weight_concentration: float
    quarter_effect_areas: float
    coefficient_ratio: float
    source: str


@dataclass(frozen=True)
class RiskCatalogue:
    """Definitions, factors and priors that belong together."""

    definitions: tuple[RiskDefinition, ...]
    factors: tuple[RiskFactor, ...]
    priors: RiskPriors

    def definition(self, key: str) -> RiskDefinition:
        """Return the definition of that name.

        Raises
        ------
        RecipeError
            If there is none.
        """
        found = {definition.key: definition for definition in self.definitions}
        if key not in found:
            raise RecipeError(f"no definition of the risk is called {key!r}", remedy=suggest_name(key, found))
        return found[key]

    def without(self, keys: Iterable[str]) -> RiskCatalogue:
        """Return the catalogue with these factors switched off.

        Raises
        ------
        RecipeError
            If a factor is unknown, or none is left.
        """
        off = set(keys)
        known = {factor.key for factor in self.factors}
        faults = Faults()
        for key in sorted(off - known):
            faults.add(RecipeError(f"no risk factor is called {key!r}", remedy=suggest_name(key, known)))
        if off >= known:
            faults.add(RecipeError("no risk factor is left", examples=sorted(off), remedy="Switch fewer of them off"))
        faults.raise_if_any()
        return replace(self, factors=tuple(factor for factor in self.factors if factor.key not in off))
