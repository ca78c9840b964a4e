"""What the command prints of a plan's studies: what is lost without each site, near-equal plans, points of the curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from diffusa.numbers_in_words import number, percent
from diffusa.objective_words import amount_words
from diffusa.studies import open_everywhere
from diffusa.study_words import is_late
from layers.plan import Plan
from layers.plan_choice import CurveBrief, CurvePointBrief, NearPlansBrief, ObjectiveUnit, SiteWorthBrief
from layers.plan_text import Text
from maps.i18n import Language, both, message

OVER: Mapping[str, str] = {
    "new": message("By number of new places: {points}"),
    "budget": message("By budget in thousands of euros: {points}"),
    "floor": message("By floor of each district: {points}"),
    "standard": message("By minutes: {points}"),
}
"""The line of each curve."""

_AXIS: Mapping[str, Callable[[float], Text]] = {
    "new": number,
    "budget": lambda value: number(value / 1000),
    "floor": lambda value: percent(value, digits=1),
    "standard": number,
}


def study_lines(plan: Plan, language: Language) -> list[str]:
    """Return what was studied beside the best plan, a line or two each; none where nothing was.

    Parameters
    ----------
    plan
        The plan.
    language
        In which language.
    """
    document = plan.document
    own = next((one for one in document.optima if one.standard_min == document.standard_min), None)
    unit: ObjectiveUnit = own.unit if own else "share"
    names = dict(zip(plan.sites["site_id"], plan.sites["name"], strict=True))
    lines = [_worth_line(document.worth, names, unit)] if any(worth.is_new for worth in document.worth) else []
    lines += [] if document.near is None else list(_near_lines(document.near, names))
    lines += [_curve_line(curve, unit) for curve in document.curves]
    missing = list(_missing(document.worth, document.curves))
    return [getattr(line, language) for line in (*lines, *missing)]


def _worth_line(worths: tuple[SiteWorthBrief, ...], names: Mapping[str, str], unit: ObjectiveUnit) -> Text:
    """Return what is lost without each new site, the dearest first, and what the best replacement leaves lost."""
    new = sorted((worth for worth in worths if worth.is_new), key=lambda worth: -(worth.loss or 0.0))
    parts = []
    for worth in new:
        loss, left = (_amount(value, unit) for value in (worth.loss, worth.replacement_loss))
        parts.append(both("{name} {loss} ({left} with the best replacement)", name=names[worth.site_id], loss=loss, left=left))
    return both("Lost without each new place: {places}", places=_listed(parts))


def _amount(value: float | None, unit: ObjectiveUnit) -> Text:
    return Text(it="?", en="?") if value is None else amount_words(value, unit=unit)


def _near_lines(near: NearPlansBrief, names: Mapping[str, str]) -> Iterator[Text]:
    if near.plans:
        kept = [Text(it=names[site_id], en=names[site_id]) for site_id in open_everywhere(near)]
        yield both(
            "Plans within {within} of the best: {n}; new places in all of them: {places}",
            within=percent(near.within, digits=1),
            n=number(len(near.plans)),
            places=_listed(kept),
        )
    yield from near.notes


def _curve_line(curve: CurveBrief, unit: ObjectiveUnit) -> Text:
    said = _AXIS[curve.over]
    parts = [both("{value} → {amount}", value=said(point.value), amount=_point(point, unit)) for point in curve.points]
    return both(OVER[curve.over], points=_listed(parts))


def _point(point: CurvePointBrief, unit: ObjectiveUnit) -> Text:
    """Return the objective of a point, with its gap where it is not proven."""
    if point.objective is None:
        return both("no plan") if point.status == "infeasible" else Text(it="?", en="?")
    amount = amount_words(point.objective, unit=unit)
    if point.status == "optimal":
        return amount
    return both("{amount} (gap {gap})", amount=amount, gap=percent(point.gap or 0.0, digits=2))


def _missing(worths: tuple[SiteWorthBrief, ...], curves: tuple[CurveBrief, ...]) -> Iterator[Text]:
    """Yield that studies were cut short, where they were."""
    late = [worth for worth in worths if is_late(worth.reasons)]
    points = [point for curve in curves for point in curve.points if point.status in ("unknown", "feasible")]
    if late or points:
        yield both(
            "Studies are not complete: places {n_places}, points {n_points}. Raise study.time_limit_s for more.",
            n_places=number(len(late)),
            n_points=number(len(points)),
        )


def _listed(parts: list[Text]) -> Text:
    """Return parts one after the other, a dash for none."""
    return Text(it="; ".join(part.it for part in parts) or "–", en="; ".join(part.en for part in parts) or "–")
