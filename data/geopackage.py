"""GeoPackages written so that the same tables give the same bytes, and that QGIS opens them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from data.errors import FileError

WRITTEN_AT = "2000-01-01T00:00:00.000Z"
"""The time of writing that stands in every GeoPackage: the real one would change the bytes from run to run."""
STYLES = "layer_styles"
"""The table in which QGIS keeps styles of layers, and looks for them."""


@dataclass(frozen=True)
class LayerStyle:
    """A style of a layer, as QGIS keeps it in a GeoPackage.

    Parameters
    ----------
    layer
        The layer that it is for.
    name
        What it is called in the list of styles.
    qml
        The style itself.
    is_default
        Whether QGIS opens the layer with it; one style of a layer.
    """

    layer: str
    name: str
    qml: str
    is_default: bool


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


def write_layer_styles(path: Path, styles: Sequence[LayerStyle]) -> None:
    """Add styles to a GeoPackage that has none, in the table that QGIS makes for them.

    QGIS looks a style up by catalogue, schema, table and geometry column: the first two must be empty texts, not NULL.

    Parameters
    ----------
    path
        A GeoPackage that holds the layers.
    styles
        In the order in which QGIS lists them.

    Raises
    ------
    FileError
        If the file cannot be written, or a layer is not in it.
    """
    geometry = {style.layer: _geometry_column(path, style.layer) for style in styles}
    table = pd.DataFrame(
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": [style.layer for style in styles],
            "f_geometry_column": [geometry[style.layer] for style in styles],
            "styleName": [style.name for style in styles],
            "styleQML": [style.qml for style in styles],
            "styleSLD": "",
            "useAsDefault": [style.is_default for style in styles],
            "description": [style.name for style in styles],
            "owner": "",
            "ui": "",
            "update_time": pd.Series(pd.Timestamp(WRITTEN_AT), index=range(len(styles)), dtype="datetime64[ms, UTC]"),
        }
    )
    with fixed_write_time():
        try:
            pyogrio.write_dataframe(table, path, layer=STYLES, driver="GPKG", layer_options={"FID": "id"})
        except (DataSourceError, DataLayerError, FeatureError, OSError) as error:
            raise FileError(f"styles cannot be written: {error}", where=str(path)) from error


def _geometry_column(path: Path, layer: str) -> str:
    try:
        return str(pyogrio.read_info(path, layer=layer)["geometry_name"])
    except (DataSourceError, DataLayerError) as error:
        raise FileError(f"the layer {layer!r} cannot be read: {error}", where=str(path)) from error
