"""The location problem: arrays, objective and rules, validated as one frozen value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import Faults, ProblemError, suggest_name
from optimize.decay import Decay
from optimize.objectives import FIELDS, OBJECTIVES, OPTIONAL_FIELDS, Objective, objectives_with

Csr: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]] | sparse.csr_matrix[np.float64]"

LARGEST_WEIGHT = 1e200
"""Above it, weight × seconds summed over a city might not be a number any more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LocationProblem:
    """Where to open `new` sites, in addition to the fixed ones.

    Parameters
    ----------
    objective
        ``max_coverage``: the most weight within `standard_s` of a selected site. ``p_median``: the least
        sum of weight × impedance to the nearest selected site. ``set_cover``: the fewest new sites, or those of the
        least cost, that cover all demand or a share of it. ``p_center``: the least impedance of the worst-served
        demand point that has a weight. ``gradual_coverage``: the most weight, of which the nearest selected site covers
        a share.
    weight
        Need of each demand point, shape (n_demand,), finite and not negative. A demand point of weight 0
        has no need: no rule speaks of it.
    impedance_s
        Sparse CSR, shape (n_demand, n_candidates), seconds, finite and not negative. **A pair that is not
        stored is not reachable; a stored 0 is a reach.**
    candidate_ids
        Unique ids of the columns; includes the fixed sites.
    new
        How many sites to open, exactly; the required ones count, the fixed ones do not. For every objective but
        ``set_cover``, whose answer it is.
    standard_s
        Coverage standard in seconds; covered means impedance ≤ standard. For ``max_coverage`` and ``set_cover``.
    unserved_impedance_s
        What a demand point counts that no selected site reaches in less, in seconds. Only for ``p_median``;
        without it every demand point that has a weight must be served.
    site_cost
        What opening each candidate costs, shape (n_candidates,), finite and not negative, in a unit of the caller's; a
        fixed site costs nothing more. Only for ``set_cover``; without it each costs 1, so that they are counted.
    target_share
        Share of the weight to be covered, in (0, 1], by fixed and new sites together; reached when no more than 1e-9 of
        the weight is missing. Only for ``set_cover``; without it all demand that has a weight must be covered.
    decay
        Share that a site covers by its impedance. Only for ``gradual_coverage``.
    fixed
        Ids that are open now.
    required
        Ids that are among the new sites in every plan.
    forbidden
        Ids that are in no plan.

    Raises
    ------
    ProblemError
        A value is not what this docstring asks for, an id is unknown or repeats, or rules contradict each other;
        `FaultsError` where there are several faults.

    Notes
    -----
    The arrays are copied and made read-only; the impedances are kept as a `csr_array` with sorted indices.
    """

    objective: Objective
    weight: NDArray[np.float64]
    impedance_s: Csr
    candidate_ids: tuple[str, ...]
    new: int | None = None
    standard_s: float | None = None
    unserved_impedance_s: float | None = None
    site_cost: NDArray[np.float64] | None = None
    target_share: float | None = None
    decay: Decay | None = None
    fixed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = Faults()
        frozen = {
            "weight": _checked_weight(self.weight, faults),
            "impedance_s": _checked_impedance(self.impedance_s, faults),
            "site_cost": _checked_cost(self.site_cost, faults),
            **{name: _checked_ids(getattr(self, name), name=name, faults=faults) for name in _ID_FIELDS},
        }
        for name, value in frozen.items():
            object.__setattr__(self, name, value)
        _check_shapes(self, faults)
        _check_options(self, faults)
        _check_rules(self, faults)
        faults.raise_if_any()

    @property
    def n_demand(self) -> int:
        """How many demand points there are."""
        return int(self.weight.size)

    @property
    def n_candidates(self) -> int:
        """How many candidates there are, the fixed sites among them."""
        return len(self.candidate_ids)


_ID_FIELDS = ("candidate_ids", "fixed", "required", "forbidden")


def _checked_weight(weight: object, faults: Faults) -> NDArray[np.float64]:
    """Return the weights as a read-only copy; every fault of theirs is added."""
    values = _checked_vector(weight, what="weight", where="weight", of="demand rows", faults=faults)
    if values is None:
        return np.zeros(0)
    if not values.size:
        faults.add(ProblemError("there is no demand", where="weight"))
    elif not values.any():
        faults.add(ProblemError("all weights are zero, so every plan is as good as another", where="weight"))
    return values


def _checked_cost(cost: object, faults: Faults) -> NDArray[np.float64] | None:
    """Return the costs of the sites as a read-only copy, None where there are none; every fault of theirs is added."""
    return None if cost is None else _checked_vector(cost, what="cost", where="site_cost", of="candidates", faults=faults)


def _checked_vector(given: object, *, what: str, where: str, of: str, faults: Faults) -> NDArray[np.float64] | None:
    """Return numbers as a read-only copy, None where they are none; every fault of theirs is added."""
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        faults.add(ProblemError(f"the {what}s are no numbers", where=where))
        return None
    if values.ndim != 1:
        faults.add(ProblemError(f"the {what}s have {values.ndim} dimensions, they need one", where=where))
        return None
    _check_values(values, where=where, place=np.arange(values.size), of=of, faults=faults)
    largest = values.max(initial=0.0)
    if np.isfinite(values).all() and largest > LARGEST_WEIGHT:
        said = f"a {what} is {largest:g}, the largest that can be summed and multiplied is {LARGEST_WEIGHT:g}"
        faults.add(ProblemError(said, where=where, remedy="Use a larger unit"))
    values.setflags(write=False)
    return values


def _check_values(values: NDArray[np.float64], *, where: str, place: NDArray[np.intp], of: str, faults: Faults) -> None:
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


def _checked_impedance(matrix: object, faults: Faults) -> Csr:
    """Return the impedances as a read-only `csr_array` with sorted indices; every fault of theirs is added."""
    if not isinstance(matrix, sparse.csr_array | sparse.csr_matrix) or len(matrix.shape) != 2:
        kind = type(matrix).__name__
        faults.add(
            ProblemError(
                f"the impedances are a {kind}, not a sparse CSR matrix",
                where="impedance_s",
                remedy="Store exactly the reachable pairs, a zero among them; a pair that is not stored is not reachable",
            )
        )
        return sparse.csr_array((0, 0), dtype=np.float64)
    if matrix.dtype.kind not in "biuf":
        faults.add(ProblemError(f"the impedances are {matrix.dtype}, not numbers of seconds", where="impedance_s"))
        return sparse.csr_array((0, 0), dtype=np.float64)
    parts = (np.array(matrix.data, dtype=np.float64), matrix.indices.copy(), matrix.indptr.copy())
    copied: sparse.csr_array[np.float64, tuple[int, int]] = sparse.csr_array(parts, shape=matrix.shape)
    copied.sort_indices()
    row = np.repeat(np.arange(copied.shape[0]), np.diff(copied.indptr))
    _check_values(copied.data, where="impedance_s", place=row, of="demand rows", faults=faults)
    repeated = (np.diff(row) == 0) & (np.diff(copied.indices) == 0)
    if repeated.any():
        faults.add(
            ProblemError(
                "pairs are stored twice in demand rows",
                where="impedance_s",
                n=int(repeated.sum()),
                examples=np.unique(row[1:][repeated]).tolist(),
                remedy="Keep the smaller one of each",
            )
        )
    for array in (copied.data, copied.indices, copied.indptr):
        array.setflags(write=False)
    return copied


def _checked_ids(ids: object, *, name: str, faults: Faults) -> tuple[str, ...]:
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


def _check_shapes(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault where weights, impedances and ids do not fit each other."""
    shape = problem.impedance_s.shape
    if not problem.candidate_ids:
        faults.add(ProblemError("there are no candidates", where="candidate_ids"))
    cost = problem.site_cost
    if cost is not None and cost.size != len(problem.candidate_ids):
        faults.add(ProblemError(f"{cost.size} costs for {len(problem.candidate_ids)} ids", where="site_cost"))
    if shape == (0, 0):  # the impedances themselves were refused
        return
    if problem.weight.size and shape[0] != problem.weight.size:
        faults.add(ProblemError(f"{shape[0]} rows for {problem.weight.size} weights", where="impedance_s"))
    if problem.candidate_ids and shape[1] != len(problem.candidate_ids):
        faults.add(ProblemError(f"{shape[1]} columns for {len(problem.candidate_ids)} ids", where="impedance_s"))


def _check_options(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault for an objective, a number of sites or a number of seconds that means nothing here."""
    if problem.objective not in OBJECTIVES:
        remedy = suggest_name(str(problem.objective), OBJECTIVES)
        faults.add(ProblemError(f"unknown objective {problem.objective!r}", where="objective", remedy=remedy))
    for name in OPTIONAL_FIELDS if problem.objective in OBJECTIVES else ():
        _check_use(problem, name=name, faults=faults)
    _check_seconds(problem, name="standard_s", faults=faults)
    _check_seconds(problem, name="unserved_impedance_s", faults=faults)
    new, share = problem.new, problem.target_share
    if new is not None and (isinstance(new, bool) or not isinstance(new, int | np.integer) or new < 0):
        faults.add(ProblemError(f"{new!r} is no count of sites", where="new", remedy="Use 0, 1, 2, …"))
    if share is not None and (isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1):
        faults.add(ProblemError(f"{share!r} is no share in (0, 1]", where="target_share"))
    decay: object = problem.decay
    if decay is not None and not isinstance(decay, Decay):
        faults.add(ProblemError(f"{decay!r} is no decay", where="decay", remedy="Give one of optimize.decay"))


def _check_use(problem: LocationProblem, *, name: str, faults: Faults) -> None:
    """Add a fault where the objective needs a field that is not given, or has no use for one that is."""
    is_given, read = getattr(problem, name) is not None, FIELDS[problem.objective]
    if not is_given and read.get(name, False):
        said = "None is no count of sites" if name == "new" else f"{problem.objective} needs {name}"
        faults.add(ProblemError(said, where=name))
    elif is_given and name not in read:
        what = f"{problem.objective} has no use for {name}"
        remedy = f"Leave it out, or choose {' or '.join(objectives_with(name))}"
        faults.add(ProblemError(what, where=name, remedy=remedy))


def _check_seconds(problem: LocationProblem, *, name: str, faults: Faults) -> None:
    """Add a fault where seconds are given that are no duration."""
    value = getattr(problem, name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not (np.isfinite(value) and value >= 0):
        faults.add(ProblemError(f"{value!r} is no number of seconds ≥ 0", where=name))


def _check_rules(problem: LocationProblem, faults: Faults) -> None:
    """Add a fault for unknown ids, nearest name named, and for ids that two rules contradict each other about."""
    known = set(problem.candidate_ids)
    for name in _ID_FIELDS[1:]:
        for value in getattr(problem, name):
            if value not in known:
                remedy = _suggest_id(value, problem.candidate_ids)
                faults.add(ProblemError(f"{value!r} is not a candidate", where=name, remedy=remedy))
    for one, other in (("fixed", "required"), ("fixed", "forbidden"), ("required", "forbidden")):
        both = sorted(set(getattr(problem, one)) & set(getattr(problem, other)))
        if both:
            what = f"ids are {one} and {other} at once"
            faults.add(ProblemError(what, where="rules", n=len(both), examples=both))


def _suggest_id(name: str, known: tuple[str, ...]) -> str:
    """Return the remedy for an unknown id; where no id is near, how many there are instead of all of them."""
    remedy = suggest_name(name, known)
    return remedy if remedy.startswith("Did you mean") else f"Give one of the {len(known)} candidate ids"
