"""Travel times kept between runs: known by the digest of everything that they depend on, the code that makes them included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

import data
import diffusa.transit
import geo
from data.cache import ArrayCache, digest_parts, sources_digest
from diffusa.transit import Ends, PublicTransport, TransitFound
from geo.network import Network
from geo.snap import Snapped
from geo.traveltimes import TravelTimes

Arrays = dict[str, NDArray[np.generic]]
OWN_SECONDS = "seconds"
LIBRARIES = ("numba", "numpy", "pyproj", "scipy", "shapely")


@dataclass(frozen=True)
class TimesCache:
    """Travel times that need not be searched again.

    Parameters
    ----------
    arrays
        Where they are kept; None keeps nothing.
    """

    arrays: ArrayCache | None = None

    def street_times(
        self, make: Callable[[], TravelTimes], *, network: Network, ends: Ends, options: Mapping[str, object]
    ) -> TravelTimes:
        """Return travel times on the streets: those that are kept, else what `make` gives."""
        if self.arrays is None:
            return make()
        key = digest_parts(
            {"what": "street", "code": _code(), "network": vars(network), "ends": vars(ends), "options": options}
        )
        kept = self.arrays.load(key)
        if kept is not None:
            return _unpack_street(kept, ends, options)
        made = make()
        self.arrays.store(key, {**_pack(OWN_SECONDS, made.seconds), **_pack_snaps(made.demand_snap, made.candidate_snap)})
        return made

    def transit_times(
        self,
        make: Callable[[], TransitFound],
        *,
        network: Network,
        transport: PublicTransport,
        ends: Ends,
        options: Mapping[str, object],
    ) -> TransitFound:
        """Return travel times by public transport: those that are kept, else what `make` gives."""
        if self.arrays is None:
            return make()
        key = digest_parts(
            {
                "what": "transit",
                "code": _code(),
                "network": vars(network),
                "transport": transport.facts,
                "ends": vars(ends),
                "options": options,
            }
        )
        kept = self.arrays.load(key)
        if kept is not None:
            return _unpack_transit(kept, ends)
        made = make()
        self.arrays.store(key, _pack_transit(made))
        return made


def _code() -> dict[str, object]:
    """Return what makes the times: our own code, and the libraries that search, snap and project."""
    own = sources_digest(data, geo, diffusa.transit)
    return {"own": own, "libraries": {name: version(name) for name in LIBRARIES}}


def _pack(name: str, matrix: sparse.csr_array) -> Arrays:
    shape = np.array(matrix.shape, dtype=np.int64)
    return {
        f"{name}/data": matrix.data,
        f"{name}/indices": matrix.indices,
        f"{name}/indptr": matrix.indptr,
        f"{name}/shape": shape,
    }


def _unpack(name: str, kept: Mapping[str, NDArray[np.generic]]) -> sparse.csr_array:
    data, indices, indptr, shape = (kept[f"{name}/{part}"] for part in ("data", "indices", "indptr", "shape"))
    n_rows, n_columns = (int(n) for n in shape)
    return sparse.csr_array((data, indices, indptr), shape=(n_rows, n_columns))


def _pack_snaps(demand: Snapped, candidates: Snapped) -> Arrays:
    ends = {"demand": demand, "candidates": candidates}
    return {f"{end}/{name}": values for end, snapped in ends.items() for name, values in vars(snapped).items()}


def _unpack_snap(end: str, kept: Mapping[str, NDArray[np.generic]]) -> Snapped:
    return Snapped(**{field.name: kept[f"{end}/{field.name}"] for field in fields(Snapped)})  # type: ignore[arg-type]


def _unpack_street(kept: Mapping[str, NDArray[np.generic]], ends: Ends, options: Mapping[str, object]) -> TravelTimes:
    return TravelTimes(
        seconds=_unpack(OWN_SECONDS, kept),
        demand_ids=ends.demand_ids,
        candidate_ids=ends.candidate_ids,
        cutoff_s=float(str(options["cutoff_s"])),
        mode=str(options["mode"]),
        demand_snap=_unpack_snap("demand", kept),
        candidate_snap=_unpack_snap("candidates", kept),
    )


def _pack_transit(made: TransitFound) -> Arrays:
    arrays = _pack_snaps(made.demand_snap, made.candidate_snap)
    for number, matrix in enumerate(made.seconds.values()):
        arrays |= _pack(f"percentile{number}", matrix)
    for number, matrix in enumerate(made.samples_by_mode.values()):
        arrays |= _pack(f"mode{number}", matrix)
    return arrays | {
        "percentiles": np.array(list(made.seconds), dtype=np.float64),
        "unconnected_stop_ids": np.array(list(made.unconnected_stop_ids), dtype=np.str_),
        "modes": np.array(list(made.samples_by_mode), dtype=np.str_),
        "facts": np.array([made.n_departures, made.cutoff_s], dtype=np.float64),
    }


def _unpack_transit(kept: Mapping[str, NDArray[np.generic]], ends: Ends) -> TransitFound:
    n_departures, cutoff_s = (float(value) for value in kept["facts"])
    return TransitFound(
        ends=ends,
        seconds={float(p): _unpack(f"percentile{number}", kept) for number, p in enumerate(kept["percentiles"])},
        samples_by_mode={str(mode): _unpack(f"mode{number}", kept) for number, mode in enumerate(kept["modes"])},
        n_departures=int(n_departures),
        cutoff_s=cutoff_s,
        demand_snap=_unpack_snap("demand", kept),
        candidate_snap=_unpack_snap("candidates", kept),
        unconnected_stop_ids=tuple(str(stop_id) for stop_id in kept["unconnected_stop_ids"]),
    )
