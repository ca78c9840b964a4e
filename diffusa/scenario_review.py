"""The key ``review`` of a scenario: the file of what quarters answered, and how much may be given up for their wishes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr

from diffusa.scenario_travel import Table
from layers.review import Review, read_review

WISHES_WITHIN_PERCENT = 1.0


def or_a_text(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema of a table that a text may stand in its place."""
    schema["anyOf"] = [{"type": "string"}, *schema["anyOf"]]


class ReviewTable(Table):
    """What quarters answered to the plan before."""

    file: Annotated[str, Field(min_length=1, description="review.toml, beside the scenario; 'diffusa review read' writes it")]
    wishes_within_percent: Annotated[
        float,
        Field(
            ge=0,
            le=20,
            allow_inf_nan=False,
            description="of plans at most so many percent worse than the best, the one with the fewest avoided places, then "
            "the most preferred ones; 0: of equally good plans alone",
        ),
    ] = WISHES_WITHIN_PERCENT
    _folder: Path = PrivateAttr(default=Path())
    _content: Review | None = PrivateAttr(default=None)

    def stand_in(self, folder: Path) -> None:
        """Say in which folder the scenario lies: the path of the file starts there."""
        self._folder = folder

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._folder / self.file

    @property
    def content(self) -> Review:
        """Return what the file says, read once.

        Raises
        ------
        PlannerError
            If it cannot be read, or is no review.
        """
        if self._content is None:
            self._content = read_review(self.path)
        return self._content

    def with_content(self, content: Review, *, wishes: bool = True) -> ReviewTable:
        """Return the table with other rules than those of its file; without `wishes` its preferred and avoided places go."""
        kept = content if wishes else content.model_copy(update={"preferred": (), "avoided": ()})
        table = self.model_copy()
        table._content, table._folder = kept, self._folder  # noqa: SLF001 (of its own class)
        return table
