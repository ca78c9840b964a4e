"""The fields of a location problem that an objective reads, from a question and its travel times."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data.errors import InfeasibleError
from diffusa.journeys import Journeys
from diffusa.question import Question
from diffusa.scenario_choose import MUST_REACH
from layers.people import need_weight
from optimize.huff import LEAST_IMPEDANCE_S
from optimize.objectives import FIELDS
from optimize.problem_arrays import Csr

Floats = NDArray[np.float64]


def objective_fields(question: Question, journeys: Journeys, *, standard_min: float) -> dict[str, object]:
    """Return every field of `LocationProblem` that the objective and the rules of a question read, by its name."""
    choose, read = question.scenario.choose, FIELDS[question.scenario.choose.objective]
    makers: Mapping[str, Callable[[], object]] = {
        "new": lambda: question.new,
        "standard_s": lambda: standard_min * 60.0,
        "unserved_impedance_s": lambda: journeys.times.cutoff_s,
        "target_share": lambda: choose.target_share,
        "decay": lambda: None if choose.decay is None else choose.decay.decay(),
        "capacity": lambda: _share_of_need(question, question.facts.capacity_people, "capacity_people"),
        "min_use": lambda: _share_of_need(question, _least_use(question), "min_use_people"),
        "is_split": lambda: not choose.whole_squares,
        "impedance_price": lambda: _price(question),
        "site_impedance": lambda: question.choices.columns(question.choices.columns(metres_between(question)).T.tocsr()),
        "backup_share": lambda: choose.backup_share,
        "k_nearest": lambda: choose.k_nearest,
        "attraction": lambda: question.choices.column(question.facts.attraction, "floor_area_m2"),
        "competitor_pull": lambda: _competitor_pull(question, journeys),
        "pull_exponent": lambda: choose.pull_exponent,
        "aversion": lambda: None if choose.aversion is None else choose.aversion / 60.0,  # a minute's is that of 60 seconds
        "worst_share": lambda: choose.worst_share,
    }
    fields = {name: make() for name, make in makers.items() if name in read}
    return {**fields, "site_cost": question.choices.column(question.costs.of_site, "cost_eur")}


def asked_weight(question: Question, journeys: Journeys, *, standard_min: float) -> Floats:
    """Return the need of each square that the choice counts, shape (n_cells,).

    Raises
    ------
    InfeasibleError
        The objective has to reach everybody, somebody is out of reach of every site, and the scenario does not leave them out.
    """
    people, choose = question.people, question.scenario.choose
    weight = need_weight(people.cells, people.totals, question.scenario.need)
    lost = out_of_reach(question, journeys, weight, standard_min=standard_min)
    if choose.unreached == "leave_out":
        weight[lost] = 0.0
    elif lost.size:
        within = MUST_REACH[choose.objective]
        what = f"squares with {weight[lost].sum() / weight.sum():.2%} of the need have no site within {within}"
        remedy = "Write unreached = 'leave_out' in [choose], offer candidates nearer to them, or raise " + within
        ids = people.cells["cell_id"].iloc[lost]
        raise InfeasibleError(what, where=f"choose.objective {choose.objective!r}", n=lost.size, examples=ids, remedy=remedy)
    return weight


def out_of_reach(question: Question, journeys: Journeys, weight: Floats, *, standard_min: float) -> NDArray[np.intp]:
    """Return the squares with need that an objective has to reach and no site can; none where it need not reach everybody."""
    choose = question.scenario.choose
    if choose.objective not in MUST_REACH or choose.target_share is not None:
        return np.zeros(0, dtype=np.intp)
    usable = np.isin(np.array(journeys.times.candidate_ids), list(question.may_open))
    pairs = journeys.times.seconds.tocoo()
    reaches = usable[pairs.col]
    if MUST_REACH[choose.objective] == "the standard":
        reaches &= pairs.data <= standard_min * 60.0
    is_reached = np.zeros(weight.size, dtype=np.bool_)
    is_reached[pairs.row[reaches]] = True
    return np.flatnonzero((weight > 0) & ~is_reached)


def metres_between(question: Question) -> Csr:
    """Return the straight metres from each site of a question to each other one."""
    points = question.sites.geometry
    x_m, y_m = points.x.to_numpy(), points.y.to_numpy()
    one, other = np.nonzero(~np.eye(x_m.size, dtype=np.bool_))
    metres = np.hypot(x_m[one] - x_m[other], y_m[one] - y_m[other])
    matrix: Csr = sparse.csr_array((metres, (one, other)), shape=(x_m.size, x_m.size))
    return matrix


def _share_of_need(question: Question, people: Floats | None, name: str) -> Floats | None:
    """Return people of need at each choice as a share of all need, in which a problem's weights are."""
    found = question.choices.column(people, name)
    return None if found is None else found / question.need_people


def _least_use(question: Question) -> Floats | None:
    """Return the least use of each site; none where neither kinds nor sizes have one."""
    people = question.facts.min_use_people
    if people is None and any(size.min_use_people is not None for size in question.scenario.sites.size):
        return np.zeros(len(question.sites))
    return people


def _price(question: Question) -> float | None:
    """Return what a second costs on which all of the need is on its way."""
    per_hour = question.scenario.choose.travel_eur_per_hour
    return None if per_hour is None else per_hour / 3600.0 * question.need_people


def _competitor_pull(question: Question, journeys: Journeys) -> Floats:
    """Return how much competitors pull each square, as `optimize.huff` has it for sites: attraction over seconds to a power."""
    times, exponent, attraction = journeys.times, question.scenario.choose.pull_exponent, question.facts.attraction
    pull = np.zeros(len(question.people.cells))
    if exponent is None or attraction is None:
        return pull
    is_rival = np.isin(np.array(times.candidate_ids), question.competitors)
    pairs = times.seconds.tocoo()
    counted = is_rival[pairs.col]
    row, column, seconds = pairs.row[counted], pairs.col[counted], pairs.data[counted]
    np.add.at(pull, row, attraction[column] / np.maximum(seconds, LEAST_IMPEDANCE_S) ** exponent)
    return pull
