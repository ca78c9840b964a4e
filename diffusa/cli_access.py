"""The commands ``diffusa areas`` and ``diffusa access``: what is near sites, in files and as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data.errors import ScenarioError
from data.pack import read_pack
from diffusa.access import measure_access, quarter_table_name, write_access
from diffusa.areas import measure_areas, write_areas
from diffusa.near_sites import check_output
from diffusa.show import parse_language
from diffusa.show_near import show_access, show_areas
from diffusa.steps import Steps
from maps.i18n import Language

Pack = Annotated[Path, typer.Argument(help="Folder of the city pack.")]
Sites = Annotated[list[str], typer.Option("--sites", help="Which sites: kind, kind:tag or the id of one; may be repeated.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="GeoPackage to write (.gpkg).")]
Mode = Annotated[str, typer.Option("--mode", help="walk, slow_walk or bike.")]
Speed = Annotated[float | None, typer.Option("--speed-km-h", help="Speed on the streets; default: that of the mode.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Spoken = Annotated[str | None, typer.Option("--language", help="it or en; default: the city's language.")]


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.command("areas")(areas_command)
    app.command("access")(access_command)


def areas_command(
    *,
    pack: Pack,
    sites: Sites,
    minutes: Annotated[str, typer.Option("--minutes", help="Times, such as 10,20,30.")],
    output: Output,
    mode: Mode = "walk",
    speed_km_h: Speed = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Group to count; may be repeated; default: all of the city.")
    ] = None,
    quiet: Quiet = False,
    language: Spoken = None,
) -> None:
    """Say what each site reaches on the streets within so many minutes, and who lives there."""
    spoken = parse_language(language)
    check_output(output)
    steps = _steps(quiet=quiet, language=spoken)
    areas = measure_areas(
        read_pack(pack),
        sites=sites,
        minutes=parse_minutes(minutes),
        mode=mode,
        speed_km_h=speed_km_h,
        groups=group or None,
        steps=steps,
    )
    with steps.step("Writing tables"):
        write_areas(areas, output)
    show_areas(areas, output, console=Console(), language=spoken)


def access_command(
    *,
    pack: Pack,
    sites: Sites,
    group: Annotated[str, typer.Option("--group", help="Group that needs the sites, such as residents.")],
    minutes: Annotated[float, typer.Option("--minutes", help="Within how many minutes a site is near.")],
    output: Output,
    mode: Mode = "walk",
    speed_km_h: Speed = None,
    bands: Annotated[
        str | None,
        typer.Option("--bands", help="Minutes and weights of the catchments, such as 10:1,20:0.5; default: --minutes, 1."),
    ] = None,
    capacity_column: Annotated[
        str | None, typer.Option("--capacity-column", help="Column of the sites with what each offers; default: each 1.")
    ] = None,
    quiet: Quiet = False,
    language: Spoken = None,
) -> None:
    """Say how well a group reaches sites: the nearest, how many, and what they leave for each person."""
    spoken = parse_language(language)
    table_name = quarter_table_name(output)
    check_output(output, beside=[table_name])
    steps = _steps(quiet=quiet, language=spoken)
    access = measure_access(
        read_pack(pack),
        sites=sites,
        group=group,
        minutes=minutes,
        bands=parse_bands(bands) if bands is not None else None,
        capacity_column=capacity_column,
        mode=mode,
        speed_km_h=speed_km_h,
        steps=steps,
    )
    with steps.step("Writing tables"):
        write_access(access, output)
    show_access(access, output, output.with_name(table_name), console=Console(), language=spoken)


def _steps(*, quiet: bool, language: Language | None) -> Steps:
    return Steps(console=None if quiet else Console(stderr=True), language=language or "en")


def parse_minutes(text: str) -> list[float]:
    """Return the numbers of a text such as ``10,20,30``.

    Raises
    ------
    ScenarioError
        If a part is no number.

    Examples
    --------
    >>> parse_minutes("10, 7.5")
    [10.0, 7.5]
    """
    remedy = "Write minutes with commas between them, such as 10,20,30"
    return [minutes for (minutes,) in _parse_numbers(text, 1, where="--minutes", remedy=remedy)]


def parse_bands(text: str) -> list[tuple[float, float]]:
    """Return minutes and weights of a text such as ``10:1,20:0.5``.

    Raises
    ------
    ScenarioError
        If a part is no pair of numbers.

    Examples
    --------
    >>> parse_bands("10:1,20:0.5")
    [(10.0, 1.0), (20.0, 0.5)]
    """
    remedy = "Write minutes and a weight for each band, such as 10:1,20:0.5"
    return [(until_min, weight) for until_min, weight in _parse_numbers(text, 2, where="--bands", remedy=remedy)]


def _parse_numbers(text: str, n: int, *, where: str, remedy: str) -> list[tuple[float, ...]]:
    """Return the parts of a text between commas, each of n numbers between colons."""
    found = {part: _numbers_in(part) for part in text.split(",")}
    wrong = [repr(part) for part, numbers in found.items() if len(numbers) != n]
    if wrong:
        raise ScenarioError("values cannot be read", where=where, n=len(wrong), examples=wrong, remedy=remedy)
    return [found[part] for part in text.split(",")]


def _numbers_in(part: str) -> tuple[float, ...]:
    """Return the numbers of a part; none where a word of it is no number."""
    try:
        return tuple(float(word) for word in part.split(":"))
    except ValueError:
        return ()
