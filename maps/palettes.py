"""Classes and colours: where a class ends, and which colour it has.

The colours come from ColorBrewer's schemes that colour-blind readers can tell apart (Harrower and Brewer 2003,
doi:10.1179/000870403235002042), and from Okabe and Ito's palette for single things. Steps were moved where a test that computes
how readers with each kind of colour blindness see them found two classes, or a class and "no data", too near.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.errors import CountError

FloatArray = npt.NDArray[np.float64]

# Within the standard: dark to light blue; beyond it: light to dark orange. The standard is where the hue turns.
WITHIN = ("#08519c", "#3182bd", "#9ecae1")
BEYOND = ("#fdd49e", "#fc8d59", "#d7401f")
NOT_REACHED = "#8f2d14"
PEOPLE = ("#e2d0f4", "#c8a8e6", "#a57bd2", "#7a4ab4", "#431c84")
NEED = ("#d0ecc4", "#94d4b0", "#58b6c0", "#3282ba", "#08408f")
RATE = ("#ffe9a8", "#fdc060", "#f58a24", "#d0560c", "#842a04")
SPREAD = ("#e3cfe4", "#d3a6cf", "#d765b0", "#c51b7a", "#7a0046")
REACHED = {"within": "#2b7bba", "outside": "#e3ddd3"}
SHARE = ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
SHARE_BREAKS = (0.2, 0.4, 0.6, 0.8, 1.0)
CHANGE = {"outside": "#e3ddd3", "both": "#a9c6de", "gained": "#007a5e", "lost": "#d55e00"}
NO_DATA = "#b8b8b8"
NOBODY = "#f1f1ee"
_NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_QUANTILES = (0.25, 0.5, 0.75, 0.93)


def minute_classes(*, standard_min: float, cutoff_min: float, standards_min: Sequence[float]) -> dict[str, object]:
    """Return the classes of minutes: thirds of the standard, then the longer standards and the cutoff.

    Returns
    -------
    ``breaks`` (upper ends, included), ``colors`` (one for each break) and ``none`` (not within the cutoff).

    Examples
    --------
    >>> minute_classes(standard_min=30, cutoff_min=60, standards_min=[15, 30, 45])["breaks"]
    [10.0, 20.0, 30.0, 45.0, 60.0]
    """
    if not 0 < standard_min <= cutoff_min:
        what = f"the standard is {standard_min:g} minutes, the cutoff {cutoff_min:g}"
        raise CountError(what, where="plan", remedy="A standard is positive and at most the cutoff")
    within = [round(standard_min * part / 3, 1) for part in (1, 2)] + [float(standard_min)]
    beyond = sorted({float(value) for value in standards_min if standard_min < value < cutoff_min})[:2]
    if cutoff_min > standard_min:
        beyond = [*(beyond or [round((standard_min + cutoff_min) / 2, 1)]), float(cutoff_min)]
    return {"breaks": within + beyond, "colors": [*WITHIN, *BEYOND[: len(beyond)]], "none": NOT_REACHED}


def people_classes(values: FloatArray, *, colors: Sequence[str] = PEOPLE, least: float = 1.0) -> dict[str, object]:
    """Return the classes of a quantity in a cell: round numbers near the quartiles of the cells where there is any.

    Parameters
    ----------
    values
        One per cell; NaN where it is not known.
    colors
        Five, from little to much.
    least
        No class ends below it.

    Returns
    -------
    ``breaks`` (upper ends, included; the last class is open), ``colors`` (one more than breaks) and ``none`` (nobody).

    Examples
    --------
    >>> people_classes(np.arange(0.0, 101.0))["breaks"]
    [30.0, 50.0, 80.0, 100.0]
    """
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size == 0:
        return {"breaks": [], "colors": [colors[0]], "none": NOBODY}
    breaks = sorted({max(least, _round_nicely(float(value))) for value in np.quantile(positive, _QUANTILES)})
    chosen = np.linspace(0, len(colors) - 1, len(breaks) + 1).round().astype(int)
    return {"breaks": breaks, "colors": [colors[index] for index in chosen], "none": NOBODY}


def _round_nicely(value: float) -> float:
    power = np.floor(np.log10(value))
    nice = min(_NICE, key=lambda nice: abs(nice - value / 10.0**power))
    return round(float(nice * 10.0**power), 6)  # 0.3, not 0.30000000000000004


def share_classes() -> dict[str, object]:
    """Return the classes of a share: fifths."""
    return {"breaks": list(SHARE_BREAKS), "colors": list(SHARE), "none": NO_DATA}
