"""The log of a release: which checks were made, what they found, what was merged, hidden and rounded; as JSON and as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from layers.plan import Plan
from maps.release.archive import RELEASE_FORMAT
from maps.release.choices import count_protection
from maps.release.document import coarse_labels, fields_left_behind
from maps.release.protect import Protected
from maps.release.rules import RATE_BREAKS, SHARE_STEP, Rules
from maps.release.tables import left_behind

_TABLES = ("cells", "nil", "districts", "sites", "allocation", "stations")
_CHECKS = {
    "a": "each region minus the released regions of each kind inside it, earlier releases and public totals among them",
    "b": "every pair of regions: one minus another that lies in it",
    "c": "bounds of each hidden part from all that is known, by linear programme; each part is judged exactly",
}


def build_log(plan: Plan, protected: Protected, rules: Rules, *, embedded: Mapping[str, int]) -> dict[str, object]:
    """Return what ``release_log.json`` says.

    Parameters
    ----------
    plan
        The plan as it was made.
    protected
        What is released of it.
    rules
        The rules of the release.
    embedded
        How many figures were read back from each file and compared.
    """
    groups = {
        key: {
            "figures known to an outsider": found.n_figures,
            "parts of the city with people": found.n_parts,
            "remainders checked (a)": found.n_remainders,
            "pairs compared (b)": found.n_pairs,
            "hidden parts bounded (c)": found.n_hidden,
            "linear programmes": found.n_programmes,
            "leaks": len(found.leaks),
            "hidden after a check": protected.added[key],
        }
        for key, found in protected.checked.items()
    }
    follow = [group.key for group in plan.document.groups if group.key not in protected.checked]
    return {
        "format": RELEASE_FORMAT,
        "plan": plan.document.name,
        "city": plan.document.city.name,
        "is_sample": plan.document.city.is_sample,
        "min_count": rules.min_count,
        "rule": "a part with 1 person or more, but fewer than min_count, is protected when all that is known leaves an "
        "interval for it at least min_count wide, or as wide as a public total that is itself smaller",
        "rounding": {
            "squares, quarters, districts": rules.step,
            "city": rules.city_step,
            "figures whose region the plan folder does not hold": {
                group.key: rules.coarse_step(group.total) for group in plan.document.groups
            },
            "share of need beyond the cutoff": SHARE_STEP,
            "mean minutes": 1,
            "classes of modelled rates": list(RATE_BREAKS),
            "hidden squares hold at most": rules.hidden_most,
        },
        "known to an outsider": {
            "exactly": "where nobody lives, minutes of every cell, totals of counted groups by quarter",
            "earlier releases": {name: list(keys) for name, keys in protected.earlier.items()},
        },
        "checks": _CHECKS,
        "groups": groups,
        "groups that follow the group of their rate": follow,
        "protected": count_protection(protected.choices, plan),
        "not in the linear programme": [str(label) for label in coarse_labels(plan.document)]
        + ["mean minutes and need beyond the cutoff of quarters", "objectives of the choice, in three digits"],
        "left behind": [*left_behind(plan, protected.plan, _TABLES), *fields_left_behind(plan.document)],
        "figures read back": dict(embedded),
    }


def log_json(log: Mapping[str, object]) -> str:
    """Return the log as JSON."""
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def log_text(log: Mapping[str, object]) -> str:
    """Return the log for people who read it."""
    return "\n".join(_lines(log, 0)) + "\n"


def _lines(value: object, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, Mapping):
        found = []
        for key, inner in value.items():
            if isinstance(inner, (Mapping, list)) and inner:
                found += [f"{pad}{key}:", *_lines(inner, depth + 1)]
            else:
                found.append(f"{pad}{key}: {_word(inner)}")
        return found
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [f"{pad}- {_word(inner)}" for inner in value]
    return [f"{pad}{_word(value)}"]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in ({}, [], ()) else str(value)
