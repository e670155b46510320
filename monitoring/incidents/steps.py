"""What people and monitoring do with incidents: open, assess, tell an authority or say why not, close.

Words are about a model, never about a person; a national identity number is refused. The role is the caller's word: who may sit at this
machine is the operator's to control, and the chain proves that nothing was changed afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from features.declarations.project import Project
from features.errors import DataError
from features.ledger import canonical_json
from features.nationalid import holds_national_id
from features.roles import Responsible
from models.bundle import model_name
from monitoring.incidents.book import Book, open_book
from monitoring.incidents.clocks import Duty, Harm
from monitoring.incidents.record import ASSESSED, CLOSED, NOT_NOTIFIABLE, NOTIFIED, OPENED, SEEN_AGAIN, STEPS, Incident

MONITORING = "monitoring"
"""Who opens what a signal found."""
MIN_WORDS = 20
"""Letters that an explanation has at least; fewer explain nothing."""
CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class Opened:
    """An incident that a report's signal is in, and whether it was opened by it just now."""

    incident: Incident
    is_new: bool


def open_for_report(project: Project, content: Mapping[str, Any], *, now: datetime) -> tuple[Opened, ...]:
    """Open an incident for each signal of a report that failed, once for one model, signal and finding.

    What is open already is noted as seen again in this month. What was closed opens anew only when a later month finds it again: a finding
    that a person looked at and answered does not come back by itself.
    """
    failed = [signal for signal in content["signals"] if signal["verdict"] == "FAILED"]
    if not failed:
        return ()
    with open_book(project) as book:
        return tuple(_open_signal(book, content, signal, now=now) for signal in failed)


def finding_of(signal: Mapping[str, Any], *, version: str) -> str:
    """Digest of what a signal found: which model's version, and the groups or sectors that it names, without any figure."""
    return hashlib.sha256(canonical_json({"code": signal["code"], "version": version, "named": _named(signal)})).hexdigest()


def open_by_hand(project: Project, *, model: str, what: str, role: Responsible, now: datetime) -> Incident:
    """Open an incident that somebody noticed.

    Raises
    ------
    DataError
        TID488 a model that is none of the project's, TID492, TID493 for words as `checked_words` has them.
    """
    names = [model_name(project.id, outcome, stage.name) for stage in project.stages.values() for outcome in stage.outcomes]
    if model not in names:
        raise DataError("TID488", f"this project has no model {model}. It has {', '.join(names)}.")
    words = checked_words(what)
    with open_book(project) as book:
        public = _opening(book, model=model, what=words)
        return book.write(OPENED, role=role, public=public, now=now)


def assess(
    project: Project,
    incident: str,
    *,
    breach: Literal["no", "possible"],
    harm: Harm,
    why: str,
    role: Responsible,
    now: datetime,
    aware_at: datetime | None = None,
) -> Incident:
    """Say whether an incident may be a breach of personal data and whether it is a serious one; either starts its clock.

    Parameters
    ----------
    aware_at
        Aware; since when somebody has known. None is now.

    Raises
    ------
    DataError
        TID490 no such incident, TID491 not in its state, TID492, TID493 for the words, TID494 for a moment that has not come.
    """
    since = checked_moment(aware_at or now, now=now)
    words = checked_words(why)
    with open_book(project) as book:
        found = _allowed(book, incident, ASSESSED)
        _check_not_taken_back(found, breach=breach, harm=harm)
        public = {"incident": incident, "breach": breach, "harm": harm, "aware_at": since.isoformat(), "words": words}
        return book.write(ASSESSED, role=role, public=public, now=now)


def notify(
    project: Project, incident: str, *, duty: Duty, reference: str, role: Responsible, now: datetime, at: datetime | None = None
) -> Incident:
    """Note that an authority was told, and its reference; what is told it later is noted too, and moves no clock.

    Raises
    ------
    DataError
        TID489 for a duty without a clock, and as `assess`.
    """
    told_at = checked_moment(at or now, now=now)
    words = _without_identities(reference.strip())
    if not words:
        raise DataError("TID492", "the reference is empty. Give the authority's reference, or say how it was told.")
    with open_book(project) as book:
        _check_has_clock(_allowed(book, incident, NOTIFIED), duty, told_already=True)
        public = {"incident": incident, "duty": duty, "answered_at": told_at.isoformat(), "words": words}
        return book.write(NOTIFIED, role=role, public=public, now=now)


def decline(project: Project, incident: str, *, duty: Duty, why: str, role: Responsible, now: datetime) -> Incident:
    """Note why an authority need not be told; the reason is kept as the law asks.

    Raises
    ------
    DataError
        TID489 for a duty without a clock, and as `assess`.
    """
    words = checked_words(why)
    with open_book(project) as book:
        found = _allowed(book, incident, NOT_NOTIFIABLE)
        _check_has_clock(found, duty)
        public = {"incident": incident, "duty": duty, "answered_at": now.isoformat(), "words": words}
        return book.write(NOT_NOTIFIABLE, role=role, public=public, now=now)


def close(project: Project, incident: str, *, done: str, role: Responsible, now: datetime) -> Incident:
    """Close an incident with what was done; not while a clock runs, and not before somebody has assessed it.

    Raises
    ------
    DataError
        As `assess`.
    """
    words = checked_words(done)
    with open_book(project) as book:
        _allowed(book, incident, CLOSED)
        return book.write(CLOSED, role=role, public={"incident": incident, "words": words}, now=now)


def checked_words(text: str) -> str:
    """Give an explanation without surrounding blanks.

    Raises
    ------
    DataError
        TID492 when it is too short to explain anything, TID493 when it holds a national identity number.
    """
    words = _without_identities(text.strip())
    if len(words) < MIN_WORDS:
        raise DataError(
            "TID492", f"{len(words)} letters explain nothing, expected {MIN_WORDS} or more. Say what is wrong, or what was done."
        )
    return words


def checked_moment(moment: datetime, *, now: datetime) -> datetime:
    """Give a moment in UTC; one that has not come, or without a time zone, is refused.

    Raises
    ------
    DataError
        TID494.
    """
    if moment.tzinfo is None:
        raise DataError("TID494", f"{moment.isoformat()} has no time zone. Write it like 2026-10-02T09:00+02:00.")
    if moment > now + CLOCKS_DIFFER:
        raise DataError("TID494", f"{moment.isoformat()} has not come yet. Give the moment at which it became known, or was told.")
    return moment.astimezone(UTC)


def _without_identities(words: str) -> str:
    if holds_national_id(words):
        raise DataError("TID493", "the text holds what looks like a national identity number. It is about a model, never about a person.")
    return words


def _open_signal(book: Book, content: Mapping[str, Any], signal: Mapping[str, Any], *, now: datetime) -> Opened:
    model, month, finding = str(content["model"]), str(content["month"]), finding_of(signal, version=str(content["version"]))
    same = [one for one in book.incidents.values() if (one.model, one.signal, one.finding) == (model, signal["code"], finding)]
    newest = same[-1] if same else None
    if newest is None or (not newest.is_open and month > max(newest.months)):
        public = _opening(
            book,
            model=model,
            what=f"{signal['code']} failed in the report of {month}.",
            signal=str(signal["code"]),
            finding=finding,
            version=str(content["version"]),
            month=month,
            named=_named(signal),
        )
        return Opened(book.write(OPENED, role=MONITORING, public=public, now=now), is_new=True)
    if newest.is_open and month not in newest.months:
        public = {"incident": newest.id, "month": month, "words": f"{signal['code']} failed in the report of {month} too."}
        return Opened(book.write(SEEN_AGAIN, role=MONITORING, public=public, now=now), is_new=False)
    return Opened(newest, is_new=False)


def _opening(
    book: Book,
    *,
    model: str,
    what: str,
    signal: str | None = None,
    finding: str | None = None,
    version: str | None = None,
    month: str | None = None,
    named: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "incident": f"I-{len(book.incidents) + 1:04d}",
        "model": model,
        "version": version,
        "signal": signal,
        "finding": finding,
        "month": month,
        "what": what,
        "named": dict(named or {}),
        "responsible": book.project.screening.monitoring.responsible,
        "synthetic": book.project.is_synthetic,
    }


def _named(signal: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in sorted(signal["evidence"].items()) if isinstance(value, str) and value}


def _allowed(book: Book, name: str, action: str) -> Incident:
    found = book.incidents.get(name)
    if found is None:
        raise DataError("TID490", f"there is no incident {name} in {book.project.root}. `tidlig incidents list` names them.")
    if action not in STEPS[found.state]:
        allowed = ", ".join(sorted(step.removeprefix("incident_").replace("_", " ") for step in STEPS[found.state] - {SEEN_AGAIN}))
        raise DataError(
            "TID491",
            f"{name} is {found.state.value.replace('_', ' ')}, and can't be {action.removeprefix('incident_').replace('_', ' ')} now. "
            f"It can be: {allowed or 'nothing; what comes back opens a new incident'}.",
        )
    return found


def _check_has_clock(found: Incident, duty: Duty, *, told_already: bool = False) -> None:
    clock = found.clocks.get(duty)
    if clock is None or not (clock.is_running or (told_already and clock.answer == "notified")):
        raise DataError(
            "TID489",
            f"{found.id} has no clock of {duty} that this could answer. Assess it first: that says whether an authority is to be told.",
        )


def _check_not_taken_back(found: Incident, *, breach: str, harm: Harm) -> None:
    """A running clock is answered with a reason of its own; a second assessment does not make it disappear."""
    running = {duty for duty, clock in found.clocks.items() if clock.is_running}
    if ("gdpr_33" in running and breach == "no") or ("aia_73" in running and harm == "none"):
        raise DataError(
            "TID487",
            f"{found.id} has a clock that runs, and this assessment would take it back. If an authority need not be told, say so and why: "
            f"`tidlig incidents notify {found.id} --not-needed`.",
        )
