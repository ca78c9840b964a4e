"""Services and spaces: points with an id, a kind, tags, and what is known of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from data.clean.areas import CityAreas
from data.clean.merge_sites import merge_same_position
from data.clean.points import locate_points, read_points
from data.columns import (
    SEPARATOR,
    check_ids,
    clean_text,
    find_unused_values,
    gather_columns,
    match_rows,
    name_rows,
    need_columns,
    read_numbers,
    read_text_ids,
)
from data.errors import ColumnError, EmptyLayerError, GeometryError, IdError, suggest_name
from data.read_file import SourceTable
from data.recipe_layers import NAME_PATTERN, SitesEntry

NUMBER_COLUMNS = ("cost_eur", "floor_area_m2", "site_area_m2", "capacity")
SITE_COLUMNS = {
    "site_id": "str", "name": "str", "kind": "str", "tags": "str",
    "status": "str", "owner": "str", "address": "str", "opened": "str",
    "cost_eur": "float64", "floor_area_m2": "float64", "site_area_m2": "float64", "capacity": "float64",
    "permitted_uses": "str", "position_quality": "str", "position_error_m": "float64",
    "merged_ids": "str", "source": "str", "source_layer": "str", "nil": "Int64", "district": "Int64",
}  # fmt: skip
"""Columns of services and spaces, in their order, with their types."""


def clean_sites(
    name: str, table: SourceTable, entry: SitesEntry, *, crs: str, areas: CityAreas
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the sites of one source with the columns of `SITE_COLUMNS` and their points, and what was noted.

    Parameters
    ----------
    name
        Name of the layer in the recipe; it becomes ``source_layer``.
    areas
        Where quarters are known, sites outside all of them are left out or refused, as the recipe says.

    Raises
    ------
    PlannerError
        Columns missing, ids missing or repeated, kinds, numbers or positions that are wrong: all at once.
    """
    need_columns(table.frame, _columns_of(entry), where=table.where)
    frame = table.frame[match_rows(table.frame, entry.keep)]
    if not len(frame):
        raise EmptyLayerError("no row is left", where=table.where, remedy="Look at the conditions of 'keep'")
    notes = _describe_conditions(table.frame, frame, entry)
    columns = gather_columns(
        {
            "site_id": lambda: _read_ids(frame, entry, where=table.where),
            "kind": lambda: _read_kinds(frame, entry, where=table.where),
            "tags": lambda: _read_tags(frame, entry),
            "owner": lambda: _read_owners(frame, entry),
            "position_error_m": lambda: _read_position_error(frame, entry, where=table.where),
            "geometry": lambda: read_points(frame, entry, crs=crs, area=areas.whole, where=table.where),
            **{target: _reader(frame, target, source, table.where) for target, source in entry.columns.items()},
        }
    )
    geometry = columns.pop("geometry")
    sites = arrange_sites(pd.DataFrame({**columns, "merged_ids": "", "source_layer": name}), geometry, crs=crs)
    sites["nil"] = locate_points(sites.geometry, areas.quarters, "nil")
    sites["district"] = locate_points(sites.geometry, areas.districts, "district")
    if areas.quarters is not None:
        sites, listed = _drop_outside(sites, entry, where=table.where)
        notes += listed
    if entry.merge_same_position:
        n_rows = len(sites)
        sites = merge_same_position(sites, where=table.where)
        notes.append(f"rows at one position were merged: {n_rows} rows became {len(sites)} sites")
    return sites, notes


def arrange_sites(frame: pd.DataFrame, geometry: gpd.GeoSeries, *, crs: str) -> gpd.GeoDataFrame:
    """Return sites with all columns in their order and types, sorted by id; missing columns are filled with nothing."""
    filled = frame.reindex(columns=list(SITE_COLUMNS)).astype(SITE_COLUMNS)
    filled["name"] = filled["name"].fillna(filled["site_id"])
    return gpd.GeoDataFrame(filled, geometry=geometry, crs=crs).sort_values("site_id", kind="stable")


def no_sites(crs: str) -> gpd.GeoDataFrame:
    """Return the table of sites without a row."""
    return arrange_sites(pd.DataFrame(index=pd.RangeIndex(0)), gpd.GeoSeries([], crs=crs), crs=crs)


def _columns_of(entry: SitesEntry) -> list[str]:
    conditions = [entry.keep, *entry.tags.values(), *(rule.where for rule in entry.owners)]
    single = [column for column in (entry.id, entry.kind_column, entry.x, entry.y) if column]
    used = [column for condition in conditions for column in condition]
    return [*single, *(entry.id_from or []), *entry.columns.values(), *used]


def _describe_conditions(whole: pd.DataFrame, kept: pd.DataFrame, entry: SitesEntry) -> list[str]:
    notes = []
    if entry.keep:
        notes.append(f"rows kept by the conditions of the recipe: {len(kept)} of {len(whole)}")
    unused = find_unused_values(whole, entry.keep)
    for conditions in (*entry.tags.values(), *(rule.where for rule in entry.owners)):
        unused += find_unused_values(kept, conditions)
    if unused:
        notes.append(f"values in the conditions of the recipe that no row has: {', '.join(dict.fromkeys(unused))}")
    return notes


def _reader(frame: pd.DataFrame, target: str, source: str, where: str) -> Callable[[], pd.Series]:
    if target in NUMBER_COLUMNS:
        return lambda: read_numbers(frame, source, where=where)
    return lambda: clean_text(frame[source])


def _read_ids(frame: pd.DataFrame, entry: SitesEntry, *, where: str) -> pd.Series:
    if entry.id is not None:
        return read_text_ids(frame, entry.id, where=where)
    ids = make_ids(frame, entry.id_prefix or "", entry.id_from or [])
    remedy = ", ".join(entry.id_from or [])
    check_ids(ids, frame, where=f"{where}, ids from {remedy}")
    return ids


def make_ids(frame: pd.DataFrame, prefix: str, columns: list[str]) -> pd.Series:
    """Return ids made from the content of each row alone, so that they stay when rows come, go or change places.

    The id is the prefix and the texts of the columns, in capital letters and digits of ASCII, all else as one "-".

    Examples
    --------
    >>> make_ids(pd.DataFrame({"name": ["Città Studi", "Parco  (Nord)"]}), "LIB", ["name"]).tolist()
    ['LIB-CITTA-STUDI', 'LIB-PARCO-NORD']
    """
    parts = frame[columns].apply(lambda column: clean_text(column).fillna("").map(_slug))
    ids = [prefix + "-" + "-".join(part for part in row if part) if any(row) else None for row in parts.to_numpy()]
    return pd.Series(ids, index=frame.index, dtype="str")


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Z0-9]+", "-", plain.upper()).strip("-")


def _read_kinds(frame: pd.DataFrame, entry: SitesEntry, *, where: str) -> pd.Series:
    if entry.kind_column is None:
        return pd.Series(entry.kind, index=frame.index, dtype="str")
    kinds = clean_text(frame[entry.kind_column])
    wrong = (~kinds.fillna("").str.fullmatch(NAME_PATTERN)).to_numpy(dtype=bool)
    if wrong.any():
        what = f"kinds in {entry.kind_column!r} are missing or no names (lower-case letters, digits and _)"
        raise IdError(what, where=where, n=int(wrong.sum()), examples=name_rows(frame, wrong))
    return kinds


def _read_tags(frame: pd.DataFrame, entry: SitesEntry) -> pd.Series:
    matched = {tag: match_rows(frame, conditions) for tag, conditions in sorted(entry.tags.items())}
    tags = [SEPARATOR.join(tag for tag, rows in matched.items() if rows[row]) for row in range(len(frame))]
    return pd.Series(tags, index=frame.index, dtype="str")


def _read_owners(frame: pd.DataFrame, entry: SitesEntry) -> pd.Series:
    """Return the owner by the first rule that a row meets, or the column of the recipe; missing where neither says."""
    if "owner" in entry.columns:
        return clean_text(frame[entry.columns["owner"]])
    owners = pd.Series(pd.NA, index=frame.index, dtype="str")
    for rule in reversed(entry.owners):
        owners[match_rows(frame, rule.where)] = rule.owner
    return owners


def _read_position_error(frame: pd.DataFrame, entry: SitesEntry, *, where: str) -> pd.Series:
    if isinstance(entry.position_error_m, float):
        return pd.Series(entry.position_error_m, index=frame.index)
    column = entry.columns["position_quality"]
    qualities = clean_text(frame[column])
    known = {str(quality): metres for quality, metres in entry.position_error_m.items()}
    wrong = (~qualities.isin(list(known))).to_numpy(dtype=bool)
    if wrong.any():
        seen = sorted(set(qualities[wrong].dropna()))
        what = f"values of {column!r} have no metres in 'position_error_m'"
        remedy = suggest_name(seen[0], known) if seen else "Give every row a value"
        rows = [f"{value!r}" for value in seen] or name_rows(frame, wrong)
        raise ColumnError(what, where=where, n=int(wrong.sum()), examples=rows, remedy=remedy)
    return qualities.map(known).astype("float64")


def _drop_outside(sites: gpd.GeoDataFrame, entry: SitesEntry, *, where: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    outside = sites["nil"].isna().to_numpy(dtype=bool)
    if not outside.any():
        return sites, []
    ids = sites.loc[outside, "site_id"].tolist()
    if entry.outside == "error":
        remedy = "Correct the positions, or take outside = 'list' to leave them out"
        raise GeometryError("sites lie outside the city", where=where, n=len(ids), examples=ids, remedy=remedy)
    if outside.all():
        raise GeometryError("all sites lie outside the city", where=where, n=len(ids), examples=ids)
    return sites[~outside], [f"sites outside the city, left out: {len(ids)} ({', '.join(ids)})"]


def join_sites(frames: list[gpd.GeoDataFrame], *, crs: str) -> gpd.GeoDataFrame:
    """Return the sites of all sources of a role, sorted by id, with a new RangeIndex."""
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return no_sites(crs)
    joined = pd.concat(filled, ignore_index=True)
    return joined.sort_values("site_id", ignore_index=True)


def check_unique_sites(frames: dict[str, gpd.GeoDataFrame]) -> None:
    """Check that no two sources give sites of one id: scenarios name sites by it.

    Raises
    ------
    IdError
        With each such id and the sources that have it.
    """
    whole = pd.concat([frame[["site_id", "source_layer"]] for frame in frames.values()], ignore_index=True)
    owners = whole.groupby("site_id")["source_layer"].agg(list)
    repeated = owners[owners.map(len) > 1]
    if len(repeated):
        shown = [f"{site_id} in {' and '.join(sorted(names))}" for site_id, names in repeated.items()]
        raise IdError("one id stands for several sites", where="services and spaces", n=len(repeated), examples=shown)
