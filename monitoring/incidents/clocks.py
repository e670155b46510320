"""How long there is to tell an authority, counted from when somebody became aware.

Notes
-----
GDPR article 33(1): the supervisory authority within 72 hours of becoming aware of a personal data breach. Regulation (EU) 2024/1689,
article 73: the market surveillance authority within 15 days of becoming aware of a serious incident, 2 days where it is a widespread
infringement or disrupts critical infrastructure, 10 days where somebody died. All of these are *at the latest*; the law says *without undue
delay* or *immediately* first. The duty of article 73 is the provider's, and who deploys a model tells the provider at once (article 26).
Deadlines of article 73 and how it applies in Norway are [to verify] against the law in force; nothing here is legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Duty = Literal["gdpr_33", "aia_73"]
Harm = Literal["none", "serious", "widespread", "critical_infrastructure", "death"]
Answer = Literal["notified", "not_notifiable"]

BREACH_HOURS = timedelta(hours=72)
SERIOUS: Mapping[Harm, timedelta] = {
    "serious": timedelta(days=15),
    "widespread": timedelta(days=2),
    "critical_infrastructure": timedelta(days=2),
    "death": timedelta(days=10),
}
"""Kind of serious incident -> days of article 73, paragraphs 2 to 4 [to verify]."""


@dataclass(frozen=True)
class Clock:
    """One duty to tell an authority, from when it began to when it was answered.

    Attributes
    ----------
    since, due_at
        Aware UTC. A later assessment never moves `due_at` back.
    answered_at, answer
        When the authority was told, or it was decided that it need not be, and which; None while the clock runs.
    """

    duty: Duty
    since: datetime
    due_at: datetime
    answered_at: datetime | None = None
    answer: Answer | None = None

    @property
    def is_running(self) -> bool:
        """Whether nobody has answered it."""
        return self.answer is None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it runs still and its time is over."""
        return self.is_running and now > self.due_at

    @property
    def was_late(self) -> bool:
        """Whether it was answered after its time."""
        return self.answered_at is not None and self.answered_at > self.due_at


def clocks_of(*, is_breach: bool, harm: Harm, aware_at: datetime) -> tuple[Clock, ...]:
    """Start the clocks that an assessment asks for.

    Examples
    --------
    >>> from datetime import UTC
    >>> aware = datetime(2026, 10, 2, 9, tzinfo=UTC)
    >>> [f"{clock.duty} {clock.due_at:%d %H:%M}" for clock in clocks_of(is_breach=True, harm="death", aware_at=aware)]
    ['gdpr_33 05 09:00', 'aia_73 12 09:00']
    >>> clocks_of(is_breach=False, harm="none", aware_at=aware)
    ()
    """
    started = [Clock("gdpr_33", aware_at, aware_at + BREACH_HOURS)] if is_breach else []
    if harm != "none":
        started.append(Clock("aia_73", aware_at, aware_at + SERIOUS[harm]))
    return tuple(started)


def merged(earlier: Clock | None, started: Clock) -> Clock:
    """Keep the stricter of a running clock and a new one; after an answer the new one counts by itself."""
    if earlier is None or not earlier.is_running:
        return started
    return Clock(started.duty, min(earlier.since, started.since), min(earlier.due_at, started.due_at))
