"""Every error that the planner raises on purpose.

::

    PlannerError
    ├── FileError            (OSError)       a file is missing, unreadable or of another kind
    ├── RecipeError          (ValueError)    a city recipe or catalogue does not hold together
    ├── ScenarioError        (ValueError)    a scenario does not hold together
    ├── CrsError             (ValueError)    CRS absent, wrong, or degrees where metres are needed
    ├── ColumnError          (LookupError)   a column is missing
    ├── IdError              (ValueError)    ids that repeat, are missing or unknown
    ├── CountError           (ValueError)    counts that are negative, NaN or no numbers
    ├── GeometryError        (ValueError)    geometries that are empty, of another kind, overlap or lie outside
    ├── EmptyLayerError      (ValueError)    a layer without rows
    ├── NetworkError         (ValueError)    a street network that cannot carry a search
    ├── FeedError            (ValueError)    a public-transport feed or timetable that does not hold together
    ├── PackError            (ValueError)    a city pack that is incomplete or was changed
    ├── PlanFolderError      (ValueError)    a plan folder that is incomplete or was changed
    ├── ReleaseError         (ValueError)    a release that would tell of too few people, or an earlier one that is broken
    ├── ProblemError         (ValueError)    a location problem that contradicts itself
    ├── InfeasibleError      (ValueError)    no plan meets the rules
    ├── SolverError          (RuntimeError)  the solver failed or ended without a plan
    ├── VerificationError    (RuntimeError)  a recount does not agree with what was claimed
    └── FaultsError          (ValueError)    several of the above, found in one input

A check gathers every fault of an input in `Faults` and raises once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice

EXAMPLES_SHOWN = 5


class PlannerError(Exception):
    """Root of every error that the planner raises on purpose.

    Parameters
    ----------
    what
        What is wrong, with the value seen; a sentence without its full stop.
    where
        The file, layer, column or table in which it is wrong.
    n
        How many rows, ids or values are affected.
    examples
        The affected ids, row numbers or values; the first five are shown.
    remedy
        What the reader can do about it; a sentence without its full stop.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        n: int | None = None,
        examples: Iterable[object] = (),
        remedy: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        shown = list(islice(examples, EXAMPLES_SHOWN + 1))
        self.examples: tuple[str, ...] = tuple(str(value) for value in shown[:EXAMPLES_SHOWN])
        self.n = n if n is not None else (len(shown) if shown else None)
        self._has_more = len(shown) > EXAMPLES_SHOWN or (self.n or 0) > len(self.examples)
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.examples:
            listed = ", ".join(self.examples) + (", …" if self._has_more else "")
            text += f" ({self.n}: {listed})"
        elif self.n is not None:
            text += f" ({self.n})"
        parts = [text, self.remedy] if self.remedy else [text]
        return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)

    def __str__(self) -> str:
        """Return the message itself: LookupError would quote it, OSError would look for an errno."""
        return self._message()


class FileError(PlannerError, OSError):
    """A file is missing, unreadable, or not of the kind that it should be."""


class RecipeError(PlannerError, ValueError):
    """A city recipe or a catalogue does not hold together."""


class ScenarioError(PlannerError, ValueError):
    """A scenario does not hold together."""


class CrsError(PlannerError, ValueError):
    """A CRS is absent or wrong, or has degrees where metres are needed."""


class ColumnError(PlannerError, LookupError):
    """A column is missing."""


class IdError(PlannerError, ValueError):
    """Ids repeat, are missing, or are unknown."""


class CountError(PlannerError, ValueError):
    """Counts are negative, NaN, or no numbers."""


class GeometryError(PlannerError, ValueError):
    """Geometries are empty, of another kind, overlap, or lie outside the city."""


class EmptyLayerError(PlannerError, ValueError):
    """A layer has no rows."""


class NetworkError(PlannerError, ValueError):
    """A street network cannot carry a search."""


class FeedError(PlannerError, ValueError):
    """A public-transport feed or timetable does not hold together."""


class PackError(PlannerError, ValueError):
    """A city pack is incomplete or was changed after it was built."""


class PlanFolderError(PlannerError, ValueError):
    """A plan folder is incomplete or was changed after it was written."""


class ReleaseError(PlannerError, ValueError):
    """A release would tell of too few people, or one that was made before cannot be read."""


class ProblemError(PlannerError, ValueError):
    """A location problem contradicts itself."""


class InfeasibleError(PlannerError, ValueError):
    """No plan meets the rules."""


class SolverError(PlannerError, RuntimeError):
    """The solver failed, or ended without a plan."""


class VerificationError(PlannerError, RuntimeError):
    """A recount does not agree with what was claimed."""


class FaultsError(PlannerError, ValueError):
    """Several faults of one input, each an error of its own in `faults`."""

    def __init__(self, faults: Sequence[PlannerError]) -> None:
        self.faults: tuple[PlannerError, ...] = tuple(faults)
        super().__init__(f"{len(self.faults)} faults")

    def _message(self) -> str:
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        return f"{len(self.faults)} faults were found:\n{lines}"


class Faults:
    """Gather the faults of one input, to raise them all at once.

    Examples
    --------
    >>> faults = Faults()
    >>> faults.add(IdError("the id repeats", where="libraries", examples=["LIB-7"]))
    >>> faults.raise_if_any()
    Traceback (most recent call last):
        ...
    data.errors.IdError: libraries: the id repeats (1: LIB-7).
    """

    def __init__(self) -> None:
        self._found: list[PlannerError] = []

    def __bool__(self) -> bool:
        """Return whether any fault was found."""
        return bool(self._found)

    def add(self, error: PlannerError) -> None:
        """Keep one fault; one that is itself several is kept as its parts."""
        self._found.extend(error.faults if isinstance(error, FaultsError) else (error,))

    def add_all(self, others: Faults) -> None:
        """Keep every fault that another gathering holds."""
        self._found.extend(others._found)

    def raise_if_any(self) -> None:
        """Raise what was found: the fault itself if it is alone, else a `FaultsError` of all.

        Raises
        ------
        PlannerError
            If anything was found.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise FaultsError(self._found)


def nearest_names(name: str, known: Iterable[str], *, n: int = 3) -> list[str]:
    """Return the known names most like a misspelt one, best first; empty if none is near.

    Examples
    --------
    >>> nearest_names("libaries", ["libraries", "schools"])
    ['libraries']
    """
    lowered = {candidate.casefold(): candidate for candidate in sorted(known)}
    found = difflib.get_close_matches(name.casefold(), list(lowered), n=n, cutoff=0.5)
    return [lowered[match] for match in found]


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a misspelt name: the nearest known names, or all of them where none is near."""
    names = sorted(known)
    near = nearest_names(name, names)
    if near:
        return "Did you mean " + " or ".join(repr(candidate) for candidate in near) + "?"
    return "Known are " + ", ".join(repr(candidate) for candidate in names) if names else "None is known"
