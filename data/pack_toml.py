"""The manifest of a pack, pack.toml: what the pack holds, where it came from, and a digest of each file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import TypeAdapter, ValidationError

from data.city import CityFacts, Paper
from data.errors import PackError
from data.groups import Group

PACK_FORMAT = "diffusa-pack/1"


@dataclass(frozen=True, kw_only=True)
class LayerRecord:
    """What the manifest says of one layer."""

    name: str
    role: str
    file: str
    rows: int
    crs: str | None = None
    sha256: str
    nullable_integers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    paper: Paper
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NetworkRecord:
    """What the manifest says of the streets."""

    file: str
    n_nodes: int
    n_edges: int
    sha256: str
    paper: Paper


@dataclass(frozen=True, kw_only=True)
class PackContent:
    """The whole manifest."""

    city: CityFacts
    groups: tuple[Group, ...]
    layers: Mapping[str, LayerRecord]
    network: NetworkRecord
    papers: Mapping[str, Paper]
    notes: tuple[str, ...] = ()


def write_pack_toml(path: Path, content: PackContent) -> None:
    """Write the manifest; every text goes through the TOML writer, since texts of source files may hold anything."""
    tables = {
        "format": PACK_FORMAT,
        "notes": list(content.notes),
        "city": asdict(content.city),
        "network": asdict(content.network),
        "layers": {name: asdict(record) for name, record in content.layers.items()},
        "papers": {name: asdict(paper) for name, paper in content.papers.items()},
        "groups": {group.key: asdict(group) for group in content.groups},
    }
    path.write_bytes(tomli_w.dumps(_plain(tables)).encode("utf-8"))


def _plain(value: Any) -> Any:
    """Return a value as TOML has it: no None, lists for tuples."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def read_pack_toml(path: Path) -> PackContent:
    """Return the manifest of a pack.

    Raises
    ------
    PackError
        If the file is absent, no TOML, or does not hold together.
    """
    where = str(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PackError("there is no pack here", where=where, remedy="Build one from a recipe") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackError(f"cannot be read: {error}", where=where, remedy="Build the pack again") from error
    found = tables.pop("format", None)
    if found != PACK_FORMAT:
        raise PackError(f"the format is {found!r}, not {PACK_FORMAT!r}", where=where, remedy="Build the pack again")
    tables["groups"] = list(tables.get("groups", {}).values()) if isinstance(tables.get("groups"), dict) else []
    try:
        content = TypeAdapter(PackContent).validate_python(tables)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        spot = ".".join(str(part) for part in first["loc"])
        what = f"does not hold together: {spot}: {first['msg']}"
        raise PackError(what, where=where, remedy="Build the pack again") from error
    _check_names(content, where)
    return content


def _check_names(content: PackContent, where: str) -> None:
    """Refuse file names that leave the pack: a pack may come from a stranger."""
    files = [record.file for record in content.layers.values()] + [content.network.file]
    wrong = [name for name in files if Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name]
    if wrong:
        raise PackError("file names leave the pack", where=where, examples=wrong, n=len(wrong))
