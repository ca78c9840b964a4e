"""The city pack: a folder with every layer of a city, its papers, and a digest of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd

from data.city import CityFacts, CityFeed, CityLayer, CitySources, NetworkArrays, Paper
from data.errors import Faults, FileError, PackError, suggest_name
from data.feed import Feed
from data.feed_file import read_feed_file, write_feed_file
from data.files import digest_file, write_folder_whole
from data.geopackage import read_geopackage, write_geopackage
from data.groups import Group
from data.network_file import read_network_file, write_network_file
from data.pack_toml import FeedRecord, LayerRecord, NetworkRecord, PackContent, read_pack_toml, write_pack_toml

MANIFEST = "pack.toml"
NETWORK_FILE = "network.npz"
FEED_FOLDER = "transit"
LINES = "lines"

__all__ = ["CityPack", "FeedRecord", "LayerRecord", "NetworkRecord", "read_pack", "write_pack"]


@dataclass(frozen=True, kw_only=True)
class CityPack:
    """A pack on disk: what it holds, and how to read it.

    Parameters
    ----------
    folder
        Where it lies.
    city, groups
        The facts of the city, and its groups of people.
    layers
        Record of each layer by name.
    network_record
        File, size and paper of the streets.
    feeds
        Record of each public-transport feed by name.
    papers
        The paper of each source by its name in the recipe.
    notes
        What was noted while the pack was built.
    """

    folder: Path
    city: CityFacts
    groups: tuple[Group, ...]
    layers: Mapping[str, LayerRecord]
    network_record: NetworkRecord
    papers: Mapping[str, Paper]
    notes: tuple[str, ...]
    feeds: Mapping[str, FeedRecord] = field(default_factory=dict)

    @property
    def has_transit(self) -> bool:
        """Whether anything says what runs: a feed, or lines."""
        return bool(self.feeds) or LINES in self.layers

    def read(self, name: str) -> gpd.GeoDataFrame | pd.DataFrame:
        """Return a layer with the columns and types with which it was written.

        Raises
        ------
        PackError
            If the pack has no such layer, its file cannot be read, or its columns are not those that pack.toml states.
        """
        if name not in self.layers:
            remedy = suggest_name(name, self.layers)
            raise PackError(f"the pack has no layer {name!r}", where=str(self.folder), remedy=remedy)
        record = self.layers[name]
        try:
            frame = read_geopackage(self.folder / record.file, name)
        except FileError as error:
            raise PackError(f"cannot be read: {error}", where=str(self.folder / record.file)) from error
        types = dict.fromkeys(record.nullable_integers, "Int64") | dict.fromkeys(record.texts, "str")
        try:
            return frame.astype(types)
        except (KeyError, TypeError, ValueError) as error:
            what = f"columns are not those that pack.toml states: {error}"
            raise PackError(what, where=str(self.folder / record.file), remedy="Build the pack again") from error

    def network(self) -> NetworkArrays:
        """Return the streets.

        Raises
        ------
        PackError
            If the file cannot be read.
        """
        return read_network_file(self.folder / self.network_record.file)

    def feed(self, name: str) -> Feed:
        """Return a public-transport feed.

        Raises
        ------
        PackError
            If the pack has no such feed, or its file cannot be read.
        """
        if name not in self.feeds:
            remedy = suggest_name(name, self.feeds)
            raise PackError(f"the pack has no feed {name!r}", where=str(self.folder), remedy=remedy)
        return read_feed_file(self.folder / self.feeds[name].file)

    def digests(self) -> dict[str, str]:
        """Return the sha256 of every file of the pack by its name in the pack, as its pack.toml states them."""
        files = {record.file: record.sha256 for record in self.layers.values()}
        files |= {record.file: record.sha256 for record in self.feeds.values()}
        return {**files, self.network_record.file: self.network_record.sha256}


def write_pack(sources: CitySources, folder: str | Path, *, derived: Mapping[str, CityLayer] | None = None) -> CityPack:
    """Write a pack and return it; a pack that stands there is replaced once the new one is whole.

    Parameters
    ----------
    sources
        What `data.sources.read_sources` returned.
    folder
        The pack.
    derived
        Layers that were computed from the sources, by name.

    Raises
    ------
    FileError
        If the folder holds something that is no pack, or cannot be written.
    PackError
        If a derived layer has the name of a source layer, or a layer has an index other than 0 to n - 1.
    """
    folder = Path(folder)
    layers = {**sources.layers, **(derived or {})}
    twice = sorted(set(sources.layers) & set(derived or {}))
    if twice:
        raise PackError("derived layers have the names of source layers", where=str(folder), examples=twice)
    with write_folder_whole(folder, marker=MANIFEST) as part:
        (part / "layers").mkdir()
        records = {name: _write_layer(part, name, layer) for name, layer in layers.items()}
        network = _write_network(part, sources)
        feeds = {name: _write_feed(part, name, feed) for name, feed in sources.feeds.items()}
        content = PackContent(
            city=sources.city,
            groups=sources.groups,
            layers=records,
            network=network,
            papers=sources.papers,
            feeds=feeds,
            notes=sources.notes,
        )
        write_pack_toml(part / MANIFEST, content)
    return read_pack(folder, verify=False)


def _write_layer(part: Path, name: str, layer: CityLayer) -> LayerRecord:
    file = f"layers/{name}.gpkg"
    frame = layer.frame
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        raise PackError("the layer has an index, which no file of the pack keeps", where=name, remedy="Make it a column")
    write_geopackage(part / file, {name: frame})
    columns = [str(column) for column in frame.columns if column != "geometry"]
    return LayerRecord(
        name=name,
        role=layer.role,
        file=file,
        rows=len(frame),
        crs=frame.crs.to_string() if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None else None,
        sha256=digest_file(part / file),
        nullable_integers=tuple(column for column in columns if str(frame[column].dtype) == "Int64"),
        texts=tuple(column for column in columns if str(frame[column].dtype) in ("str", "string", "object")),
        paper=layer.paper,
        notes=layer.notes,
        limits=layer.limits,
        time_zone=layer.time_zone,
    )


def _write_feed(part: Path, name: str, city_feed: CityFeed) -> FeedRecord:
    feed, file = city_feed.feed, f"{FEED_FOLDER}/{name}.npz"
    (part / FEED_FOLDER).mkdir(exist_ok=True)
    write_feed_file(part / file, feed)
    return FeedRecord(
        file=file,
        n_stops=feed.n_stops,
        n_trips=feed.n_trips,
        first_date=feed.first_date.isoformat(),
        last_date=feed.last_date.isoformat(),
        time_zone=feed.time_zone,
        sha256=digest_file(part / file),
        paper=city_feed.paper,
        notes=feed.notes,
        limits=city_feed.limits,
    )


def _write_network(part: Path, sources: CitySources) -> NetworkRecord:
    write_network_file(part / NETWORK_FILE, sources.network)
    return NetworkRecord(
        file=NETWORK_FILE,
        n_nodes=len(sources.network.x),
        n_edges=len(sources.network.u),
        sha256=digest_file(part / NETWORK_FILE),
        paper=sources.network_paper,
    )


def read_pack(folder: str | Path, *, verify: bool = True) -> CityPack:
    """Return a pack.

    Parameters
    ----------
    folder
        The pack.
    verify
        Compare each file with the digest in pack.toml.

    Raises
    ------
    PackError
        If pack.toml is absent or does not hold together, or files are missing or were changed: all at once.
    """
    pack = open_pack(folder)
    faults = Faults()
    for fault in find_file_faults(pack, with_digests=verify):
        faults.add(fault)
    faults.raise_if_any()
    return pack


def open_pack(folder: str | Path) -> CityPack:
    """Return a pack as its pack.toml states it; its other files are not looked at.

    Raises
    ------
    PackError
        If pack.toml is absent or does not hold together.
    """
    folder = Path(folder)
    content = read_pack_toml(folder / MANIFEST)
    return CityPack(
        folder=folder,
        city=content.city,
        groups=content.groups,
        layers=content.layers,
        network_record=content.network,
        papers=content.papers,
        notes=content.notes,
        feeds=content.feeds,
    )


def find_file_faults(pack: CityPack, *, with_digests: bool = True) -> list[PackError]:
    """Return what is wrong with the files of a pack: missing, changed, or with changes that wait beside them."""
    where, remedy = str(pack.folder), "Build the pack again"
    digests = pack.digests()
    missing = [file for file in digests if not (pack.folder / file).is_file()]
    found = {"files are missing": missing}
    if with_digests:
        present = {file: digest for file, digest in digests.items() if file not in missing}
        found["files were changed after the pack was built"] = [
            file for file, digest in present.items() if digest_file(pack.folder / file) != digest
        ]
        # SQLite keeps changes beside the file until they are merged: its digest does not show them
        found["files have unmerged changes beside them"] = [
            f"{file}-wal" for file in present if _size(pack.folder / f"{file}-wal")
        ]
    return [PackError(what, where=where, examples=files, n=len(files), remedy=remedy) for what, files in found.items() if files]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
