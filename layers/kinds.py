"""What each kind of service or space is called, in Italian and English; the words stand in ``layers/kinds.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from layers.plan_text import Text


@cache
def _kinds() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("layers") / "kinds.toml").read_text(encoding="utf-8"))


def kind_name(kind: str, *, number: Literal["one", "many"] = "one") -> Text:
    """Return what a kind is called; its key with spaces where nobody has named it.

    Examples
    --------
    >>> kind_name("job_centre", number="many").it
    "centri per l'impiego"
    >>> kind_name("sauna").en
    'sauna'
    """
    words = _kinds().get(kind)
    if words is None:
        plain = kind.replace("_", " ")
        return Text(it=plain, en=plain)
    return Text(it=words["it"][number], en=words["en"][number])
