"""The commands ``diffusa review``: sheets for the quarters, and what they answered as rules of the next scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data.errors import ScenarioError, suggest_name
from data.files import digest_file
from diffusa.review_read import read_reviews
from diffusa.review_show import show_read
from diffusa.show import parse_language
from diffusa.steps import Steps
from layers.plan_folder import DOCUMENT, read_plan
from layers.review import RESOLVES, Resolve, write_review
from maps.review.folder import write_review_folder

review_app = typer.Typer(help="Send a plan to the quarters, and take their answers into the next one.", no_args_is_help=True)

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Language = Annotated[str | None, typer.Option("--language", help="it or en; default: the city's language.")]


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.add_typer(review_app, name="review")


@review_app.command("pack")
def pack_command(
    *,
    plan: Annotated[Path, typer.Argument(help="Folder of a plan.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the sheets.")],
    language: Language = None,
    quiet: Quiet = False,
) -> None:
    """Write a sheet for each quarter, as a workbook and as a page that saves a file of answers."""
    spoken = parse_language(language)
    steps = Steps(console=None if quiet else Console(stderr=True), language=spoken or "en")
    read = read_plan(plan)
    chosen = spoken or read.document.city.language
    with steps.step("Writing review sheets") as progress:
        n = write_review_folder(read, output, digest=digest_file(plan / DOCUMENT), language=chosen, progress=progress)
    typer.echo(f"{n} sheets, each as a workbook (.xlsx) and as a page (.html): {output}")


@review_app.command("read")
def read_command(
    *,
    folder: Annotated[Path, typer.Argument(help="Folder with the sheets that came back (.xlsx, .json).")],
    plan: Annotated[Path, typer.Option("--plan", help="Folder of the plan that they answer.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Review to write, such as review.toml.")],
    resolve: Annotated[
        str | None,
        typer.Option(
            "--resolve",
            help="What to do where quarters disagree: home (the quarter of the place decides), strictest, none (no rule).",
        ),
    ] = None,
    language: Language = None,
) -> None:
    """Check the answers of the quarters and write them as rules of the next scenario."""
    spoken = parse_language(language)
    read = read_reviews(folder, plan, resolve=parse_resolve(resolve))
    write_review(read.review, output)
    show_read(read, output, console=Console(), language=spoken)


def parse_resolve(name: str | None) -> Resolve | None:
    """Return a way to resolve contradictions given by its name; None for None.

    Raises
    ------
    ScenarioError
        If it is none.
    """
    if name is None:
        return None
    for resolve in RESOLVES:
        if name == resolve:
            return resolve
    raise ScenarioError(f"no way {name!r} to resolve", where="--resolve", remedy=suggest_name(name, RESOLVES))
