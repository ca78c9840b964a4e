from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from data.pack import CityPack
from diffusa.planner import make_plan
from maps.city_map import write_map
from tests.diffusa.asked import scenario_of


def test_the_page_lists_rules_and_shows_what_closes_and_competes(
    sample_pack: CityPack, browser: Browser, tmp_path: Path
) -> None:
    scenario = scenario_of(
        sites={"fixed": []},
        choose={"objective": "market_capture", "competitors": ["coworking:open", "women_centre"], "pull_exponent": 2},
        rules={"open_now": ["job_centre:open"], "close_at_least": 1, "spacing_m": 900},
    )
    plan = make_plan(scenario, sample_pack)
    write_map(plan, tmp_path / "map.html")
    page, errors = browser.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "map.html").as_uri())
    page.click("#language-en")
    assert page.inner_text("#rules").splitlines() == [f"{rule.rule.en}: {rule.outcome.en}" for rule in plan.document.rules]
    assert "Centro per l'Impiego" in page.inner_text("#closed")
    overlays = page.inner_text("#overlays")
    assert "Competitor (2)" in overlays
    assert "The plan closes it (1)" in overlays
    assert "Need drawn from competitors" in page.inner_text("#proof")
    assert errors == []
    page.close()
