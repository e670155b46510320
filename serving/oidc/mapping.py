"""Which claims say who somebody is, and what they work as: `access.toml` in the project folder, read over a preset.

Nobody gets in by an e-mail address or a name: who somebody is, is the issuer and the claim that `subject` names. What they work as is the
first grant whose conditions all hold, within one and the same object of the token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, field_validator

from features.declarations.catalogue import Strict
from features.declarations.project import Project, read_table
from features.errors import ProjectError, ReviewError
from serving.access.accounts import check_fits
from serving.roles import NEVER_TOGETHER, ROLES, Role

FILE = "access.toml"


@dataclass(frozen=True)
class Preset:
    """How a kind of provider says what it says."""

    acr_values: tuple[str, ...]
    """What is asked for and accepted where TIDLIG_OIDC_ACR_VALUES is empty; none where the provider gives no such claim."""
    within: str | None
    """The list in the token whose objects grants are held against; None is the token itself."""
    at_least: Mapping[str, tuple[str, ...]]
    """What is accepted besides, because it is more than what was asked for."""


PRESETS: dict[str | None, Preset] = {
    "ansattporten": Preset(("substantial", "high"), "authorization_details", {"substantial": ("high",)}),
    "id-porten": Preset(("idporten-loa-substantial", "idporten-loa-high"), None, {"idporten-loa-substantial": ("idporten-loa-high",)}),
    "entra-id": Preset((), None, {}),
    None: Preset((), None, {}),
}
"""Preset -> what it means. Ansattporten's ``entraid`` has to be asked for by name: the municipality then answers for its own login."""


class Grant(Strict):
    """Who works as what: conditions on claims, and the role, municipality and service that they give."""

    when: dict[str, str | tuple[str, ...]] = Field(min_length=1)
    """Claim -> the value it has to have, or several of which one is enough. A dot leads into an object, a list means any of its parts."""
    role: Role
    """What they work as; a machine client and a citizen get in otherwise."""
    municipality: str | None = None
    """Number of a municipality in `screening.toml`, where the role has one; a planner's may be a county's two digits."""
    service: str | None = None
    """Code of a service in `services.toml`, for a relay holder."""


class AccessFile(Strict):
    """`access.toml`."""

    subject: Annotated[str, Field(min_length=1)] = "sub"
    """The claim that says who somebody is; never a national identity number."""
    name: str | None = "name"
    """The claim that colleagues read; None shows the role alone."""
    within: str | None = None
    """The list in the token whose objects the grants are held against; None is the preset's."""
    authorization_details: tuple[dict[str, str | bool], ...] = ()
    """What Ansattporten is asked for, so that people choose whom they represent."""
    grant: tuple[Grant, ...] = ()
    """At least one in the file; what citizens log in with has none, since no claim gives a citizen a role."""

    @field_validator("subject")
    @classmethod
    def _is_no_national_number(cls, subject: str) -> str:
        if subject == "pid":
            raise ValueError("pid is the national identity number, which this service never keeps; use sub")
        return subject


def read_access(project: Project) -> AccessFile:
    """Read `access.toml` and check it against the project.

    Raises
    ------
    ProjectError
        TID738 when it is missing or grants what does not exist here, TID102 not TOML, TID103 it breaks its contract.
    """
    path = project.root / FILE
    if not path.is_file():
        raise ProjectError("TID738", f"{path} is missing. It says which claims give which role; see docs/access.md.")
    access = read_table(path, AccessFile)
    if not access.grant:
        raise ProjectError("TID738", f"{path} has no [[grant]], so nobody would get in; see docs/access.md.")
    for number, grant in enumerate(access.grant, start=1):
        problem = _problem_of(grant, project)
        if problem is not None:
            raise ProjectError("TID738", f"{path}: grant {number}: {problem}")
    return access


def find_grant(access: AccessFile, claims: Mapping[str, Any], *, within: str | None) -> Grant | None:
    """Find the first grant whose conditions all hold in one object of the token.

    Raises
    ------
    ReviewError
        TID717 when the claims would make somebody both leader and data protection officer.

    Examples
    --------
    >>> access = AccessFile(grant=(Grant(when={"groups": "g-7"}, role=Role.PLANNER),))
    >>> find_grant(access, {"groups": ["g-1", "g-7"]}, within=None).role.value, find_grant(access, {"groups": ["g-1"]}, within=None)
    ('planlegger', None)
    """
    objects = [claims] if within is None else [o for o in values_at(claims, within) if isinstance(o, Mapping)]
    fitting = [grant for grant in access.grant if any(_holds(grant, thing) for thing in objects)]
    if {grant.role for grant in fitting} >= NEVER_TOGETHER:
        raise ReviewError("TID717", "nobody is both leader and data protection officer: the officer checks what the leader answers for.")
    return fitting[0] if fitting else None


def values_at(thing: object, path: str) -> Iterator[object]:
    """Give what stands at a path: dots lead into objects, lists are walked through.

    Examples
    --------
    >>> list(values_at({"a": [{"b": ["x", "y"]}, {"b": "z"}, {}]}, "a.b"))
    ['x', 'y', 'z']
    >>> list(values_at({"https://example.no/roles": ["x"]}, "https://example.no/roles"))
    ['x']
    """
    if isinstance(thing, list):
        for part in thing:
            yield from values_at(part, path)
    elif not path:
        yield thing
    elif isinstance(thing, Mapping):
        name = path if path in thing else path.partition(".")[0]
        if name in thing:
            yield from values_at(thing[name], path[len(name) + 1 :])


def _holds(grant: Grant, thing: Mapping[str, Any]) -> bool:
    return all(_has(thing, path, (wanted,) if isinstance(wanted, str) else wanted) for path, wanted in grant.when.items())


def _has(thing: Mapping[str, Any], path: str, wanted: tuple[str, ...]) -> bool:
    return any(isinstance(value, str) and value in wanted for value in values_at(thing, path))


def _problem_of(grant: Grant, project: Project) -> str | None:
    if grant.role is Role.CITIZEN:
        return "a citizen's account is tied to one person: no claim gives it. Young people and guardians have a login of their own."
    try:
        check_fits(grant.role, municipality=grant.municipality, service=grant.service)
    except ReviewError as refusal:
        return refusal.message
    places = {place.number for place in project.screening.municipality}
    if ROLES[grant.role].has_municipality and grant.municipality not in places:
        return f"no municipality of this number in screening.toml; there are {', '.join(sorted(places))}."
    if grant.service is not None and grant.service not in {service.code for service in project.services.service}:
        return "no service of this code in services.toml."
    return None
