"""Why no plan meets the rules: those that stand against one another, and what would make a plan possible."""

from __future__ import annotations

from data.errors import InfeasibleError
from optimize.clock import Clock
from optimize.highs import SolverOptions
from optimize.problem import LocationProblem
from optimize.site_rules import SiteRules


def explain_refusal(problem: LocationProblem, sites: SiteRules, *, options: SolverOptions, clock: Clock) -> InfeasibleError:
    """Return the error of a problem that no plan meets."""
    return InfeasibleError("no plan meets all rules", where="rules")
