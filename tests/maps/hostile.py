"""Texts that attack a page, and a plan that has one of them wherever a report shows text from data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from layers.plan import Plan, SourceBrief
from layers.plan_text import Text

PAYLOADS: Mapping[str, str] = MappingProxyType(
    {
        "script": "</script><script>window.wasRun = true</script>",
        "image": '<img src=x onerror="window.wasRun = true">',
        "svg": "</title></text></svg><svg onload=window.wasRun=true>",
        "style": "</style><style>*{display:none}",
        "backticks": "`${window.wasRun = true}`",
        "backslashes": r"\1 \g<1> $& <\/script>",
        "quotes": "\"'><svg onload=window.wasRun=true>",
        "braces": "{n} {{ 7 * 7 }} {name} {__class__}",
        "right to left": "\u202egpj.exe\u2066 עברית",
        "emoji": "👩‍👩‍👧 🏫\u200d\ufe0f",
        "long": "x" * 5_000,
        "controls": "a\x00b\u2028c\x85<!--",
        "entities": "&lt;b&gt; &amp;",
        "half surrogate": "a\ud800b",
    }
)


def fill(plan: Plan, text: str) -> Plan:
    """Return a plan with the text in every field that a report shows; ids stay, for they join tables."""
    both = Text(it=text, en=text)
    document = plan.document
    filled = document.model_copy(
        update={
            "title": both,
            "sentence": both,
            "goal": both,
            "city": document.city.model_copy(update={"name": text}),
            "mode": text,
            "groups": tuple(group.model_copy(update={"label": both}) for group in document.groups),
            "variants": tuple(variant.model_copy(update={"name": both}) for variant in document.variants),
            "optima": tuple(one.model_copy(update={"tie_rule": both, "value": both}) for one in document.optima),
            "rules": tuple(one.model_copy(update={"rule": both, "outcome": both}) for one in document.rules),
            "worth": tuple(one.model_copy(update={"reasons": (both,)}) for one in document.worth),
            "near": document.near and document.near.model_copy(update={"notes": (both,)}),
            "limits": (both,),
            "assumptions": (both,),
            "sources": (SourceBrief(layer=text, source=text, licence=text, attribution=text, date=text),),
            "inputs": {text: text},
            "versions": {text: text},
        }
    )
    texts = ("name", "kind", "status", "owner", "address", "source")
    return replace(
        plan,
        document=filled,
        sites=plan.sites.assign(**dict.fromkeys(texts, text)),
        nil=plan.nil.assign(name=text),
        districts=plan.districts.assign(name=text),
    )
