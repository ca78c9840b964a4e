"""Modes of travel on streets, and how fast people are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

StreetMode = Literal["walk", "slow_walk", "bike"]

SPEED_KM_H: Mapping[StreetMode, float] = MappingProxyType({"walk": 4.5, "slow_walk": 3.2, "bike": 15.0})
"""Usual speeds, waiting at crossings included: adults on foot; older people and prams; city bicycles. Planning assumptions of
the project, which a scenario may replace."""
