"""The report as text: what it says of a plan, with and without studies, districts, sites, intervals."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import ColumnError, EmptyLayerError, FileError
from layers.plan import BEST, LensBrief, ModeShare, Plan, open_column, share_column
from layers.plan_choice import Optimum
from layers.plan_text import Text
from maps.amounts import amount_text
from maps.i18n import format_number, format_percent
from maps.palettes import NO_DATA, NOBODY, SHARE
from maps.quarter_page import page_names
from maps.report.city_maps import share_color
from maps.report.curve_chart import Axis, ChartLine, ChartPoint, draw_chart
from maps.report.page import render_report, write_report
from maps.report.pdf import render_paper
from tests.maps.studied import both, studied, with_districts, with_document
from tests.maps.test_quarter_page import GROUP, modelled


def part(page: str, key: str) -> str:
    """Return one section of the report."""
    start = page.index(f'id="{key}"')
    return page[start : page.index("</section>", start)]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the body of the first table as plain text."""
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


@pytest.fixture(scope="module")
def plan(tiny_plan: Plan) -> Plan:
    return studied(tiny_plan)


@pytest.fixture(scope="module")
def page(plan: Plan) -> str:
    return render_report(plan)


def test_two_runs_give_the_same_bytes(plan: Plan, page: str) -> None:
    assert render_report(plan) == page


def test_both_languages_stand_in_the_page(page: str) -> None:
    for text in ("Quanto vale ogni sede", "What each place is worth", "Per municipio", "By municipio"):
        assert f">{text}</h2>" in page


def test_it_opens_in_the_language_asked_for(plan: Plan, page: str) -> None:
    assert 'id="language-it" aria-label="Italiano" checked' in page
    assert 'id="language-en" aria-label="English" checked' in render_report(plan, language="en")


def test_every_figure_at_the_standard_stands_in_it(plan: Plan, page: str) -> None:
    document = plan.document
    found = part(page, "en-reach")
    for variant in document.variants:
        for group in document.groups:
            figure = document.figure(variant.key, group.key, standard_min=document.standard_min)
            start = found.index(f'<tr data-variant="{variant.key}" data-group="{group.key}">')
            line = found[start : found.index("</tr>", start)]
            assert f"<b>{format_percent(figure.share, language='en')}</b>" in line
            assert f'<td class="people">{format_number(figure.reached, language="en")}</td>' in line


def test_every_standard_has_its_row_with_ranges(plan: Plan, page: str) -> None:
    found = rows(part(page, "en-times"))
    assert [row[:2] for row in found] == [
        [group.label.en, f"{minutes:.0f}"] for group in plan.document.groups for minutes in plan.document.standards_min
    ]
    figure = plan.document.figure("decided", "unemployed", standard_min=15.0)
    assert figure.share_low is not None
    assert figure.share_high is not None
    ends = f"{100 * figure.share_low:.1f}–{100 * figure.share_high:.1f}%"
    assert found[0][3] == f"{format_percent(figure.share, language='en')} ({ends})"


def test_best_for_each_time_alone_stands_beside_where_there_are_several(plan: Plan) -> None:
    (own,) = plan.document.optima
    figure = plan.document.figure(BEST, "unemployed", standard_min=15.0).model_copy(update={"share": 0.987})
    other = own.model_copy(update={"standard_min": 15.0, "figures": (figure,)})
    found = rows(part(render_report(with_document(plan, optima=(other, own))), "en-times"))
    assert found[0][-1].startswith("98.7%")
    assert found[1][-1] == "–"


def test_the_table_of_quarters_holds_what_the_plan_holds(plan: Plan, page: str) -> None:
    found = rows(part(page, "en-quarters"))
    assert len(found) == len(plan.nil)
    for cells, row in zip(found, plan.nil.to_dict("records"), strict=True):
        expected = [str(row["nil"]), row["name"], "Municipio 1"]
        for group in ("unemployed", "youth_15_29"):
            shares = [format_percent(row[share_column(key, group)], language="en") for key in ("before", "best")]
            expected += [format_number(row[group], language="en"), *shares, ""]
        assert cells == expected


def test_the_table_of_municipi_holds_every_situation(plan: Plan, page: str) -> None:
    row = plan.districts.iloc[0]
    shares = [format_percent(row[share_column(variant.key, "unemployed")], language="it") for variant in plan.document.variants]
    assert rows(part(page, "it-districts")) == [
        ["Municipio 1", format_number(row["unemployed"], language="it"), *shares, ""],
    ]


def test_a_plan_without_figures_by_municipio_says_so(tiny_plan: Plan) -> None:
    uncounted = replace(tiny_plan, districts=tiny_plan.districts[["district", "name", "geometry"]])
    assert "This plan was made without figures by municipio." in part(render_report(uncounted), "en-districts")
    none = replace(tiny_plan, districts=tiny_plan.districts.iloc[:0])
    assert "The city has no municipi." in part(render_report(none), "en-districts")


def test_few_people_have_no_figure(plan: Plan) -> None:
    nil = plan.nil.copy()
    nil.loc[0, "unemployed"] = 7.31
    nil.loc[0, share_column(BEST, "unemployed")] = 0.4321
    text = render_report(replace(plan, nil=nil))
    assert not re.search(r"43[,.]2%|0\.432|7\.31", text)
    assert rows(part(text, "en-quarters"))[0][3:7] == ["fewer than 10"] * 3 + [""]


def test_a_share_that_is_not_known_is_no_data_and_never_nothing(plan: Plan) -> None:
    nil = plan.nil.assign(**{share_column(BEST, "unemployed"): np.nan})
    text = render_report(replace(plan, nil=nil))
    assert rows(part(text, "en-quarters"))[0][5] == "no data"
    assert NO_DATA in part(text, "en-maps")
    assert re.search(r"\bnan\b", text, re.IGNORECASE) is None


@pytest.mark.parametrize(
    ("people", "share", "color"),
    [(100, 0.0, SHARE[0]), (100, 0.2, SHARE[0]), (100, 0.2001, SHARE[1]), (100, 1.0, SHARE[4]), (9.9, 0.5, NOBODY)],
)
def test_quarters_are_coloured_by_their_share(people: float, share: float, color: str) -> None:
    assert share_color({"g": people, "s": share}, GROUP, "s") == color


def test_a_quarter_without_a_share_has_the_colour_of_no_data() -> None:
    assert share_color({"g": float("nan"), "s": 0.5}, GROUP, "s") == NO_DATA
    assert share_color({"g": 0.0, "s": float("nan")}, GROUP, "s") == NOBODY
    assert share_color({"g": 100.0, "s": float("nan")}, GROUP, "s") == NO_DATA


def test_worth_is_told_for_each_place_that_was_studied(plan: Plan, page: str) -> None:
    new, spare = plan.document.optima[0].selected_new, plan.sites.loc[plan.sites["role"] == "candidate", "site_id"].iloc[0]
    names = dict(zip(plan.sites["site_id"], plan.sites["name"], strict=True))
    found = rows(part(page, "en-worth"))
    assert found[0] == ["1", names[new[0]], "40", "fewer than 10", "12.5 points", names[spare], "2.5 points"]
    assert found[1][1:] == [f"{names[new[1]]} why", "fewer than 10", "1,234", "5.0 points", "none may", "–"]
    assert found[2][4:] == ["–", "none is needed not proven best", "0.0 points"]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("share", ("50.0%", "50.0 points")),
        ("seconds", ("0.0 minutes", "0.0 minutes")),
        ("sites", ("1", "1")),
        ("euros", ("1 euros", "1 euros")),
        ("metres", ("1 metres", "1 metres")),
    ],
)
def test_losses_are_told_in_the_unit_of_the_objective(unit: str, expected: tuple[str, str]) -> None:
    texts = tuple(amount_text(0.5, unit, "en", is_difference=one) for one in (False, True))  # type: ignore[arg-type]
    assert texts == expected


def test_a_replacement_that_is_better_says_so(plan: Plan) -> None:
    worth = plan.document.worth[0].model_copy(update={"replacement_loss": -0.013})
    assert rows(part(render_report(with_document(plan, worth=(worth,))), "en-worth"))[0][-1] == "better by 1.3 points"
    nothing = worth.model_copy(update={"replacement_loss": -1e-9})
    assert rows(part(render_report(with_document(plan, worth=(nothing,))), "en-worth"))[0][-1] == "0.0 points"


@pytest.mark.parametrize(("is_complete", "text"), [(True, "There are no others."), (False, "There may be others.")])
def test_near_plans_say_whether_there_are_others(plan: Plan, is_complete: bool, text: str) -> None:
    assert plan.document.near is not None
    near = plan.document.near.model_copy(update={"is_complete": is_complete, "notes": ()})
    assert text in part(render_report(with_document(plan, near=near)), "en-near")


def test_near_plans_say_how_they_differ(plan: Plan, page: str) -> None:
    new, spare = plan.document.optima[0].selected_new, plan.sites.loc[plan.sites["role"] == "candidate", "site_id"].iloc[0]
    names = dict(zip(plan.sites["site_id"], plan.sites["name"], strict=True))
    found = part(page, "en-near")
    assert "Plans at most 1.0% worse than the best one: 2.</p>" in found  # a note says that there may be more
    shares = rows(found)
    assert [row[1] for row in shares] == ["100%", "100%", "100%", "50%", "50%"]
    plans = rows(found[found.index("</table>") + 1 :])
    assert plans[1][1:4] == ["49.8% not proven best", "0.50%", names[new[0]]]
    assert plans[1][4].startswith(names[spare])
    assert names["S0000"] in plans[1][4]  # the place that it closes


def test_curves_are_drawn_with_their_table(plan: Plan, page: str) -> None:
    found = part(page, "en-curves")
    assert found.count('<svg class="curve"') == 2
    points = rows(found)
    assert points[0] == ["0", "10.0%", "10.0%", "proven best", "fewer than 10", "–"]
    total = plan.document.groups[0].total
    assert points[1][:4] == ["2", "30.0%", "36.0%", "not proven best"]
    assert points[1][4] == f"300 ({format_percent(300 / total, language='en')})"
    assert points[3] == ["99", "–", "–", "no plan is possible why", "–", "–"]
    assert 'class="own-standard"' in found  # four new places, as the plan has
    assert "What a floor for every district costs" in page


def test_what_nobody_studied_is_said(tiny_plan: Plan) -> None:
    text = render_report(tiny_plan)
    assert "This plan was made without a study of other numbers of places." in part(text, "en-curves")
    assert "without a study of what each place is worth" in part(text, "en-worth")
    assert 'id="en-near"' not in text
    assert "None besides the number of places." in part(text, "en-rules")


def test_rules_question_and_sources_stand_in_it(plan: Plan, page: str) -> None:
    assert "why rule: <b>why kept</b>" in part(page, "en-rules")
    question = part(page, "en-question")
    for text in (
        "As much as can be.",
        "unemployed people 50%, people aged 15 to 29 50%",
        "on foot, 4.5 km/h",
        "libraries",
        "Sede 0",
    ):
        assert text in question
    assert "Censimento di prova" in part(page, "it-sources")
    assert "2011-10-09" in part(page, "it-sources")
    assert "CC BY 4.0" in part(page, "it-sources")
    assert "ab" * 32 in part(page, "en-digests")
    assert "diffusa 0.1.0" in part(page, "en-digests")


def test_kinds_that_may_be_chosen_are_those_that_the_scenario_names(plan: Plan) -> None:
    asked = with_document(plan, scenario={"sites": {"candidates": ["job_centre:decided", "S0009"]}})
    assert "<dd>job centres, libraries</dd>" in part(render_report(asked), "en-question")


def test_places_are_numbered_on_the_maps_as_in_their_table(plan: Plan, page: str) -> None:
    listed = [
        (row[0], row[1].removesuffix(f" {address}"))
        for row, address in zip(rows(part(page, "en-places")), _addresses(plan), strict=True)
    ]
    titles = set(re.findall(r"<title>(\d+)\. (.*?)</title>", part(page, "en-maps")))
    assert titles == set(listed)


def _addresses(plan: Plan) -> list[str]:
    sites = plan.sites.set_index("site_id")["address"]
    new = plan.document.optima[0].selected_new
    return [sites[site_id] for site_id in (*new, *plan.document.variant("before").site_ids)]


def test_maps_show_the_places_that_are_open_in_each_situation(plan: Plan, page: str) -> None:
    maps = re.findall(r'<svg class="city-map".*?</svg>', part(page, "en-maps"), re.DOTALL)
    assert len(maps) == 2 * len(plan.document.need)
    for drawn in maps:
        key = re.search(r'data-variant="(\w+)"', drawn)[1]  # type: ignore[index]
        assert drawn.count('<g class="site"') == int(plan.sites[open_column(key)].sum())
        assert drawn.count('<use href="#quarter-') == len(plan.nil)


def test_a_place_that_closes_is_open_before_and_crossed_out_after(plan: Plan) -> None:
    sites = plan.sites.copy()
    sites.loc[0, "role"] = "closed"
    sites.loc[0, open_column(BEST)] = False
    found = part(render_report(replace(plan, sites=sites)), "en-maps")
    maps = re.findall(r'<svg class="city-map".*?</svg>', found, re.DOTALL)
    assert ["#b3261e" in drawn for drawn in maps] == [False, True, False, True]


def test_a_plan_without_sites_is_a_report_all_the_same(plan: Plan) -> None:
    text = render_report(replace(plan, sites=plan.sites.iloc[:0]))
    assert "The plan has no places." in part(text, "en-places")
    assert plan.document.optima[0].selected_new[0] in part(text, "en-worth")  # an id where no name is known


def test_intervals_stand_beside_every_estimated_figure(plan: Plan) -> None:
    guessed = modelled(plan)
    districts = guessed.districts.copy()
    for column in [column for column in districts.columns if str(column).endswith("unemployed")]:
        districts[f"{column}_low"], districts[f"{column}_high"] = 0.8 * districts[column], 1.1 * districts[column]
    text = render_report(replace(guessed, districts=districts))
    row = guessed.nil.iloc[0]
    low, share, high = (format_percent(factor * row["share_best_unemployed"], language="en") for factor in (0.8, 1.0, 1.1))
    assert rows(part(text, "en-quarters"))[0][5] == f"{share} ({low}–{high})"
    assert "(" in rows(part(text, "en-districts"))[0][2]
    assert "How the need was estimated" in text


def test_one_group_and_one_standard_are_enough(make_plan: Callable[..., Plan]) -> None:
    plain = make_plan(variants=("before", "best"))
    one = with_document(
        plain,
        groups=plain.document.groups[:1],
        need={"unemployed": 1.0},
        standards_min=(30.0,),
        optima=(),
        sources=(),
        versions={},
    )
    text = render_report(one)
    assert 'id="en-times"' not in text
    assert 'id="en-sources"' not in text
    assert text.count('<svg class="city-map"') == 4  # two situations in two languages


def test_a_need_that_the_report_does_not_count_leaves_its_groups(plan: Plan) -> None:
    text = render_report(with_document(plan, need={"women": 1.0}))
    assert "women 100%" in part(text, "en-question")
    assert rows(part(text, "en-districts"))[0][0] == "Municipio 1"


def test_lenses_have_tables_of_their_own(plan: Plan) -> None:
    document = plan.document
    lenses = (LensBrief(key="", name=both("on foot")), LensBrief(key="b", name=both("by bike")))
    more = tuple(v.model_copy(update={"key": f"{v.key}_b", "lens": "b"}) for v in document.variants)
    figures = (
        *document.figures,
        *(f.model_copy(update={"variant": f"{f.variant}_b", "share": 0.777}) for f in document.figures),
    )
    shares = (ModeShare(variant="best", mode="metro", share=0.6), ModeShare(variant="best", mode="bus", share=0.4))
    changed = with_document(plan, lenses=lenses, variants=(*document.variants, *more), figures=figures, mode_shares=shares)
    text = render_report(changed)
    assert part(text, "en-reach").count("<b>77.7%</b>") == len(document.variants) * len(document.groups)
    assert rows(part(text, "en-modes")) == [["metro", "60.0%"], ["bus", "40.0%"]]
    assert rows(part(text, "en-times"))[3][:3] == ["unemployed people", "by bike", "15"]


def test_a_sample_city_says_so(make_plan: Callable[..., Plan]) -> None:
    assert render_report(make_plan(is_sample=True)).count('<p class="banner">') == 2


def test_links_lead_to_the_files_of_a_plan_or_nowhere(plan: Plan, page: str) -> None:
    links = set(re.findall(r'href="([^"#]+)"', page))
    assert links == {
        "map.html",
        "accessibility.html",
        "quarters/index.html",
        *(f"quarters/{name}" for name in page_names(plan)),
    }
    alone = render_report(plan, has_links=False)
    assert re.findall(r'href="([^"#]+)"', alone) == []
    assert re.findall(r'href="', render_paper(plan)) == []


def test_paper_has_one_language_no_script_and_nothing_folded(plan: Plan) -> None:
    text = render_paper(plan, language="en")
    assert 'lang="en"' in text
    for mark in ("<script", "<button", "<details", "<input", "Quanto vale", "<use"):
        assert mark not in text
    assert "ab" * 32 in text
    assert "Quanto vale ogni sede" in render_paper(plan)


def test_missing_columns_are_one_error(plan: Plan, tmp_path: Path) -> None:
    broken = replace(plan, nil=plan.nil.drop(columns=["share_best_unemployed", "name"]))
    with pytest.raises(ColumnError, match="name, share_best_unemployed"):
        write_report(broken, tmp_path / "report.html")
    with pytest.raises(EmptyLayerError, match="no rows"):
        render_report(replace(plan, nil=plan.nil.iloc[:0]))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_error(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the report cannot be written"):
        write_report(plan, tmp_path / "none" / "report.html")


def test_a_choice_that_is_not_proven_says_so(plan: Plan) -> None:
    own: Optimum = plan.document.optima[0].model_copy(
        update={"status": "feasible", "gap": 0.031, "value": Text(it="bisogno: 50%", en="need: 50%")}
    )
    found = part(render_report(with_document(plan, optima=(own,))), "en-method")
    assert "one better by at most 3.10% may exist. Need: 50%. Recounted." in found


def test_a_chart_ends_at_a_round_number_and_marks_what_is_not_proven() -> None:
    axis = Axis("minutes", lambda value: f"{value:g}")
    line = ChartLine((ChartPoint(0.0, 3.0), ChartPoint(1.0, 41.0, bound=44.0)))
    drawn = draw_chart([line], x_axis=axis, y_axis=axis, label='a "b"', chosen=1.0)
    assert ">50</text>" in drawn
    assert 'fill="#ffffff"' in drawn
    assert 'stroke-opacity="0.45"' in drawn
    assert 'aria-label="a &quot;b&quot;"' in drawn
    assert "stroke-dasharray" in drawn
    assert draw_chart([ChartLine(())], x_axis=axis, y_axis=axis, label="") == ""
    single = draw_chart([ChartLine((ChartPoint(5.0, 0.0),))], x_axis=axis, y_axis=axis, label="", chosen=9.0)
    assert "nan" not in single
    assert "stroke-dasharray" not in single


def test_districts_with_intervals_missing_are_no_error_for_counted_groups(tiny_plan: Plan) -> None:
    assert rows(part(render_report(with_districts(tiny_plan)), "en-districts"))[0][0] == "Municipio 1"
