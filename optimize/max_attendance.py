"""Maximal attendance: the most people who come to the nearest open site, when fewer come the farther it is.

Notes
-----
Of the weight :math:`w_i` of demand :math:`i` the share :math:`f(D)` comes to the nearest selected site at impedance D, and f
never rises: along a line to a limit of travel in the first model, a power or an exponential in today's tools. That is the
gradual covering problem with another reading of the share, and its model is taken::

    maximise    Σ_i w_i f(D_i)      D_i: impedance from i to the nearest selected site; f(∞) = 0
    subject to  Σ_j y_j = new,  y_j ∈ {0, 1}

in the radius formulation of `optimize.gradual_coverage`.

References
----------
Holmes, Williams, Brown (1972), Facility location under a maximum travel restriction: an example using day care facilities,
Geographical Analysis 4: 258-266, doi:10.1111/j.1538-4632.1972.tb00474.x.
"""

from __future__ import annotations

from optimize.gradual_coverage import absolute_gap, build_gradual_coverage, build_ruled_gradual

__all__ = ["FORMULATION", "absolute_gap", "build_gradual_coverage", "build_ruled_gradual"]

FORMULATION = "maximal attendance (Holmes, Williams, Brown 1972), radius formulation (Elloumi 2010)"
