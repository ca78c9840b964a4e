"""Files that come with Diffusa: recipes by name, and the sample city."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from data.errors import FileError, suggest_name

SAMPLE = "sample"


def embedded_recipes() -> dict[str, Path]:
    """Return the recipes that come with Diffusa, by name."""
    folder = Path(str(files("data"))) / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def recipe_path(recipe: str) -> Path:
    """Return the path of a recipe given as a file or as the name of one that comes with Diffusa.

    Raises
    ------
    FileError
        If it is neither.
    """
    path = Path(recipe)
    if path.is_file():
        return path
    known = embedded_recipes()
    if recipe in known:
        return known[recipe]
    raise FileError("there is no such recipe file", where=recipe, remedy=suggest_name(recipe, known))


def sample_file(name: str) -> Path:
    """Return the path of a file of the sample city."""
    return Path(str(files("data.sample"))) / name
