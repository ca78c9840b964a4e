"""Diffusa: a geospatial planner for the urban spread of services and spaces.

The public face::

    import diffusa

    pack = diffusa.build_city(Path("milano.toml"), root, Path("packs/milano"))
    plan = diffusa.make_plan(diffusa.read_scenario(Path("job_centres.toml")), pack)
    diffusa.write_plan(plan, Path("out/job_centres"))
"""

from data.errors import FaultsError, PlannerError
from data.pack import CityPack, read_pack
from diffusa.access import SiteAccess, measure_access, write_access
from diffusa.areas import SiteAreas, measure_areas, write_areas
from diffusa.city import build_city
from diffusa.planner import make_plan, write_plan
from diffusa.scenario import Scenario, read_scenario
from layers.plan import Plan
from layers.plan_folder import read_plan

__all__ = [
    "CityPack",
    "FaultsError",
    "Plan",
    "PlannerError",
    "Scenario",
    "SiteAccess",
    "SiteAreas",
    "build_city",
    "make_plan",
    "measure_access",
    "measure_areas",
    "read_pack",
    "read_plan",
    "read_scenario",
    "write_access",
    "write_areas",
    "write_plan",
]
