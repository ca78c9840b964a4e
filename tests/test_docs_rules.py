"""The page of the rules is what its cases say: no field of it can be blank or out of date."""

from __future__ import annotations

from pathlib import Path

from tests.rules_table import rules_page


def test_the_page_of_the_rules_is_up_to_date(checkout: Path) -> None:
    page = (checkout / "docs/rules.md").read_text(encoding="utf-8")
    assert page == rules_page(), "write it anew: python -m tests.rules_table"


def test_no_field_of_the_page_is_blank() -> None:
    rows = [line for line in rules_page().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert len({len(row) for row in cells}) == 1
    assert all(cell for row in cells for cell in row)
