"""A made-up city and its plan, of any size."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.plan import (
    CityBrief,
    Connection,
    GroupBrief,
    Plan,
    PlanDocument,
    SourceBrief,
    Variant,
    beyond_column,
    minutes_column,
    open_column,
    reached_column,
    share_column,
    within_column,
)
from layers.plan_choice import Figure, Optimum
from layers.plan_text import Text

CRS = "EPSG:3035"
CENTRE_M = (4_255_000, 2_484_000)
SIZE_M = 100
STANDARD_MIN, CUTOFF_MIN = 30.0, 60.0
STANDARDS_MIN = (15.0, 30.0, 45.0)
METRES_PER_MINUTE = 75.0 / 1.3
GROUPS = ("unemployed", "youth_15_29")
NO_PLACE = {"unemployed": 12.0, "youth_15_29": 30.0}
LABELS = {
    "unemployed": Text(it="disoccupati", en="unemployed people"),
    "youth_15_29": Text(it="giovani di 15-29 anni", en="people aged 15 to 29"),
}
VARIANT_NAMES = {
    "before": Text(it="oggi", en="today"),
    "decided": Text(it="già deciso", en="already decided"),
    "best": Text(it="piano migliore", en="best plan"),
}


def _city_shape(radius_m: float) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 181)[:-1]
    wobble = 1 + 0.16 * np.sin(3 * angle + 1) + 0.07 * np.cos(7 * angle)
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * (radius_m * wobble)[:, None] + CENTRE_M
    return shapely.Polygon(points)


def _squares(city: shapely.Polygon) -> gpd.GeoDataFrame:
    west, south, east, north = (int(value) // SIZE_M * SIZE_M for value in city.bounds)
    x, y = (axis.ravel() for axis in np.meshgrid(range(west, east + SIZE_M, SIZE_M), range(south, north + SIZE_M, SIZE_M)))
    boxes = shapely.box(x, y, x + SIZE_M, y + SIZE_M)
    shapely.prepare(city)
    kept = shapely.intersects(city, boxes)
    ids = [f"CRS3035RES{SIZE_M}mN{north}E{east}" for east, north in zip(x[kept], y[kept], strict=True)]
    return gpd.GeoDataFrame({"cell_id": ids}, geometry=boxes[kept], crs=CRS)


def _quarters(city: shapely.Polygon, n: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    spread = rng.normal(scale=0.42, size=(n, 2)) * np.sqrt(city.area / np.pi) + CENTRE_M
    if n == 1:
        shapes = np.array([city])
    else:
        parts = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(spread), extend_to=city))
        shapes = shapely.intersection(parts, city)
        shapes = shapes[~shapely.is_empty(shapes)]
    nil = np.arange(1, len(shapes) + 1)
    return gpd.GeoDataFrame({"nil": nil, "name": [f"Quartiere {i}" for i in nil]}, geometry=shapes, crs=CRS)


def _sites(
    city: shapely.Polygon, quarters: gpd.GeoDataFrame, *, n_candidates: int, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    roles = ["existing", *["compared"] * 3, *["proposed"] * 4, *["candidate"] * n_candidates]
    radius_m = np.sqrt(city.area / np.pi)
    xy = rng.uniform(-0.62, 0.62, size=(len(roles), 2)) * radius_m + CENTRE_M
    points = gpd.GeoSeries(shapely.points(xy), crs=CRS)
    role = np.array(roles)
    frame = gpd.GeoDataFrame(
        {
            "site_id": [f"S{i:04d}" for i in range(len(roles))],
            "name": [f"Sede {i}" for i in range(len(roles))],
            "kind": np.where(role == "candidate", "libraries", "job_centre"),
            "tags": "",
            "status": np.where(role == "existing", "open", "planned_2024"),
            "owner": "Comune",
            "address": [f"Via {i}" for i in range(len(roles))],
            "role": role,
            "district": 1,
            "cost_eur": np.where(role == "compared", 384_000.0, np.nan),
            "position_error_m": np.where(role == "existing", 500.0, 50.0),
            "snap_m": 12.0,
            "is_connected": np.arange(len(roles)) != len(roles) - 1,
            "source": "Elenco delle sedi",
        },
        geometry=points,
    )
    joined = gpd.sjoin(frame[["geometry"]], quarters[["nil", "geometry"]], how="left", predicate="within")
    frame["nil"] = joined[~joined.index.duplicated()]["nil"].astype("Int64")
    frame[open_column("before")] = role == "existing"
    frame[open_column("decided")] = np.isin(role, ["existing", "compared"])
    frame[open_column("best")] = np.isin(role, ["existing", "proposed"])
    return frame


def _people(cells: gpd.GeoDataFrame, xy: np.ndarray, rng: np.random.Generator, radius_m: float) -> None:
    far = np.hypot(*(xy - CENTRE_M).T) / radius_m
    density = np.exp(-2.2 * far**2) * (0.35 + rng.random(len(cells))) * (rng.random(len(cells)) > 0.18 + 0.3 * far)
    cells["unemployed"] = np.round(density * 9, 3)
    cells["youth_15_29"] = np.round(density * 38, 3)


def _minutes(xy: np.ndarray, sites: gpd.GeoDataFrame) -> np.ndarray:
    if not len(sites):
        return np.full(len(xy), np.nan)
    to = np.column_stack([sites.geometry.x, sites.geometry.y])
    nearest_m = np.min([np.hypot(*(xy - point).T) for point in to], axis=0)
    minutes = nearest_m / METRES_PER_MINUTE
    return np.where(minutes <= CUTOFF_MIN, minutes, np.nan)


def _allocation(cells: gpd.GeoDataFrame, xy: np.ndarray, opened: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return each cell within the standard of an open site with its nearest one."""
    minutes = np.nan_to_num(np.array([_minutes(xy, opened.iloc[[row]]) for row in range(len(opened))]), nan=np.inf)
    nearest = np.argmin(minutes, axis=0)
    rows = np.flatnonzero(minutes.min(axis=0) <= STANDARD_MIN)
    served = opened.iloc[nearest[rows]]
    ends = np.stack([xy[rows], np.column_stack([served.geometry.x, served.geometry.y])], axis=1)
    table = cells.iloc[rows][["cell_id", *GROUPS]].reset_index(drop=True)
    table["site_id"], table["minutes"] = served["site_id"].to_numpy(), minutes[nearest[rows], rows]
    return gpd.GeoDataFrame(table, geometry=shapely.linestrings(ends), crs=CRS)


def _areas(cells: gpd.GeoDataFrame, xy: np.ndarray, opened: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    squares = cells.geometry.to_numpy()
    near = {site_id: _minutes(xy, opened.iloc[[row]]) <= STANDARD_MIN for row, site_id in enumerate(opened["site_id"])}
    shapes = [shapely.coverage_union_all(squares[is_near]) for is_near in near.values()]
    columns = {"site_id": list(near), "minutes": STANDARD_MIN, "n_cells": [int(is_near.sum()) for is_near in near.values()]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def _lines(radius_m: float) -> gpd.GeoDataFrame:
    x, y = CENTRE_M
    strokes = [shapely.LineString([(x - radius_m, y), (x + radius_m, y)]), shapely.LineString([(x, y - radius_m), (x, y)])]
    return gpd.GeoDataFrame({"mode": ["metro", "train"], "line": ["M1", ""]}, geometry=strokes, crs=CRS)


def _count_quarters(cells: gpd.GeoDataFrame, nil: gpd.GeoDataFrame, variants: tuple[str, ...]) -> None:
    by = cells.groupby("nil")
    for group in GROUPS:
        nil[group] = nil["nil"].map(by[group].sum()).fillna(0.0)
        for variant in variants:
            near = cells[cells[minutes_column(variant)] <= STANDARD_MIN]
            nil[reached_column(variant, group)] = nil["nil"].map(near.groupby("nil")[group].sum()).fillna(0.0)
            nil[share_column(variant, group)] = nil[reached_column(variant, group)] / nil[group].where(nil[group] > 0)
    for variant in variants:
        nil[minutes_column(variant)] = nil["nil"].map(by[minutes_column(variant)].mean())
        nil[beyond_column(variant)] = nil["nil"].map(by[minutes_column(variant)].apply(lambda minutes: minutes.isna().mean()))


def _count_districts(nil: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, variants: tuple[str, ...]) -> None:
    """Count the one district: the sum of its quarters."""
    for group in GROUPS:
        districts[group] = nil[group].sum()
        for variant in variants:
            districts[reached_column(variant, group)] = nil[reached_column(variant, group)].sum()
            districts[share_column(variant, group)] = districts[reached_column(variant, group)] / districts[group]


def _figures(cells: gpd.GeoDataFrame, variants: tuple[str, ...]) -> tuple[Figure, ...]:
    figures = []
    for variant in variants:
        for standard in STANDARDS_MIN:
            near = cells[minutes_column(variant)] <= standard
            for group in GROUPS:
                total = float(cells[group].sum() + NO_PLACE[group])
                reached = float(cells.loc[near, group].sum())
                share = reached / total
                is_range = standard == 15.0 and variant == "decided"
                low, high = (share * 0.9, share * 1.05) if is_range else (None, None)
                figures.append(
                    Figure(
                        variant=variant,
                        group=group,
                        standard_min=standard,
                        reached=reached,
                        total=total,
                        share=share,
                        share_low=low,
                        share_high=high,
                    )
                )
    return tuple(figures)


def _document(cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, variants: tuple[str, ...], *, is_sample: bool) -> PlanDocument:
    opened = {key: tuple(sites.loc[sites[open_column(key)], "site_id"]) for key in variants}
    groups = tuple(
        GroupBrief(
            key=key,
            label=LABELS[key],
            year=2011,
            total=float(cells[key].sum() + NO_PLACE[key]),
            in_cells=float(cells[key].sum()),
            no_place=NO_PLACE[key],
        )
        for key in GROUPS
    )
    optimum = Optimum(
        standard_min=STANDARD_MIN,
        objective_name="max_coverage",
        new=4,
        total_open=5,
        selected_new=opened[variants[-1]][1:],
        status="optimal",
        objective=0.5,
        best_bound=0.5,
        gap=0.0,
        is_verified=True,
        tie_rule=Text(it="Fra scelte uguali la prima per codice.", en="Of equal choices the first by id."),
    )
    return PlanDocument(
        name="job centres",
        service="job_centre",
        title=Text(it="Quattro nuovi centri per l'impiego", en="Four new job centres"),
        sentence=Text(
            it="Con quattro sedi in più molti ne avrebbero una vicina.", en="Four more places bring one near to many."
        ),
        city=CityBrief(id="prova", name="Prova", crs=CRS, cell_m=SIZE_M, language="it", is_sample=is_sample),
        mode="walk",
        speed_km_h=4.5,
        standard_min=STANDARD_MIN,
        cutoff_min=CUTOFF_MIN,
        standards_min=STANDARDS_MIN,
        need={"unemployed": 0.5, "youth_15_29": 0.5},
        groups=groups,
        variants=tuple(
            Variant(
                key=key,
                name=VARIANT_NAMES[key],
                site_ids=opened[key],
                new_ids=tuple(sorted(set(opened[key]) - set(opened["before"]))),
            )
            for key in variants
        ),
        figures=_figures(cells, variants),
        optima=(optimum,),
        connection=Connection(
            n_components=3,
            length_share_kept=0.982,
            max_snap_m=400,
            sites_not_connected=(),
            cells_not_connected=2,
            people_not_connected=5.5,
            median_site_snap_m=14,
        ),
        limits=(Text(it="Le persone sono quelle contate nel 2011.", en="People are those counted in 2011."),),
        assumptions=(Text(it="Si cammina a 4,5 km/h.", en="People walk at 4.5 km/h."),),
        sources=(
            SourceBrief(
                layer="census",
                source="Censimento di prova",
                licence="CC BY 4.0",
                attribution="Comune di Prova",
                date="2011-10-09",
            ),
            SourceBrief(
                layer="streets", source="Strade", licence="ODbL", attribution="© OpenStreetMap contributors", date="2016-07"
            ),
        ),
        versions={"diffusa": "0.1.0"},
    )


def build_plan(
    *,
    radius_m: float = 1_500,
    n_quarters: int = 4,
    n_candidates: int = 6,
    variants: tuple[str, ...] = ("before", "decided", "best"),
    is_sample: bool = False,
    seed: int = 7,
) -> Plan:
    """Return the plan of a made-up city; 8,000 m give about 20,000 cells."""
    rng = np.random.default_rng(seed)
    city = _city_shape(radius_m)
    nil = _quarters(city, n_quarters, rng)
    districts = gpd.GeoDataFrame({"district": [1], "name": ["Municipio 1"]}, geometry=[city], crs=CRS)
    nil["district"] = 1
    sites = _sites(city, nil, n_candidates=n_candidates, rng=rng)
    cells = _squares(city)
    xy = np.column_stack([cells.geometry.centroid.x, cells.geometry.centroid.y])
    cells["nil"] = nil["nil"].to_numpy()[nil.sindex.nearest(cells.geometry.centroid, return_all=False)[1]]
    cells["district"] = 1
    _people(cells, xy, rng, radius_m)
    cells["need"] = sum(cells[key] / (cells[key].sum() + NO_PLACE[key]) for key in GROUPS) / len(GROUPS)
    for variant in variants:
        cells[minutes_column(variant)] = _minutes(xy, sites[sites[open_column(variant)]])
    for group in GROUPS:
        sites[within_column(group)] = [
            float(cells.loc[_minutes(xy, sites.iloc[[row]]) <= STANDARD_MIN, group].sum()) for row in range(len(sites))
        ]
    _count_quarters(cells, nil, variants)
    _count_districts(nil, districts, variants)
    stations = gpd.GeoDataFrame(
        {"station_id": ["M1"], "name": ["Duomo"], "lines": ["M1;M3"]}, geometry=shapely.points([CENTRE_M]), crs=CRS
    )
    document = _document(cells, sites, variants, is_sample=is_sample)
    return Plan(
        document=document,
        cells=cells,
        sites=sites,
        allocation=_allocation(cells, xy, sites[sites[open_column(variants[-1])]]),
        nil=nil,
        districts=districts,
        stations=stations,
        areas=_areas(cells, xy, sites[sites[[open_column(variant) for variant in variants]].any(axis=1)]),
        lines=_lines(radius_m),
    )
