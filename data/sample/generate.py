"""Writes the sources of the sample city: the same shapes of file as those of a real city, the same bytes for a seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from data.geopackage import write_geopackage
from data.sample.facts import Facts, PointsFact, read_facts
from data.sample.lattice import Lattice, build_blocks, build_lattice
from data.sample.people import build_sections, sum_by_quarter
from data.sample.streets import build_streets

SOURCE = "Sample city of Diffusa, generated, not real data"
LON_LAT = "EPSG:4326"
LON_LAT_DIGITS = 6  # about a decimetre


def write_sample_sources(folder: Path, *, seed: int = 2023) -> None:
    """Write the source files of the sample city.

    Parameters
    ----------
    folder
        Where to; made if it is not there. Files of the same names are replaced.
    seed
        Moves borders, streets and people; the table of facts stays. The same seed gives the same bytes.

    Notes
    -----
    GeoPackages (EPSG:32632): ``quarters``, ``districts``, ``sections`` (points), ``streets`` with nodes and edges.
    CSV: ``quarter_totals``, ``quarter_facts`` and one file per table of points in the facts.
    """
    facts = read_facts()
    folder.mkdir(parents=True, exist_ok=True)
    ground_rng, people_rng, street_rng = np.random.default_rng(seed).spawn(3)
    lattice = build_lattice(facts.city, rng=ground_rng)
    blocks = build_blocks(lattice)
    sections = build_sections(facts, blocks, rng=people_rng)
    nodes, edges = build_streets(facts, lattice, blocks, rng=street_rng)
    quarters, districts = build_quarters(facts, lattice), build_districts(facts, lattice)
    _replace_layers(folder / "quarters.gpkg", {"nil": quarters})
    _replace_layers(folder / "districts.gpkg", {"municipi": districts})
    _replace_layers(folder / "sections.gpkg", {"sez2011": sections})
    _replace_layers(folder / "streets.gpkg", {"nodes": nodes, "edges": edges})
    _write_csv(folder / "quarter_totals.csv", sum_by_quarter(sections, facts))
    _write_csv(folder / "quarter_facts.csv", build_quarter_facts(facts))
    for name, points in facts.points.items():
        _write_csv(folder / f"{name}.csv", build_points(points, facts=facts, quarters=quarters, districts=districts))


def build_quarters(facts: Facts, lattice: Lattice) -> gpd.GeoDataFrame:
    """Return the quarters; they tile the city: borders are shared vertex by vertex."""
    rows = []
    for quarter in facts.quarters:
        chosen = lattice.letters == quarter.letter
        numbers, n_squares = np.unique(lattice.districts[chosen], return_counts=True)
        geometry = lattice.outline(chosen)
        rows.append(
            {
                "id_nil": quarter.id,
                "nil": quarter.name.upper(),
                "nil_2012": quarter.former_name.upper(),
                "municipio_main": int(numbers[n_squares.argmax()]),
                "area_m2": _measure_m2(geometry),
                "source": SOURCE,
                "geometry": geometry,
            }
        )
    return gpd.GeoDataFrame(rows, crs=facts.city.crs)


def build_districts(facts: Facts, lattice: Lattice) -> gpd.GeoDataFrame:
    """Return the districts; they tile the city as the quarters do, but quarters do not nest in them."""
    rows = []
    for number, name in enumerate(facts.city.district_names, start=1):
        geometry = lattice.outline(lattice.districts == number)
        rows.append({"municipio": number, "name": name, "area_m2": _measure_m2(geometry), "geometry": geometry})
    return gpd.GeoDataFrame(rows, crs=facts.city.crs)


def build_quarter_facts(facts: Facts) -> pd.DataFrame:
    """Return id_nil, nil and the number of coworking spaces of each quarter."""
    return pd.DataFrame([{"id_nil": q.id, "nil": q.name.upper(), "coworking": q.coworking} for q in facts.quarters])


def build_points(points: PointsFact, *, facts: Facts, quarters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a table of points: what the facts give, and the columns that follow from the position."""
    given = pd.DataFrame(list(points.rows), dtype=object)
    x = given.pop("x_m").to_numpy(dtype=np.float64) + facts.city.corner[0]
    y = given.pop("y_m").to_numpy(dtype=np.float64) + facts.city.corner[1]
    lon, lat = pyproj.Transformer.from_crs(facts.city.crs, LON_LAT, always_xy=True).transform(x, y)
    at = np.asarray(shapely.points(x, y), dtype=np.object_)
    derived = {
        "lon": np.round(lon, LON_LAT_DIGITS),
        "lat": np.round(lat, LON_LAT_DIGITS),
        "municipio": _name_areas(districts, at, column="municipio"),
        "id_nil": _name_areas(quarters, at, column="id_nil"),
        "nil": _name_areas(quarters, at, column="nil"),
        "in_comune": shapely.covers(quarters.union_all(), at),
        "source": SOURCE,
        "year": "201617",  # a school year as MIUR writes it
    }
    wanted = {name: derived[name] for name in points.columns if name in derived and name not in given}
    return given.assign(**wanted).reindex(columns=list(points.columns))


def _name_areas(areas: gpd.GeoDataFrame, at: NDArray[np.object_], *, column: str) -> list[object]:
    names = areas[column].to_numpy()
    covers = shapely.covers(areas.geometry.to_numpy()[:, None], at[None, :])
    return [names[hits.argmax()] if hits.any() else None for hits in covers.T]


def _measure_m2(area: shapely.Geometry) -> float:
    return round(float(shapely.area(area)), 1)


def _replace_layers(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    path.unlink(missing_ok=True)  # GDAL would add to the old file, and its bytes would differ
    write_geopackage(path, layers)


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
