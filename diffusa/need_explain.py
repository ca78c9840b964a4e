"""Why places have their risk: all of them for the page, or some of them for a reader at the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.errors import Faults, IdError, suggest_name
from data.pack import CityPack
from geo.grid import parse_cell_id
from layers.merged_cells import merge_cells
from layers.observed import list_names, match_name
from layers.risk_estimate import RiskEstimate
from layers.risk_explain import explain_quarters, explain_unions
from maps.i18n import Language, format_number, translate
from maps.need_data import QUARTER, SQUARE, Explained
from maps.need_words import FEW, CityFigures, PlaceFigures, explain_sentence, round_city, round_places

FIGURES = ("base", "rate", "rate_low", "rate_high")


def merge_small_cells(estimate: RiskEstimate, pack: CityPack, *, least: float) -> gpd.GeoDataFrame:
    """Return the cells where people of the base live: index cell_id, larger (the cell in which each is shown), geometry."""
    cells = gpd.GeoDataFrame(pack.read("cells")[["cell_id", "geometry"]])
    lived = estimate.cells.index[estimate.cells["base"] > 0]
    chosen = cells[cells["cell_id"].isin(lived)].sort_values("cell_id", ignore_index=True)
    base = estimate.cells["base"].reindex(chosen["cell_id"]).to_numpy(dtype=np.float64)
    larger = merge_cells(chosen["cell_id"].to_list(), base, least=least)
    return gpd.GeoDataFrame(chosen.assign(larger=larger).set_index("cell_id"), crs=cells.crs)


def explain_all(estimate: RiskEstimate, *, quarters: pd.DataFrame, larger: gpd.GeoDataFrame, least: float) -> Explained:
    """Return why all quarters and squares have their risk.

    Parameters
    ----------
    estimate
        The estimate.
    quarters
        The quarters of the page: nil, name and the figures.
    larger
        As `merge_small_cells`.
    least
        People of the base below which a figure is of no use by itself.
    """
    labels = larger["larger"].reindex(estimate.pieces["cell_id"]).to_numpy()
    squares = estimate.sum_pieces(labels)
    of_quarters, of_squares = explain_quarters(estimate), explain_unions(estimate, labels)
    centre = larger.geometry.centroid
    parts = {"x": centre.x, "y": centre.y, "square": squares.index.get_indexer(pd.Index(larger["larger"]))}
    rows = np.flatnonzero(quarters["base"].to_numpy(dtype=np.float64) > 0)
    return Explained(
        squares=round_places(squares[list(FIGURES)], of_squares),
        square_ids=squares.index.to_list(),
        parts=pd.DataFrame(parts),
        quarters=round_places(quarters.iloc[rows][list(FIGURES)], of_quarters),
        quarter_rows=rows,
        names=[str(name) for name in quarters["name"]],
        city=round_city(float(estimate.city["rate"]), of_quarters),
        least=least,
    )


@dataclass(frozen=True)
class Explanation:
    """One place explained: what it is, and why its risk is so, a sentence or two."""

    title: str
    text: str


def explain_places(
    estimate: RiskEstimate,
    pack: CityPack,
    *,
    quarters: Sequence[str],
    cells: Sequence[str],
    least: float,
    language: Language,
) -> list[Explanation]:
    """Return why some places have their risk, in words.

    Parameters
    ----------
    estimate, pack
        The estimate, and the city that it is of.
    quarters
        Ids, or names (or the beginning of one alone; case and accents do not matter).
    cells
        INSPIRE ids of cells of the pack, or of cells of twice or four times their size.
    least
        A place of fewer people of the base is said to be of no use by itself.
    language
        Of the words.

    Raises
    ------
    IdError
        If a quarter or cell is unknown, or nobody of the base lives there; all faults at once.
    """
    faults = Faults()
    nils = [_find_quarter(text, pack.read("quarters"), estimate, faults) for text in quarters]
    unions = [_find_pieces(cell_id, estimate, faults) for cell_id in cells]
    faults.raise_if_any()
    of_quarters = explain_quarters(estimate)
    city = round_city(float(estimate.city["rate"]), of_quarters)
    names = pack.read("quarters").set_index("nil")["name"]
    found = []
    for nil in (one for one in nils if one is not None):
        places = round_places(estimate.quarters.loc[[nil]][list(FIGURES)], of_quarters.loc[[nil]])
        title = translate(QUARTER, language=language, name=names[nil], n=_people(places, language))
        found.append(Explanation(title, _explain(places, estimate, city, least, language)))
    for cell_id, labels in zip(cells, unions, strict=True):
        if labels is None:
            continue
        places = round_places(estimate.sum_pieces(labels)[list(FIGURES)], explain_unions(estimate, labels))
        title = translate(SQUARE, language=language, id=cell_id, n=_people(places, language))
        found.append(Explanation(title, _explain(places, estimate, city, least, language)))
    return found


def _people(places: PlaceFigures, language: Language) -> str:
    return format_number(float(places.base[0]) / 10, language=language)


def _explain(places: PlaceFigures, estimate: RiskEstimate, city: CityFigures, least: float, language: Language) -> str:
    text = explain_sentence(places, 0, city=city, factors=estimate.factors, language=language)
    if places.base[0] >= 10 * least:
        return text
    return f"{text} {translate(FEW, language=language, n=format_number(least, language=language))}"


def _find_quarter(text: str, quarters: pd.DataFrame, estimate: RiskEstimate, faults: Faults) -> int | None:
    """Return the id of a quarter given by its id or name, or None after its fault was added."""
    names = list_names(quarters, first="name")
    known = {str(nil): int(nil) for nil in quarters["nil"]}
    found = [known[text]] if text in known else match_name(text, names)
    if len(found) != 1:
        what = f"{text!r} is no quarter" if not found else f"{text!r} could be {len(found)} quarters"
        nearest = suggest_name(text, [str(name) for name in quarters["name"]])
        faults.add(IdError(what, where="--quarter", examples=found, remedy=nearest if not found else "Give the id"))
        return None
    if not estimate.quarters["base"].get(found[0], 0.0) > 0:
        faults.add(IdError(f"nobody of the group lives in quarter {found[0]}", where="--quarter"))
        return None
    return found[0]


def _find_pieces(cell_id: str, estimate: RiskEstimate, faults: Faults) -> NDArray[np.object_] | None:
    """Return the cell's id where a piece lies in it, else None; None for all of it after its fault was added."""
    own = estimate.pieces["cell_id"].to_numpy(dtype=str)
    ids, position = np.unique(own, return_inverse=True)
    try:
        epsg, size_m, north, east = parse_cell_id(cell_id)
    except IdError as error:
        faults.add(error)
        return None
    corners = np.array([parse_cell_id(one) for one in ids.tolist()], dtype=np.int64)
    is_inside = (corners[:, 0] == epsg) & (corners[:, 1] <= size_m)
    is_inside &= (corners[:, 2] // size_m * size_m == north) & (corners[:, 3] // size_m * size_m == east)
    labels = np.where(is_inside[position], np.array(cell_id, dtype=object), np.array(None, dtype=object))
    lived = estimate.pieces["base"].to_numpy(dtype=np.float64)[is_inside[position]].sum()
    if not is_inside.any():
        faults.add(IdError("the city has no such cell", where="--cell", examples=[cell_id]))
    elif not lived > 0:
        faults.add(IdError("nobody of the group lives in the cell", where="--cell", examples=[cell_id]))
    else:
        return labels
    return None
