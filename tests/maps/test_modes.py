"""What pages call the modes, and how they say how people travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from layers.plan import ModeShare, Plan, WindowBrief
from maps.city_map import render_map
from maps.modes import mode_name, travel_words, vehicle_name

WINDOW = WindowBrief(
    date="2023-10-18",
    start="08:00",
    end="10:00",
    percentile=50,
    direction="towards",
    n_departures=240,
    n_draws=20,
    seed=0,
    max_walk_min=10,
    max_change_walk_min=5,
    change_min=1,
)


def by_transit(plan: Plan, window: WindowBrief = WINDOW) -> Plan:
    shares = [("metro", 0.5), ("walking", 0.375), ("bus", 0.125)]
    listed = tuple(ModeShare(variant="best", mode=mode, share=share) for mode, share in shares)
    document = plan.document.model_copy(update={"mode": "transit", "window": window, "mode_shares": listed})
    return Plan(**{**vars(plan), "document": document})


def test_a_mode_on_the_streets_says_its_speed(make_plan: Callable[..., Plan]) -> None:
    words = travel_words(make_plan().document)
    assert words.en.startswith("on foot, ")
    assert words.en.endswith("km/h")


def test_public_transport_says_when_and_what_counts(make_plan: Callable[..., Plan]) -> None:
    words = travel_words(by_transit(make_plan()).document)
    assert "18 October 2023, 08:00 to 10:00: the median of 240 departures" in words.en
    assert "18 ottobre 2023, dalle 08:00 alle 10:00: la mediana di 240 partenze" in words.it
    assert "at most 10 minutes to a stop and 5 between stops" in words.en


@pytest.mark.parametrize(("percentile", "share"), [(90, "90 %"), (97.5, "97.5 %")])
def test_another_percentile_than_the_median_says_which(make_plan: Callable[..., Plan], percentile: float, share: str) -> None:
    plan = by_transit(make_plan(), WINDOW.model_copy(update={"percentile": percentile}))
    assert f"{share} of 240 departures arrive within it" in travel_words(plan.document).en


def test_a_mode_or_vehicle_that_nobody_has_named_keeps_its_key() -> None:
    assert mode_name("cable_car").en == "cable car"
    assert vehicle_name("funicular").it == "funicular"


@pytest.mark.browser
def test_the_page_shows_by_which_vehicles_people_come(make_plan: Callable[..., Plan], open_page: Callable[..., Any]) -> None:
    page = open_page(render_map(by_transit(make_plan()))).page
    cells = page.locator("#vehicles td[data-mode]")
    shown = [(cell.get_attribute("data-mode"), cell.text_content()) for cell in cells.all()]
    assert [mode for mode, _ in shown] == ["metro", "walking", "bus"]
    assert [text for _, text in shown] == ["50,0%", "37,5%", "12,5%"]
    page.locator("#language-en").click()
    assert page.locator("#vehicles-section h2").text_content() == "How people come"
    assert page.locator("#vehicles th[scope=row]").all_text_contents() == ["metro", "walking all the way", "bus"]


@pytest.mark.browser
def test_on_the_streets_the_page_says_nothing_of_vehicles(
    make_plan: Callable[..., Plan], open_page: Callable[..., Any]
) -> None:
    page = open_page(render_map(make_plan())).page
    assert page.locator("#vehicles-section").is_hidden()
