"""The command ``diffusa need``: the estimate of need, its page, and how it does against what was observed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape

from data.errors import ScenarioError, suggest_name
from data.pack import read_pack
from diffusa.show import parse_language
from diffusa.steps import Steps
from maps.i18n import Language, format_number, format_percent, translate
from maps.need_text import BACKTEST_NAMES

if TYPE_CHECKING:
    from diffusa.need_estimate import NeedQuestion  # not at run time: statsmodels takes a second to import
    from layers.backtest import Backtest

DEFINITION = "inactive_not_student_2011"
ESTIMATORS, UNITS = ("index", "regression"), ("percent", "share")
need_app = typer.Typer(help="Estimate who is at risk, and say how sure that is.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.add_typer(need_app, name="need")


Definition = Annotated[str, typer.Option("--definition", help="Whose risk; a key of the catalogue.")]
Observed = Annotated[Path | None, typer.Option("--observed", help="CSV of observed rates: id_nil or nil, rate_pct.")]
AreasFile = Annotated[
    Path | None,
    typer.Option("--areas", help="Areas that rates are of, in place of quarters: polygons, or a CSV of area and id_nil."),
]
Meet = Annotated[bool, typer.Option("--meet", help="Observed rates are totals that every draw meets.")]
HowFitted = Annotated[str, typer.Option("--estimator", help="index, or regression on the observed rates.")]
UnitOfRates = Annotated[str | None, typer.Option("--unit", help="What rates are in: percent or share; asked where in doubt.")]
Year = Annotated[int | None, typer.Option("--year", help="The year of observed rates that counts.")]
Rate = Annotated[float | None, typer.Option("--rate", help="Rate of the city in percent; default: the official.")]
Without = Annotated[list[str] | None, typer.Option("--without", help="A factor that is switched off.")]
Draws = Annotated[int, typer.Option("--draws", help="Joint draws, at least 20.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the draws.")]
Least = Annotated[float, typer.Option("--least", help="Fewest people of a place whose figure is of use by itself.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Spoken = Annotated[str | None, typer.Option("--language", help="it or en; default: the city's language.")]
PackFolder = Annotated[Path, typer.Argument(help="Folder of a city pack.")]


@need_app.command("check")
def check(
    pack: PackFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the tables and the page.")],
    observed: Observed = None,
    areas: AreasFile = None,
    meet: Meet = False,  # noqa: FBT002
    estimator: HowFitted = "index",
    unit: UnitOfRates = None,
    year: Year = None,
    definition: Definition = DEFINITION,
    rate: Rate = None,
    without: Without = None,
    draws: Draws = 200,
    seed: Seed = 0,
    least: Least = 10.0,
    quiet: Quiet = False,  # noqa: FBT002
    language: Spoken = None,
) -> None:
    """Estimate the risk of a city and hold it against observed rates, where there are any."""
    from diffusa.need import estimate_need, write_need  # noqa: PLC0415 - statsmodels takes a second to import

    spoken = parse_language(language)
    asked = _ask(
        definition=definition,
        without=tuple(without or ()),
        observed=observed,
        areas=areas,
        meets=meet,
        estimator=_choose(estimator, "--estimator", ESTIMATORS),
        unit=None if unit is None else _choose(unit, "--unit", UNITS),
        year=year,
        rate=rate,
        n_draws=draws,
        seed=seed,
        least=least,
    )
    city = read_pack(pack)
    steps = Steps(console=None if quiet else Console(stderr=True), language=spoken or "en")
    report = estimate_need(asked, city, steps=steps)
    page = write_need(report, city, output)
    chosen: Language = spoken or ("it" if city.city.language == "it" else "en")
    figures = report.estimate.city
    lines = [
        translate(
            "{n} people at risk, {rate} of {base}. The ten highest quarters:",
            language=chosen,
            n=format_number(float(figures["count"]), language=chosen),
            rate=format_percent(float(figures["rate"]), language=chosen),
            base=format_number(float(figures["base"]), language=chosen),
        ),
        *(f"  {name}: {value}" for name, value in _highest(report.quarters, chosen)),
        *(_backtest_line(one, chosen) for one in report.backtests),
        *((f"{report.failed}",) if report.failed else ()),
        *(report.observed.unmatched if report.observed else ()),
        translate("Page: {path}", language=chosen, path=str(page)),
    ]
    _print(lines)


@need_app.command("explain")
def explain(
    pack: PackFolder,
    quarter: Annotated[list[str] | None, typer.Option("--quarter", help="Id or name of a quarter; as often as wanted.")] = None,
    cell: Annotated[list[str] | None, typer.Option("--cell", help="INSPIRE id of a cell, also of 200 or 400 m.")] = None,
    observed: Observed = None,
    areas: AreasFile = None,
    meet: Meet = False,  # noqa: FBT002
    estimator: HowFitted = "index",
    unit: UnitOfRates = None,
    year: Year = None,
    definition: Definition = DEFINITION,
    rate: Rate = None,
    without: Without = None,
    draws: Draws = 200,
    seed: Seed = 0,
    least: Least = 10.0,
    language: Spoken = None,
) -> None:
    """Say in words which factors put a quarter or a cell where it is."""
    from diffusa.need_estimate import estimate, read_inputs  # noqa: PLC0415 - statsmodels takes a second to import
    from diffusa.need_explain import explain_places  # noqa: PLC0415

    spoken = parse_language(language)
    if not quarter and not cell:
        raise ScenarioError("nothing is to be explained", where="diffusa need explain", remedy="Give --quarter or --cell")
    asked = _ask(
        definition=definition,
        without=tuple(without or ()),
        observed=observed,
        areas=areas,
        meets=meet,
        estimator=_choose(estimator, "--estimator", ESTIMATORS),
        unit=None if unit is None else _choose(unit, "--unit", UNITS),
        year=year,
        rate=rate,
        n_draws=draws,
        seed=seed,
        least=least,
    )
    city = read_pack(pack)
    made = estimate(read_inputs(asked, city))
    chosen: Language = spoken or ("it" if city.city.language == "it" else "en")
    found = explain_places(made, city, quarters=quarter or (), cells=cell or (), least=least, language=chosen)
    _print([line for one in found for line in (one.title, f"  {one.text}")])


def _ask(*, rate: float | None, **options: Any) -> NeedQuestion:
    from diffusa.need_estimate import NeedQuestion, read_rate  # noqa: PLC0415 - statsmodels takes a second to import

    share = None if rate is None else read_rate(rate, options["unit"], where="--rate")
    return NeedQuestion(rate=share, **options)


def _choose(text: str, where: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ScenarioError(f"there is no {text!r}", where=where, remedy=suggest_name(text, known))
    return text


def _print(lines: list[str]) -> None:
    console = Console()
    for line in lines:
        console.print(escape(line), soft_wrap=True, highlight=False)


def _highest(quarters: pd.DataFrame, language: Language, *, n: int = 10) -> list[tuple[str, str]]:
    rows = quarters.sort_values(["rate", "nil"], ascending=[False, True], na_position="last")[:n]
    percent = {
        key: [format_percent(value, language=language) for value in rows[key]] for key in ("rate", "rate_low", "rate_high")
    }
    spreads = zip(percent["rate"], percent["rate_low"], percent["rate_high"], strict=True)
    return [(str(name), f"{rate} ({low}–{high})") for name, (rate, low, high) in zip(rows["name"], spreads, strict=True)]


def _backtest_line(one: Backtest, language: Language) -> str:
    return translate(
        "{how}: {n} areas, mean error {error} points, of one rate for all {plain}; {part} in the interval of the count",
        language=language,
        how=translate(BACKTEST_NAMES[one.estimator, one.is_foretold], language=language),
        n=one.n_areas,
        error=format_number(100 * one.mean_error, language=language, digits=1),
        plain=format_number(100 * one.error_of_one_rate, language=language, digits=1),
        part=format_percent(one.count_coverage, language=language, digits=0),
    )
