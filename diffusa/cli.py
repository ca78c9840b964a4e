"""The command ``diffusa``. Each command is a few lines: the work is in the rooms."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data.cache import default_cache
from data.check import check_pack
from data.errors import Faults, PlannerError
from data.pack import read_pack
from diffusa import cli_access, cli_need, cli_release, cli_report, cli_review
from diffusa.city import build_city
from diffusa.demo import make_demo
from diffusa.embedded import recipe_path
from diffusa.people_year import describe_updates
from diffusa.planner import MAP_NAME, make_plan, write_plan
from diffusa.scenario import read_scenario, scenario_schema
from diffusa.show import explain_scenario, parse_language, show_plan
from diffusa.steps import Steps
from maps import i18n

app = typer.Typer(
    help="Plan where services and spaces should spread in a city: where next, why there, and what it changes for whom.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
city_app = typer.Typer(help="Build and check city packs.", no_args_is_help=True)
scenario_app = typer.Typer(help="Check and explain scenarios.", no_args_is_help=True)
app.add_typer(city_app, name="city")
app.add_typer(scenario_app, name="scenario")
cli_access.register(app)
cli_need.register(app)
cli_report.register(app)
cli_release.register(app)
cli_review.register(app)

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Search all travel times anew, and keep none.")]
Language = Annotated[str | None, typer.Option("--language", help="it or en; default: the city's language.")]


def _steps(*, quiet: bool, language: i18n.Language | None = None) -> Steps:
    return Steps(console=None if quiet else Console(stderr=True), language=language or "en")


def _print_version(value: bool) -> None:  # noqa: FBT001 - the signature is typer's
    if value:
        typer.echo(version("diffusa"))
        raise typer.Exit


@app.callback()
def _common(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Say nothing: the options above act by themselves."""


@city_app.command("build")
def build(
    recipe: Annotated[str, typer.Argument(help="Recipe file, or the name of one that comes with Diffusa (milano).")],
    root: Annotated[Path, typer.Option("--root", help="Folder in which the recipe's files lie.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the pack.")],
    quiet: Quiet = False,
) -> None:
    """Build a city pack from source files."""
    pack = build_city(recipe_path(recipe), root, output, steps=_steps(quiet=quiet))
    for line in (*check_pack(pack.folder).facts, *describe_updates(pack)):
        typer.echo(line)


@city_app.command("check")
def check(pack: Annotated[Path, typer.Argument(help="Folder of a pack.")]) -> None:
    """Say what is in a city pack and what is wrong with it."""
    report = check_pack(pack)
    for line in report.facts:
        typer.echo(line)
    faults = Faults()
    for fault in report.faults:
        faults.add(fault)
    faults.raise_if_any()
    for line in describe_updates(read_pack(pack, verify=False)):
        typer.echo(line)


@app.command("plan")
def plan_command(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.")],
    city: Annotated[Path, typer.Option("--city", help="Folder of the city pack.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the plan.")],
    no_cache: NoCache = False,
    quiet: Quiet = False,
    language: Language = None,
) -> None:
    """Choose sites for a scenario and show what they change."""
    spoken = parse_language(language)
    asked = read_scenario(scenario)
    steps = _steps(quiet=quiet, language=spoken)
    plan = make_plan(asked, read_pack(city), cache=None if no_cache else default_cache(os.environ), steps=steps)
    write_plan(plan, output, steps=steps)
    show_plan(plan, output / MAP_NAME, console=Console(), language=spoken)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the demo.")] = Path("out/demo"),
    quiet: Quiet = False,
    language: Language = None,
) -> None:
    """Make a plan of the embedded sample city, which is not real data."""
    spoken = parse_language(language)
    steps = _steps(quiet=quiet, language=spoken)
    plan, folder = make_demo(output, steps=steps)
    show_plan(plan, folder / MAP_NAME, console=Console(), language=spoken)


@scenario_app.command("check")
def scenario_check(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.")],
    city: Annotated[Path | None, typer.Option("--city", help="Pack against which its names are checked.")] = None,
) -> None:
    """Check a scenario and explain it in words."""
    asked = read_scenario(scenario)
    explain_scenario(asked, read_pack(city) if city else None, console=Console())


@scenario_app.command("schema")
def scenario_schema_command() -> None:
    """Print the JSON Schema of a scenario."""
    typer.echo(scenario_schema(), nl=False)


def main() -> None:
    """Run the command; a fault of the input is one readable message and exit status 1."""
    try:
        app()
    except PlannerError as error:
        Console(stderr=True, highlight=False).print(f"diffusa: {error}", markup=False, soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
