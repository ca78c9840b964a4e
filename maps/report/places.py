"""The places of a plan: what they are, whom each reaches, what each is worth, and which plans are nearly as good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from layers.kinds import kind_name
from layers.plan import GroupBrief, within_column
from layers.plan_choice import NearPlanBrief, NearPlansBrief, SiteWorthBrief
from maps.amounts import amount_text
from maps.i18n import format_percent, message
from maps.quarter_figures import FEW, LEAST, Row, people_text, value
from maps.quarter_sites import role_name
from maps.report.charts import parts_bar, share_bar
from maps.report.city_maps import draw_place
from maps.report.view import View, note, quarter_link, section, table
from maps.safe import html_attribute, html_text
from maps.size_words import size_words


def render_places(view: View) -> str:
    """Return the places that the plan opens, keeps or closes, with their numbers on the maps."""
    title = message("The places of the plan")
    if not view.places:
        return section(view, "places", view.say(title), f"<p>{view.say(message('The plan has no places.'))}</p>")
    has_cost = any(not pd.isna(row["cost_eur"]) for row in view.places)  # type: ignore[call-overload]
    heads = [view.say(text) for text in (message("No."), message("Place"), message("What it is"), message("Quarter"))]
    heads += [view.say(message("Cost"))] if has_cost else []
    n = view.minutes(view.document.standard_min)
    heads += [view.say(message("{group} within {n} minutes"), group=group.label, n=n) for group in view.need_groups]
    rows = [_place_row(view, number, row, has_cost=has_cost) for number, row in enumerate(view.places, 1)]
    text = message("People: within the standard of this place alone; who is near two places counts for both.")
    made = table(view, label=view.words(title), heads=heads, rows=rows, key="places")
    return section(view, "places", view.say(title), made, note(view.say(text)))


def _place_row(view: View, number: int, row: Row, *, has_cost: bool) -> str:
    role = str(row["role"])
    parts = (
        view.plain(kind_name(str(row["kind"]))),
        role_name(view.plan, role, view.language),
        size_words(view.plan, row, view.language),
    )
    what = html_text(" – ".join(part for part in parts if part))
    cost = f"<td>{html_text(_cost(view, row))}</td>" if has_cost else ""
    reach = "".join(f"<td>{html_text(_within(view, row, group))}</td>" for group in view.need_groups)
    return (
        f'<tr data-site="{html_attribute(row["site_id"])}"><td class="mark">{draw_place(role)} {number}</td>'
        f"{_named(row)}<td>{what}</td><td>{_quarter(view, row)}</td>{cost}{reach}</tr>"
    )


def _named(row: Row) -> str:
    address = "" if pd.isna(row["address"]) else html_text(row["address"])  # type: ignore[call-overload]
    below = f'<br><bdi class="address">{address}</bdi>' if address else ""
    return f'<th scope="row"><bdi>{html_text(row["name"])}</bdi>{below}</th>'


def _cost(view: View, row: Row) -> str:
    cost = value(row, "cost_eur")
    if cost != cost:
        return view.words(message("not known"))
    return view.words(message("{n} euros"), n=view.number(cost))


def _quarter(view: View, row: Row) -> str:
    position = view.quarter_rows.get(value(row, "nil"))
    return view.say(message("outside the city")) if position is None else quarter_link(view, position)


def _within(view: View, row: Row, group: GroupBrief) -> str:
    column = within_column(group.key)
    return people_text({**row, group.key: row[column]}, group, column, view.language)


def render_worth(view: View) -> str:
    """Return what the plan would lose without each of its places; that nobody studied it where the plan does not say."""
    title = message("What each place is worth")
    worth = view.document.worth
    if not worth:
        text = message("This plan was made without a study of what each place is worth beside the others.")
        return section(view, "worth", view.say(title), f"<p>{view.say(text)}</p>")
    rows = _worth_rows(view, worth)
    heads = [view.say(message("No.")), view.say(message("Place"))]
    heads += [view.say(message("{group}: no other place near"), group=group.label) for group in view.need_groups]
    heads += [view.say(text) for text in (message("Lost without it"), message("Best replacement"), message("Then still lost"))]
    text = message(
        "Lost: by how much what is sought gets worse when this place falls away and nothing takes its stead. The replacement "
        "is the best one while all other places stay. Bars: the loss, and in dark what is still lost with the replacement."
    )
    made = table(view, label=view.words(title), heads=heads, rows=rows, key="worth")
    return section(view, "worth", view.say(title), made, note(view.say(text)))


def _worth_rows(view: View, worth: Sequence[SiteWorthBrief]) -> list[str]:
    numbers = {str(row["site_id"]): number for number, row in enumerate(view.places, 1)}
    losses = [one.loss for one in worth if one.loss is not None]
    most = max(losses, default=0.0)
    ordered = sorted(worth, key=lambda one: (numbers.get(one.site_id, len(numbers) + 1), one.site_id))
    return [_worth_row(view, one, numbers.get(one.site_id), most) for one in ordered]


def _worth_row(view: View, worth: SiteWorthBrief, number: int | None, most: float) -> str:
    alone = "".join(f"<td>{_alone(view, worth.alone, group)}</td>" for group in view.need_groups)
    reasons = "".join(f'<br><small class="why">{view.pick(reason)}</small>' for reason in worth.reasons)
    parts = [(worth.loss, "loss"), (worth.replacement_loss, "rest")]
    bar = parts_bar([(part, kind) for part, kind in parts if part is not None], most=most)
    return (
        f'<tr data-site="{html_attribute(worth.site_id)}"><td>{number or ""}</td>'
        f'<th scope="row">{view.site_name(worth.site_id)}{reasons}</th>{alone}'
        f"<td><b>{html_text(_loss(view, worth.loss))}</b>{bar}</td><td>{_replacement(view, worth)}</td>"
        f"<td>{html_text(_loss(view, worth.replacement_loss))}</td></tr>"
    )


def _alone(view: View, alone: Mapping[str, float], group: GroupBrief) -> str:
    """Return people as they may be said: of fewer than ten no number."""
    if group.key not in alone:
        return view.say(message("no data"))
    return view.say(FEW) if alone[group.key] < LEAST else html_text(view.number(alone[group.key]))


def _loss(view: View, loss: float | None) -> str:
    unit = view.own_optimum.unit if view.own_optimum else "share"
    if loss is None:
        return "–"
    amount = amount_text(abs(loss), unit, view.language, is_difference=True)
    is_gain = loss < 0 and amount != amount_text(0.0, unit, view.language, is_difference=True)
    return view.words(message("better by {amount}"), amount=amount) if is_gain else amount


def _replacement(view: View, worth: SiteWorthBrief) -> str:
    if worth.replacement is None:
        return view.say(message("none may"))
    proof = "" if worth.is_proven else f" <small>{view.say(message('not proven best'))}</small>"
    names = view.site_list(worth.replacement) if worth.replacement else view.say(message("none is needed"))
    return f"{names}{proof}"


def render_near(view: View) -> str:
    """Return the plans that are nearly as good, and which places stand in how many of them; nothing where nobody looked."""
    near = view.document.near
    if near is None:
        return ""
    title = message("Plans that are nearly as good")
    within = format_percent(near.within, language=view.language)
    found = view.say(message("Plans at most {share} worse than the best one: {n}."), share=within, n=len(near.plans))
    more = message("There are no others.") if near.is_complete else message("There may be others.")
    is_told = bool(near.notes) and not near.is_complete  # the notes say why there may be more
    parts = [f"<p>{found}{'' if is_told else f' {view.say(more)}'}</p>", *(note(view.pick(text)) for text in near.notes)]
    return section(view, "near", view.say(title), *parts, _shares(view, near), _plans(view, near))


def _shares(view: View, near: NearPlansBrief) -> str:
    """Return in what share of the plans each new place stands, the surest first."""
    ordered = sorted(near.site_share.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        f'<tr data-site="{html_attribute(site_id)}"><th scope="row">{view.site_name(site_id)}</th>'
        f'<td class="share"><b>{html_text(format_percent(share, language=view.language, digits=0))}</b>'
        f"{share_bar(share, kind='proposed')}</td></tr>"
        for site_id, share in ordered
    ]
    caption = message("How often a place stands in them")
    heads = [view.say(message("Place")), view.say(message("Share"))]
    return table(view, label=view.words(caption), heads=heads, rows=rows, caption=view.say(caption), key="group")


def _plans(view: View, near: NearPlansBrief) -> str:
    best = set(near.plans[0].selected_new) if near.plans else set()
    rows = [_plan_row(view, number, plan, best) for number, plan in enumerate(near.plans, 1)]
    caption = message("The plans, the best first")
    heads = [view.say(message("No.")), view.say(message("Value")), view.say(message("Worse by"))]
    heads += [view.say(message("In place of")), view.say(message("It opens"))]
    return table(view, label=view.words(caption), heads=heads, rows=rows, caption=view.say(caption), key="near")


def _plan_row(view: View, number: int, plan: NearPlanBrief, best: set[str]) -> str:
    unit = view.own_optimum.unit if view.own_optimum else "share"
    chosen = set(plan.selected_new)
    proof = "" if plan.is_proven else f" <small>{view.say(message('not proven best'))}</small>"
    closes = f"<br>{view.say(message('closing: {names}'), names='')}{view.site_list(plan.closed)}" if plan.closed else ""
    return (
        f'<tr><th scope="row">{number}</th><td>{html_text(amount_text(plan.objective, unit, view.language))}{proof}</td>'
        f"<td>{html_text(format_percent(plan.worse, language=view.language, digits=2))}</td>"
        f"<td>{view.site_list(sorted(best - chosen)) or '–'}</td>"
        f"<td>{view.site_list(sorted(chosen - best) if number > 1 else plan.selected_new) or '–'}{closes}</td></tr>"
    )
