"""What a pack holds, in lines that a planner reads: the city, its people, its layers with their papers, what is missing."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from data.city import NetworkArrays, Paper
from data.columns import CONTROL
from data.errors import PlannerError
from data.groups import Group, count_group
from data.layer_groups import count_by_quarter
from data.pack import CityPack

Frames = Mapping[str, pd.DataFrame]
DIGEST_SHOWN = 12
"""Digits of a sha256 that are shown: enough to tell two files apart by eye."""
COSTS = {
    "districts": "no rule and no table by district can be had",
    "quarter_totals": "the census was held against no official counts",
    "quarter_facts": "nothing but the census tells one quarter from another",
    "stations": "maps show no stations",
    "cells": "people stand on no cells, so no plan can be made from this pack",
}
"""What is lost when a pack has no such layer."""
COSTS_OF_NO_ROW = {
    "services": "every plan begins as if nothing were open",
    "spaces": "no plan has a place to choose from but the services themselves",
}


def describe_pack(pack: CityPack, frames: Frames, network: NetworkArrays | None) -> list[str]:
    """Return the facts of a pack, one a line, without control characters.

    Parameters
    ----------
    frames
        The layers that could be read, by name; of the others only what the manifest says is told.
    network
        The streets, if they could be read.
    """
    lines = [f"{pack.city.name} ({pack.city.country}), {pack.city.crs}, cells of {pack.city.cell_m} m"]
    if pack.city.is_sample:
        lines.append("a sample city, not real data")
    lines += [*_describe_areas(frames), *_describe_people(pack, frames), *_describe_sites(frames)]
    if network is not None:
        km = network.length_m.sum() / 1000
        lines.append(f"{len(network.x):,} street nodes, {len(network.u):,} edges, {km:,.0f} km")
    lines += _describe_transit(pack, frames)
    lines += _list_under("layers:", _describe_layers(pack))
    lines += _list_under("sources:", [_describe_paper(name, paper) for name, paper in pack.papers.items()])
    lines += _list_under("notes:", _list_notes(pack))
    lines += _list_under("missing:", _describe_missing(pack))
    return [line.translate(CONTROL) for line in lines]


def _list_notes(pack: CityPack) -> list[str]:
    of_layers = [note for record in pack.layers.values() for note in record.notes]
    return of_layers + [f"{name}: {note}" for name, record in pack.feeds.items() for note in record.notes] + list(pack.notes)


def _list_under(head: str, lines: list[str]) -> list[str]:
    return [head, *(f"  {line}" for line in lines)] if lines else []


def _describe_areas(frames: Frames) -> list[str]:
    lines = []
    if (quarters := frames.get("quarters")) is not None:
        lines += [f"{gpd.GeoDataFrame(quarters).area.sum() / 1e6:,.2f} km²", f"{len(quarters)} quarters"]
    if (districts := frames.get("districts")) is not None:
        lines.append(f"{len(districts)} districts")
    if (cells := frames.get("cells")) is not None:
        lines.append(f"{len(cells):,} cells")
    return lines


def _describe_people(pack: CityPack, frames: Frames) -> list[str]:
    census = frames.get("census")
    if census is None:
        return []
    lines = [f"{len(census):,} census sections, {int(census['is_no_place'].sum())} of them without a place"]
    for group in pack.groups:
        try:
            lines.append(_describe_group(group, census, frames))
        except PlannerError:
            continue  # told as a fault by whoever checks the pack
    return lines


def _describe_group(group: Group, census: pd.DataFrame, frames: Frames) -> str:
    cells, no_place = frames.get("cells"), frames.get("no_place")
    total = float(count_by_quarter(group, frames).sum())
    if group.origin is None:
        without = float(count_group(census, group)[census["is_no_place"]].sum())
    else:
        without = float(no_place[group.key].sum()) if no_place is not None and group.key in no_place else 0.0
    text = f"{group.key}: {total:,.0f} {group.unit} by quarter, {without:,.0f} of them without a place"
    return f"{text}, {cells[group.key].sum():,.0f} in cells" if cells is not None and group.key in cells else text


def _describe_sites(frames: Frames) -> list[str]:
    lines = []
    for role in ("services", "spaces"):
        frame = frames.get(role)
        if frame is not None:
            kinds = ", ".join(f"{n} {kind}" for kind, n in frame.groupby("kind").size().items())
            lines.append(f"{len(frame)} {role}: {kinds}" if kinds else f"no {role}")
    if (stations := frames.get("stations")) is not None:
        lines.append(f"{len(stations)} stations")
    return lines


def _describe_transit(pack: CityPack, frames: Frames) -> list[str]:
    lines = [
        f"{name}: {record.n_stops:,} stops, {record.n_trips:,} trips, {record.first_date} to {record.last_date}"
        for name, record in pack.feeds.items()
    ]
    if (table := frames.get("lines")) is not None:
        by_mode = table.groupby("mode")["line"].nunique()
        lines.append("lines without a timetable: " + ", ".join(f"{n} {mode}" for mode, n in by_mode.items()))
    return lines


def _describe_layers(pack: CityPack) -> list[str]:
    lines = []
    for name, record in pack.layers.items():
        role = "" if record.role == name else f" ({record.role})"
        kind = record.crs or "a table without positions"
        lines.append(f"{name}{role}: {_count(record.rows)}, {kind}, sha256 {record.sha256[:DIGEST_SHOWN]}")
    streets = pack.network_record
    lines.append(f"streets: {streets.n_edges:,} edges, {pack.city.crs}, sha256 {streets.sha256[:DIGEST_SHOWN]}")
    return lines


def _count(n_rows: int) -> str:
    return "1 row" if n_rows == 1 else f"{n_rows:,} rows"


def _describe_paper(name: str, paper: Paper) -> str:
    parts = [paper.source, paper.licence, paper.date]
    if paper.rows is not None:
        parts.append(_count(paper.rows))
    if paper.source_crs is not None:
        parts.append(paper.source_crs)
    digests = ", ".join(digest[:DIGEST_SHOWN] for digest in paper.files_sha256)
    return f"{name}: {'; '.join(parts)}; {', '.join(paper.files)} (sha256 {digests})"


def _describe_missing(pack: CityPack) -> list[str]:
    lines = [f"no {name}: {cost}" for name, cost in COSTS.items() if name not in pack.layers]
    lines += [] if pack.has_transit else ["no timetable and no lines: nobody travels by public transport"]
    empty = [name for name in COSTS_OF_NO_ROW if name in pack.layers and not pack.layers[name].rows]
    return lines + [f"no {name}: {COSTS_OF_NO_ROW[name]}" for name in empty]
