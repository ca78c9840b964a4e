"""What a pack holds, in lines to read, and whether it still holds together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.errors import CountError, CrsError, Faults, FaultsError, GeometryError, PackError, PlannerError
from data.groups import count_group
from data.pack import CityPack, find_file_faults, read_pack

PEOPLE_TOLERANCE = 1e-6
"""Relative difference up to which two sums of the same people are the same."""
Frames = dict[str, pd.DataFrame]


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
    role, and the people on the cells with those of the census.
    """
    try:
        pack = read_pack(folder, verify=False)
    except PlannerError as error:
        return PackReport((), _list_faults(error))
    faults = Faults()
    for fault in find_file_faults(pack):
        faults.add(fault)
    frames = _read_layers(pack, faults)
    facts = [f"{pack.city.name} ({pack.city.country}), {pack.city.crs}, cells of {pack.city.cell_m} m"]
    if pack.city.is_sample:
        facts.append("a sample city, not real data")
    facts += _describe_areas(frames) + _describe_people(pack, frames, faults) + _describe_sites(frames)
    facts += _describe_streets(pack, faults)
    facts += [f"{name}: {paper.source}; {paper.licence}; {paper.date}" for name, paper in pack.papers.items()]
    facts += [note for record in pack.layers.values() for note in record.notes] + list(pack.notes)
    try:
        faults.raise_if_any()
    except PlannerError as error:
        return PackReport(tuple(facts), _list_faults(error))
    return PackReport(tuple(facts), ())


def _list_faults(error: PlannerError) -> tuple[PlannerError, ...]:
    return error.faults if isinstance(error, FaultsError) else (error,)


def _read_layers(pack: CityPack, faults: Faults) -> Frames:
    frames = {}
    for name, record in pack.layers.items():
        where = f"{pack.folder}, {record.file}"
        try:
            frame = pack.read(name)
        except PlannerError as error:
            faults.add(error)
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


def _describe_areas(frames: Frames) -> list[str]:
    facts = []
    if (quarters := frames.get("quarters")) is not None:
        facts.append(f"{len(quarters)} quarters, {gpd.GeoDataFrame(quarters).area.sum() / 1e6:,.3f} km²")
    if (districts := frames.get("districts")) is not None:
        facts.append(f"{len(districts)} districts")
    if (cells := frames.get("cells")) is not None:
        facts.append(f"{len(cells):,} cells")
    return facts


def _describe_people(pack: CityPack, frames: Frames, faults: Faults) -> list[str]:
    census = frames.get("census")
    if census is None:
        return []
    facts = [f"{len(census):,} census sections, {int(census['is_no_place'].sum())} of them without a place"]
    wrong = []
    for group in pack.groups:
        try:
            counts = count_group(census, group)
        except PlannerError as error:
            faults.add(error)
            continue
        without = counts[census["is_no_place"]].sum()
        facts.append(f"{group.key}: {counts.sum():,.0f} {group.unit}, {without:,.0f} of them without a place")
        spread = _count_spread(frames, group.key)
        if spread is not None and abs(spread - counts.sum()) > PEOPLE_TOLERANCE * max(1.0, counts.sum()):
            wrong.append(f"{group.key}: sections {counts.sum():,.3f}, pieces and no_place {spread:,.3f}")
    if wrong:
        what = "people on the cells are not those of the census"
        faults.add(CountError(what, where=str(pack.folder), n=len(wrong), examples=wrong, remedy="Build the pack again"))
    return facts


def _count_spread(frames: Frames, key: str) -> float | None:
    """Return the people of a group on all pieces and without a place; None where the pack has no such layers."""
    pieces, no_place = frames.get("pieces"), frames.get("no_place")
    if pieces is None or no_place is None or key not in pieces or key not in no_place:
        return None
    return float(pieces[key].sum() + no_place[key].sum())


def _describe_sites(frames: Frames) -> list[str]:
    facts = []
    for role in ("services", "spaces"):
        frame = frames.get(role)
        if frame is not None:
            kinds = ", ".join(f"{n} {kind}" for kind, n in frame.groupby("kind").size().items())
            facts.append(f"{len(frame)} {role}: {kinds}" if kinds else f"no {role}")
    if (stations := frames.get("stations")) is not None:
        facts.append(f"{len(stations)} stations")
    return facts


def _describe_streets(pack: CityPack, faults: Faults) -> list[str]:
    try:
        network = pack.network()
    except PlannerError as error:
        faults.add(error)
        return []
    seen = {"n_nodes": len(network.x), "n_edges": len(network.u)}
    for key, n in seen.items():
        if n != getattr(pack.network_record, key):
            what = f"{key} is {n:,}, pack.toml says {getattr(pack.network_record, key):,}"
            faults.add(PackError(what, where=f"{pack.folder}, {pack.network_record.file}"))
    return [f"{seen['n_nodes']:,} street nodes, {seen['n_edges']:,} edges, {network.length_m.sum() / 1000:,.0f} km"]
