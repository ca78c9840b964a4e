"""The frame of the project: its public face, its import-time quiet, and what must never stand in the tree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import diffusa

ROOMS = ("data", "geo", "layers", "optimize", "maps", "diffusa")


def tracked_files(checkout: Path) -> list[Path]:
    if not (checkout / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, check=True, capture_output=True, text=True).stdout
    return [checkout / name for name in listed.split("\0") if name and (checkout / name).is_file()]


def test_the_public_face_is_what_it_lists() -> None:
    assert sorted(diffusa.__all__) == diffusa.__all__
    for name in diffusa.__all__:
        assert getattr(diffusa, name) is not None


def test_importing_the_planner_opens_nothing_and_starts_no_solver() -> None:
    """A fresh interpreter that may call nobody and write no file imports every room."""
    code = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):\n"
        "        raise SystemExit('socket at import: ' + event)\n"
        "    writes = event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+')\n"
        "    if writes and '__pycache__' not in str(args[0]):\n"
        "        raise SystemExit('file written at import: ' + str(args[0]))\n"
        "sys.dont_write_bytecode = True\n"
        "sys.addaudithook(watch)\n"
        "import diffusa.cli\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_every_module_says_what_it_is_about(checkout: Path) -> None:
    for room in ROOMS:
        for path in (checkout / room).rglob("*.py"):
            assert path.read_text(encoding="utf-8").lstrip().startswith('"""'), path


def test_no_machine_path_registry_or_binary_stands_in_the_tree(checkout: Path) -> None:
    forbidden = re.compile(rb"/work/|/root/|/home/\w+/|pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org")
    for path in tracked_files(checkout):
        content = path.read_bytes()
        if path.suffix == ".png":
            assert len(content) < 400_000, path
            continue
        assert b"\0" not in content, path
        if path != checkout / "tests/test_rooms.py":
            assert not forbidden.search(content), path


def test_the_constraints_hold_names_and_versions_only(checkout: Path) -> None:
    lines = (checkout / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line), line
