"""What was read of a city so far, and the faults met on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd

from data.city import CityFeed, NetworkArrays, Paper
from data.clean.areas import CityAreas
from data.errors import Faults, PlannerError

T = TypeVar("T")


@dataclass
class Reading:
    """What was read so far; each part may be absent because its source has faults."""

    crs: str
    root: Path
    faults: Faults = field(default_factory=Faults)
    frames: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    network: NetworkArrays | None = None
    feeds: dict[str, CityFeed] = field(default_factory=dict)

    def one(self, role: str) -> gpd.GeoDataFrame | None:
        """Return the frame of a role that has one source."""
        return next(iter(self.frames.get(role, {}).values()), None)

    @property
    def areas(self) -> CityAreas:
        """The quarters and districts, as far as they were read."""
        return CityAreas(self.one("quarters"), self.one("districts"))

    def attempt(self, step: Callable[[], T]) -> T | None:
        """Return what a step gives, or keep its faults and return None."""
        try:
            return step()
        except PlannerError as error:
            self.faults.add(error)
            return None
