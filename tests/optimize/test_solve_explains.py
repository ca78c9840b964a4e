"""Whether a refusal explains itself is an option."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import InfeasibleError
from optimize.rules import CoverLimit, Rules
from optimize.solve import solve
from tests.optimize.toys import coverage


def test_a_refusal_says_which_rules_stand_against_one_another_only_where_that_is_asked_for() -> None:
    floors = tuple(CoverLimit(name=f"row {i}", rows=np.array([i]), standard_s=60.0, at_least=1.0) for i in (0, 1))
    problem = coverage([[0.0, None], [None, 0.0]], new=1, rules=Rules(covers=floors))
    with pytest.raises(InfeasibleError, match="2 new sites instead of 1"):
        solve(problem)
    with pytest.raises(InfeasibleError, match="no plan meets the rules together") as caught:
        solve(problem, explains=False)
    assert "instead" not in str(caught.value)
