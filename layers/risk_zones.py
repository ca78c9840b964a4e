"""Areas that cut quarters, or join them: rates are observed in them, totals met, and each has an effect of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from geo.overlay import find_overlaps
from layers.areas_file import Areas
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Zoned:
    """Units whose zones are areas, and the quarters where no area is.

    Parameters
    ----------
    units
        The units.
    ids
        Zone of each area by its name.
    cut_share
        Part of the people of the base who live in the other part of a section that a border cuts: each section goes as a whole
        to the area that most of it lies in.
    """

    units: RiskUnits
    ids: Mapping[str, int]
    cut_share: float


def set_zones(units: RiskUnits, areas: Areas, pieces: gpd.GeoDataFrame) -> Zoned:
    """Return units with areas as zones; where no area is, quarters stay.

    Parameters
    ----------
    units
        The units of a city.
    areas
        The areas, in the CRS of the pieces.
    pieces
        The pieces that the units were built on.

    Notes
    -----
    A section goes as a whole to the area that most of it lies in, or to its quarter if most lies in none. People without a
    place go with the most of those people of their quarter who have one.
    """
    names = areas.names
    first = int(units.quarters.max()) + 1
    nil = units.quarters[units.section_quarter]
    if areas.members:
        owner = {one: row for row, name in enumerate(names) for one in areas.members[name]}
        row, cut = np.array([owner.get(int(one), -1) for one in nil], dtype=np.int64), 0.0
    else:
        row, cut = _place_sections(units, [areas.shapes[name] for name in names], pieces)
    section = np.where(row >= 0, first + row, nil)
    zones = np.union1d(section, first + np.arange(len(names)))
    zoned = replace(units, zones=zones, section_zone=np.searchsorted(zones, section))
    return Zoned(zoned, {name: first + position for position, name in enumerate(names)}, cut)


def _place_sections(
    units: RiskUnits, shapes: list[shapely.Geometry], pieces: gpd.GeoDataFrame
) -> tuple[NDArray[np.int64], float]:
    """Return the area of each section, −1 where most of it lies in none, and the share of people on the wrong side."""
    targets = pieces.geometry.to_numpy()
    found = find_overlaps(targets, np.array(shapes, dtype=object))
    part = found.area_m2 / shapely.area(targets[found.small])
    of_pieces = sparse.csr_array((part, (found.large, found.small)), shape=(len(shapes), len(targets)))
    shares = np.asarray((of_pieces @ units.section_to_piece).todense(), dtype=np.float64)
    placed = np.asarray(units.section_to_piece.sum(axis=0)).ravel()
    all_shares = np.vstack([shares, np.maximum(placed - shares.sum(axis=0), 0.0)])
    best = all_shares.argmax(axis=0)
    beside = np.maximum(placed - all_shares.max(axis=0), 0.0)
    row = np.where(best < len(shapes), best, -1)
    has_place = placed > 0
    # Position 0 of the votes is that of no area.
    votes = np.zeros((len(units.quarters), len(shapes) + 1))
    np.add.at(votes, (units.section_quarter[has_place], row[has_place] + 1), units.base[has_place])
    row = np.where(has_place, row, votes.argmax(axis=1)[units.section_quarter] - 1)
    return row.astype(np.int64), float((beside * units.base).sum() / units.base.sum())
