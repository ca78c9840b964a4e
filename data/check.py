"""Whether a pack still holds together: its files, its geometries, and the people in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.city import NetworkArrays
from data.clean.buildings import BUILDING_COLUMNS
from data.clean.census import FIXED_COLUMNS, check_totals
from data.clean.margins import MARGIN_COLUMNS
from data.clean.sites import SITE_COLUMNS
from data.errors import ColumnError, CountError, CrsError, Faults, FaultsError, GeometryError, IdError, PackError, PlannerError
from data.layer_groups import count_by_quarter
from data.line_checks import LINE_COLUMNS, check_assumed
from data.pack import CityPack, find_file_faults, open_pack
from data.pack_facts import Frames, describe_pack
from data.recipe_transit import HEADWAY_COLUMNS

PEOPLE_TOLERANCE = 1e-6
"""Relative difference up to which two sums of the same people are the same."""
COLUMNS = {
    "quarters": ("nil", "name", "geometry"),
    "districts": ("district", "name", "geometry"),
    "census": (*FIXED_COLUMNS, "geometry"),
    "quarter_totals": ("nil",),
    "services": (*SITE_COLUMNS, "geometry"),
    "spaces": (*SITE_COLUMNS, "geometry"),
    "pieces": ("cell_id", "nil", "area_m2", "geometry"),
    "cells": ("cell_id", "nil", "area_m2", "geometry"),
    "no_place": ("nil",),
    "institutions": ("section", "geometry"),
    "buildings": (*BUILDING_COLUMNS, "geometry"),
    "spread": ("section", "piece", "share"),
    "points": ("layer", "nil", "geometry"),
    "margins": MARGIN_COLUMNS,
    "lines": LINE_COLUMNS,
    "headways": HEADWAY_COLUMNS,
}
"""Columns without which a layer says nothing."""
FEED_FACTS = ("n_stops", "n_trips", "first_date", "last_date", "time_zone")
"""What pack.toml says of a feed and the feed says itself."""
LAYERS_NEEDED = ("quarters", "census", "services", "spaces")


@dataclass(frozen=True)
class PackReport:
    """What was found: facts in lines to read, and faults; without faults the pack is sound."""

    facts: tuple[str, ...]
    faults: tuple[PlannerError, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check_pack(folder: str | Path) -> PackReport:
    """Return what a pack holds and what is wrong with it; a pack that cannot be read is a report of its faults.

    Every file is read: digests, row counts and CRS are compared with the manifest, geometries with the rules of their
    role, feeds and lines with those of a timetable, the people on the cells with those of the census, and those with the
    official counts.
    """
    try:
        pack = open_pack(folder)
    except PlannerError as error:
        return PackReport((), _list_faults(error))
    faults = Faults()
    for fault in find_file_faults(pack):
        faults.add(fault)
    absent = [name for name in LAYERS_NEEDED if name not in pack.layers]
    if absent:
        faults.add(PackError("layers that every pack has are not in it", where=str(pack.folder), examples=absent))
    frames = _read_layers(pack, faults)
    _check_feeds(pack, faults)
    _check_lines(pack, frames, faults)
    network = _read_network(pack, faults)
    _check_people(pack, frames, faults)
    _check_spread(pack, frames, faults)
    facts = tuple(describe_pack(pack, frames, network))
    try:
        faults.raise_if_any()
    except PlannerError as error:
        return PackReport(facts, _list_faults(error))
    return PackReport(facts, ())


def _list_faults(error: PlannerError) -> tuple[PlannerError, ...]:
    return error.faults if isinstance(error, FaultsError) else (error,)


def _read_layers(pack: CityPack, faults: Faults) -> Frames:
    frames = {}
    for name, record in pack.layers.items():
        where = f"{pack.folder}, {record.file}"
        if not (pack.folder / record.file).is_file():
            continue  # named among the files already
        try:
            frame = pack.read(name)
        except PlannerError as error:
            faults.add(error)
            continue
        absent = [column for column in COLUMNS.get(name, ()) if column not in frame]
        if absent:
            faults.add(ColumnError("columns are missing", where=where, examples=absent, n=len(absent)))
            continue
        if len(frame) != record.rows:
            faults.add(PackError(f"the layer has {len(frame):,} rows, pack.toml says {record.rows:,}", where=where))
        if isinstance(frame, gpd.GeoDataFrame):
            _check_geometry(frame, pack, where, faults)
        frames[name] = frame
    return frames


def _check_geometry(frame: gpd.GeoDataFrame, pack: CityPack, where: str, faults: Faults) -> None:
    if frame.crs is None or not frame.crs.equals(pack.city.crs, ignore_axis_order=True):
        faults.add(CrsError(f"the CRS is not {pack.city.crs}, that of the city", where=where))
    if "is_no_place" in frame:
        frame = frame[~frame["is_no_place"]]
    wrong = (frame.geometry.isna() | frame.geometry.is_empty | ~frame.geometry.is_valid).to_numpy()
    if wrong.any():
        rows = [f"row {row + 1}" for row in np.flatnonzero(wrong)]
        faults.add(GeometryError("geometries are absent, empty or invalid", where=where, n=len(rows), examples=rows))


def _read_network(pack: CityPack, faults: Faults) -> NetworkArrays | None:
    record = pack.network_record
    if not (pack.folder / record.file).is_file():
        return None
    try:
        network = pack.network()
    except PlannerError as error:
        faults.add(error)
        return None
    for key, n in (("n_nodes", len(network.x)), ("n_edges", len(network.u))):
        if n != getattr(record, key):
            what = f"{key} is {n:,}, pack.toml says {getattr(record, key):,}"
            faults.add(PackError(what, where=f"{pack.folder}, {record.file}"))
    return network


def _check_feeds(pack: CityPack, faults: Faults) -> None:
    """Compare each feed with what the manifest says of it."""
    for name, record in pack.feeds.items():
        if not (pack.folder / record.file).is_file():
            continue  # named among the files already
        try:
            feed = pack.feed(name)
        except PlannerError as error:
            faults.add(error)
            continue
        said = {"name": name} | {key: getattr(record, key) for key in FEED_FACTS}
        for key, value in said.items():
            seen = getattr(feed, key)
            if str(seen) != str(value):
                faults.add(PackError(f"{key} is {seen}, pack.toml says {value}", where=f"{pack.folder}, {record.file}"))


def _check_lines(pack: CityPack, frames: Frames, faults: Faults) -> None:
    """Check that the lines can run on what is assumed of them; a layer that was not read has a fault already."""
    if "lines" not in pack.layers:
        return
    where, time_zone = str(pack.folder), pack.layers["lines"].time_zone
    if "headways" not in pack.layers:
        faults.add(PackError("there are lines, but no headways", where=where, remedy="Build the pack again"))
    if time_zone is None:
        faults.add(PackError("the lines have no time zone", where=where, remedy="Build the pack again"))
    lines, headways = frames.get("lines"), frames.get("headways")
    if lines is None or headways is None or time_zone is None:
        return
    try:
        check_assumed(lines, headways, draw=0, seed=0, dates=(dt.date.min, dt.date.min), time_zone=time_zone)
    except PlannerError as error:
        faults.add(error)
    except (TypeError, ValueError) as error:  # a column of another type than the recipe's reader writes
        faults.add(PackError(f"lines or headways are not what they were: {error}", where=where, remedy="Build the pack again"))


def _check_people(pack: CityPack, frames: Frames, faults: Faults) -> None:
    """Compare the people of the census with the quarters, with the official counts, and with pieces and cells."""
    census, where = frames.get("census"), str(pack.folder)
    if census is None:
        return
    if (quarters := frames.get("quarters")) is not None:
        unknown = sorted(set(census["nil"]) - set(quarters["nil"]))
        if unknown:
            faults.add(IdError("sections name quarters that the pack has not", where=where, examples=unknown, n=len(unknown)))
    if (totals := frames.get("quarter_totals")) is not None:
        try:
            check_totals(_join_institutions(census, frames), totals, where=f"{where}, quarter_totals")
        except PlannerError as error:
            faults.add(error)
    wrong = []
    for group in pack.groups:
        try:
            counts = count_by_quarter(group, frames)
        except PlannerError as error:
            faults.add(error)
            continue
        wrong += _compare_spread(counts, group.key, frames)
    if wrong:
        what = "people on the cells are not those that were counted"
        faults.add(CountError(what, where=where, n=len(wrong), examples=wrong, remedy="Build the pack again"))


def _join_institutions(census: pd.DataFrame, frames: Frames) -> gpd.GeoDataFrame:
    """Return the census as it came: with the people of institutions in the groups out of which they were taken."""
    apart = frames.get("institutions")
    if apart is None:
        return gpd.GeoDataFrame(census)
    return gpd.GeoDataFrame(pd.concat([census[~census["section"].isin(apart["section"])], apart]))


def _check_spread(pack: CityPack, frames: Frames, faults: Faults) -> None:
    """Check that the shares of every section with a place lie in pieces of the pack and sum to 1."""
    spread, census, pieces = (frames.get(name) for name in ("spread", "census", "pieces"))
    if spread is None or census is None or pieces is None:
        return
    where, remedy = f"{pack.folder}, spread", "Build the pack again"
    unknown = sorted(set(spread["piece"]) - set(range(len(pieces))))
    if unknown:
        faults.add(IdError("shares lie in pieces that the pack has not", where=where, examples=unknown, remedy=remedy))
    placed = census.loc[~census["is_no_place"], "section"]
    sums = spread.groupby("section")["share"].sum().reindex(placed, fill_value=0.0)
    wrong = sums.index[(sums - 1.0).abs() > PEOPLE_TOLERANCE]
    if len(wrong):
        what = "shares of sections do not sum to 1"
        faults.add(CountError(what, where=where, n=len(wrong), examples=wrong, remedy=remedy))


def _compare_spread(counted: pd.Series, key: str, frames: Frames) -> list[str]:
    """Return where the people of a group differ: by quarter between sections and pieces, in all between pieces and cells."""
    pieces, cells, no_place = (frames.get(name) for name in ("pieces", "cells", "no_place"))
    if pieces is None or no_place is None or key not in pieces or key not in no_place:
        return []
    placed = pieces.groupby("nil")[key].sum()
    spread = placed.add(no_place.groupby("nil")[key].sum(), fill_value=0.0)
    both = pd.DataFrame({"counted": counted, "spread": spread}).fillna(0.0)
    # whole people cannot keep a total that has fractions: it is one of the two whole numbers beside it
    away = (both["counted"] - both["spread"]).abs() - (both["counted"] % 1 > 0) * float((pieces[key] % 1 == 0).all())
    differs = away > PEOPLE_TOLERANCE * both["counted"].clip(lower=1.0)
    wrong = [
        f"{key} in quarter {nil}: counted {row.counted:,.3f}, pieces and no_place {row.spread:,.3f}"
        for nil, row in both[differs].iterrows()
    ]
    if cells is not None and key in cells:
        on_cells, on_pieces = float(cells[key].sum()), float(placed.sum())
        if abs(on_cells - on_pieces) > PEOPLE_TOLERANCE * max(1.0, on_pieces):
            wrong.append(f"{key}: pieces {on_pieces:,.3f}, cells {on_cells:,.3f}")
    return wrong
