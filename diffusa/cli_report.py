"""The command ``diffusa report``: the report of a plan that exists, as a page or as a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import FileError
from diffusa.show import parse_language
from layers.plan_folder import read_plan
from maps.i18n import translate
from maps.report.page import REPORT_NAME, write_report
from maps.report.pdf import write_report_pdf

Folder = Annotated[Path, typer.Argument(help="Folder of a plan.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="File to write: .html or .pdf; default: report.html in the folder of the plan."),
]
Language = Annotated[str | None, typer.Option("--language", help="it or en; default: the city's language.")]
SUFFIXES = (".html", ".pdf")


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("report")(report_command)


def report_command(*, folder: Folder, output: Output = None, language: Language = None) -> None:
    """Write the report of a plan for a council: a page in both languages, or a PDF in one."""
    path = output or folder / REPORT_NAME
    check_report_path(path)
    spoken = parse_language(language)
    plan = read_plan(folder)
    if path.suffix == ".pdf":
        write_report_pdf(plan, path, language=spoken)
    else:
        is_beside_the_map = path.resolve().parent == folder.resolve()
        write_report(plan, path, language=spoken, has_links=is_beside_the_map)
    said = translate("Report: {path}", language=spoken or plan.document.city.language, path=str(path))
    typer.echo(said)


def check_report_path(path: Path) -> None:
    """Check where a report is asked for, before the plan is read.

    Raises
    ------
    FileError
        If the file is of another kind, is a folder, or lies in a folder that does not exist.
    """
    if path.suffix not in SUFFIXES:
        what = f"a report is no {path.suffix!r} file" if path.suffix else "the file has no ending"
        raise FileError(what, where=str(path), remedy="Name a file that ends in .html or .pdf")
    if path.is_dir():
        raise FileError("is a folder, not a file", where=str(path), remedy="Name a file to write")
    if not path.parent.is_dir():
        raise FileError("the folder is missing", where=str(path.parent), remedy="Make it, or name another")
