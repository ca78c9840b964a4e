"""Sources without a quarter, such as the cells of a grid: each becomes one part in every quarter where its people live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from data.clean.census import FIXED_COLUMNS, OPTIONAL_COLUMNS
from data.errors import GeometryError
from data.groups import Group, count_group
from geo.dasymetric import Ancillary
from geo.interpolate import BORDER_SHARE, Spread, spread_sources


@dataclass(frozen=True, eq=False)
class CensusParts:
    """A census whose rows each lie in one quarter, and what was done to get there, in words."""

    census: gpd.GeoDataFrame
    notes: tuple[str, ...]


def split_by_quarter(
    census: gpd.GeoDataFrame,
    pieces: gpd.GeoDataFrame,
    *,
    group: Group,
    ancillary: Ancillary | None = None,
    leave_out: bool = False,
) -> CensusParts:
    """Return the census with one row for each source and quarter that share people.

    Parameters
    ----------
    census
        As the recipe's reader gives it, without ``nil``: section, is_no_place, area_m2, the counts, points or polygons.
    pieces
        The pieces of the city, with ``nil``, in the CRS of the census.
    group
        In whose number the notes speak, such as the residents.
    ancillary
        Where homes are; None splits by area.
    leave_out
        Whether what of a source lies outside the city is left out, because the source counts people of other places too. If
        not, all of them are taken for people of the city, and a source that misses it gives its people to the nearest piece.

    Returns
    -------
    CensusParts
        Rows by ``section``, which is the id of the source and the quarter ("1461/85"); ``nil``; counts with fractions; the
        geometry of the whole source. The parts of a source add up to it, but for what is left out.

    Raises
    ------
    GeometryError
        If no source shares people with the city.
    PlannerError
        As `geo.interpolate.spread_sources`.
    """
    spread = spread_sources(census, pieces, quarter=None, ancillary=ancillary)
    codes = [str(name) for name in census.columns if name not in (*FIXED_COLUMNS, *OPTIONAL_COLUMNS, "geometry")]
    has_people = census[codes].sum(axis="columns").to_numpy() > 0
    kept = spread.inside if leave_out else np.where((spread.inside > 0) | has_people, 1.0, 0.0)
    source, quarter, share = _share_quarters(spread, pieces, kept=kept)
    if not len(source):
        remedy = "Look at the CRS and the city of both files"
        raise GeometryError("no section lies in the city", where="census", n=len(census), remedy=remedy)
    parts = census.iloc[source].reset_index(drop=True)
    names = [f"{section}/{nil}" for section, nil in zip(parts["section"], quarter, strict=True)]
    counts = parts[codes].astype("float64").mul(share, axis="index")
    parts = parts.assign(section=pd.Series(names, dtype="str"), **{code: counts[code] for code in codes})
    parts.insert(1, "nil", quarter)
    people = np.asarray(count_group(census, group), dtype=np.float64)
    notes = _describe(spread, source, people=people, kept=kept, group=group, leave_out=leave_out, has_people=has_people)
    return CensusParts(parts.sort_values("section", ignore_index=True), notes)


def _share_quarters(
    spread: Spread, pieces: gpd.GeoDataFrame, *, kept: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64]]:
    """Return source, quarter and share of each part."""
    quarters, position = np.unique(pieces["nil"].to_numpy(dtype=np.int64), return_inverse=True)
    ones = (np.ones(len(pieces)), (np.arange(len(pieces)), position))
    shares = (spread.weights @ sparse.csr_array(ones, shape=(len(pieces), len(quarters)))).tocoo()
    source, column = shares.coords
    share = shares.data * kept[source]
    is_part = share > 0
    return source[is_part].astype(np.intp), quarters[column[is_part]], share[is_part]


def _describe(
    spread: Spread,
    source: NDArray[np.intp],
    *,
    people: NDArray[np.float64],
    kept: NDArray[np.float64],
    group: Group,
    leave_out: bool,
    has_people: NDArray[np.bool_],
) -> tuple[str, ...]:
    """Return in words what became of the sources; what did not happen is left out."""
    n_parts = np.bincount(source, minlength=len(people))
    is_out = (spread.inside == 0) & has_people
    across = (spread.inside > 0) & (spread.inside < 1.0 - BORDER_SHARE)
    lost = people * (1.0 - kept)
    outside, reaching = (f"{lost[rows].sum():,.0f} {group.label_en}" for rows in (is_out, across))
    said: Sequence[tuple[str, int]] = (
        (f"sections without a quarter, which became {len(source):,} parts of one quarter each", int((n_parts > 0).sum())),
        ("sections in several quarters, whose people were split over these", int((n_parts > 1).sum())),
        ("sections that reach beyond the city, all of whose people stand inside it", spread.notes.n_partly_outside),
        ("sections outside the city, whose people stand in its nearest piece", int(is_out.sum())),
    )
    if leave_out:
        said = (
            *said[:2],
            (f"sections outside the city, left out ({outside})", int(is_out.sum())),
            (f"sections that reach beyond the city, whose part outside was left out ({reaching})", int(across.sum())),
        )
    return tuple(f"{what}: {n:,}" for what, n in said if n)
