"""The arrays of a location problem: checked, copied and made read-only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import Faults, ProblemError

Csr: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]] | sparse.csr_matrix[np.float64]"

LARGEST_WEIGHT = 1e200
"""Above it, weight × seconds summed over a city might not be a number any more."""


def checked_weight(weight: object, faults: Faults) -> NDArray[np.float64]:
    """Return the weights as a read-only copy; every fault of theirs is added."""
    values = checked_vector(weight, what="weight", where="weight", of="demand rows", faults=faults)
    if values is None:
        return np.zeros(0)
    if not values.size:
        faults.add(ProblemError("there is no demand", where="weight"))
    elif not values.any():
        faults.add(ProblemError("all weights are zero, so every plan is as good as another", where="weight"))
    return values


def checked_numbers(given: object, *, where: str, of: str, faults: Faults) -> NDArray[np.float64] | None:
    """Return one number per candidate or demand row as a read-only copy, None where none are given; faults are added."""
    what = where.removeprefix("site_").replace("_", " ")
    return None if given is None else checked_vector(given, what=what, where=where, of=of, faults=faults)


def checked_vector(given: object, *, what: str, where: str, of: str, faults: Faults) -> NDArray[np.float64] | None:
    """Return numbers as a read-only copy, None where they are none; every fault of theirs is added."""
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        faults.add(ProblemError(f"the {plural(what)} are no numbers", where=where))
        return None
    if values.ndim != 1:
        faults.add(ProblemError(f"the {plural(what)} have {values.ndim} dimensions, they need one", where=where))
        return None
    add_wrong_values(values, where=where, place=np.arange(values.size), of=of, faults=faults)
    largest = values.max(initial=0.0)
    if np.isfinite(values).all() and largest > LARGEST_WEIGHT:
        said = f"a {what} is {largest:g}, the largest that can be summed and multiplied is {LARGEST_WEIGHT:g}"
        faults.add(ProblemError(said, where=where, remedy="Use a larger unit"))
    values.setflags(write=False)
    return values


def plural(what: str) -> str:
    """Return more than one of something.

    Examples
    --------
    >>> plural("capacity"), plural("cost")
    ('capacities', 'costs')
    """
    return what[:-1] + "ies" if what.endswith("y") else what + "s"


def add_wrong_values(values: NDArray[np.float64], *, where: str, place: NDArray[np.intp], of: str, faults: Faults) -> None:
    """Add a fault for NaN, for infinite and for negative values, each with the places where they stand."""
    kinds = (
        (f"values are NaN in {of}", np.isnan(values)),
        (f"values are infinite in {of}", np.isinf(values)),
        (f"values are negative in {of}", values < 0),
    )
    for what, is_wrong in kinds:
        rows = place[is_wrong]
        if rows.size:
            faults.add(ProblemError(what, where=where, n=rows.size, examples=np.unique(rows).tolist()))


def checked_impedance(matrix: object, *, where: str, of: str, faults: Faults) -> Csr:
    """Return impedances as a read-only `csr_array` with sorted indices; every fault of theirs is added."""
    if not isinstance(matrix, sparse.csr_array | sparse.csr_matrix) or len(matrix.shape) != 2:
        kind = type(matrix).__name__
        faults.add(
            ProblemError(
                f"the impedances are a {kind}, not a sparse CSR matrix",
                where=where,
                remedy="Store exactly the reachable pairs, a zero among them; a pair that is not stored is not reachable",
            )
        )
        return sparse.csr_array((0, 0), dtype=np.float64)
    if matrix.dtype.kind not in "biuf":
        faults.add(ProblemError(f"the impedances are {matrix.dtype}, not numbers of seconds", where=where))
        return sparse.csr_array((0, 0), dtype=np.float64)
    parts = (np.array(matrix.data, dtype=np.float64), matrix.indices.copy(), matrix.indptr.copy())
    copied: sparse.csr_array[np.float64, tuple[int, int]] = sparse.csr_array(parts, shape=matrix.shape)
    copied.sort_indices()
    row = np.repeat(np.arange(copied.shape[0]), np.diff(copied.indptr))
    add_wrong_values(copied.data, where=where, place=row, of=of, faults=faults)
    repeated = (np.diff(row) == 0) & (np.diff(copied.indices) == 0)
    if repeated.any():
        faults.add(
            ProblemError(
                f"pairs are stored twice in {of}",
                where=where,
                n=int(repeated.sum()),
                examples=np.unique(row[1:][repeated]).tolist(),
                remedy="Keep the smaller one of each",
            )
        )
    for array in (copied.data, copied.indices, copied.indptr):
        array.setflags(write=False)
    return copied


def checked_ids(ids: object, *, name: str, faults: Faults) -> tuple[str, ...]:
    """Return ids as a tuple; a fault where they are no text, or repeat."""
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        faults.add(ProblemError(f"{ids!r} is not a sequence of ids", where=name))
        return ()
    listed = tuple(ids)
    wrong = [value for value in listed if not isinstance(value, str) or not value]
    if wrong:
        faults.add(ProblemError("ids are no text, or empty", where=name, n=len(wrong), examples=map(repr, wrong)))
    known = tuple(str(value) for value in listed if isinstance(value, str))
    repeated = [value for value, n in Counter(known).items() if n > 1]
    if repeated:
        faults.add(ProblemError("ids repeat", where=name, n=len(repeated), examples=repeated))
    return known
