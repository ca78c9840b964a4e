"""The main job: a scenario and a city pack become a plan folder."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

from data.cache import ArrayCache
from data.files import write_folder_whole
from data.pack import CityPack
from diffusa.choice import Choices, choose_sites, describe_optimum
from diffusa.describe import Counted, describe_plan
from diffusa.journeys import OWN, Journeys, travel, travel_from_drawn_positions
from diffusa.mode_shares import count_mode_shares
from diffusa.people_year import read_people_of
from diffusa.question import Question, put_question
from diffusa.recount import check_objective
from diffusa.review_effects import Reviewed, with_review_effects
from diffusa.scenario import Scenario
from diffusa.steps import Steps
from diffusa.studies import study_plan
from diffusa.times_cache import TimesCache
from layers.figures import count_figures
from layers.plan import BEST, Plan, lens_variant
from layers.plan_choice import Optimum
from layers.plan_folder import DOCUMENT, as_written, write_plan_files
from layers.positions import UncertainTimes
from layers.sites import join_sites
from maps.accessibility import statement_of, write_statement
from maps.city_map import write_map
from maps.qgis.styles import write_plan_styles
from maps.quarter_page import write_quarter_pages
from maps.report.page import REPORT_NAME, write_report
from maps.workbook import write_workbook

MAP_NAME = "map.html"
RUN_NAME = "run.json"


def make_plan(scenario: Scenario, pack: CityPack, *, cache: ArrayCache | None = None, steps: Steps | None = None) -> Plan:
    """Return the plan of a scenario in a city.

    Parameters
    ----------
    scenario
        What is asked.
    pack
        The city.
    cache
        Where travel times are kept between runs; nowhere by default.
    steps
        Where progress is shown; nowhere by default.

    Raises
    ------
    PlannerError
        Any of its kinds: the scenario does not fit the city, no plan meets the rules, or a recount does not agree.
    """
    steps = steps or Steps()
    with steps.step("Reading the city"):
        people = read_people_of(scenario, pack)
        sites = join_sites(pack.read("services"), pack.read("spaces"))
        question = put_question(scenario, pack, people=people, sites=sites)
    with steps.step("Travel times") as progress:
        journeys = travel(question, pack, cache=TimesCache(cache), progress=progress)
    with steps.step("Choosing sites") as progress:
        choices = choose_sites(question, journeys, progress=progress)
    with steps.step("Studying the choice") as progress:
        studies = study_plan(question, journeys, choices, progress=progress)
    with steps.step("Counting people"):
        counted = replace(_count(question, journeys, choices), studies=studies)
        plan = describe_plan(counted, pack)
    if scenario.review is None:
        return plan
    with steps.step("What the review changed") as progress:
        return with_review_effects(plan, Reviewed(question, journeys, choices, pack, sites), progress=progress)


def write_plan(plan: Plan, folder: Path, *, steps: Steps | None = None) -> None:
    """Write a plan folder: tables, figures, map, quarters, report; the old folder stands until the new one is whole.

    ``run.json`` says when, where and how long; it is the only file that differs between two runs of the same plan.
    """
    steps = steps or Steps()
    with write_folder_whole(folder, marker=DOCUMENT) as part:
        with steps.step("Writing tables"):
            write_plan_files(plan, part)
            write_plan_styles(plan, part)
            write_workbook(plan, part)
        with steps.step("Drawing the map"):
            write_map(plan, part / MAP_NAME)
        with steps.step("Writing the pages of quarters"):
            write_quarter_pages(plan, part)
        with steps.step("Writing the report"):
            write_report(as_written(plan), part / REPORT_NAME)
            write_statement(statement_of(plan.document), part)
        run = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
            "steps": steps.record(),
        }
        (part / RUN_NAME).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


def _count(question: Question, journeys: Journeys, choices: Choices) -> Counted:
    plain = {**question.variants(), BEST: choices.plan.selected}
    opened = {site_id for site_ids in plain.values() for site_id in site_ids}
    opened |= {site_id for solution in choices.solutions.values() for site_id in solution.selected}
    uncertain = travel_from_drawn_positions(question, journeys, open_ids=sorted(opened))
    figures = [
        figure
        for lens in journeys.lenses
        for figure in count_figures(
            {lens_variant(key, lens): site_ids for key, site_ids in plain.items()},
            journeys.times_of[lens],
            question.people,
            groups=question.scenario.group_keys,
            standards_min=question.scenario.standards_min,
            uncertain=uncertain.get(lens),
        )
    ]
    optima = tuple(_optimum(question, journeys, choices, minutes, uncertain.get(OWN)) for minutes in choices.solutions)
    shares = count_mode_shares(question, journeys, plain)
    for optimum in optima:
        check_objective(question, journeys, optimum)
    return Counted(question, journeys, choices, variants=plain, figures=figures, optima=optima, mode_shares=shares)


def _optimum(
    question: Question, journeys: Journeys, choices: Choices, standard_min: float, uncertain: UncertainTimes | None
) -> Optimum:
    solution = choices.solutions[standard_min]
    figures = count_figures(
        {BEST: solution.selected},
        journeys.times,
        question.people,
        groups=question.scenario.group_keys,
        standards_min=(standard_min,),
        uncertain=uncertain,
    )
    return describe_optimum(question, journeys, solution, standard_min=standard_min).model_copy(
        update={"figures": tuple(figures)}
    )
