"""From the census of a recipe to people on cells: the way that the recipe says, and what was done, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import sparse

from data.city import CityLayer, CitySources
from data.errors import PackError, RecipeError
from data.groups import census_groups
from data.pack import CityPack
from data.recipe_layers import CensusEntry
from data.recipe_roles import LayerEntry
from geo.dasymetric import Ancillary, weigh_buildings, weigh_streets
from geo.grid import build_grid, build_pieces
from geo.interpolate import SpreadNotes
from geo.network import build_network, keep_main_component
from layers.census_parts import split_by_quarter
from layers.institutions import FLAG, set_institutions_apart
from layers.people import People, place_people

INSTITUTIONS, SPREAD = "institutions", "spread"
HOMES = {"streets": "metres of street", "buildings": "floor area of buildings"}


@dataclass(frozen=True, eq=False)
class PlacedPeople:
    """People on cells, and what became of the sources on the way.

    Parameters
    ----------
    sources
        The sources with the census that was placed: one row per section and quarter, institutions apart.
    people
        The people of the groups that the census counts.
    spread
        A row for each pair of a section and a piece: section, piece (its row among the pieces), share.
    notes
        How the sections found their pieces, in words.
    """

    sources: CitySources
    people: People
    spread: pd.DataFrame
    notes: tuple[str, ...]


def find_census(layers: Mapping[str, LayerEntry]) -> CensusEntry:
    """Return the entry of the census among the layers of a recipe.

    Raises
    ------
    RecipeError
        If there is none.
    """
    for entry in layers.values():
        if isinstance(entry, CensusEntry):
            return entry
    raise RecipeError("no layer has the role 'census'", remedy="A city needs one")


def place_census(sources: CitySources, entry: CensusEntry) -> PlacedPeople:
    """Return the people of the sources on the cells of the city.

    Parameters
    ----------
    sources
        What `data.sources.read_sources` returned.
    entry
        The recipe's entry of the census: how people are spread, and what else is asked.

    Raises
    ------
    PlannerError
        If streets or buildings miss the city, institutions cannot be told apart, or a total is not kept.
    """
    quarters = sources.layers["quarters"].frame
    districts = sources.layers["districts"].frame if "districts" in sources.layers else None
    area = shapely.union_all(quarters.geometry.to_numpy())
    grid = build_grid(area, crs=sources.city.crs, size_m=sources.city.cell_m)
    pieces = build_pieces(grid, quarters, districts=districts)
    ancillary = _weigh(sources, pieces, spread=entry.spread)
    sources = _set_apart(sources)
    groups, notes = census_groups(sources.groups), tuple[str, ...]()
    if not groups:
        raise RecipeError("the catalogue counts nobody by census codes", where="city.groups", remedy="Give a group with 'plus'")
    if entry.quarter is None:
        census, leave_out = sources.layers["census"].frame, entry.outside == "leave_out"
        parts = split_by_quarter(census, pieces, group=groups[0], ancillary=ancillary, leave_out=leave_out)
        sources, notes = _replace_census(sources, parts.census), parts.notes
    census = sources.layers["census"].frame
    people, spread = place_people(census, grid, pieces, groups=groups, ancillary=ancillary, whole=entry.whole)
    notes = (*notes, *describe_spread(spread.notes, spread=entry.spread))
    if entry.whole:
        notes = (*notes, "pieces hold whole people; quarters and city keep their totals")
    return PlacedPeople(sources, people, _list_shares(census, spread.weights), notes)


def _weigh(sources: CitySources, pieces: gpd.GeoDataFrame, *, spread: str) -> Ancillary | None:
    if spread == "buildings":
        return weigh_buildings(gpd.GeoDataFrame(sources.layers["buildings"].frame), pieces, floors="floors")
    if spread == "streets":
        arrays = sources.network
        whole = build_network(arrays.x, arrays.y, arrays.u, arrays.v, arrays.length_m, crs=sources.city.crs)
        return weigh_streets(keep_main_component(whole)[0], pieces)
    return None


def _set_apart(sources: CitySources) -> CitySources:
    """Return the sources with the residents of institutions apart, if the recipe names institutions."""
    layer = sources.layers["census"]
    if FLAG not in layer.frame:
        return sources
    apart = set_institutions_apart(gpd.GeoDataFrame(layer.frame), sources.groups)
    institutions = replace(layer, name=INSTITUTIONS, role=INSTITUTIONS, frame=apart.institutions, notes=())
    sources = _replace_census(sources, apart.census)
    return replace(sources, groups=apart.groups, layers={**sources.layers, INSTITUTIONS: institutions})


def _replace_census(sources: CitySources, census: gpd.GeoDataFrame) -> CitySources:
    layer: CityLayer = replace(sources.layers["census"], frame=census)
    return replace(sources, layers={**sources.layers, "census": layer})


def _list_shares(census: pd.DataFrame, weights: sparse.csr_array) -> pd.DataFrame:
    """Return the shares as a table of the pack, by section, then piece; people without a place are not in it."""
    pairs = weights.tocoo()
    row, piece = pairs.coords
    sections = census.loc[~census["is_no_place"].to_numpy(dtype=bool), "section"].to_numpy()
    return pd.DataFrame(
        {"section": pd.Series(sections[row], dtype="str"), "piece": piece.astype(np.int64), "share": pairs.data}
    )


def read_spread(pack: CityPack) -> sparse.csr_array:
    """Return the share of each section of a pack in each of its pieces.

    Parameters
    ----------
    pack
        A pack with people on cells.

    Returns
    -------
    scipy.sparse.csr_array
        Shape (n_sections, n_pieces), in the order of the layers ``census`` and ``pieces``; rows sum to 1, those of people
        without a place to 0.

    Raises
    ------
    PackError
        If the pack has no such layer.
    """
    if SPREAD not in pack.layers:
        what = "the pack does not say which section lives in which piece"
        raise PackError(what, where=str(pack.folder), remedy="Build the pack again")
    table, sections = pack.read(SPREAD), pd.Index(pack.read("census")["section"])
    row = sections.get_indexer(pd.Index(table["section"]))
    shape = (len(sections), pack.layers["pieces"].rows)
    return sparse.csr_array((table["share"].to_numpy(), (row, table["piece"].to_numpy())), shape=shape)


def describe_spread(notes: SpreadNotes, *, spread: str) -> tuple[str, ...]:
    """Return in words how many sections found their pieces in which way; what did not happen is left out."""
    if spread == "area":
        head = "people are spread by area inside their section"
        ways = [
            ("sections spread over the disc of their area", notes.n_by_disc),
            ("sections spread over their polygon", notes.n_by_polygon),
        ]
    else:
        homes = HOMES[spread]
        head = f"people are spread by {homes} inside their section"
        ways = [
            (f"sections spread by {homes} inside their disc or polygon", notes.n_by_ancillary),
            (f"sections without {homes} inside, spread by area instead", notes.n_without_ancillary),
        ]
    where = "their people stand in the nearest piece of their quarter"
    nearest = [
        (f"sections without an area ({where})", notes.n_nearest_without_area),
        (f"sections whose disc misses their quarter ({where})", notes.n_nearest_disc_outside),
        (f"sections whose polygon misses their quarter ({where})", notes.n_nearest_polygon_outside),
    ]
    return (head, *(f"{what}: {n:,}" for what, n in [*ways, *nearest] if n))
