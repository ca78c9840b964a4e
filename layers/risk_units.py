"""What an estimate of the risk works on: sections with their factors, and the parts of sections that lie in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from data.errors import ColumnError, CountError, Faults, IdError, PlannerError
from data.groups import count_group
from data.risk import RiskDefinition, RiskFactor
from geo.interpolate import spread_sources
from layers.ampi import score_factors

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RiskUnits:
    """Sections, and their parts: what of a section lies in one piece, or all of it where its people have no place.

    Parameters
    ----------
    definition, factors
        Who is meant, and what goes with the risk.
    quarters
        Ids of all quarters, sorted, shape (n_quarters,).
    pieces
        One row per piece: cell, cell_id, nil.
    base
        People that rates are of in each section, shape (n_sections,).
    section_quarter
        Position of the quarter of each section.
    scores
        Factors of each section on the scale of the index, shape (n_sections, n_factors).
    numerator, denominator
        Counts of the factors, shape (n_sections, n_factors).
    part_section, part_quarter, part_cell
        Section, quarter and cell of each part, as positions; parts without people are left out, and cells are those of the
        parts alone, so that places without people change no draw.
    part_base
        People of each part.
    to_piece, to_no_place
        Sparse, 1 where a part lies in a piece, shape (n_pieces, n_parts), or belongs to the people without a place of a
        quarter, shape (n_quarters, n_parts).
    section_to_piece
        Sparse, the share of each section that lies in each piece, shape (n_pieces, n_sections).
    zones
        Ids of the areas in which rates are observed and totals met, and which have an effect each, sorted, shape (n_zones,):
        the quarters, unless `layers.risk_zones` put others in their place.
    section_zone
        Position of the zone of each section.
    """

    definition: RiskDefinition
    factors: tuple[RiskFactor, ...]
    quarters: NDArray[np.int64]
    pieces: pd.DataFrame
    base: Floats
    section_quarter: Positions
    scores: Floats
    numerator: Floats
    denominator: Floats
    part_section: Positions
    part_quarter: Positions
    part_cell: Positions
    part_base: Floats
    to_piece: sparse.csr_array
    to_no_place: sparse.csr_array
    section_to_piece: sparse.csr_array
    zones: NDArray[np.int64]
    section_zone: Positions

    @property
    def zone_base(self) -> Floats:
        """Return the people of each zone, with those without a place."""
        return np.bincount(self.section_zone, weights=self.base, minlength=len(self.zones)).astype(np.float64)

    @property
    def part_zone(self) -> Positions:
        """Return the zone of each part, which is that of its section."""
        return self.section_zone[self.part_section]

    @property
    def quarter_base(self) -> Floats:
        """Return the people of each quarter, with those without a place."""
        return np.bincount(self.section_quarter, weights=self.base, minlength=len(self.quarters)).astype(np.float64)

    def by_section(self) -> RiskUnits:
        """Return the units with each section whole and without pieces: enough, and faster, where quarters alone matter."""
        sections = np.flatnonzero(self.base > 0)
        none = sparse.csr_array((0, len(sections)), dtype=np.float64)
        return replace(
            self,
            pieces=self.pieces.iloc[:0],
            part_section=sections,
            part_quarter=self.section_quarter[sections],
            part_cell=np.arange(len(sections)),
            part_base=self.base[sections],
            to_piece=none,
            to_no_place=sparse.csr_array((len(self.quarters), len(sections)), dtype=np.float64),
            section_to_piece=sparse.csr_array((0, len(self.base)), dtype=np.float64),
        )

    def sum_quarters(self, parts: Floats) -> Floats:
        """Return values of parts summed by quarter; shape (n_draws, n_parts) becomes (n_draws, n_quarters)."""
        return self._sum(parts, self.part_quarter, len(self.quarters))

    def sum_zones(self, parts: Floats) -> Floats:
        """Return values of parts summed by zone; shape (n_draws, n_parts) becomes (n_draws, n_zones)."""
        return self._sum(parts, self.part_zone, len(self.zones))

    def _sum(self, parts: Floats, row: Positions, n: int) -> Floats:
        ones = (np.ones(len(row)), (row, np.arange(len(row))))
        return np.asarray((sparse.csr_array(ones, shape=(n, len(row))) @ parts.T).T, dtype=np.float64)


def build_risk_units(
    census: gpd.GeoDataFrame,
    pieces: gpd.GeoDataFrame,
    *,
    definition: RiskDefinition,
    factors: Sequence[RiskFactor],
    spread: sparse.csr_array | None = None,
) -> RiskUnits:
    """Return the units of an estimate.

    Parameters
    ----------
    census
        The census layer of a pack: section, nil, is_no_place, area_m2 where there are points, the counts, and points or
        polygons.
    pieces
        The pieces of the pack: cell, cell_id, nil, and polygons in the same CRS.
    definition, factors
        From a catalogue of the risk.
    spread
        Share of each section in each piece, shape (n_sections, n_pieces), in the order of both layers; rows of people without a
        place are not looked at. None spreads by area.

    Raises
    ------
    ColumnError
        If the census lacks a column of a factor.
    CountError
        If counts are negative, nobody belongs to the base, or a factor says nothing.

    Notes
    -----
    Factors are shares of sections, because numerator and denominator are counted there together; a piece takes the risk of
    the sections that lie in it, each with its own part of the base. So section, quarter and city totals hold at once.
    """
    order = np.argsort(census["section"].to_numpy(dtype=str), kind="stable")
    sorted_census = gpd.GeoDataFrame(census.iloc[order]).reset_index(drop=True)
    base, numerator, denominator = _count(sorted_census, definition, factors)
    nil = sorted_census["nil"].to_numpy(dtype=np.int64)
    quarters = np.unique(np.concatenate([nil, pieces["nil"].to_numpy(dtype=np.int64)]))
    section_quarter = np.searchsorted(quarters, nil)
    has_place = ~sorted_census["is_no_place"].to_numpy(dtype=bool)
    placed = np.flatnonzero(has_place)
    if spread is None:
        weights = spread_sources(gpd.GeoDataFrame(sorted_census[has_place]).reset_index(drop=True), pieces).weights
    else:
        weights = sparse.csr_array(spread[order][placed])
    section, piece, share = _list_parts(weights, placed, n_sections=len(nil), n_pieces=len(pieces))
    people = share * base[section]
    kept = people > 0
    section, piece, people = section[kept], piece[kept], people[kept]
    cells = _name_cells(pieces, piece, quarters[section_quarter[section]])
    n_parts, in_piece = len(section), piece < len(pieces)
    return RiskUnits(
        definition=definition,
        factors=tuple(factors),
        quarters=quarters,
        pieces=pd.DataFrame(pieces[["cell", "cell_id", "nil"]]).reset_index(drop=True),
        base=base,
        section_quarter=section_quarter,
        scores=score_factors(numerator, denominator, section_quarter, factors),
        numerator=numerator,
        denominator=denominator,
        part_section=section,
        part_quarter=section_quarter[section],
        part_cell=np.unique(cells, return_inverse=True)[1].astype(np.intp),
        part_base=people,
        to_piece=_place_ones(piece[in_piece], np.flatnonzero(in_piece), shape=(len(pieces), n_parts)),
        to_no_place=_place_ones(section_quarter[section[~in_piece]], np.flatnonzero(~in_piece), shape=(len(quarters), n_parts)),
        section_to_piece=_widen(weights, placed, n_sections=len(nil)),
        zones=quarters,
        section_zone=section_quarter,
    )


def _count(census: pd.DataFrame, definition: RiskDefinition, factors: Sequence[RiskFactor]) -> tuple[Floats, Floats, Floats]:
    """Return the base of each section and the counts of its factors; every fault is named at once."""
    faults = Faults()
    twice = census["section"][census["section"].duplicated()]
    if len(twice):
        faults.add(IdError("sections repeat", where="census", n=len(twice), examples=twice))
    _check_columns(census, definition, factors, faults)
    faults.raise_if_any()
    groups = [definition.base, *(one.numerator for one in factors), *(one.denominator for one in factors)]
    columns = []
    for group in groups:
        try:
            columns.append(count_group(census, group).to_numpy(dtype=np.float64))
        except PlannerError as error:
            faults.add(error)
    if not faults and not columns[0].sum() > 0:
        remedy = "Look at the columns " + " + ".join(definition.base.plus)
        faults.add(CountError(f"nobody belongs to the base of {definition.key}", where="census", remedy=remedy))
    faults.raise_if_any()
    n = len(factors)
    counts = np.column_stack(columns).astype(np.float64)
    return counts[:, 0], counts[:, 1 : n + 1], counts[:, n + 1 :]


def _check_columns(census: pd.DataFrame, definition: RiskDefinition, factors: Sequence[RiskFactor], faults: Faults) -> None:
    """Add a fault for the definition and for each factor that the census lacks columns of."""
    needs = {f"definition {definition.key}": [definition.base]}
    needs |= {f"risk factor {one.key}": [one.numerator, one.denominator] for one in factors}
    for where, groups in needs.items():
        codes = dict.fromkeys(code for group in groups for code in group.plus + group.minus)
        absent = [code for code in codes if code not in census]
        if absent:
            remedy = None if groups[0] is definition.base else "Switch the factor off, or take a census that counts it"
            faults.add(ColumnError("the census lacks columns", where=where, n=len(absent), examples=absent, remedy=remedy))


def _list_parts(
    spread: sparse.csr_array, placed: Positions, *, n_sections: int, n_pieces: int
) -> tuple[Positions, Positions, Floats]:
    """Return section, piece and share of each part, by section; the piece of people without a place is n_pieces."""
    row, piece = spread.tocoo().coords
    without = np.setdiff1d(np.arange(n_sections), placed)
    section = np.concatenate([placed[row], without])
    pieces = np.concatenate([piece, np.full(len(without), n_pieces)])
    share = np.concatenate([spread.tocoo().data, np.ones(len(without))])
    order = np.lexsort((pieces, section))
    return section[order].astype(np.intp), pieces[order].astype(np.intp), share[order]


def _name_cells(pieces: pd.DataFrame, piece: Positions, nil: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return the cell of each part; people without a place share one of their own in each quarter."""
    ids = np.append(pieces["cell_id"].to_numpy(dtype=str), "")[piece]
    return np.where(piece < len(pieces), ids, np.char.add("no place ", nil.astype(str)))


def _place_ones(row: Positions, column: Positions, *, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)


def _widen(spread: sparse.csr_array, placed: Positions, *, n_sections: int) -> sparse.csr_array:
    """Return the shares by piece and section, with a column of zeros for sections without a place."""
    pairs = spread.tocoo()
    row, piece = pairs.coords
    return sparse.csr_array((pairs.data, (piece, placed[row])), shape=(spread.shape[1], n_sections))
