"""What a place near a quarter is worth to the plan, in a sentence or two."""

from __future__ import annotations

from layers.plan import Plan, PlanDocument
from layers.plan_choice import ObjectiveUnit, SiteWorthBrief
from maps.amounts import amount_text
from maps.i18n import Language, format_percent, message, translate


def worth_text(plan: Plan, site_id: str, language: Language) -> str:
    """Return what the plan loses without a place, whom it would replace, and how often it stands in plans nearly as good.

    Parameters
    ----------
    plan
        The plan; what nobody studied is not said.
    site_id
        Any of its sites.
    language
        Of the text, which is plain.
    """
    document = plan.document
    texts = [_loss(document, one, language) for one in document.worth if one.site_id == site_id]
    for one in document.worth:
        if one.replacement and site_id in one.replacement:
            named = plan.sites.loc[plan.sites["site_id"] == one.site_id, "name"]
            name = str(named.iloc[0]) if len(named) else one.site_id
            texts.append(translate(message("the best replacement of {name}"), language=language, name=name))
    if document.near is not None and document.near.plans:
        share = format_percent(document.near.site_share.get(site_id, 0.0), language=language, digits=0)
        values = {"share": share, "n": len(document.near.plans)}
        if site_id in document.near.site_share:
            texts.append(
                translate(message("in {share} of {n} plans found that are nearly as good"), language=language, **values)
            )
        elif not texts:
            none = message("in none of {n} plans found that are nearly as good")
            texts.append(translate(none, language=language, n=values["n"]))
    return "; ".join(text for text in texts if text) or "–"


def _loss(document: PlanDocument, worth: SiteWorthBrief, language: Language) -> str:
    """Return what is lost without an open place; that there is no plan without it where there is none."""
    own = next((one for one in document.optima if one.standard_min == document.standard_min), None)
    unit: ObjectiveUnit = own.unit if own else "share"
    if worth.loss is None:
        reasons = [reason.it if language == "it" else reason.en for reason in worth.reasons]
        return " ".join(reasons)
    amount = amount_text(worth.loss, unit, language, is_difference=True)
    return translate(message("without it the plan loses {amount}"), language=language, amount=amount)
