"""An incident as its entries tell it: from opened to closed, each step with the role that took it and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from features.ledger import Entry
from monitoring.incidents.clocks import Answer, Clock, Duty, Harm, clocks_of, merged

OPENED = "incident_opened"
SEEN_AGAIN = "incident_seen_again"
ASSESSED = "incident_assessed"
NOTIFIED = "incident_notified"
NOT_NOTIFIABLE = "incident_not_notifiable"
CLOSED = "incident_closed"


class State(StrEnum):
    """Where an incident stands."""

    OPENED = "opened"
    ASSESSED = "assessed"
    """A clock runs: an authority is to be told, or it is to be said why not."""
    NOTIFIED = "notified"
    NOT_NOTIFIABLE = "not_notifiable"
    """Nobody has to be told, and it says why."""
    CLOSED = "closed"


STEPS: Mapping[State, frozenset[str]] = {
    State.OPENED: frozenset({SEEN_AGAIN, ASSESSED}),
    State.ASSESSED: frozenset({SEEN_AGAIN, ASSESSED, NOTIFIED, NOT_NOTIFIABLE}),
    State.NOTIFIED: frozenset({SEEN_AGAIN, ASSESSED, NOTIFIED, CLOSED}),
    State.NOT_NOTIFIABLE: frozenset({SEEN_AGAIN, ASSESSED, CLOSED}),
    State.CLOSED: frozenset(),
}
"""State -> what may be done next. A closed incident stays closed: what comes back opens a new one."""


@dataclass(frozen=True)
class Told:
    """One step, as a reader sees it."""

    at: datetime
    action: str
    role: str
    words: str
    """Why, what was done, or the authority's reference; never about a person."""
    month: str | None = None
    """Month of the report that monitoring found it in; None for what a person did."""


@dataclass(frozen=True)
class Incident:
    """An incident.

    Attributes
    ----------
    id
        ``I-0001`` and upwards, in the order of opening.
    signal, finding
        Code of the signal that failed, and a digest of what it found; None for one that a person opened.
    months
        Months whose reports it was seen in, first to last.
    clocks
        By duty.
    """

    id: str
    model: str
    signal: str | None
    finding: str | None
    version: str | None
    months: tuple[str, ...]
    responsible: str
    opened_at: datetime
    what: str
    named: Mapping[str, str] = field(default_factory=dict)
    state: State = State.OPENED
    clocks: Mapping[Duty, Clock] = field(default_factory=dict)
    history: tuple[Told, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something remains to be done."""
        return self.state is not State.CLOSED

    def overdue(self, now: datetime) -> tuple[Clock, ...]:
        """Clocks that run still though their time is over."""
        return tuple(clock for clock in self.clocks.values() if clock.is_overdue(now))

    def as_dict(self, *, now: datetime) -> dict[str, Any]:
        """Give the incident as JSON-ready fields, with what is overdue as of `now`."""
        return {
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "signal": self.signal,
            "months": list(self.months),
            "responsible": self.responsible,
            "opened_at": self.opened_at.isoformat(),
            "what": self.what,
            "named": dict(self.named),
            "state": self.state.value,
            "clocks": [_clock_fields(clock, now) for clock in self.clocks.values()],
            "history": [{**asdict(told), "at": told.at.isoformat()} for told in self.history],
        }


def tell_incidents(entries: Iterable[Entry]) -> dict[str, Incident]:
    """Put incidents together from the entries of the book, by id, oldest first."""
    found: dict[str, Incident] = {}
    for entry in entries:
        name = str(entry.public["incident"])
        found[name] = _opened(entry) if entry.action == OPENED else _after(found[name], entry)
    return found


def _opened(entry: Entry) -> Incident:
    said = entry.public
    return Incident(
        id=str(said["incident"]),
        model=str(said["model"]),
        signal=said["signal"],
        finding=said["finding"],
        version=said["version"],
        months=() if said["month"] is None else (str(said["month"]),),
        responsible=str(said["responsible"]),
        opened_at=entry.recorded_at,
        what=str(said["what"]),
        named=said["named"],
        history=(_told(entry, str(said["what"])),),
    )


def _after(incident: Incident, entry: Entry) -> Incident:
    said = entry.public
    told = (*incident.history, _told(entry, str(said.get("words", ""))))
    if entry.action == SEEN_AGAIN:
        return replace(incident, months=(*incident.months, str(said["month"])), history=told)
    if entry.action == CLOSED:
        return replace(incident, state=State.CLOSED, history=told)
    clocks = _clocks_after(incident.clocks, entry)
    return replace(incident, clocks=clocks, state=_state_of(clocks), history=told)


def _clocks_after(clocks: Mapping[Duty, Clock], entry: Entry) -> dict[Duty, Clock]:
    said = entry.public
    if entry.action == ASSESSED:
        aware = datetime.fromisoformat(str(said["aware_at"]))
        started = clocks_of(is_breach=said["breach"] == "possible", harm=cast(Harm, said["harm"]), aware_at=aware)
        return {**clocks, **{clock.duty: merged(clocks.get(clock.duty), clock) for clock in started}}
    duty = cast(Duty, said["duty"])
    answer: Answer = "notified" if entry.action == NOTIFIED else "not_notifiable"
    clock = clocks[duty]
    if not clock.is_running:  # told the authority more, later: the clock stopped the first time
        return dict(clocks)
    return {**clocks, duty: replace(clock, answered_at=datetime.fromisoformat(str(said["answered_at"])), answer=answer)}


def _state_of(clocks: Mapping[Duty, Clock]) -> State:
    if any(clock.is_running for clock in clocks.values()):
        return State.ASSESSED
    return State.NOTIFIED if any(clock.answer == "notified" for clock in clocks.values()) else State.NOT_NOTIFIABLE


def _told(entry: Entry, words: str) -> Told:
    return Told(entry.recorded_at, entry.action.removeprefix("incident_"), entry.actor, words, entry.public.get("month"))


def _clock_fields(clock: Clock, now: datetime) -> dict[str, Any]:
    return {
        "duty": clock.duty,
        "since": clock.since.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "answered_at": None if clock.answered_at is None else clock.answered_at.isoformat(),
        "answer": clock.answer,
        "is_overdue": clock.is_overdue(now),
        "was_late": clock.was_late,
    }
