"""The demo: the embedded sample city, from generated source files to a plan with its map."""

from __future__ import annotations

import tempfile
from pathlib import Path

from data.sample.generate import write_sample_sources
from diffusa.city import build_city
from diffusa.embedded import sample_file
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import read_scenario
from diffusa.steps import Steps
from layers.plan import Plan


def make_demo(folder: Path, *, steps: Steps | None = None) -> tuple[Plan, Path]:
    """Make the pack and the plan of the sample city in a folder; return the plan and the folder it stands in.

    Parameters
    ----------
    folder
        Gets ``pack`` and ``plan``; older ones there are replaced.
    steps
        Where progress is shown; nowhere by default.
    """
    steps = steps or Steps()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        with steps.step("Making the sample city"):
            write_sample_sources(root)
        pack = build_city(sample_file("sample.toml"), root, folder / "pack", steps=steps)
    plan = make_plan(read_scenario(sample_file("job_centres.toml")), pack, steps=steps)
    write_plan(plan, folder / "plan", steps=steps)
    return plan, folder / "plan"
