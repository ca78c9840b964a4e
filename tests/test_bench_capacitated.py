"""The benchmark of costs and capacities tells the published optimum, what is found, and that it is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import choice_capacitated


@pytest.mark.shared
def test_a_row_holds_the_published_optimum_beside_ours(benchmarks_root: Path) -> None:
    cells = [cell.strip() for cell in choice_capacitated.measure_case("cap41", benchmarks_root).strip("|").split("|")]
    assert cells[:6] == ["cap41", "capacitated_fixed_charge", "1040444.375", "1040444.375", "1040444.375", "optimal"]
    assert len(cells) == len(choice_capacitated.HEADER[0].strip("|").split("|"))
    assert float(cells[8]) > 0


def test_missing_instances_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIFFUSA_SHARED", str(tmp_path))
    assert choice_capacitated.bench_choice_capacitated() == [
        "capacities: skipped, the published instances are not beside the checkout"
    ]
