"""The city: a recipe and a folder of source files become a pack with its people on the grid."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from data.city import join_papers
from data.groups import FromFacts, FromPoints, Group
from data.pack import CityPack, write_pack
from data.recipe import read_recipe
from data.sources import CityLayer, CitySources, Paper, read_sources
from diffusa.place_people import SPREAD, PlacedPeople, find_census, place_census, read_spread
from diffusa.steps import Steps
from layers.layer_groups import add_layer_groups
from layers.people import People

DERIVED = "derived"

__all__ = ["build_city", "read_people", "read_spread"]


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
        entry = find_census(recipe.layers)
        placed = place_census(sources, entry)
        layers = {name: layer.frame for name, layer in placed.sources.layers.items()}
        people, told = add_layer_groups(placed.people, placed.sources.groups, layers)
    with steps.step("Writing the pack"):
        derived = _derived_layers(placed, people, spread=entry.spread, told=told)
        return write_pack(placed.sources, folder, derived=derived)


def _derived_layers(placed: PlacedPeople, people: People, *, spread: str, told: tuple[str, ...]) -> dict[str, CityLayer]:
    sources = placed.sources
    names = ["census", *([spread] if spread != "area" else []), *_layers_of_groups(sources.groups)]
    counted = join_papers(tuple(_paper_of(name, sources) for name in names))
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
        SPREAD: placed.spread,
    }
    notes = {"pieces": (*placed.notes, *told)}
    return {
        name: CityLayer(name=name, role=DERIVED, frame=frame, paper=paper, notes=notes.get(name, ()))
        for name, frame in frames.items()
    }


def _paper_of(name: str, sources: CitySources) -> Paper:
    return sources.network_paper if name == "streets" else sources.layers[name].paper


def _layers_of_groups(groups: tuple[Group, ...]) -> list[str]:
    """Return the layers beside the census that groups are made from: their terms hold for what is derived from them."""
    kinds = {"points": FromPoints, "quarter_facts": FromFacts}
    return [name for name, kind in kinds.items() if any(isinstance(group.origin, kind) for group in groups)]


def read_people(pack: CityPack) -> People:
    """Return the people that a pack holds on its cells."""
    return People(groups=pack.groups, pieces=pack.read("pieces"), cells=pack.read("cells"), no_place=pack.read("no_place"))
