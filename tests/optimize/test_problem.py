"""A location problem refuses what it cannot mean, all of it at once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from data.errors import FaultsError, ProblemError
from optimize.problem import LocationProblem
from tests.optimize.toys import coverage, csr, ids, median

TABLE: list[list[float | None]] = [[100.0, 200.0, None], [None, 0.0, 300.0]]


def test_a_sound_problem_keeps_its_values() -> None:
    problem = coverage(TABLE, [1.0, 2.0], fixed=["site-00"], required=["site-01"], new=2)
    assert problem.weight.tolist() == [1.0, 2.0]
    assert problem.fixed == ("site-00",)
    assert (problem.n_demand, problem.n_candidates) == (2, 3)


def test_a_stored_zero_stays_stored() -> None:
    assert coverage(TABLE).impedance_s.nnz == 4


def test_the_arrays_are_copied_and_read_only() -> None:
    weight, seconds = np.array([1.0, 2.0]), csr(TABLE)
    problem = LocationProblem(
        objective="p_median", weight=weight, impedance_s=seconds, candidate_ids=ids(3), new=1, unserved_impedance_s=900.0
    )
    weight[0], seconds.data[0] = 5.0, 5.0
    assert problem.weight[0] == 1.0
    assert problem.impedance_s.data[0] == 100.0
    for array in (problem.weight, problem.impedance_s.data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7.0


def test_a_problem_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        coverage(TABLE).new = 2  # type: ignore[misc]


def test_the_older_sparse_matrix_class_is_taken_too() -> None:
    assert coverage(TABLE, impedance_s=sparse.csr_matrix(csr(TABLE))).impedance_s.nnz == 4


def test_unsorted_columns_are_sorted() -> None:
    unsorted = sparse.csr_array((np.array([2.0, 1.0]), np.array([1, 0]), np.array([0, 2, 2])), shape=(2, 3))
    assert coverage(TABLE, impedance_s=unsorted).impedance_s.indices.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ([1.0, np.nan], "values are NaN in demand rows (1: 1)"),
        ([-1.0, 1.0], "values are negative in demand rows (1: 0)"),
        ([1.0, np.inf], "values are infinite in demand rows (1: 1)"),
        ([0.0, 0.0], "all weights are zero"),
        ([1e201, 1.0], "the largest that can be summed"),
        (["one", "two"], "the weights are no numbers"),
        ([[1.0, 2.0]], "the weights have 2 dimensions"),
        ([], "there is no demand"),
    ],
)
def test_wrong_weights_are_refused(weight: Any, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        coverage(TABLE, weight)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [(np.nan, "values are NaN"), (-0.5, "values are negative"), (np.inf, "values are infinite")],
)
def test_wrong_impedances_are_refused(value: float, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        coverage([[100.0, value]])


def test_impedances_that_are_not_sparse_are_refused() -> None:
    with pytest.raises(ProblemError, match="not a sparse CSR matrix"):
        coverage(TABLE, impedance_s=np.zeros((2, 3)))
    with pytest.raises(ProblemError, match="not a sparse CSR matrix"):
        coverage(TABLE, impedance_s=csr(TABLE).tocsc())


def test_impedances_that_are_no_real_numbers_are_refused() -> None:
    with pytest.raises(ProblemError, match="complex128, not numbers of seconds"):
        coverage(TABLE, impedance_s=csr(TABLE).astype(np.complex128))


def test_a_pair_stored_twice_is_refused() -> None:
    twice = sparse.csr_array((np.array([1.0, 2.0]), np.array([1, 1]), np.array([0, 0, 2])), shape=(2, 3))
    with pytest.raises(ProblemError, match=r"pairs are stored twice in demand rows \(1: 1\)"):
        coverage(TABLE, impedance_s=twice)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ProblemError, match="2 rows for 3 weights"):
        coverage(TABLE, [1.0, 1.0, 1.0])
    with pytest.raises(ProblemError, match="3 columns for 2 ids"):
        coverage(TABLE, candidate_ids=ids(2))
    with pytest.raises(ProblemError, match="there are no candidates"):
        coverage(TABLE, candidate_ids=())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"candidate_ids": ("a", "b", "a")}, "candidate_ids: ids repeat (1: a)"),
        ({"candidate_ids": ("a", "b", "")}, "ids are no text, or empty"),
        ({"candidate_ids": ("a", "b", 3)}, "ids are no text, or empty"),
        ({"fixed": ("site-00", "site-00")}, "fixed: ids repeat"),
        ({"fixed": "site-00"}, "'site-00' is not a sequence of ids"),
        ({"required": 7}, "7 is not a sequence of ids"),
        ({"fixed": ("site-0",)}, "fixed: 'site-0' is not a candidate. Did you mean"),
        ({"forbidden": ("zzz",)}, "Give one of the 3 candidate ids"),
        ({"fixed": ("site-00",), "required": ("site-00",)}, "fixed and required at once (1: site-00)"),
        ({"fixed": ("site-00",), "forbidden": ("site-00",)}, "fixed and forbidden at once"),
        ({"required": ("site-02",), "forbidden": ("site-02",)}, "required and forbidden at once"),
    ],
)
def test_wrong_ids_and_contradictions_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises((ProblemError, FaultsError)) as caught:
        coverage(TABLE, **fields)
    assert said in str(caught.value)


@pytest.mark.parametrize("new", [-1, 1.0, True, None, "2"])
def test_a_number_of_sites_that_is_no_count_is_refused(new: Any) -> None:
    with pytest.raises(ProblemError, match="is no count of sites"):
        coverage(TABLE, new=new)


def test_a_numpy_count_is_a_count() -> None:
    assert coverage(TABLE, new=np.int64(2)).new == 2


def test_an_unknown_objective_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ProblemError, match="Did you mean 'max_coverage'"):
        replace(coverage(TABLE), objective="max_coverge")


def test_max_coverage_needs_a_standard() -> None:
    with pytest.raises(ProblemError, match="max_coverage needs standard_s"):
        coverage(TABLE, standard_s=None)


def test_an_option_of_the_other_objective_is_refused() -> None:
    with pytest.raises(ProblemError, match="p_median has no use for standard_s"):
        median(TABLE, standard_s=600.0)
    with pytest.raises(ProblemError, match="max_coverage has no use for unserved_impedance_s"):
        coverage(TABLE, unserved_impedance_s=600.0)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "600", True])
def test_seconds_that_are_no_duration_are_refused(value: Any) -> None:
    with pytest.raises(ProblemError, match="is no number of seconds"):
        coverage(TABLE, standard_s=value)
    with pytest.raises(ProblemError, match="is no number of seconds"):
        median(TABLE, unserved_impedance_s=value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        coverage([[np.nan, -1.0]], [-2.0], new=-1, standard_s=-5.0, fixed=("nowhere",))
    assert len(caught.value.faults) == 6
    assert all(isinstance(fault, ProblemError) for fault in caught.value.faults)
