"""A plan with everything that may be studied beside a choice: worth of sites, near-equal plans, curves, rules, digests."""

from __future__ import annotations

from dataclasses import replace

from layers.plan import Plan
from layers.plan_choice import (
    CurveBrief,
    CurvePointBrief,
    NearPlanBrief,
    NearPlansBrief,
    RuleBrief,
    SiteWorthBrief,
)
from layers.plan_text import Text


def both(text: str) -> Text:
    """Return one text in both languages."""
    return Text(it=text, en=text)


def with_document(plan: Plan, **update: object) -> Plan:
    """Return a plan whose document says something else."""
    return replace(plan, document=plan.document.model_copy(update=update))


def with_districts(plan: Plan) -> Plan:
    """Return a plan whose one district counts what all quarters count."""
    columns = [c for c in plan.nil.columns if c in {g.key for g in plan.document.groups} or str(c).startswith("reached_")]
    table = plan.districts.copy()
    for column in columns:
        table[column] = plan.nil[column].sum()
    for variant in plan.document.variants:
        for group in plan.document.groups:
            table[f"share_{variant.key}_{group.key}"] = table[f"reached_{variant.key}_{group.key}"] / table[group.key]
    return replace(plan, districts=table)


def studied(plan: Plan, *, text: str = "why") -> Plan:
    """Return the plan with studies beside its choice; `text` stands wherever a study has words."""
    new, spare = plan.document.optima[0].selected_new, plan.sites.loc[plan.sites["role"] == "candidate", "site_id"].tolist()
    open_now = plan.document.variant("before").site_ids
    worth = (
        SiteWorthBrief(
            site_id=new[0],
            is_new=True,
            alone={"unemployed": 40.0, "youth_15_29": 3.0},
            loss=0.125,
            replacement=(spare[0],),
            replacement_loss=0.025,
            is_proven=True,
        ),
        SiteWorthBrief(
            site_id=new[1],
            is_new=True,
            alone={"unemployed": 0.0, "youth_15_29": 1234.0},
            loss=0.05,
            replacement=None,
            replacement_loss=None,
            is_proven=True,
            reasons=(both(text),),
        ),
        SiteWorthBrief(
            site_id=open_now[0],
            is_new=False,
            alone={"unemployed": 12.0, "youth_15_29": 50.0},
            loss=None,
            replacement=(),
            replacement_loss=0.0,
            is_proven=False,
        ),
    )
    near = NearPlansBrief(
        within=0.01,
        plans=(
            NearPlanBrief(selected_new=tuple(new), objective=0.5, worse=0.0, is_proven=True),
            NearPlanBrief(
                selected_new=(*new[1:], spare[0]), closed=tuple(open_now), objective=0.4975, worse=0.005, is_proven=False
            ),
        ),
        is_complete=False,
        site_share={**dict.fromkeys(new[1:], 1.0), new[0]: 0.5, spare[0]: 0.5},
        notes=(both(text),),
    )
    points = (
        CurvePointBrief(value=0, objective=0.1, best_bound=0.1, gap=0.0, status="optimal", reached={"unemployed": 4.0}),
        CurvePointBrief(
            value=2,
            objective=0.3,
            best_bound=0.36,
            gap=0.2,
            status="feasible",
            selected_new=tuple(new[:2]),
            reached={"unemployed": 300.0, "youth_15_29": 900.0},
        ),
        CurvePointBrief(
            value=4,
            objective=0.5,
            best_bound=0.5,
            gap=0.0,
            status="optimal",
            selected_new=tuple(new),
            reached={"unemployed": 500.0, "youth_15_29": 2000.0},
        ),
        CurvePointBrief(value=99, objective=None, best_bound=None, gap=None, status="infeasible", reason=both(text)),
    )
    rules = (RuleBrief(key="group", rule=both(f"{text} rule"), outcome=both(f"{text} kept")),)
    return with_document(
        with_districts(plan),
        worth=worth,
        near=near,
        curves=(CurveBrief(over="new", points=points), CurveBrief(over="floor", points=points[:1])),
        rules=rules,
        goal=both("As much as can be."),
        inputs={"layers/quarters.gpkg": "ab" * 32},
    )
