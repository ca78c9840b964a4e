"""Write docs/rules.md from the cases of the rules: ``python -m tests.rules_table``."""

from __future__ import annotations

from pathlib import Path

from optimize.objectives import OBJECTIVES, Objective
from tests.optimize.rule_cases import RULES, Rule, case_of
from tests.optimize.rule_town import plan_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"

HEAD = """\
# Rules in every model

A row is a rule of the city, a column is a location model, a field is a test. `AG → DF` are the sites that are open in the
proven plan without the rule and with it, in a town of eight sites. Both plans are recounted without the solver, and the recount
refuses the one that the rule rules out; of a rule that allows more, the one that nothing else allows. Where a model has no use
for a rule, the test holds that it refuses it by name.

The town is `tests/optimize/rule_town.py`, the rules are `tests/optimize/rule_cases.py`, the tests are
`tests/optimize/test_rules_change_plans.py`. `python -m tests.rules_table` writes this page from them.
"""

FOOT = """\
A floor or ceiling of the covered share speaks of who has an open site within its standard. In the models with capacities that
is not who is served: a site may be near and full.
"""


def rules_page() -> str:
    """Return the page: a table with a field for every rule and model, and why some are refused."""
    refusing = [rule for rule in RULES if rule.refusal is not None]
    header = ["rule", "given as", *(f"`{model}`" for model in OBJECTIVES)]
    rows = [_line(header), _line(["---"] * len(header))]
    for rule in RULES:
        number = refusing.index(rule) + 1 if rule in refusing else None
        rows.append(_line([rule.name, _code(rule.given_as), *(_field(rule, model, number) for model in OBJECTIVES)]))
    notes = [_note(rule, k + 1) for k, rule in enumerate(refusing)]
    return "\n".join([HEAD, *rows, "", FOOT, *notes, ""])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _field(rule: Rule, model: Objective, number: int | None) -> str:
    """Return the sites without and with the rule, or that the model refuses it."""
    if model not in rule.taken_by:
        return f"refused [^{number}]"
    case = case_of(rule, model)
    before, after = ("".join(plan_of(problem).selected) for problem in (case.without, case.ruled))
    return f"{before} → {after}"


def _note(rule: Rule, number: int) -> str:
    """Return why some models refuse a rule, and which take it."""
    if rule.refusal is None:
        raise ValueError(rule.name)
    taking = ", ".join(f"`{model}`" for model in rule.taken_by)
    return f"[^{number}]: {rule.refusal.reason}. The refusal names those that take `{rule.refusal.field}`: {taking}."


def main() -> None:
    """Write the page."""
    PAGE.write_text(rules_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
