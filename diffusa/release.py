"""The release of a plan: what may leave the house, in one zip."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from data.errors import PlanFolderError
from diffusa.planner import MAP_NAME
from diffusa.steps import Steps
from layers.plan import Plan
from layers.plan_folder import QUARTERS, as_written, read_plan, write_plan_files
from maps.accessibility import statement_of, write_statement
from maps.city_map import write_map
from maps.qgis.styles import write_plan_styles
from maps.quarter_page import FOLDER, INDEX_NAME, write_quarter_pages
from maps.release.archive import LOG_NAME, check_place, read_earlier, write_zip
from maps.release.log import build_log, log_json, log_text
from maps.release.protect import Protected, protect_plan
from maps.release.readback import read_back
from maps.release.record import Holder, attribution_text, build_record, record_json
from maps.release.rules import Rules
from maps.report.page import REPORT_NAME, write_report
from maps.workbook import write_workbook

LOG_TEXT_NAME, RECORD_NAME, ATTRIBUTION_NAME = "release_log.txt", "dcat-ap-it.jsonld", "LICENCE-AND-SOURCES.txt"
_WRITERS: Mapping[str, Callable[[Plan, Path], None]] = MappingProxyType(
    {
        "tables": write_plan_files,
        "styles": write_plan_styles,
        "workbook": write_workbook,
        "map": lambda plan, folder: write_map(plan, folder / MAP_NAME),
        "pages of quarters": write_quarter_pages,
        "report": lambda plan, folder: write_report(as_written(plan), folder / REPORT_NAME),
        "statement": lambda plan, folder: write_statement(statement_of(plan.document), folder),
    }
)


@dataclass(frozen=True, eq=False)
class Release:
    """A release that was written: its zip, its log, and the protected plan in it."""

    path: Path
    log: Mapping[str, object]
    protected: Protected


def release_plan(
    folder: Path,
    output: Path,
    *,
    rules: Rules,
    earlier: Sequence[Path] = (),
    holder: Holder | None = None,
    steps: Steps | None = None,
) -> Release:
    """Protect a plan, check it, and write what may be released into a zip; nothing is written if anything fails.

    Parameters
    ----------
    folder
        A plan folder. Nothing is copied out of it: every file is made anew from the protected plan.
    output
        The zip; it must not stand there yet.
    rules
        The rules of the release.
    earlier
        Releases made before, whose figures are known.
    holder
        Who answers for it, for the record.
    steps
        Where progress is shown; nowhere by default.

    Raises
    ------
    FileError
        If the zip cannot be written where it should.
    PlanFolderError
        If the folder is no whole plan.
    VerificationError
        If its files contradict one another: somebody changed them.
    ReleaseError
        If an earlier release is broken, something small can be computed, or a file holds what is not protected.
    """
    steps = steps or Steps()
    check_place(output)
    with steps.step("Reading the plan"):
        plan = read_plan(folder)
        _check_csv(plan, folder)
        before = [read_earlier(path) for path in earlier]
    with steps.step("Protecting and checking"):
        protected = protect_plan(plan, rules, earlier=before)
    with tempfile.TemporaryDirectory() as scratch, steps.step("Writing the release"):
        part = Path(scratch)
        for write in _WRITERS.values():
            write(protected.plan, part)
        lists = (REPORT_NAME, f"{FOLDER}/{INDEX_NAME}")
        embedded = read_back(part, protected.plan, maps=(MAP_NAME,), lists=lists)
        log = build_log(plan, protected, rules, embedded=embedded)
        _write_papers(part, protected.plan, log, holder or Holder())
        write_zip(part, output)
    return Release(path=output, log=log, protected=protected)


def _write_papers(folder: Path, plan: Plan, log: Mapping[str, object], holder: Holder) -> None:
    """Write the record, the licence with the sources, and the log beside the files that they are of."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    papers = {
        RECORD_NAME: record_json(build_record(plan.document, files, holder)),
        ATTRIBUTION_NAME: attribution_text(plan.document),
        LOG_NAME: log_json(log),
        LOG_TEXT_NAME: log_text(log),
    }
    for name, text in papers.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _check_csv(plan: Plan, folder: Path) -> None:
    """Check that ``nil.csv`` is the table of quarters of ``plan.gpkg``: a folder somebody worked on is not released.

    Raises
    ------
    PlanFolderError
        If it differs.
    """
    with tempfile.TemporaryDirectory() as scratch:
        write_plan_files(plan, Path(scratch))
        same = Path(scratch, QUARTERS).read_bytes() == (folder / QUARTERS).read_bytes()
    if not same:
        what = f"{QUARTERS} is not the table of quarters of plan.gpkg, so the folder was changed after it was written"
        raise PlanFolderError(what, where=str(folder), remedy="Make the plan again")
