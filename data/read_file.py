"""Source files as frames: vector files through GDAL, CSV through pandas with every cell kept as its text."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from data.city import Paper
from data.crs import name_crs, parse_crs
from data.errors import ColumnError, CrsError, EmptyLayerError, FileError, suggest_name
from data.files import digest_file, find_source
from data.recipe_layers import SourceEntry

SQLITE_HEADER_BYTES = 100
SQLITE_MAGIC = b"SQLite format 3\x00"
HEADS = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "gzip data",
    SQLITE_MAGIC[:8]: "an SQLite database",
    b"%PDF": "a PDF",
}
MIN_CONFIDENCE = 25
"""How sure pyproj must be that a .prj without a code is an EPSG one, percent; the recipe names the code as well."""
SIDECARS = (".shx", ".dbf", ".prj", ".cpg")
GDAL_ERRORS = (DataSourceError, DataLayerError, FeatureError, FieldError, OSError, UnicodeDecodeError)


@dataclass(frozen=True)
class SourceTable:
    """One source as it was read: rows in file order with a RangeIndex, and where to say that something is wrong."""

    frame: pd.DataFrame
    paper: Paper
    where: str
    notes: tuple[str, ...] = ()

    @property
    def is_spatial(self) -> bool:
        """Whether the rows have geometries of their own."""
        return isinstance(self.frame, gpd.GeoDataFrame)


def read_source(name: str, entry: SourceEntry, root: Path, *, layer: str | None = None) -> SourceTable:
    """Return the rows of a source file.

    Parameters
    ----------
    name
        Name of the layer in the recipe, for messages.
    entry
        The recipe's entry.
    root
        Folder of the sources.
    layer
        Layer inside the file, where it is not the one of the entry.

    Raises
    ------
    FileError
        If the file is missing, unreadable, not what its name says, or has no such layer.
    EmptyLayerError
        If it has no rows.
    CrsError
        If the CRS that the recipe states is unknown or not the one in the file.
    """
    path = find_source(root, entry.file)
    where = f"layers.{name}, {entry.file}"
    _check_content(path, where)
    with warnings.catch_warnings(record=True) as caught:  # what GDAL finds odd belongs in the notes, not on a screen
        warnings.simplefilter("always")
        if entry.is_table:
            frame = read_csv(path, separator=entry.separator or ",", encoding=entry.encoding or "utf-8", where=where)
        else:
            frame = _read_vector(path, layer or entry.layer, where)
            _settle_crs(frame, entry.crs, where)
    if not len(frame):
        raise EmptyLayerError("has no rows", where=where)
    _empty_blanks(frame)
    notes = tuple(dict.fromkeys(f"while it was read: {one.message}" for one in caught))
    return SourceTable(frame, _write_paper(entry, path, frame, root), where, notes)


def _empty_blanks(frame: pd.DataFrame) -> None:
    """Make cells of blanks alone missing: a vector file has no other way to leave a text out, and a CSV no better."""
    for column in frame.columns:
        if column != "geometry" and pd.api.types.is_string_dtype(frame[column]):
            frame[column] = frame[column].mask(frame[column].str.strip() == "")


def _write_paper(entry: SourceEntry, path: Path, frame: pd.DataFrame, root: Path) -> Paper:
    paths = [path]
    if path.suffix.lower() == ".shp":
        paths += [beside for suffix in SIDECARS if (beside := path.with_suffix(suffix)).is_file()]
    crs = frame.crs if isinstance(frame, gpd.GeoDataFrame) else parse_crs(entry.crs, where=entry.file) if entry.crs else None
    return Paper(
        source=entry.source,
        licence=entry.licence,
        attribution=entry.attribution,
        date=entry.date,
        files=tuple(one.relative_to(root).as_posix() for one in paths),
        files_sha256=tuple(digest_file(one) for one in paths),
        source_crs=name_crs(crs),
        rows=len(frame),
    )


def _check_content(path: Path, where: str) -> None:
    """Refuse a file that is not what its name says: often a web page that was saved in its place."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}", where=where) from error
    if not size:
        raise FileError("the file is empty", where=where)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise FileError("the file holds a web page or XML", where=where, remedy="Fetch the file itself again")
    suffix = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if suffix == ".gpkg":
        _check_geopackage(head, size, where)
    elif suffix.endswith(".gz") != head.startswith(b"\x1f\x8b"):
        raise FileError("the file is not compressed as its name says", where=where)
    elif suffix in (".csv", ".geojson", ".json"):
        kind = next((kind for magic, kind in HEADS.items() if head.startswith(magic)), None)
        if kind:
            raise FileError(f"the file holds {kind}, not what its name says", where=where)


def _check_geopackage(head: bytes, size: int, where: str) -> None:
    """Compare the size in the header (SQLite file format, section 1.3) with that of the file: GDAL may not notice."""
    if not head.startswith(SQLITE_MAGIC) or len(head) < SQLITE_HEADER_BYTES:
        raise FileError("the file is no GeoPackage", where=where)
    (page_bytes,) = struct.unpack(">H", head[16:18])
    changes, n_pages = struct.unpack(">II", head[24:32])
    (valid_for,) = struct.unpack(">I", head[92:96])
    expected = n_pages * (65536 if page_bytes == 1 else page_bytes)
    if changes == valid_for and size < expected:
        what = f"the file is cut short: {size:,} of {expected:,} bytes"
        raise FileError(what, where=where, remedy="Fetch it again")


def _read_vector(path: Path, layer: str | None, where: str) -> pd.DataFrame:
    try:
        layers = [str(row[0]) for row in pyogrio.list_layers(path)]
    except GDAL_ERRORS as error:
        raise FileError(f"cannot be read: {error}", where=where, remedy="Fetch it again") from error
    if layer is not None and layer not in layers:
        raise FileError(f"the file has no layer {layer!r}", where=where, remedy=suggest_name(layer, layers))
    if layer is None and len(layers) > 1:
        remedy = "Say which one in the recipe: layer = '…'"
        raise FileError("the file has several layers", where=where, examples=layers, n=len(layers), remedy=remedy)
    try:
        frame: pd.DataFrame = pyogrio.read_dataframe(path, layer=layer)
    except GDAL_ERRORS as error:
        raise FileError(f"cannot be read: {error}", where=where, remedy="Fetch it again") from error
    return frame


def _settle_crs(frame: pd.DataFrame, stated: str | None, where: str) -> None:
    """Give the frame the CRS that the recipe states where the file has none; two that differ are a fault."""
    if not isinstance(frame, gpd.GeoDataFrame) or stated is None:
        return
    crs = parse_crs(stated, where=where)
    if frame.crs is None:
        frame.set_crs(crs, inplace=True)
    elif not frame.crs.equals(crs, ignore_axis_order=True) and frame.crs.to_epsg(MIN_CONFIDENCE) != crs.to_epsg():
        raise CrsError(f"the recipe says {name_crs(crs)}, the file {name_crs(frame.crs)}", where=where)


def read_csv(path: Path, *, separator: str, encoding: str, where: str) -> pd.DataFrame:
    """Return the rows of a CSV file with every cell as its text; an empty cell is missing.

    Nothing is guessed: "NA", "nan" and "007" stay what they are, until a column is read as numbers or ids.

    Raises
    ------
    FileError
        If the text is not in the encoding, or the rows do not fit the header.
    ColumnError
        If a column stands twice in the header.
    """
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        frame = pd.read_csv(
            path, sep=separator, encoding=codec, dtype=str, keep_default_na=False, na_values=[""], header=None,
            skip_blank_lines=True,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        what = f"the text is not in {encoding} (byte {error.start})"
        raise FileError(what, where=where, remedy="Give its encoding in the recipe, for example 'latin-1'") from error
    except LookupError as error:
        raise FileError(f"the encoding {encoding!r} is unknown", where=where) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, EOFError, OSError, ValueError) as error:
        raise FileError(f"cannot be read as CSV: {str(error).strip()}", where=where) from error
    header = frame.iloc[0].fillna("").str.strip()
    _check_header(header, separator, where)
    rows = frame.iloc[1:].reset_index(drop=True)
    rows.columns = pd.Index(header.tolist())
    return rows


def _check_header(header: pd.Series[str], separator: str, where: str) -> None:
    twice = sorted(set(header[header.duplicated()]) - {""})
    if twice:
        raise ColumnError("columns stand twice in the header", where=where, examples=twice, n=len(twice))
    if len(header) == 1 and any(other in header.iloc[0] for other in ",;\t|" if other != separator):
        what = f"the header has one column, {header.iloc[0][:60]!r}"
        raise FileError(what, where=where, remedy="Give its separator in the recipe, for example ';'")
