"""Tables of a plan with protected figures only; columns that nobody has said what to do with stay behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.plan import (
    GroupBrief,
    Plan,
    beyond_column,
    high_column,
    low_column,
    minutes_column,
    open_column,
    reached_column,
    share_column,
    square_column,
    within_column,
)
from maps.release.choices import Choices, base_of
from maps.release.rules import SHARE_STEP, TINY, Rules, rate_class, round_count

Floats = NDArray[np.float64]

_PLAIN = {
    "cells": ("cell_id", "nil", "district", "is_connected", "geometry"),
    "nil": ("nil", "name", "district", "geometry"),
    "districts": ("district", "name", "geometry"),
    "allocation": ("cell_id", "site_id", "minutes", "geometry"),
    "sites": (
        *("site_id", "name", "kind", "tags", "status", "owner", "address", "opened", "cost_eur", "floor_area_m2"),
        *("site_area_m2", "capacity", "permitted_uses", "position_quality", "position_error_m", "source", "source_layer"),
        *("merged_ids", "nil", "district", "role", "snap_m", "is_connected", "is_existing", "is_selected", "geometry"),
    ),
    "stations": ("station_id", "name", "lines", "geometry"),
    "areas": ("site_id", "minutes", "n_cells", "geometry"),
    "lines": ("mode", "line", "geometry"),
}


@dataclass(frozen=True, eq=False)
class Protection:
    """What the tables are protected by: the plan as it was made, the rules, and the choices of each group that decides."""

    plan: Plan
    rules: Rules
    choices: Mapping[str, Choices]

    @property
    def groups(self) -> tuple[GroupBrief, ...]:
        """Return the groups of the plan."""
        return self.plan.document.groups

    def base(self, group: GroupBrief) -> str:
        """Return the group that decides what is hidden of another."""
        return base_of(group, [one.key for one in self.groups])

    def of(self, group: GroupBrief) -> Choices:
        """Return what is merged and hidden of a group."""
        return self.choices[self.base(group)]


def protect_cells(protection: Protection) -> gpd.GeoDataFrame:
    """Return the cells: each with the mean of its square, NaN where the square is hidden, and the square's id a group."""
    cells, columns = protection.plan.cells, {}
    for group in protection.groups:
        squares, hidden = protection.of(group).squares, protection.of(group).hidden_squares
        code, names = pd.factorize(squares)
        size, n = np.bincount(code), len(names)
        is_hidden = np.isin(np.asarray(names, dtype=str), sorted(hidden))

        def total(column: str, code: NDArray[np.intp] = code, n: int = n) -> Floats:
            weights = np.nan_to_num(cells[column].to_numpy(dtype=np.float64))
            return np.bincount(code, weights=weights, minlength=n).astype(np.float64)

        for column, count in _square_counts(protection, group, total).items():
            columns[column] = np.where(is_hidden, np.nan, count / size)[code]
        for column, rate in _square_rates(protection, group, total).items():
            columns[column] = np.where(is_hidden, np.nan, rate)[code]
        columns[square_column(group.key)] = squares
    kept = _keep(protection.plan, "cells")
    if "need" in cells.columns:
        columns["need"] = _need(protection, columns)
    return _in_order(cells, kept.assign(**columns))


def _square_counts(protection: Protection, group: GroupBrief, total: Callable[[str], Floats]) -> dict[str, Floats]:
    """Return the counts of squares: rounded; of an estimate with a counted base, its class of rates times the base."""
    rules, base = protection.rules, protection.base(group)
    ends = (group.key, low_column(group.key), high_column(group.key)) if group.modelled else (group.key,)
    if base == group.key:
        counts = {column: round_count(total(column), rules.step) for column in ends}
        # A square that is shown has the minimum count at least, whatever its own rounding says.
        shown = total(group.key) > TINY
        counts[group.key] = np.where(
            shown, np.maximum(counts[group.key], np.ceil(rules.min_count / rules.step) * rules.step), 0.0
        )
        return counts
    people = total(base)
    released = round_count(people, rules.step)
    return {column: _of_class(total(column), people, released) for column in ends}


def _of_class(part: Floats, people: Floats, released: Floats) -> Floats:
    """Return a part as the class of its rate times the people that were released."""
    rate = np.divide(part, people, out=np.full(part.shape, np.nan), where=people > TINY)
    return np.nan_to_num(rate_class(np.clip(rate, 0.0, 1.0)) * released)


def _square_rates(protection: Protection, group: GroupBrief, total: Callable[[str], Floats]) -> dict[str, Floats]:
    """Return the rates of a modelled group as classes, of all people of the square; where the plan has rates of cells."""
    cells, name = protection.plan.cells, f"rate_{group.key}"
    if group.modelled is None or name not in cells.columns:
        return {}
    rate, part = (cells[column].to_numpy(dtype=np.float64) for column in (name, group.key))
    base = np.divide(part, rate, out=np.zeros(len(rate)), where=np.nan_to_num(rate) > 0)
    code, names = pd.factorize(protection.of(group).squares)
    people = np.bincount(code, weights=base, minlength=len(names))

    def mean(column: str) -> Floats:
        values = np.nan_to_num(cells[column].to_numpy(dtype=np.float64))
        weighted = np.bincount(code, weights=values * base, minlength=len(names))
        return rate_class(np.divide(weighted, people, out=np.full(len(names), np.nan), where=people > TINY))

    return {column: mean(column) for column in (name, low_column(name), high_column(name)) if column in cells.columns}


def _need(protection: Protection, columns: Mapping[str, Floats]) -> Floats:
    """Return the share of the need from what is released of the groups."""
    totals = {group.key: group.total for group in protection.groups}
    need = protection.plan.document.need
    parts = [weight * np.asarray(columns[key]) / totals[key] for key, weight in need.items() if totals.get(key)]
    whole = np.sum(parts, axis=0) if parts and set(need) <= set(totals) else np.full(len(protection.plan.cells), np.nan)
    return np.asarray(whole, dtype=np.float64)


def protect_areas(protection: Protection, name: str) -> gpd.GeoDataFrame:
    """Return ``nil`` or ``districts``: counts rounded or hidden, shares and means of what is left."""
    table = getattr(protection.plan, name)
    columns: dict[str, Floats] = {}
    for group in protection.groups:
        if group.key in table.columns:
            columns |= _area_columns(protection, name, table, group)
    if name == "nil":
        columns |= _minutes_columns(protection, columns)
    return _in_order(table, _keep(protection.plan, name).assign(**columns))


def _area_columns(protection: Protection, name: str, table: gpd.GeoDataFrame, group: GroupBrief) -> dict[str, Floats]:
    rules, base, choices = protection.rules, protection.base(group), protection.of(group)

    def values(column: str) -> Floats:
        return np.asarray(table[column].to_numpy(dtype=np.float64))

    def hide(column: str, found: Floats) -> Floats:
        rows = [row for where, key, row in choices.hidden if (where, key) == (name, column)]
        found = found.copy()
        found[rows] = np.nan
        return found

    def count(column: str, of: str) -> Floats:
        if base == group.key:
            return round_count(values(column), rules.step)
        return _of_class(values(column), values(of), round_count(values(of), rules.step))

    ends = (low_column, high_column) if group.modelled else ()
    columns = {group.key: hide(base, count(group.key, base))}
    columns |= {end(group.key): hide(base, count(end(group.key), base)) for end in ends}
    for variant in protection.plan.document.variants:
        reached, share = reached_column(variant.key, group.key), share_column(variant.key, group.key)
        of = reached_column(variant.key, base)
        if base == group.key:
            columns[reached] = hide(of, count(reached, of))
            columns[share] = _share(columns[reached], columns[group.key])
            pairs = [(end(reached), end(share)) for end in ends]
            columns |= {reached_end: hide(of, count(reached_end, of)) for reached_end, _ in pairs}
            columns |= {share_end: _share(columns[reached_end], columns[group.key]) for reached_end, share_end in pairs}
        else:
            for end in (str, *ends):
                columns[end(share)] = hide(of, np.round(values(end(share)) / SHARE_STEP) * SHARE_STEP)
                columns[end(reached)] = columns[end(share)] * columns[end(group.key)]
    return columns


def _share(part: Floats, whole: Floats) -> Floats:
    share = np.divide(part, whole, out=np.full(part.shape, np.nan), where=np.nan_to_num(whole) > 0)
    return np.asarray(np.minimum(share, 1.0), dtype=np.float64)


def _minutes_columns(protection: Protection, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return mean minutes in whole minutes, and the need beyond the cutoff in steps; NaN where few people stand behind them."""
    plan, rules = protection.plan, protection.rules
    need = [group for group in protection.groups if group.key in plan.document.need]
    rows = pd.Index(plan.nil["nil"]).get_indexer(pd.Index(plan.cells["nil"]))
    inside = rows >= 0
    found: dict[str, Floats] = {}
    for variant in plan.document.variants:
        minutes, beyond = minutes_column(variant.key), beyond_column(variant.key)
        away = np.isnan(plan.cells[minutes].to_numpy(dtype=np.float64))
        few = np.zeros(len(plan.nil), dtype=bool)
        for group in need:
            base = protection.base(group)
            people = plan.cells[base].to_numpy(dtype=np.float64)
            far, near = (
                np.bincount(rows[inside & side], weights=people[inside & side], minlength=len(few)).astype(np.float64)
                for side in (away, ~away)
            )
            few |= rules.is_small(far) | rules.is_small(near) | np.isnan(columns[group.key])
        found[minutes] = np.where(few, np.nan, np.floor(plan.nil[minutes].to_numpy(dtype=np.float64) + 0.5))
        shares = plan.nil[beyond].to_numpy(dtype=np.float64)
        found[beyond] = np.where(few, np.nan, np.round(np.round(shares / SHARE_STEP) * SHARE_STEP, 2))
    return found


def protect_sites(protection: Protection) -> gpd.GeoDataFrame:
    """Return the sites; people within their standard in hundredths of the city, for the folder does not hold their regions."""
    sites, variants = protection.plan.sites, protection.plan.document.variants
    opened = {open_column(variant.key): sites[open_column(variant.key)] for variant in variants if len(sites)}
    counts = {
        column: coarse(protection, group, sites[column].to_numpy(dtype=np.float64))
        for group in protection.groups
        for column in _with_ends(within_column(group.key), group)
        if column in sites.columns
    }
    return _in_order(sites, _keep(protection.plan, "sites").assign(**opened, **counts))


def coarse(protection: Protection, group: GroupBrief, people: Floats) -> Floats:
    """Return counts of a group whose regions the folder does not hold, in steps of a hundredth of the city."""
    return round_count(people, protection.rules.coarse_step(group.total))


def protect_allocation(protection: Protection, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the allocation; its people are those released of the cell, NaN where a site serves a part of it."""
    table, made = protection.plan.allocation, protection.plan.cells
    rows = pd.Index(made["cell_id"]).get_indexer(pd.Index(table["cell_id"]))
    columns = {}
    for group in protection.groups:
        if group.key not in table.columns:
            continue
        is_whole = np.abs(made[group.key].to_numpy()[rows] - table[group.key].to_numpy(dtype=np.float64)) < TINY
        for column in _with_ends(group.key, group):
            if column in table.columns:
                columns[column] = np.where(is_whole, cells[column].to_numpy()[rows], np.nan)
    return _in_order(table, _keep(protection.plan, "allocation").assign(**columns))


def _with_ends(column: str, group: GroupBrief) -> tuple[str, ...]:
    return (column, low_column(column), high_column(column)) if group.modelled else (column,)


def plain_table(plan: Plan, name: str) -> gpd.GeoDataFrame:
    """Return a table that holds no people."""
    return _keep(plan, name)


def _keep(plan: Plan, name: str) -> gpd.GeoDataFrame:
    table: gpd.GeoDataFrame = getattr(plan, name)
    minutes = [minutes_column(variant.key) for variant in plan.document.variants] if name == "cells" else []
    return table[[column for column in table.columns if column in _PLAIN[name] or column in minutes]].copy()


def left_behind(plan: Plan, protected: Plan, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that the plan has and its protected form has not, as ``table.column``."""
    return tuple(
        f"{name}.{column}" for name in names for column in getattr(plan, name).columns if column not in getattr(protected, name)
    )


def _in_order(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the columns in the order that they had, new ones before the geometry."""
    known = [column for column in before.columns if column in after.columns and column != "geometry"]
    new = [column for column in after.columns if column not in before.columns]
    return gpd.GeoDataFrame(after[[*known, *new, "geometry"]], geometry="geometry", crs=before.crs)
