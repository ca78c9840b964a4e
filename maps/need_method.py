"""What an estimate is, what it must not be used for, and how it was made, in both languages."""

from __future__ import annotations

from layers.plan_text import Text
from layers.risk_estimate import RiskEstimate
from maps.i18n import both, format_number, format_percent

FOREIGN_RESIDENTS = "foreign_residents"


def need_limits(estimate: RiskEstimate) -> list[Text]:
    """Return what must stand beside every figure of an estimate."""
    definition = estimate.definition
    return [
        both(
            "Figures are of areas, estimated from counts of areas. They say nothing of any person, and must not be used to "
            "choose, check or refuse persons."
        ),
        both(
            "Nor for profiling, policing, the control of benefits, credit, insurance, letting or hiring, nor as a league table "
            "of quarters. They may say where to look first for places of services that are open to all."
        ),
        both(
            "The definition is “{definition}” ({source}). Figures by other definitions cannot be compared with it.",
            definition=Text(it=definition.label_it, en=definition.label_en),
            source=definition.source,
        ),
        both(
            "The interval holds nine of ten draws. It is of the risk, not of the people whom a count would find, and rests "
            "on assumptions about how far areas differ, since nobody has counted that."
        ),
        both("The factors are counts of 2011: who has moved since is not in them."),
        *_foreign_residents(estimate),
        both(
            "Personal data are not processed: Regulation (EU) 2016/679 does not apply to anonymous information (recital "
            "26), and statistics must not support decisions on any particular person (recital 162); statistical secrecy is "
            "that of article 9 of legislative decree 322/1989."
        ),
    ]


def _foreign_residents(estimate: RiskEstimate) -> list[Text]:
    """Return what is said of the factor that people are often discriminated for."""
    if any(factor.key == FOREIGN_RESIDENTS for factor in estimate.factors):
        return [both("The factor “foreign residents” can be switched off: --without foreign_residents shows its effect.")]
    return [both("The factor “foreign residents” is switched off.")]


def need_method(estimate: RiskEstimate, *, n_observed: int, n_areas: int, cut_share: float) -> list[Text]:
    """Return how an estimate was made.

    Parameters
    ----------
    estimate
        The estimate.
    n_observed
        Areas that had rates for a regression.
    n_areas, cut_share
        Areas in place of quarters, and the part of the people whom their borders cut off.
    """
    factors = [Text(it=factor.label_it, en=factor.label_en) for factor in estimate.factors]
    listed = Text(it="; ".join(one.it for one in factors), en="; ".join(one.en for one in factors))
    found = [both("Factors: {factors}.", factors=listed)]
    if estimate.estimator == "index":
        found.append(
            both(
                "They are combined by the Adjusted Mazziotta-Pareto Index with positive penalty (AMPI+), which ISTAT uses, and "
                "turned into rates whose total is the official one."
            )
        )
        text = "{n} joint draws: weights of the factors once a draw, one effect a quarter, a small one a cell."
    else:
        found.append(
            both(
                "A binomial regression with area effects is fitted to {n} observed rates; it expects each factor to count as "
                "in the index, and is moved to the totals given.",
                n=_number(n_observed),
            )
        )
        text = "{n} joint draws: coefficients once a draw, one effect a quarter, a small one a cell."
    found.append(both(text, n=_number(estimate.n_draws)))
    if estimate.totals:
        found.append(both("Every draw meets the total: {totals}.", totals="; ".join(total.name for total in estimate.totals)))
    if n_areas:
        found.append(
            both(
                "Rates are of {n} areas in place of quarters. A section goes whole to the area that most of it lies in: {part} "
                "of the people live across such a border.",
                n=_number(n_areas),
                part=Text(it=format_percent(cut_share, language="it"), en=format_percent(cut_share, language="en")),
            )
        )
    return found


def _number(value: int) -> Text:
    return Text(it=format_number(value, language="it"), en=format_number(value, language="en"))
