"""What ``plan.json`` says, with protected figures only; a field that nobody has said what to do with is emptied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from data.errors import ReleaseError
from layers.plan import Connection, GroupBrief, ModelledBrief, ModeShare, Plan, PlanDocument
from layers.plan_choice import (
    CurveBrief,
    CurvePointBrief,
    Figure,
    NearPlanBrief,
    NearPlansBrief,
    Optimum,
    RuleBrief,
    SiteWorthBrief,
)
from layers.plan_text import Text, Value
from maps.i18n import both, format_number
from maps.release.figures import Label
from maps.release.rules import Rules, round_count

# Fields that say what was asked, which places were chosen and where facts come from, and count nobody.
_PLAIN_FIELDS = (
    *(
        "format",
        "name",
        "service",
        "title",
        "city",
        "mode",
        "speed_km_h",
        "standard_min",
        "cutoff_min",
        "standards_min",
        "need",
    ),
    *("variants", "lenses", "goal", "window", "sources", "scenario", "inputs", "versions"),
    *("sizes", "contact"),
)
# Fields of the values within it: one that is not here may be a count that nobody rounds.
_KNOWN: Mapping[type[Value], str] = MappingProxyType(
    {
        GroupBrief: "key label year total in_cells no_place modelled",
        ModelledBrief: "definition estimator factors totals base rate n_draws interval total in_cells no_place",
        Figure: "variant group standard_min reached total share reached_low reached_high share_low share_high",
        Optimum: "standard_min objective_name unit value new total_open selected_new closed status objective best_bound gap "
        "is_verified tie_rule figures sizes",
        RuleBrief: "key rule outcome",
        SiteWorthBrief: "site_id is_new alone loss replacement replacement_loss is_proven reasons",
        NearPlansBrief: "within plans is_complete site_share notes",
        NearPlanBrief: "selected_new closed sizes objective worse is_proven",
        CurveBrief: "over points",
        CurvePointBrief: "value objective best_bound gap status selected_new reached reason",
        Connection: "n_components length_share_kept max_snap_m sites_not_connected cells_not_connected people_not_connected "
        "median_site_snap_m",
        ModeShare: "variant mode share",
    }
)
_SHARE_DIGITS = 3
_PERCENT = re.compile(r"(?<![\d.,])(\d+)([.,]\d+)\s?%")


def protect_document(plan: Plan, rules: Rules) -> PlanDocument:
    """Return the document that may be released.

    Parameters
    ----------
    plan
        The plan as it was made.
    rules
        The rules of the release.
    """
    check_known_fields()
    document = plan.document
    groups = {group.key: group for group in document.groups}
    known = {name: getattr(document, name) for name in _PLAIN_FIELDS if hasattr(document, name)}
    return PlanDocument(
        **known,
        sentence=whole_percents(document.sentence),
        groups=tuple(_group(group, rules) for group in document.groups),
        figures=tuple(_figure(figure, groups[figure.group], rules) for figure in document.figures),
        optima=tuple(_optimum(optimum, groups, rules) for optimum in document.optima),
        rules=tuple(
            rule.model_copy(update={"rule": whole_percents(rule.rule), "outcome": whole_percents(rule.outcome)})
            for rule in document.rules
        ),
        worth=tuple(_worth(worth, groups, rules) for worth in document.worth),
        near=_near(document.near),
        curves=tuple(_curve(curve, groups, rules) for curve in document.curves),
        connection=document.connection.model_copy(
            update={"people_not_connected": float(_coarse(document.connection.people_not_connected, 0.0, rules))}
        ),
        mode_shares=tuple(
            ModeShare(variant=one.variant, mode=one.mode, share=round(one.share, 2)) for one in document.mode_shares
        ),
        limits=(*_texts(document.limits, document.groups, rules), *_how(rules)),
        assumptions=_texts(document.assumptions, document.groups, rules),
    )


def check_known_fields() -> None:
    """Check that every field within a document has been looked at: a new one may be a count.

    Raises
    ------
    ReleaseError
        If there are others.
    """
    new = [f"{kind.__name__}.{name}" for kind, text in _KNOWN.items() for name in kind.model_fields if name not in text.split()]
    if new:
        remedy = "Say in maps/release/document.py how they are protected"
        raise ReleaseError("the gate does not know some fields of plans", where="plan.json", examples=new, remedy=remedy)


def fields_left_behind(document: PlanDocument) -> tuple[str, ...]:
    """Return the fields with content that do not go out: nobody has said how they are protected."""
    handled = {*_PLAIN_FIELDS, "sentence", "groups", "figures", "optima", "rules", "worth", "near", "curves", "connection"}
    handled |= {"mode_shares", "limits", "assumptions"}
    return tuple(f"plan.json {name}" for name in type(document).model_fields if name not in handled and getattr(document, name))


def _how(rules: Rules) -> tuple[Text, ...]:
    """Return what a reader of the release has to know of its figures."""
    step = {language: format_number(rules.step, language=language, digits=rules.min_count % 2) for language in ("it", "en")}
    n = Text(it=str(rules.min_count), en=str(rules.min_count))
    return (
        both(
            "Released figures: where fewer than {n} people live in a square, its number is the mean of a square of 200 or 400 "
            "m; where that holds fewer, too, no number is given. Counts are rounded to {step}, those of the city to {city}.",
            n=n,
            step=Text(**step),
            city=f"{rules.city_step:g}",
        ),
        both(
            "Of quarters with fewer than {n} people of a group, and where fewer than {n} are reached or not reached, no figure "
            "is given; “no data” stands in its place. People near one place are in steps of a hundredth of the city.",
            n=n,
        ),
    )


def _round(value: float | None, step: float) -> float | None:
    return None if value is None else float(round_count(np.array(value, dtype=np.float64), step))


def _coarse(value: float, total: float, rules: Rules) -> np.float64:
    return np.float64(round_count(np.array(value, dtype=np.float64), rules.coarse_step(total)))


def _group(group: GroupBrief, rules: Rules) -> GroupBrief:
    """Return a group: its total as it was published, what was estimated and the people without a place rounded."""
    step = rules.city_step
    changed: dict[str, object] = {name: _round(getattr(group, name), step) for name in ("in_cells", "no_place")}
    if group.modelled:
        changed["total"] = _round(group.total, step)
        pairs = {
            name: tuple(_round(end, step) for end in getattr(group.modelled, name))
            for name in ("total", "in_cells", "no_place")
        }
        changed["modelled"] = group.modelled.model_copy(update={**pairs, "rate": round(group.modelled.rate, _SHARE_DIGITS)})
    return group.model_copy(update=changed)


def _figure(figure: Figure, group: GroupBrief, rules: Rules) -> Figure:
    """Return a figure of the city: its count rounded, its ends in steps of a hundredth of the city, its shares from these."""
    total = float(_round(group.total, rules.city_step) or 0.0) if group.modelled else figure.total
    reached = min(float(_round(figure.reached, rules.city_step) or 0.0), total)
    return _with_ends(figure, reached=reached, total=total, step=rules.coarse_step(figure.total))


def _coarse_figure(figure: Figure, group: GroupBrief, rules: Rules) -> Figure:
    total = float(_round(group.total, rules.city_step) or 0.0) if group.modelled else figure.total
    step = rules.coarse_step(figure.total)
    reached = min(float(_round(figure.reached, step) or 0.0), total)
    return _with_ends(figure, reached=reached, total=total, step=step)


def _with_ends(figure: Figure, *, reached: float, total: float, step: float) -> Figure:
    low = None if figure.reached_low is None else min(float(np.floor(figure.reached_low / step) * step), reached)
    high = None if figure.reached_high is None else min(max(float(np.ceil(figure.reached_high / step) * step), reached), total)

    def share(people: float | None) -> float | None:
        return None if people is None else (people / total if total else 0.0)

    return figure.model_copy(
        update={
            "reached": reached,
            "total": total,
            "share": share(reached),
            "reached_low": low,
            "reached_high": high,
            "share_low": share(low),
            "share_high": share(high),
        }
    )


def _optimum(optimum: Optimum, groups: dict[str, GroupBrief], rules: Rules) -> Optimum:
    return optimum.model_copy(
        update={
            "value": None if optimum.value is None else whole_percents(optimum.value),
            "objective": _objective(optimum.objective),
            "best_bound": _objective(optimum.best_bound),
            "gap": round(optimum.gap, 4),
            "figures": tuple(_coarse_figure(figure, groups[figure.group], rules) for figure in optimum.figures),
        }
    )


def _objective(value: float) -> float:
    """Return an objective to three digits that count, of the whole city: a share in thousandths."""
    return float(f"{value:.3g}") if abs(value) > 1 else round(value, _SHARE_DIGITS)


def _worth(worth: SiteWorthBrief, groups: dict[str, GroupBrief], rules: Rules) -> SiteWorthBrief:
    losses = {name: getattr(worth, name) for name in ("loss", "replacement_loss")}
    return worth.model_copy(
        update={
            "alone": {key: float(_coarse(n, groups[key].total, rules)) for key, n in worth.alone.items() if key in groups},
            **{name: None if value is None else _objective(value) for name, value in losses.items()},
        }
    )


def _near(near: NearPlansBrief | None) -> NearPlansBrief | None:
    if near is None:
        return None
    plans = tuple(
        plan.model_copy(update={"objective": _objective(plan.objective), "worse": round(plan.worse, _SHARE_DIGITS)})
        for plan in near.plans
    )
    return near.model_copy(update={"plans": plans, "notes": tuple(map(whole_percents, near.notes))})


def _curve(curve: CurveBrief, groups: dict[str, GroupBrief], rules: Rules) -> CurveBrief:
    points = tuple(
        point.model_copy(
            update={
                "objective": None if point.objective is None else _objective(point.objective),
                "best_bound": None if point.best_bound is None else _objective(point.best_bound),
                "reached": {
                    key: float(_coarse(n, groups[key].total, rules)) for key, n in point.reached.items() if key in groups
                },
                "reason": None if point.reason is None else whole_percents(point.reason),
            }
        )
        for point in curve.points
    )
    return curve.model_copy(update={"points": points})


def whole_percents(text: Text) -> Text:
    """Return a text whose percentages are whole.

    Examples
    --------
    >>> whole_percents(Text(it="il più basso 42,1% in Municipio 9", en="lowest 42.1% in Municipio 9")).en
    'lowest 42% in Municipio 9'
    """

    def whole(match: re.Match[str]) -> str:
        return f"{int(float(match[1] + '.' + match[2][1:]) + 0.5)}%"

    return Text(it=_PERCENT.sub(whole, text.it), en=_PERCENT.sub(whole, text.en))


def _texts(texts: Sequence[Text], groups: Sequence[GroupBrief], rules: Rules) -> tuple[Text, ...]:
    """Return the texts but those that say a small number of a group's people."""
    return tuple(text for text in texts if not small_numbers(text, groups, rules))


def small_numbers(text: Text, groups: Sequence[GroupBrief], rules: Rules) -> list[str]:
    """Return what a text says of fewer people of a group than the minimum count.

    Examples
    --------
    >>> label = Text(it="disoccupati", en="unemployed people")
    >>> group = GroupBrief(key="unemployed", label=label, year=2011, total=90, in_cells=87, no_place=3)
    >>> small_numbers(Text(it="3 disoccupati senza posto", en="3 unemployed people have no place"), [group], Rules())
    ['3 disoccupati', '3 unemployed people']
    """
    found = []
    for language in ("it", "en"):
        for group in groups:
            label = getattr(group.label, language)
            for match in re.finditer(rf"(?<![\d.,])(\d+)\s+{re.escape(label)}", getattr(text, language)):
                found += [match[0]] if 0 < int(match[1]) < rules.min_count else []
    return found


def coarse_labels(document: PlanDocument) -> tuple[Label, ...]:
    """Return the figures that go out in hundredths of the city only, for the folder does not hold their regions."""
    labels = [Label("people near one site", "all sites")]
    labels += [Label("optimum", f"{optimum.standard_min:g} min") for optimum in document.optima if optimum.figures]
    labels += [
        Label("ends of a figure", f"{one.variant}, {one.standard_min:g} min") for one in document.figures if one.reached_low
    ]
    labels += [Label("worth", worth.site_id) for worth in document.worth]
    labels += [Label("curve", curve.over) for curve in document.curves]
    return tuple(dict.fromkeys(labels))
