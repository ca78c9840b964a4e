"""What every plan of a model has to cover whatever the rules say, as limits on covered shares."""

from __future__ import annotations

import numpy as np

from optimize.problem import LocationProblem
from optimize.rules import CoverLimit

WHOLE = "the whole city"
"""What the demand of all rows is called as a district."""


def no_needs(_problem: LocationProblem) -> tuple[CoverLimit, ...]:
    """Return nothing: demand may stay uncovered."""
    return ()


def needs_target(problem: LocationProblem) -> tuple[CoverLimit, ...]:
    """Return that the target share of all demand is within the standard, all of it without a target."""
    share = 1.0 if problem.target_share is None else problem.target_share
    return (_everybody(problem, standard_s=problem.standard_s or 0.0, share=share),)


def needs_reach(problem: LocationProblem) -> tuple[CoverLimit, ...]:
    """Return that all demand is reached at all, unless it may stay unserved."""
    if problem.unserved_impedance_s is not None:
        return ()
    return (_everybody(problem, standard_s=float(problem.impedance_s.data.max(initial=0.0)), share=1.0),)


def _everybody(problem: LocationProblem, *, standard_s: float, share: float) -> CoverLimit:
    rows = np.flatnonzero(problem.weight > 0)
    return CoverLimit(name=WHOLE, rows=rows, standard_s=standard_s, at_least=share)
