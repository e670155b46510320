"""What pages and the API show of a case. Values only: no database row leaves the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from features.declarations.catalogue import Wording
from features.declarations.windows import CalendarWindow
from serving.cases.forms import EvaluationForm, FamilyInformed, PlannedTalk, Signer
from serving.cases.states import CaseState, Step
from serving.roles import Role

Inclination = Literal["no_concern", "unsure", "concern"]
"""What the reviewer leaned to before seeing the proposal; kept to measure how often the proposal changes minds."""


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue. Ordered by due date and then by reference, never by score: there is no rank (R-18)."""

    case_id: str
    reference: str
    """Short name of the case for people, such as ``T-4F9A2C``; says nothing about the person."""
    state: CaseState
    state_label: Wording
    stage_label: Wording
    outcome_label: Wording
    as_of: date
    created_on: date
    due_on: date | None
    is_overdue: bool
    expires_on: date
    is_mine: bool
    is_unassigned: bool
    is_reminded: bool = False
    """Whether the deadline of this state passed and the reviewer was reminded."""
    is_second_reading: bool = False
    """Whether this person reads the case second, or may: they write their own view before they see anything (R-17)."""


@dataclass(frozen=True)
class OwnViewText:
    """What a reviewer wrote before seeing the proposal."""

    text: str
    inclination: Inclination
    written_at: datetime


@dataclass(frozen=True)
class DecisionText:
    """What was decided and why."""

    step: Step
    label: Wording
    reason: str | None
    """None after the purge."""
    decided_at: datetime


@dataclass(frozen=True)
class ReasonLine:
    """One reason of the proposal, as this reader may see it (R-05, R-19). Never a number on the risk scale."""

    label: Wording
    direction: Literal["raises", "lowers", "may_raise_or_lower"]
    strength: Wording | None
    """Much, somewhat, a little; None for the coarse reason."""
    sector: str | None
    """None for the coarse reason."""
    value: float | str | None
    """The person's value: a number, the name of a level, or nothing known."""
    unit: str | None
    value_on: date | None
    """When the newest record behind the value happened."""
    typical: float | str | None
    """The typical value of people at the same stage."""
    aggregation: str | None
    """What the value is of the records: their sum, count, trend …; None for the coarse reason."""
    is_flag: bool
    """Whether a value of 1 means that it is so, rather than one of something."""
    window_days: int | None
    """How far back the value looks; None is everything known."""
    service: str | None
    """Code of the service that can talk about it, when there is one here."""
    is_missing: bool
    is_coarse: bool
    """The one reason at the end that stands for everything this reader may not see; there for every person in the same words."""
    calendar: CalendarWindow | None = None
    """Since which day of the school calendar the value looks, where it does not count days back."""
    level: str | None = None
    """Level of a category that the value is about, where it does not name one itself."""
    value_words: Wording | None = None
    """The project's own words for a value that is one of the indicator's levels."""
    typical_words: Wording | None = None
    level_words: Wording | None = None


@dataclass(frozen=True)
class ServiceLine:
    """A local service that can help, and who answers for it."""

    code: str
    name: Wording
    answers: Wording
    helps_with: Wording
    phone: str | None
    email: str | None


@dataclass(frozen=True)
class ProposalView:
    """The model's proposal as shown: a band in words, a natural frequency, reasons, what is not known. Never a probability."""

    band: str
    band_label: Wording
    frequency: Wording | None
    """Of 100 people with a similar picture: fixed per band and stage, never per person. None where there were too few people to say."""
    uncertainty: Wording
    """How sure that is: between two numbers of 100 in steps of 5, or that it can't be said."""
    raises: tuple[ReasonLine, ...]
    lowers: tuple[ReasonLine, ...]
    coarse: ReasonLine
    """Always there, always the same; show it last."""
    missing: tuple[Wording, ...]
    """Indicators on which nothing was known."""
    model_name: str
    model_version: str
    as_of: date
    newest_record_on: date | None
    services: tuple[ServiceLine, ...]


@dataclass(frozen=True)
class HistoryLine:
    """One event of a case: what happened and in which role, never what was written."""

    at: datetime
    event: str
    role: str
    label: Wording | None


@dataclass(frozen=True)
class IndicatorLine:
    """An indicator of the proposal that can be reported as wrong, and the service that owns its information."""

    code: str
    label: Wording
    service: str | None


@dataclass(frozen=True)
class CorrectionText:
    """An error that was reported to the source that it came from (R-24)."""

    indicators: tuple[IndicatorLine, ...]
    text: str
    reported_at: datetime
    answered_at: datetime | None
    changed_features: bool | None
    """Whether scoring again found other inputs; None until then."""
    n_notified: int
    """How many relay holders had the old information and were told."""


@dataclass(frozen=True)
class ConsentText:
    """The newest consent of a case."""

    given_by: Signer
    age_rule: int
    """From this age the young person consents themselves."""
    purpose: str
    services: tuple[str, ...]
    categories: tuple[str, ...]
    language: str
    given_on: date
    valid_to: date
    withdrawn_at: datetime | None
    is_valid: bool
    """Whether it holds today."""


@dataclass(frozen=True)
class HandoverText:
    """The newest handover of a case, as its reviewer sees it."""

    level: int
    holder: str
    """Login of who follows up."""
    needs: str
    child_heard: str
    child_heard_how: str
    made_at: datetime
    evaluate_on: date
    is_shared: bool
    """Whether another service follows up, under a consent."""


@dataclass(frozen=True)
class FollowUp:
    """What happened after the decision, as far as it has come."""

    talk: PlannedTalk | None = None
    informed: FamilyInformed | None = None
    consent: ConsentText | None = None
    no_consent_note: str | None = None
    """What was noted where no consent was given or it was withdrawn; never held against anybody."""
    handover: HandoverText | None = None
    evaluation: EvaluationForm | None = None


@dataclass(frozen=True)
class HandoverLine:
    """One line of a relay holder's list."""

    handover_id: str
    reference: str
    level: int
    made_on: date
    evaluate_on: date
    consent_valid_to: date


@dataclass(frozen=True)
class HandoverPage:
    """What a relay holder may read while the consent holds: agreed needs, and nothing of the model's."""

    handover_id: str
    reference: str
    level: int
    subject_id: str
    """Random id for the key holder's lookup."""
    needs: str
    child_heard: str
    child_heard_how: str
    purpose: str
    services: tuple[str, ...]
    categories: tuple[str, ...]
    made_on: date
    evaluate_on: date
    consent_valid_to: date
    reviewer: str
    """Login of who handed over, to ask."""


@dataclass(frozen=True)
class ObjectionLine:
    """An objection that waits for a leader's answer, with its statement and nothing else of the case (R-22)."""

    case_id: str
    reference: str
    version: int
    state: CaseState
    state_label: Wording
    registered_at: datetime
    registered_by: Role
    statement: str | None
    """None where it can't be read any more."""
    due_on: date | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class OverdueLine:
    """A case past its deadline, or whose first reader left: where it stands and with whom, nothing of what is in it."""

    case_id: str
    reference: str
    state: CaseState
    state_label: Wording
    since: date
    due_on: date
    assignee: str | None
    """Login of who took it."""
    is_escalated: bool
    has_left: bool
    """Whether who took it can't work it any more: the account was closed, or works as something else or elsewhere."""
    version: int
    """Goes up with each change; passing the case on sends it back."""
    steps: tuple[Step, ...]
    """`pass_on` where the case can be passed on."""


@dataclass(frozen=True)
class SuccessorLine:
    """Somebody to whom a case can be passed on."""

    login: str


@dataclass(frozen=True)
class CasePage:
    """Everything that this reader may see of one case now."""

    row: QueueRow
    version: int
    """Goes up with each change; the ETag. A form sends it back, and an older one is refused (TID705)."""
    municipality: str | None
    subject_id: str | None
    """Random id for the key holder's lookup; only the assigned reviewer sees it, and only after opening the case."""
    need_to_know: str | None
    own_view: OwnViewText | None
    proposal: ProposalView | None
    """None until the own view is saved (R-20), and after the content was purged."""
    decision: DecisionText | None
    needs_second_reader: bool
    steps: tuple[Step, ...]
    """What this reader can do now; buttons come from here and nowhere else."""
    history: tuple[HistoryLine, ...]
    is_purged: bool
    other_view: OwnViewText | None = None
    """What the other reader wrote; shown to each after both have written (R-17)."""
    is_without_proposal: bool = False
    """Whether this case was drawn to be decided without the proposal (R-20); it is shown after the decision."""
    is_suspended: bool = False
    """Whether proposals of this model are stopped here, and therefore hidden (R-30)."""
    correctable: tuple[IndicatorLine, ...] = ()
    """Indicators that can be reported as wrong: those shown as reasons or as missing."""
    correction: CorrectionText | None = None
    follow_up: FollowUp = FollowUp()
