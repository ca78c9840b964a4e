"""GeoPackages written so that the same tables give the same bytes, and that QGIS opens them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from data.errors import FileError

WRITTEN_AT = "2000-01-01T00:00:00.000Z"
"""The time of writing that stands in every GeoPackage: the real one would change the bytes from run to run."""


@contextmanager
def fixed_write_time() -> Iterator[None]:
    """Make GDAL write the same time into every GeoPackage while the block runs."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN_AT})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_geopackage(path: Path, layers: Mapping[str, pd.DataFrame | gpd.GeoDataFrame]) -> None:
    """Write tables, with or without geometry, as the layers of one new GeoPackage, in the order given.

    Parameters
    ----------
    path
        A file that does not exist yet.
    layers
        Frames by layer name; a GeoDataFrame must have a CRS.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    with fixed_write_time():
        for name, frame in layers.items():
            is_spatial = isinstance(frame, gpd.GeoDataFrame)
            kind = _geometry_type(frame) if isinstance(frame, gpd.GeoDataFrame) else None
            try:
                pyogrio.write_dataframe(
                    frame,
                    path,
                    layer=name,
                    driver="GPKG",
                    geometry_type=kind,
                    promote_to_multi=is_spatial and kind == "MultiPolygon",
                    dataset_options={"VERSION": "1.3"} if not path.exists() else None,
                )
            except (DataSourceError, DataLayerError, FeatureError, OSError) as error:
                raise FileError(f"the layer {name!r} cannot be written: {error}", where=str(path)) from error


def _geometry_type(frame: gpd.GeoDataFrame) -> str:
    """Return one geometry type for a layer, so that QGIS and GDAL see a plain one; "Unknown" for a true mixture."""
    kinds = sorted(set(frame.geom_type.dropna()))
    if not kinds:
        return "Unknown"
    return "MultiPolygon" if set(kinds) == {"Polygon", "MultiPolygon"} else kinds[0] if len(kinds) == 1 else "Unknown"


def read_geopackage(path: Path, layer: str) -> gpd.GeoDataFrame | pd.DataFrame:
    """Return one layer of a GeoPackage.

    Raises
    ------
    FileError
        If the file or the layer cannot be read.
    """
    try:
        return pyogrio.read_dataframe(path, layer=layer)
    except (DataSourceError, DataLayerError) as error:
        raise FileError(f"the layer {layer!r} cannot be read: {error}", where=str(path)) from error
