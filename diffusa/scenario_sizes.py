"""The tables [[sites.size]] of a scenario: sizes in which a site may open, of which one is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from diffusa.scenario_choose import Choose, Positive
from diffusa.scenario_rules import Euros, InTwoLanguages, Selector
from diffusa.scenario_travel import Table
from optimize.objectives import FIELDS


class Size(Table):
    """One size in which some sites may open; a site that several sizes name opens in one of them."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    name: Annotated[str | InTwoLanguages, Field(description="what the size is called, in one language or both")]
    sites: Annotated[
        tuple[Selector, ...],
        Field(min_length=1, description="candidates, which open in such a size only, and rules.open_now, which may grow to it"),
    ]
    cost_eur: Annotated[Euros | None, Field(description="what works for it cost; default: the site's own")] = None
    capacity_people: Annotated[
        Positive | None, Field(description="capacitated: people of need whom it can serve; default: those of the kind")
    ] = None
    min_use_people: Annotated[
        Euros | None, Field(description="capacitated: people of need whom it has to serve; default: those of the kind")
    ] = None
    floor_area_m2: Annotated[
        Positive | None, Field(description="market_capture by floor area: its area; default: the site's own")
    ] = None

    @property
    def called(self) -> InTwoLanguages:
        """Return the name in both languages."""
        return InTwoLanguages(it=self.name, en=self.name) if isinstance(self.name, str) else self.name


def check_sizes(sizes: Sequence[Size], choose: Choose, *, needs_costs: bool) -> None:
    """Check that each size says something that counts, and nothing that does not.

    Raises
    ------
    ValueError
        Sizes repeat, or have no effect; all of them are named.
    """
    faults = [f"sites.size repeats {key!r}" for key, n in Counter(size.key for size in sizes).items() if n > 1]
    counts = {
        "cost_eur": needs_costs,
        "capacity_people": choose.capacity_people is not None,
        "min_use_people": "min_use" in FIELDS[choose.objective],
        "floor_area_m2": choose.attraction == "floor_area",
    }
    for size in sizes:
        given = [name for name in counts if getattr(size, name) is not None]
        faults += [f"sites.size {size.key!r}: {name} has no effect here, take it out" for name in given if not counts[name]]
        if not given:
            faults.append(f"sites.size {size.key!r} says nothing of cost, capacity, least use or floor area")
    if faults:
        raise ValueError("; ".join(faults))
