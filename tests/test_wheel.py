"""The built wheel works alone: installed outside the checkout, it makes its demo."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(checkout)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_the_planner_reads_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "data/recipes/milano.toml",
        "data/groups/istat2011.toml",
        "data/sample/facts.toml",
        "data/sample/sample.toml",
        "data/sample/job_centres.toml",
        "layers/kinds.toml",
        "maps/locale/it/LC_MESSAGES/diffusa.po",
        "diffusa/py.typed",
    ):
        assert needed in names
    assert any(name.startswith("maps/templates/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "bench/", "docs/"))]
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_alone_makes_the_demo(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, capture_output=True)
    scripts = venv / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    # The dependencies are those of the environment of the tests; a plain path leads to them but not to the checkout, since
    # .pth files of a folder that is only named are not read.
    site = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    where = subprocess.run(
        [str(python), "-c", "import diffusa; print(diffusa.__file__)"], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    assert Path(where.strip()).is_relative_to(venv)
    ended = subprocess.run(
        [str(scripts / "diffusa"), "demo", "-o", "demo", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "demo/plan/map.html").is_file()
