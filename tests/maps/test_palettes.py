"""Colours that readers with any kind of colour vision tell apart, computed: neighbouring classes, single things, text."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from maps.assets import page_styles, read_template
from maps.palettes import BEYOND, CHANGE, NEED, NO_DATA, NOBODY, NOT_REACHED, PEOPLE, RATE, REACHED, SHARE, SPREAD, WITHIN

# Machado, Oliveira, Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1, on linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
LEAST = 9.0  # of CIE76; about four just noticeable differences, for squares that touch
SCALES = {
    "minutes": (*WITHIN, *BEYOND, NOT_REACHED),
    "people": (NOBODY, *PEOPLE),
    "need": (NOBODY, *NEED),
    "rate": (NOBODY, *RATE),
    "spread": (NOBODY, *SPREAD),
    "share": SHARE,
    "reached": tuple(REACHED.values()),
}


def _linear(color: str) -> np.ndarray:
    parts = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _lab(color: str, sight: str) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(SIGHT[sight] @ _linear(color), 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _apart(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(_lab(one, sight) - _lab(other, sight)))


def _contrast(one: str, other: str) -> float:
    light = sorted((float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(color)) for color in (one, other)), reverse=True)
    return (light[0] + 0.05) / (light[1] + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scale", SCALES)
def test_neighbouring_classes_are_told_apart(scale: str, sight: str) -> None:
    apart = {pair: round(_apart(*pair, sight), 1) for pair in pairwise(SCALES[scale])}
    assert min(apart.values()) >= LEAST, apart


@pytest.mark.parametrize("sight", SIGHT)
def test_kinds_of_change_are_told_apart_each_from_each(sight: str) -> None:
    colors = list(CHANGE.values())
    apart = {(one, other): round(_apart(one, other, sight), 1) for one in colors for other in colors if one < other}
    assert min(apart.values()) >= LEAST, apart


@pytest.mark.parametrize("sight", SIGHT)
def test_no_data_is_no_class(sight: str) -> None:
    for scale in (PEOPLE, NEED, RATE, SPREAD, SHARE):
        apart = {color: round(_apart(color, NO_DATA, sight), 1) for color in scale}
        assert min(apart.values()) >= LEAST, apart


def test_text_of_the_page_stands_out_from_its_grounds() -> None:
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", page_styles()))
    for ink in ("ink", "ink-soft", "accent"):
        for ground in ("paper", "paper-soft"):
            assert _contrast(found[ink], found[ground]) >= 4.5, (ink, ground)
    assert _contrast("#ffffff", found["accent"]) >= 4.5
    assert _contrast("#ffffff", found["sample"]) >= 4.5


def test_borders_of_areas_stand_out_from_the_colours_below_their_light_coat() -> None:
    borders = re.findall(
        r"(?:existing|compared|proposed|closed|competitor|candidate): \"(#[0-9a-f]{6})\"", read_template("areas.js")
    )
    assert len(borders) == 6
    assert all(_contrast(color, "#ffffff") >= 3 for color in borders)  # WCAG 2.2, 1.4.11
