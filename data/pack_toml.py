"""The manifest of a pack, pack.toml: what the pack holds, where it came from, and a digest of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import TypeAdapter, ValidationError

from data.city import CityFacts, Limit, Paper
from data.errors import FileError, PackError
from data.groups import Group
from data.toml_file import explain_faults, read_toml

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
    limits: tuple[Limit, ...] = ()
    time_zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class FeedRecord:
    """What the manifest says of one public-transport feed."""

    file: str
    n_stops: int
    n_trips: int
    first_date: str
    last_date: str
    time_zone: str
    sha256: str
    paper: Paper
    notes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()


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
    feeds: Mapping[str, FeedRecord] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write_pack_toml(path: Path, content: PackContent) -> None:
    """Write the manifest; every text goes through the TOML writer, since texts of source files may hold anything."""
    tables = {
        "format": PACK_FORMAT,
        "notes": list(content.notes),
        "city": asdict(content.city),
        "network": asdict(content.network),
        "layers": {name: asdict(record) for name, record in content.layers.items()},
        "feeds": {name: asdict(record) for name, record in content.feeds.items()},
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
        If the file is absent, no TOML, or does not hold together; `FaultsError` if there are several faults.
    """
    where = str(path)
    if not path.exists():
        raise PackError("there is no pack here", where=where, remedy="Build one from a recipe")
    try:
        tables = read_toml(path)
    except FileError as error:
        raise PackError(f"cannot be read: {error.what}", where=where, remedy="Build the pack again") from error
    found = tables.pop("format", None)
    if found != PACK_FORMAT:
        raise PackError(f"the format is {found!r}, not {PACK_FORMAT!r}", where=where, remedy="Build the pack again")
    groups = tables.get("groups")
    tables["groups"] = list(groups.values()) if isinstance(groups, dict) else []
    try:
        content = TypeAdapter(PackContent).validate_python(tables)
    except ValidationError as invalid:
        explain_faults(invalid, None, where=where, error=PackError).raise_if_any()
        raise
    _check_names(content, where)
    return content


def _check_names(content: PackContent, where: str) -> None:
    """Refuse file names that leave the pack: a pack may come from a stranger."""
    files = [record.file for record in content.layers.values()] + [record.file for record in content.feeds.values()]
    files.append(content.network.file)
    wrong = [name for name in files if Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name]
    if wrong:
        raise PackError("file names leave the pack", where=where, examples=wrong, n=len(wrong))
