"""The review: what quarters answered to a plan, and the rules that their answers make for the next one; as ``review.toml``.

A `Voice` is one answer of one quarter, signed by a role, never by a name. Rules keep the voices that made them, so that the
next plan can say what changed because of whom. `layers.review_settle` makes rules of voices.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import ConfigDict, Field, ValidationError, model_validator

from data.errors import FileError
from data.toml_file import explain_faults, read_toml
from layers.plan_text import Value

ReviewFormat = Literal["diffusa-review/1"]
REVIEW_FORMAT: ReviewFormat = "diffusa-review/1"

Answer = Literal["accept", "object", "veto", "propose", "remark"]
"""``remark`` is what is said of a place that no plan may open or close: it is kept, and is no rule."""

SignerRole = Literal[
    "quarter_committee",
    "municipio_council",
    "residents_assembly",
    "association",
    "school",
    "social_services",
    "traders",
    "other_body",
]
SIGNER_ROLES: tuple[SignerRole, ...] = (
    "quarter_committee",
    "municipio_council",
    "residents_assembly",
    "association",
    "school",
    "social_services",
    "traders",
    "other_body",
)
"""Who may sign. A closed list: a field in which anything may be written would hold names."""

RuleKind = Literal["forbidden", "required", "preferred", "avoided"]
RULE_KINDS: tuple[RuleKind, ...] = ("forbidden", "required", "preferred", "avoided")
Outcome = Literal["forbidden", "required", "preferred", "avoided", "no_rule"]
Resolve = Literal["home", "strictest", "none"]
RESOLVES: tuple[Resolve, ...] = ("home", "strictest", "none")

PROPOSAL_KIND = "quarter_proposal"
"""The kind of sites that quarters proposed: works costs of such are assumed under this name."""

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]

_HEAD = """\
# What the quarters answered to a plan, as rules of the next one. A scenario takes it with: review = "{name}"
# It holds quarters and roles, no names and no mail addresses: keep it so.
# forbidden: never opens. required: opens (stays open). avoided, preferred: of plans that are nearly as good, the one with the
# fewest avoided and then the most preferred places. candidate: a place that a quarter proposed; one without lon and lat needs
# them before a plan is made. remark and conflict are no rules: they say what was written, and what came of contradictions.

"""


class Voice(Value):
    """One answer of one quarter; the quarter is known by its number, `name` is what it is called."""

    quarter: int
    name: str
    role: SignerRole
    answer: Answer
    reason: str = ""


class _WithVoices(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    voices: Annotated[tuple[Voice, ...], Field(alias="from")] = ()


class SiteRule(_WithVoices):
    """A rule about one site."""

    site: Annotated[str, Field(min_length=1)]


class NewCandidate(_WithVoices):
    """A place that a quarter proposed; without a point it is an address that somebody has to look up."""

    site: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    address: str = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    cost_eur: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None

    @model_validator(mode="after")
    def _whole_point(self) -> NewCandidate:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a point needs both 'lon' and 'lat'")
        return self


class Remark(_WithVoices):
    """What was said of a site about which no rule can be made."""

    site: Annotated[str, Field(min_length=1)]


class Conflict(_WithVoices):
    """Quarters, or roles of one, that want opposite things of one site, and what the next run does."""

    site: Annotated[str, Field(min_length=1)]
    outcome: Outcome


class Review(Value):
    """What ``review.toml`` holds: `plan` is the digest of the plan that was answered."""

    format: ReviewFormat = REVIEW_FORMAT
    city: Annotated[str, Field(min_length=1)]
    plan: str
    resolve: Resolve | None = None
    forbidden: tuple[SiteRule, ...] = ()
    required: tuple[SiteRule, ...] = ()
    preferred: tuple[SiteRule, ...] = ()
    avoided: tuple[SiteRule, ...] = ()
    candidate: tuple[NewCandidate, ...] = ()
    remark: tuple[Remark, ...] = ()
    conflict: tuple[Conflict, ...] = ()

    @model_validator(mode="after")
    def _one_rule_each(self) -> Review:
        sites = [rule.site for _, rule in self.rules()]
        repeated = sorted({site for site in sites if sites.count(site) > 1})
        if repeated:
            raise ValueError(f"sites stand under several rules, or twice: {', '.join(repeated)}")
        proposed = [candidate.site for candidate in self.candidate]
        if len(set(proposed)) < len(proposed):
            raise ValueError("candidates repeat an id")
        return self

    def rules(self) -> Iterator[tuple[RuleKind, SiteRule]]:
        """Yield every rule about a site with its kind, in the order of `RULE_KINDS`."""
        for kind in RULE_KINDS:
            yield from ((kind, rule) for rule in getattr(self, kind))

    def sites_of(self, kind: RuleKind) -> tuple[str, ...]:
        """Return the ids of the sites of one kind of rule."""
        return tuple(rule.site for rule in getattr(self, kind))

    def without(self, *sites: str) -> Review:
        """Return the review without its rules about some sites; candidates stay known."""
        dropped = set(sites)
        kept: dict[str, object] = {
            kind: tuple(rule for rule in getattr(self, kind) if rule.site not in dropped) for kind in RULE_KINDS
        }
        return self.model_copy(update=kept)

    @property
    def is_empty(self) -> bool:
        """Return whether it changes no plan."""
        return not self.candidate and not any(True for _ in self.rules())


def read_review(path: Path) -> Review:
    """Return the review of a file.

    Raises
    ------
    FileError
        If the file is missing, unreadable, no TOML, or no review of this version; `FaultsError` if it has several faults.
    """
    content = read_toml(path)
    try:
        return Review.model_validate(content)
    except ValidationError as invalid:
        explain_faults(invalid, Review, where=str(path), error=FileError).raise_if_any()
        raise


def format_review(review: Review, *, name: str) -> str:
    """Return a review as the text of a file of some name."""
    content = review.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)
    plain = {key: value for key, value in content.items() if value != []}
    return _HEAD.format(name=name) + tomli_w.dumps(plain, multiline_strings=False)


def write_review(review: Review, path: Path) -> None:
    """Write a review; the same review gives the same bytes.

    Raises
    ------
    FileError
        If it cannot be written; what stood there stays.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(format_review(review, name=path.name), encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FileError(f"cannot be written: {error.strerror or error}", where=str(path)) from error
