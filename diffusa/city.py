"""The city: a recipe and a folder of source files become a pack with its people on the grid."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from data.city import join_papers
from data.groups import FromFacts, FromPoints, Group, census_groups
from data.pack import CityPack, write_pack
from data.recipe import read_recipe
from data.sources import CityLayer, CitySources, Paper, read_sources
from diffusa.steps import Steps
from geo.grid import build_grid
from geo.interpolate import Spread, SpreadNotes
from layers.layer_groups import add_layer_groups
from layers.people import People, build_people

DERIVED = "derived"


def build_city(recipe_path: Path, root: Path, folder: Path, *, steps: Steps | None = None) -> CityPack:
    """Build a city pack and return it.

    Parameters
    ----------
    recipe_path
        The recipe, a TOML file.
    root
        The folder in which the recipe's files lie.
    folder
        The pack; an older one there is replaced once the new one is whole.
    steps
        Where progress is shown; nowhere by default.

    Raises
    ------
    PlannerError
        Any fault of the recipe or of its files; all faults at once. Nothing is written then.
    """
    steps = steps or Steps()
    with steps.step("Reading source files") as progress:
        recipe = read_recipe(recipe_path)
        sources = read_sources(recipe, root, progress=progress)
    with steps.step("Placing people on cells"):
        people, spread = _people(sources)
        layers = {name: layer.frame for name, layer in sources.layers.items()}
        people, told = add_layer_groups(people, sources.groups, layers)
    with steps.step("Writing the pack"):
        return write_pack(sources, folder, derived=_derived_layers(sources, people, spread, told))


def _people(sources: CitySources) -> tuple[People, Spread]:
    quarters = sources.layers["quarters"].frame
    districts = sources.layers["districts"].frame if "districts" in sources.layers else None
    area = shapely.union_all(quarters.geometry.to_numpy())
    grid = build_grid(area, crs=sources.city.crs, size_m=sources.city.cell_m)
    return build_people(
        sources.layers["census"].frame, grid, quarters=quarters, districts=districts, groups=census_groups(sources.groups)
    )


def _derived_layers(sources: CitySources, people: People, spread: Spread, told: tuple[str, ...]) -> dict[str, CityLayer]:
    names = ["census", *_layers_of_groups(sources.groups)]
    counted = join_papers(tuple(sources.layers[name].paper for name in names))
    paper = Paper(
        source=f"derived from the layers {' and '.join([*names, 'quarters'])} ({counted.source})",
        licence=counted.licence,
        attribution=counted.attribution,
        date=counted.date,
        files=counted.files,
        files_sha256=counted.files_sha256,
        source_crs=sources.city.crs,
    )
    frames: dict[str, gpd.GeoDataFrame | pd.DataFrame] = {
        "pieces": people.pieces,
        "cells": people.cells,
        "no_place": people.no_place,
    }
    notes = {"pieces": (*_spread_notes(spread.notes), *told)}
    return {
        name: CityLayer(name=name, role=DERIVED, frame=frame, paper=paper, notes=notes.get(name, ()))
        for name, frame in frames.items()
    }


def _layers_of_groups(groups: tuple[Group, ...]) -> list[str]:
    """Return the layers beside the census that groups are made from: their terms hold for what is derived from them."""
    kinds = {"points": FromPoints, "quarter_facts": FromFacts}
    return [name for name, kind in kinds.items() if any(isinstance(group.origin, kind) for group in groups)]


def _spread_notes(notes: SpreadNotes) -> tuple[str, ...]:
    """Return in words how the sections found their pieces; what did not happen is left out."""
    said = (
        (notes.n_by_disc, "spread over the disc of their area"),
        (notes.n_by_polygon, "spread over their polygon"),
        (notes.n_nearest_without_area, "have no area: their people stand in the nearest piece of their quarter"),
        (notes.n_nearest_disc_outside, "have a disc outside their quarter: their people stand in its nearest piece"),
        (
            notes.n_nearest_polygon_outside,
            "have a polygon outside their quarter: their people stand in its nearest piece",
        ),
    )
    return tuple(f"{n:,} sections {what}" for n, what in said if n)


def read_people(pack: CityPack) -> People:
    """Return the people that a pack holds on its cells."""
    return People(groups=pack.groups, pieces=pack.read("pieces"), cells=pack.read("cells"), no_place=pack.read("no_place"))
