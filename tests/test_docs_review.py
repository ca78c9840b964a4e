"""The examples of docs/review.md are read, and make a plan of the sample city."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from data.pack import CityPack
from diffusa.scenario_review import WISHES_WITHIN_PERCENT
from layers.review import RESOLVES, RULE_KINDS, Review, read_review
from maps.review.sheet import N_PROPOSALS
from tests.diffusa.asked import plan_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "review.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)


def test_the_file_shown_makes_a_plan_that_says_what_it_changed(sample_pack: CityPack, tmp_path: Path) -> None:
    by_name, by_table, shown = EXAMPLES
    (tmp_path / "review.toml").write_text(shown, encoding="utf-8")
    review = read_review(tmp_path / "review.toml")
    assert {name for name in Review.model_fields if getattr(review, name)} == set(Review.model_fields)
    for example in (by_name, by_table):
        asked = tomllib.loads(example)["review"]
        table = {"file": asked} if isinstance(asked, str) else dict(asked)
        table["file"] = str(tmp_path / table["file"])
        document = plan_of(sample_pack, review=table)
        assert "BIB-2" in document.optima[-1].selected_new
        assert [effect.kind for effect in document.review] == [
            "forbidden",
            "required",
            "candidate",
            "avoided",
            "preferred",
            "all",
        ]


def test_the_page_names_every_rule_and_way_and_the_limits_in_force() -> None:
    assert all(f"`{name}`" in TEXT for name in (*RULE_KINDS, *RESOLVES))
    assert f"`wishes_within_percent` ({WISHES_WITHIN_PERCENT:g})" in TEXT
    assert N_PROPOSALS == 10
    assert "up to ten" in TEXT
