"""The command ``diffusa release``: the only one that makes files meant for outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from diffusa.release import RECORD_NAME, release_plan
from diffusa.show import parse_language
from diffusa.steps import Steps
from maps.i18n import Language, translate
from maps.release.record import TO_FILL, Holder, missing_facts
from maps.release.rules import DEFAULT_MIN_COUNT, Rules


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("release")(release)


def release(
    plan: Annotated[Path, typer.Argument(help="Folder of a plan.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The zip; it must not stand there yet.")],
    earlier: Annotated[
        list[Path] | None, typer.Option("--earlier", help="A release made before, whose figures are known; as often as wanted.")
    ] = None,
    min_count: Annotated[int, typer.Option("--min-count", help="People below whom no figure goes out.")] = DEFAULT_MIN_COUNT,
    holder: Annotated[str, typer.Option("--holder", help="Body that holds the rights, for the record.")] = TO_FILL,
    holder_id: Annotated[str, typer.Option("--holder-id", help="Its code in the index of public administrations.")] = TO_FILL,
    modified: Annotated[str | None, typer.Option("--date", help="Day of the release, YYYY-MM-DD.")] = None,
    url: Annotated[str, typer.Option("--url", help="Where the zip will be found.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,  # noqa: FBT002
    language: Annotated[str | None, typer.Option("--language", help="it or en; default: the city's language.")] = None,
) -> None:
    """Protect a plan, check that nothing small can be computed from it, and write what may be released."""
    spoken = parse_language(language)
    who = Holder(name=holder, identifier=holder_id, modified=modified, url=url)
    steps = Steps(console=None if quiet else Console(stderr=True), language=spoken or "en")
    made = release_plan(plan, output, rules=Rules(min_count), earlier=tuple(earlier or ()), holder=who, steps=steps)
    chosen: Language = spoken or made.protected.plan.document.city.language
    checked = made.protected.checked.values()
    lines = [
        translate(
            "Checked: {remainders} remainders, {pairs} pairs, {hidden} hidden parts; nothing small can be computed.",
            language=chosen,
            remainders=sum(one.n_remainders for one in checked),
            pairs=sum(one.n_pairs for one in checked),
            hidden=sum(one.n_hidden for one in checked),
        )
    ]
    lacking = ", ".join(missing_facts(who))
    if lacking:
        lines.append(
            translate("{file} still lacks before it is published: {facts}.", language=chosen, file=RECORD_NAME, facts=lacking)
        )
    lines.append(translate("Release: {path}", language=chosen, path=str(made.path)))
    console = Console()
    for line in lines:
        console.print(escape(line), soft_wrap=True, highlight=False)
