"""Joint draws of the risk: what a model leaves uncertain, made to meet the totals in every draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from layers.risk_totals import Blocks
from layers.risk_units import RiskUnits

Floats = NDArray[np.float64]
N_DRAWS = 200
SMALLEST_N_DRAWS = 20
"""With fewer draws the interval from 5 to 95 % would be that of the extremes."""
DRAWS_AT_ONCE = 20
"""How many draws are in memory with all their parts; the result does not depend on it."""
MAX_STEPS = 100
EXACT = 1e-12
"""Relative difference at which a total is met; rounding leaves about as much."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """Draws of a model, as logits: each row is one draw of everything at once.

    Parameters
    ----------
    section
        What factors say of each section, shape (n_draws, n_sections).
    zone
        What each zone (a quarter, where there are no others) has of its own, shape (n_draws, n_zones).
    cell_sd
        Standard deviation of what cells have of their own, shape (n_draws,).
    """

    section: Floats
    zone: Floats
    cell_sd: Floats


@dataclass(frozen=True, eq=False)
class RiskDraws:
    """People at risk in each draw.

    Parameters
    ----------
    pieces
        Shape (n_draws, n_pieces), float32: people with a place.
    quarters
        Shape (n_draws, n_quarters): all people of the quarter.
    no_place
        Shape (n_draws, n_quarters): those of them without a place.
    zones
        Shape (n_draws, n_zones): all people of the zone, which is the quarter where there are no others.
    """

    pieces: NDArray[np.float32]
    quarters: Floats
    no_place: Floats
    zones: Floats


def draw_counts(predictor: Predictor, units: RiskUnits, *, blocks: Blocks, streams: Sequence[np.random.Generator]) -> RiskDraws:
    """Return people at risk in each draw; each block meets its total in every one.

    Parameters
    ----------
    predictor
        One row per draw.
    blocks
        Where totals are met. Quarters outside of all blocks keep the level of the predictor.
    streams
        A generator per draw, for what cells have of their own.

    Notes
    -----
    The logit of a part is what its section, its zone and its cell say, and one level per block and draw. So parts of one
    zone move together: what quarters and coefficients leave uncertain does not average out over their cells.
    """
    n_draws = len(streams)
    n_cells = int(units.part_cell.max()) + 1
    pieces = np.empty((n_draws, units.to_piece.shape[0]), dtype=np.float32)
    quarters, no_place = (np.empty((n_draws, len(units.quarters))) for _ in range(2))
    zones = np.empty((n_draws, len(units.zones)))
    for start in range(0, n_draws, DRAWS_AT_ONCE):
        rows = slice(start, min(start + DRAWS_AT_ONCE, n_draws))
        own = np.stack([stream.standard_normal(n_cells) for stream in streams[rows]]) * predictor.cell_sd[rows, None]
        logits = predictor.section[rows][:, units.part_section] + predictor.zone[rows][:, units.part_zone]
        logits += own[:, units.part_cell]
        counts = meet_totals(logits, units.part_base, block=blocks.quarter[units.part_zone], target=blocks.target)
        pieces[rows] = (units.to_piece @ counts.T).T
        no_place[rows] = (units.to_no_place @ counts.T).T
        quarters[rows] = units.sum_quarters(counts)
        zones[rows] = units.sum_zones(counts)
    return RiskDraws(pieces, quarters, no_place, zones)


def meet_totals(logits: Floats, base: Floats, *, block: NDArray[np.intp], target: Floats) -> Floats:
    """Return people at risk of each part, shape (n_draws, n_parts), such that each block sums to its target in every draw.

    Parameters
    ----------
    logits
        Shape (n_draws, n_parts); a level is added per block and draw.
    base
        People of each part, above 0.
    block
        Block of each part; −1 for parts that keep their logits.
    target
        People at risk of each block, 0 up to its people.
    """
    counts = np.empty_like(logits)
    for number in range(-1, len(target)):
        mine = np.flatnonzero(block == number)
        if not len(mine):
            continue
        levels = np.zeros(len(logits)) if number < 0 else find_levels(logits[:, mine], base[mine], target=target[number])
        counts[:, mine] = base[mine] * expit(logits[:, mine] + levels[:, None])
    return counts


def find_levels(logits: Floats, base: Floats, *, target: float) -> Floats:
    """Return the level per draw, shape (n_draws,), at which Σ base · expit(logits + level) is the target.

    Infinite where nobody or everybody is at risk.

    Notes
    -----
    Newton's method between bounds that close in: the sum rises with the level. The bounds are the level at which each part
    alone would have the rate of the target, so the root lies between them.
    """
    whole = float(base.sum())
    part = target / whole
    if not 0 < part < 1:
        return np.full(len(logits), -np.inf if part <= 0 else np.inf)
    wanted = float(logit(part))
    low, high = wanted - logits.max(axis=1), wanted - logits.min(axis=1)
    level = wanted - logits @ base / whole
    for _ in range(MAX_STEPS):
        rate = expit(logits + level[:, None])
        excess = rate @ base - target
        if (np.abs(excess) <= EXACT * target).all() or ((high - low) <= EXACT).all():
            break
        low, high = np.where(excess < 0, level, low), np.where(excess > 0, level, high)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # no slope far out: the bounds are halved then
            newton = level - excess / ((rate * (1 - rate)) @ base)
        level = np.where((newton > low) & (newton < high), newton, (low + high) / 2)
    return np.asarray(level, dtype=np.float64)
