"""The cells of a plan as a compact layer: one or two bytes for each cell and attribute, drawn on canvas tiles."""

from __future__ import annotations

import base64

import folium
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from folium.template import Template

from data.errors import CountError, IdError
from layers.plan import (
    BEFORE,
    GroupBrief,
    Plan,
    Variant,
    high_column,
    lens_variant,
    low_column,
    minutes_column,
    rate_column,
    square_column,
)
from maps.lattice import TERMS, Lattice, Warp, fit_warp, read_lattice
from maps.plan_layers import encode_areas, encode_served

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MINUTE_STEP = 0.1
MODELLED_STEP = 0.1
RATE_STEP = 0.1  # per cent
NEED_PARTS = 100_000  # need is written in so many parts of the whole city's
_NICE_STEPS = tuple(digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5))
CHANGES = ("outside", "both", "gained", "lost")  # by code
_SPARE_CODES = 2  # the highest code is "no data", the one below "more than nothing, less than half a step"


class CellLayer(folium.map.Layer):
    """The layer on the page; the page's script draws what `encode_cells` put into the page's data."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = diffusa.cells.layer;
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__(name="cells", overlay=True, control=False)
        self._name = "CellLayer"


def encode_cells(plan: Plan) -> dict[str, object]:
    """Return the cells as the page reads them.

    Returns
    -------
    ``is_joined``: whether counts are means of larger squares, as a release joins them; ``runs``: cells in a row beside each
    other as (row, first column, length), which also fixes the order of the cells in every band; ``warp``: the polynomials of
    `maps.lattice`; ``nil``: position of the quarter in ``plan.nil``; ``people``: one band for each group, ``people_ends``: two
    for each modelled one, the ends of its interval; ``minutes``: one for each variant; ``change``: one for each variant but the
    first, codes of `CHANGES`; ``need``: one, in parts of `NEED_PARTS`, None where the plan has none; ``rates``: for each
    modelled group three, the rate in per cent and its ends; ``served``: which site serves each cell, and ``areas``: the service
    areas, as `maps.plan_layers` has them.

    Raises
    ------
    PlannerError
        As `read_lattice`, `fit_warp`, `encode_band` raise it, and if a cell belongs to an unknown quarter.
    """
    document = plan.document
    lattice = read_lattice(plan.cells, size_m=document.city.cell_m)
    order = np.lexsort((lattice.col, lattice.row))
    cells = plan.cells.iloc[order]
    return {
        "size_m": lattice.size_m,
        "is_joined": any(square_column(group.key) in cells for group in document.groups),
        "rows": lattice.n_rows,
        "cols": lattice.n_cols,
        "runs": _runs(lattice.row[order], lattice.col[order]),
        "id": _id_parts(lattice, plan.cells),
        "warp": _warp_json(fit_warp(lattice)),
        "nil": encode_band(_quarter_positions(cells, plan.nil), step=1.0, where="nil"),
        "people": {group.key: _people_band(cells, group.key, group) for group in document.groups},
        "people_ends": {
            group.key: [_people_band(cells, column(group.key), group) for column in (low_column, high_column)]
            for group in document.groups
            if group.modelled
        },
        "minutes": {
            variant.key: encode_band(
                keep_side(_floats(cells, minutes_column(variant.key)), document.standards_min, step=MINUTE_STEP),
                step=MINUTE_STEP,
                where=minutes_column(variant.key),
            )
            for variant in document.variants
        },
        "change": {
            variant.key: encode_band(_change(cells, variant, document.standard_min), step=1.0, where="change")
            for variant in document.variants
            if variant.key != lens_variant(BEFORE, variant.lens)
        },
        "need": _need_band(cells),
        "rates": {
            group.key: [_rate_band(cells, column) for column in with_ends(rate_column(group.key))]
            for group in document.groups
            if group.modelled and rate_column(group.key) in cells
        },
        "served": _served(plan, cells),
        "areas": encode_areas(plan, lattice),
    }


def with_ends(column: str) -> tuple[str, str, str]:
    """Return a column and those of the ends of its interval."""
    return column, low_column(column), high_column(column)


def _need_band(cells: gpd.GeoDataFrame) -> dict[str, object] | None:
    """Return the band of need; None for the plans of earlier versions, whose cells have none."""
    if "need" not in cells:
        return None
    parts = _floats(cells, "need") * NEED_PARTS
    return encode_band(parts, step=_byte_step(parts), where="need")


def _byte_step(values: FloatArray) -> float:
    """Return the least nice step at which the values need one byte each.

    Examples
    --------
    >>> _byte_step(np.array([0.3, 42.0])), _byte_step(np.array([np.nan]))
    (0.2, 0.001)
    """
    most = np.nanmax(values, initial=0.0)
    return next(step for step in _NICE_STEPS if most / step < 2**8 - _SPARE_CODES - 1)


def _rate_band(cells: gpd.GeoDataFrame, column: str) -> dict[str, object]:
    return encode_band(100 * _floats(cells, column), step=RATE_STEP, where=column)


def _served(plan: Plan, cells: gpd.GeoDataFrame) -> dict[str, object]:
    found = encode_served(plan, cells)
    return {**found, "first": encode_band(np.asarray(found["first"]), step=1.0, where="served")}


def _people_band(cells: gpd.GeoDataFrame, column: str, group: GroupBrief) -> dict[str, object]:
    """Return a band of people; those who were estimated are few, and so need a finer step than those who were counted."""
    return encode_band(_floats(cells, column), step=MODELLED_STEP if group.modelled else 1.0, where=column)


def encode_band(values: FloatArray, *, step: float, where: str) -> dict[str, object]:
    """Return values as whole multiples of a step in one or two bytes each, base64, low byte first.

    NaN has the highest code; a value above zero that would round to zero has the one below it, so that it is not shown as none.

    Raises
    ------
    CountError
        If a value is negative, infinite, or too large for two bytes.

    Examples
    --------
    >>> encode_band(np.array([0.0, 0.2, 1.0, np.nan]), step=1.0, where="unemployed")
    {'bytes': 1, 'step': 1.0, 'data': 'AP4B/w=='}
    """
    has_value = ~np.isnan(values)
    wrong = has_value & ~((values >= 0) & (values / step < 2**16 - _SPARE_CODES - 1))
    if wrong.any():
        what = "values are negative or too large"
        raise CountError(what, where=f"cells.{where}", n=int(wrong.sum()), examples=values[wrong])
    codes = np.floor(np.where(has_value, values, 0.0) / step + 0.5).astype(np.int64)
    n_bytes = 1 if codes.max(initial=0) < 2**8 - _SPARE_CODES else 2
    no_data = 2 ** (8 * n_bytes) - 1
    codes[(codes == 0) & (values > 0)] = no_data - 1
    codes[~has_value] = no_data
    data = base64.b64encode(codes.astype(f"<u{n_bytes}").tobytes()).decode("ascii")
    return {"bytes": n_bytes, "step": step, "data": data}


def keep_side(minutes: FloatArray, standards_min: tuple[float, ...], *, step: float) -> FloatArray:
    """Return minutes such that rounding to a step keeps them on their side of each standard: 30.04 becomes 30.1, not 30.0.

    Examples
    --------
    >>> keep_side(np.array([30.0, 30.04, 31.0]), (30.0,), step=0.1)
    array([30. , 30.1, 31. ])
    """
    kept = minutes.copy()
    for standard_min in standards_min:
        kept[(minutes > standard_min) & (minutes < standard_min + step)] = standard_min + step
    return kept


def _change(cells: gpd.GeoDataFrame, variant: Variant, standard_min: float) -> FloatArray:
    """Return a code of `CHANGES` for each cell: within the standard before, and in the variant, both through its lens."""
    was_within = _floats(cells, minutes_column(lens_variant(BEFORE, variant.lens))) <= standard_min  # NaN is not within
    is_within = _floats(cells, minutes_column(variant.key)) <= standard_min
    codes = np.select([was_within & is_within, is_within, was_within], [1, 2, 3], default=0)
    return codes.astype(np.float64)


def _floats(cells: gpd.GeoDataFrame, column: str) -> FloatArray:
    values: FloatArray = pd.to_numeric(cells[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _quarter_positions(cells: gpd.GeoDataFrame, quarters: gpd.GeoDataFrame) -> FloatArray:
    positions = pd.Index(quarters["nil"]).get_indexer(pd.Index(cells["nil"]))
    unknown = (positions < 0) & cells["nil"].notna().to_numpy()
    if unknown.any():
        examples = cells.loc[unknown, "nil"].unique()
        what = "cells belong to quarters that are not in the plan"
        raise IdError(what, where="cells.nil", n=int(unknown.sum()), examples=examples)
    return np.where(positions < 0, np.nan, positions.astype(np.float64))


def _runs(row: IntArray, col: IntArray) -> list[int]:
    """Return row, first column and length of each run of cells, one after the other; cells are sorted by row, then column."""
    starts = np.flatnonzero(np.r_[True, (np.diff(row) != 0) | (np.diff(col) != 1)])
    lengths = np.diff(np.r_[starts, row.size])
    return [int(value) for value in np.stack([row[starts], col[starts], lengths], axis=1).ravel()]


def _id_parts(lattice: Lattice, cells: gpd.GeoDataFrame) -> dict[str, object] | None:
    """Return what the page builds the ids of cells from; None if these ids follow another rule."""
    head = f"CRS{lattice.epsg}RES{lattice.size_m}mN"
    north = lattice.south_m + lattice.row * lattice.size_m
    east = lattice.west_m + lattice.col * lattice.size_m
    expected = [f"{head}{n}E{e}" for n, e in zip(north.tolist(), east.tolist(), strict=True)]
    if expected != cells["cell_id"].tolist():
        return None
    return {"head": head, "south_m": lattice.south_m, "west_m": lattice.west_m}


def _warp_json(warp: Warp) -> dict[str, object]:
    return {
        "terms": [list(term) for term in TERMS],
        "lattice_middle": warp.lattice_middle,
        "lattice_half": warp.lattice_half,
        "page_middle": warp.page_middle,
        "page_half": warp.page_half,
        "forward": warp.forward,
        "inverse": warp.inverse,
        "error_m": round(warp.error_m, 3),
    }
