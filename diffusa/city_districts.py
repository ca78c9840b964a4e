"""The districts of a city as rules speak of them: their names, and whose rows they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.errors import Faults, IdError, ScenarioError, suggest_name
from data.pack import CityPack
from diffusa.scenario_rules import District

LAYER_OF: dict[District, tuple[str, str]] = {"municipio": ("districts", "district"), "nil": ("quarters", "nil")}
"""The layer of a pack that names districts of a kind, and the column by which tables know them."""


@dataclass(frozen=True)
class Districts:
    """The districts of one kind.

    Parameters
    ----------
    column
        The column by which tables know them.
    names
        What each is called, by its value in the column as text; unique.
    """

    column: str
    names: dict[str, str]

    def rows(self, frame: gpd.GeoDataFrame, key: str) -> NDArray[np.intp]:
        """Return the rows of a table that lie in a district."""
        return np.flatnonzero((frame[self.column].astype(str) == key).to_numpy())

    def without(self, excepted: Sequence[str], *, where: str, faults: Faults) -> dict[str, str]:
        """Return the names of the districts but for some, given by name or number; a fault for each that is none."""
        by_text = {**{name.casefold(): key for key, name in self.names.items()}, **{key: key for key in self.names}}
        for text in excepted:
            if text.casefold() not in by_text:
                remedy = suggest_name(text, self.names.values())
                faults.add(IdError(f"{text!r} is no district", where=f"{where}.except", remedy=remedy))
        left_out = {by_text.get(text.casefold()) for text in excepted}
        return {key: name for key, name in self.names.items() if key not in left_out}


def read_districts(pack: CityPack, kind: District, *, where: str, faults: Faults) -> Districts | None:
    """Return the districts of a kind; None where the city has none, once the fault was added."""
    layer, column = LAYER_OF[kind]
    if layer not in pack.layers:
        remedy = "Take 'nil'" if kind == "municipio" else None
        faults.add(ScenarioError(f"the city has no districts of the kind {kind!r}", where=where, remedy=remedy))
        return None
    frame = pack.read(layer)
    return Districts(column=column, names=_unique(frame[column].astype(str), frame["name"].astype(str)))


def _unique(keys: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return the names by their keys; the key is put beside a name that stands twice."""
    pairs = list(zip(keys, names, strict=True))
    repeated = {name for name, n in Counter(name for _, name in pairs).items() if n > 1}
    return {key: f"{name} ({key})" if name in repeated else name for key, name in pairs}
