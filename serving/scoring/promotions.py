"""Promotions in the console: what is to be signed, who has signed, and letting a version serve. About models, never a person.

Private keys never come here. In a synthetic project a login stands in for a signature, and ledger and log say that it is simulated. Every
change writes its log entry first and the file last: where the transaction can't be kept, what a file says is in the promotions' ledger
or is a signature that proves itself, and no file is missing that the log tells of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.declarations.project import Project
from features.errors import GateError, ModelError, ReviewError
from features.nationalid import holds_national_id
from features.roles import ANSWERABLE
from models.bundle import Bundle, model_name
from models.deployment import Champion, bundle_folder, find_champion
from models.placed import list_placed, load_placed
from models.promoting import check_signed, finish_pointer, let_bundle_serve, step_for
from models.promotion.gates import JUSTIFIABLE, check_gates, failed_gates, must_be_justified
from models.promotion.offline import build_file
from models.promotion.signatures import Signature, check_enough, check_signature
from models.promotion.signers import ENOUGH, check_roles, read_signers, same_person
from models.promotion.steps import Step
from models.promotion.waiting import (
    SimulatedSignature,
    place_in_ledger,
    read_simulated,
    read_waiting,
    write_simulated,
    write_waiting,
)
from models.promotion.writing import Signed, one_step_at_a_time
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.errors import NotFoundError


@dataclass(frozen=True)
class Hand:
    """Somebody who has signed what comes next."""

    person: str
    role: str
    signed_at: datetime


@dataclass(frozen=True)
class Promotion:
    """A version that could serve next: what stands in its way, who has signed, and the words that both sign."""

    bundle: Bundle
    version: str
    serving: str | None
    """Version that serves now."""
    hands: tuple[Hand, ...]
    step: Step | None
    """What was signed already; None before the first signature, and the first signer chooses the words."""
    barred_by: tuple[str, ...]
    """Codes of failed gates that nothing answers for."""
    needs_justification: bool
    can_serve: bool
    """Whether enough people have signed, one of whom answers for the use."""

    @property
    def is_answered_for(self) -> bool:
        """Whether somebody has signed who answers for the use, and so acknowledges the table of found and missed (R-31)."""
        return any(hand.role in ANSWERABLE for hand in self.hands)

    def is_signed_by(self, person: str) -> bool:
        """Whether this person has signed."""
        return any(same_person(hand.person) == same_person(person) for hand in self.hands)


def list_promotions(project: Project, *, now: datetime) -> list[Promotion]:
    """List the versions that are newer than what serves, of every model of the project; those that can't be loaded are left out."""
    serving = {name: find_champion(project, name) for name in model_names(project)}
    return [
        _promotion(project, placed.bundle, placed.version, now=now)
        for name, champion in serving.items()
        for placed in list_placed(project, name, newer_than=None if champion is None else champion.version)
        if placed.bundle is not None
    ]


def model_names(project: Project) -> list[str]:
    """Name the models that a project declares, in the order of its stages and outcomes."""
    return [model_name(project.id, outcome, stage.name) for stage in project.stages.values() for outcome in stage.outcomes]


def get_promotion(project: Project, name: str, version: str, *, now: datetime) -> Promotion:
    """Give one version that could serve next.

    Raises
    ------
    NotFoundError
        TID710 where no such model is declared, its version does not lie here, or serves already.
    ModelError
        TID5xx when its bundle can't be loaded.
    """
    champion = find_champion(project, name) if name in model_names(project) else None
    if name not in model_names(project) or (champion is not None and champion.version == version):
        raise NotFoundError("version")
    try:
        bundle = load_placed(project, name, version)
    except ModelError as error:
        if error.code == "TID527":
            raise NotFoundError("version") from error
        raise
    return _promotion(project, bundle, version, now=now)


def build_statement(desk: Desk, name: str, version: str, *, reason: str, justification: str) -> dict[str, Any]:
    """Build the file that a signer takes to where their key is. Nothing is kept.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712, TID710.
    GateError
        TID603, TID604, TID615 as `check_gates` and `step_of`.
    ReviewError
        TID707 where the words hold a national identity number.
    """
    promotion = _get(desk, name, version)
    step = _step(desk.project, promotion, reason=reason, justification=justification)
    return build_file(step, promotion.bundle.card, signers=read_signers(desk.project), on=desk.today)


def take_signature(desk: Desk, name: str, version: str, signature: Signature) -> None:
    """Take in a signature that was made elsewhere; it is checked as a promotion checks it, and waits for the other one.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712, TID710.
    GateError
        TID603, TID604 a gate, TID608 to TID610 a signature that does not hold, or is about something else than what comes next.
    """
    promotion = _get(desk, name, version)
    said = signature.step
    step = _step(desk.project, promotion, reason=said.reason, justification=said.justification or "")
    signer = check_signature(signature, step, signers=read_signers(desk.project), at=desk.now)
    _log(desk, "promotion.signed", step, {"key": signature.key_id, "signer_role": signer.role, "simulated": False})
    write_waiting(desk.project, signature)


def sign_by_login(desk: Desk, name: str, version: str, *, reason: str, justification: str) -> None:
    """Let a login stand in for a signature, where people are invented.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712, TID710.
    GateError
        TID602 where people are not invented, TID603, TID604, TID615.
    ReviewError
        TID707 where the words hold a national identity number.
    """
    promotion = _get(desk, name, version)
    step = _step(desk.project, promotion, reason=reason, justification=justification)
    signature = SimulatedSignature(step, desk.account.login, desk.account.role.value, desk.now)
    if desk.project.is_synthetic:
        _log(desk, "promotion.signed", step, {"key": None, "signer_role": desk.account.role.value, "simulated": True})
    write_simulated(desk.project, signature)


def let_serve(desk: Desk, name: str, version: str) -> Champion:
    """Let a version serve that enough people have signed for: the same steps as `tidlig models promote`, MLflow's alias apart.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712, TID710.
    GateError
        TID601 fewer than two people, TID603, TID604, TID608 to TID610, TID616 nobody who answers for the use.
    LedgerError
        TID801 to TID805 when the promotions' ledger does not verify.
    """
    project = desk.project
    with one_step_at_a_time(project):
        finish_pointer(project, name)
        promotion = _get(desk, name, version)
        step, signed = _signed(project, promotion, now=desk.now)
        check_gates(promotion.bundle, justification=step.justification)
        check_signed(project, step, signed, now=desk.now)
        _log(desk, "promotion.promoted", step, {"simulated": signed.is_simulated, "before": promotion.serving})
        return let_bundle_serve(
            project,
            promotion.bundle,
            bundle_folder(project, name, version),
            version,
            signed,
            reason=step.reason,
            justification=step.justification,
            now=desk.now,
        )


def _get(desk: Desk, name: str, version: str) -> Promotion:
    check_may(desk.account, Action.SIGN_PROMOTIONS)
    return get_promotion(desk.project, name, version, now=desk.now)


def _promotion(project: Project, bundle: Bundle, version: str, *, now: datetime) -> Promotion:
    champion, gates = find_champion(project, bundle.name), bundle.card.gates
    hands, step = _waiting(project, bundle, version, now=now)
    barred = tuple(code for code in failed_gates(gates) if code not in JUSTIFIABLE)
    people = {same_person(hand.person) for hand in hands}
    return Promotion(
        bundle=bundle,
        version=version,
        serving=None if champion is None else champion.version,
        hands=hands,
        step=step,
        barred_by=barred,
        needs_justification=must_be_justified(gates),
        can_serve=len(people) >= ENOUGH and any(hand.role in ANSWERABLE for hand in hands) and not barred,
    )


def _waiting(project: Project, bundle: Bundle, version: str, *, now: datetime) -> tuple[tuple[Hand, ...], Step | None]:
    """Who has signed what would come next, and what that is. Signatures about other words than the first one's do not count with it."""
    if project.is_synthetic:
        simulated = [one for one in read_simulated(project, bundle.name, version, now=now) if _is_about(one.step, bundle)]
        simulated.sort(key=lambda one: one.signed_at)
        agreeing = [one for one in simulated if one.step == simulated[0].step]
        if agreeing:
            return tuple(Hand(one.person, one.role, one.signed_at) for one in agreeing), agreeing[0].step
    holding = _holding(project, bundle, version, now=now)
    agreed = [one for one in holding if one.step == holding[0].step]
    signers = read_signers(project) if agreed else None
    hands = tuple(Hand(one.person, signers.get(one.key_id).role, one.signed_at) for one in agreed) if signers else ()
    return hands, agreed[0].step if agreed else None


def _holding(project: Project, bundle: Bundle, version: str, *, now: datetime) -> list[Signature]:
    """Signatures that wait and still hold, the first first; one that does not is as if it were not there."""
    place = place_in_ledger(project, bundle.name)
    found = sorted(read_waiting(project, bundle.name, version), key=lambda one: one.signed_at)
    return [one for one in found if one.step.after == place and _is_about(one.step, bundle) and _holds(project, one, now=now)]


def _holds(project: Project, signature: Signature, *, now: datetime) -> bool:
    try:
        check_signature(signature, signature.step, signers=read_signers(project), at=now)
    except GateError:
        return False
    return True


def _is_about(step: Step, bundle: Bundle) -> bool:
    return (step.action, step.bundle_hash) == ("promote", bundle.hash)


def _signed(project: Project, promotion: Promotion, *, now: datetime) -> tuple[Step, Signed]:
    """The step that people have signed and their signatures, or the logins that stand in."""
    if promotion.step is None:
        check_enough((), needed=ENOUGH)
    assert promotion.step is not None, "nobody is fewer than enough"
    name, version = promotion.bundle.name, promotion.version
    real = [one for one in _holding(project, promotion.bundle, version, now=now) if one.step == promotion.step]
    simulated = read_simulated(project, name, version, now=now) if project.is_synthetic else ()
    names = tuple(one.person for one in simulated if one.step == promotion.step)
    if names:
        check_roles(hand.role for hand in promotion.hands)
    return promotion.step, Signed(tuple(real)) if not names else Signed(typed=names)


def _step(project: Project, promotion: Promotion, *, reason: str, justification: str) -> Step:
    """Build what is signed; after the first signature the words are those that were signed."""
    if promotion.step is not None:
        reason, justification = promotion.step.reason, promotion.step.justification or ""
    _check_words((reason, justification))
    step = step_for(project, promotion.bundle, promotion.version, reason=reason, justification=justification or None)
    check_gates(promotion.bundle, justification=step.justification)
    return step


def _check_words(texts: Sequence[str]) -> None:
    if any(holds_national_id(text) for text in texts):
        raise ReviewError("TID707", "the words hold what looks like a national identity number. They are about a model, never a person.")


def _log(desk: Desk, action: str, step: Step, details: dict[str, Any]) -> None:
    """Write the log's entry: the model, what was signed by its digests, and nothing of the words but a digest."""
    about = {"model": step.model, "version": step.version, "bundle": step.bundle_hash, "reason_sha256": log.digest(step.reason)}
    event = log.Event(action, actor=desk.account.id, role=desk.account.role, details={**about, **details})
    log.record(desk.session, event, now=desk.now)
