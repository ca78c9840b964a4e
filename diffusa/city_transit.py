"""What of a city's public transport stands on the map of a plan: its stations, metro lines and railways."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from data.pack import LINES, CityPack
from layers.plan import STATION_COLUMNS, empty_table
from layers.transit_lines import train_stations, transit_lines

STATIONS = "stations"


def draw_transit(pack: CityPack) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers ``stations`` and ``lines`` of a plan, whatever its mode of travel; empty where the city has none.

    Stations are those of the pack, in its order, and then those at which trains of its feeds call.
    """
    city = shapely.union_all(pack.read("quarters").geometry.to_numpy())
    feeds = [pack.feed(name) for name in sorted(pack.feeds)]
    known = pack.read(STATIONS)[list(STATION_COLUMNS)] if STATIONS in pack.layers else empty_table(STATION_COLUMNS)
    trains = train_stations(feeds, window=city, crs=pack.city.crs)
    parts = [part for part in (known, trains) if len(part)]
    stations = pd.concat(parts, ignore_index=True) if parts else trains
    lines = pack.read(LINES) if LINES in pack.layers else None
    return {
        "stations": gpd.GeoDataFrame(stations, crs=pack.city.crs),
        "lines": transit_lines(lines, feeds, window=city, crs=pack.city.crs),
    }
