"""The catalogue of the risk as a TOML file: what may stand in it, and what it becomes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from data.errors import Faults, RecipeError, suggest_name
from data.groups import Group
from data.recipe_layers import Name, StrictModel, Text
from data.risk import LogNormal, RiskCatalogue, RiskDefinition, RiskFactor, RiskPriors
from data.toml_file import read_toml, validate_model

CATALOGUES = Path(__file__).parent / "risk"
USUAL_CATALOGUE = "istat2011"
PENSIONERS = "P128"
"""ISTAT's code for people outside the labour force: most are pensioners, so it says nothing about the young."""
DIRECTIONS = {"raises": 1, "lowers": -1}
Codes = Annotated[list[Text], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _LogNormalEntry(StrictModel):
    median: Positive
    log_sd: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _PriorsEntry(StrictModel):
    spread: _LogNormalEntry
    quarter_effect: _LogNormalEntry
    cell_effect: _LogNormalEntry
    weight_concentration: Positive
    quarter_effect_areas: Positive
    coefficient_ratio: Positive
    source: Text


class _DefinitionEntry(StrictModel):
    base: Codes
    base_year: int
    ages: Text
    year: int | None = None
    job_seekers: bool
    it: Text
    en: Text
    source: Text


class _FactorEntry(StrictModel):
    plus: Codes
    minus: list[Text] = Field(default=[])
    per: Codes
    per_minus: list[Text] = Field(default=[])
    direction: Literal["raises", "lowers"]
    goalposts: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=2, max_length=2)]
    weight: Positive = 1.0
    it: Text
    en: Text
    year: int
    source: Text


class _Catalogue(StrictModel):
    priors: _PriorsEntry
    definitions: Annotated[dict[Name, _DefinitionEntry], Field(min_length=1)]
    factors: Annotated[dict[Name, _FactorEntry], Field(min_length=1)]


def read_risk(catalogue: str | Path) -> RiskCatalogue:
    """Return a catalogue of the risk.

    Parameters
    ----------
    catalogue
        The name of a catalogue that comes with the planner ("istat2011"), or the path of a TOML file.

    Raises
    ------
    RecipeError
        If no catalogue has the name, or the catalogue does not hold together.
    FileError
        If the file is missing, cannot be read or is no TOML.

    Examples
    --------
    >>> [factor.key for factor in read_risk("istat2011").without(["foreign_residents"]).factors]
    ['low_education', 'unemployment', 'other_inactivity', 'tenants']
    """
    path = _find_catalogue(catalogue)
    content = validate_model(_Catalogue, read_toml(path), where=path.name, error=RecipeError)
    _check_factors(content.factors, path.name)
    return RiskCatalogue(
        definitions=tuple(_build_definition(key, entry) for key, entry in content.definitions.items()),
        factors=tuple(_build_factor(key, entry) for key, entry in content.factors.items()),
        priors=_build_priors(content.priors),
    )


def _find_catalogue(catalogue: str | Path) -> Path:
    if isinstance(catalogue, Path) or catalogue.endswith(".toml"):
        return Path(catalogue)
    known = sorted(path.stem for path in CATALOGUES.glob("*.toml"))
    if catalogue not in known:
        remedy = suggest_name(catalogue, known) + " The path of a file ends in .toml"
        raise RecipeError(f"no catalogue of the risk is called {catalogue!r}", remedy=remedy)
    return CATALOGUES / f"{catalogue}.toml"


def _check_factors(entries: dict[str, _FactorEntry], where: str) -> None:
    faults = Faults()
    for key, entry in entries.items():
        low, high = entry.goalposts
        if low >= high:
            what = f"goalposts do not rise: {low:g}, {high:g}"
            faults.add(RecipeError(what, where=f"{where}, factors.{key}", remedy="Give the lower share first"))
        if PENSIONERS in entry.plus:
            what, remedy = f"{PENSIONERS} counts mostly pensioners", "Other inactivity is P130 + P135"
            faults.add(RecipeError(what, where=f"{where}, factors.{key}", remedy=remedy))
        for codes in (entry.plus + entry.minus, entry.per + entry.per_minus):
            twice = sorted({code for code in codes if codes.count(code) > 1})
            if twice:
                faults.add(RecipeError("codes stand twice in one share", where=f"{where}, factors.{key}", examples=twice))
    faults.raise_if_any()


def _build_definition(key: str, entry: _DefinitionEntry) -> RiskDefinition:
    base = Group(
        key="base", plus=tuple(entry.base), label_it=entry.ages, label_en=entry.ages, year=entry.base_year, source=entry.source
    )
    return RiskDefinition(
        key=key,
        base=base,
        ages=entry.ages,
        year=entry.year,
        has_job_seekers=entry.job_seekers,
        label_it=entry.it,
        label_en=entry.en,
        source=entry.source,
    )


def _build_factor(key: str, entry: _FactorEntry) -> RiskFactor:
    numerator = Group(
        key=key,
        plus=tuple(entry.plus),
        minus=tuple(entry.minus),
        label_it=entry.it,
        label_en=entry.en,
        year=entry.year,
        source=entry.source,
    )
    low, high = entry.goalposts
    return RiskFactor(
        key=key,
        numerator=numerator,
        denominator=replace(numerator, key=f"{key}_base", plus=tuple(entry.per), minus=tuple(entry.per_minus)),
        direction=DIRECTIONS[entry.direction],
        low=low,
        high=high,
        weight=entry.weight,
        label_it=entry.it,
        label_en=entry.en,
        year=entry.year,
        source=entry.source,
    )


def _build_priors(entry: _PriorsEntry) -> RiskPriors:
    return RiskPriors(
        spread=LogNormal(entry.spread.median, entry.spread.log_sd),
        quarter_effect=LogNormal(entry.quarter_effect.median, entry.quarter_effect.log_sd),
        cell_effect=LogNormal(entry.cell_effect.median, entry.cell_effect.log_sd),
        weight_concentration=entry.weight_concentration,
        quarter_effect_areas=entry.quarter_effect_areas,
        coefficient_ratio=entry.coefficient_ratio,
        source=entry.source,
    )
