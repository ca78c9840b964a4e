from __future__ import annotations

import pytest

from layers.kinds import kind_name


@pytest.mark.parametrize("number", ["one", "many"])
def test_a_kind_has_a_name_in_both_languages(number: str) -> None:
    name = kind_name("job_centre", number=number)
    assert name.it != name.en
    assert kind_name("job_centre").en == "job centre"


def test_a_kind_that_nobody_named_is_shown_by_its_key() -> None:
    assert kind_name("night_shelter").it == "night shelter"
