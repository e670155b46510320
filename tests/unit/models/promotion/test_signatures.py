"""A signature holds for one step, one key and some days, and for nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from features.errors import GateError
from features.findings import Finding
from models.card import CapacityRow
from models.promotion.signatures import Signature, check_signature, check_signatures, sign
from models.promotion.signers import Signer, Signers, encode_public_key
from models.promotion.steps import Step, digest_of_capacity, digest_of_gates
from tests.support.projects import NOW
from tests.support.promotions import Person, a_person

STEP = Step(
    action="promote",
    project="tiny",
    data="real",
    model="tiny-not_completed-grade_10",
    version="3",
    bundle_hash="b" * 64,
    gates_digest="c" * 64,
    gates_failed=("G-06",),
    gates_not_asked=(),
    capacity_digest="d" * 64,
    worth_a_look=0.2,
    should_be_assessed=0.4,
    reason="Finner flere på åttende trinn.",
    justification="Gutter slutter oftere; ingen annen får mindre hjelp av det.",
    after="0" * 64,
)
KARI, OLA = a_person(1, "kari", role="modellforvalter"), a_person(2, "ola")


def signers_of(*people: Person) -> Signers:
    declared = [
        Signer(
            person=p.person,
            role=p.role,
            public_key=encode_public_key(p.key.public_key()),
            valid_from=p.valid_from,
            valid_to=p.valid_to,
            revoked_on=p.revoked_on,
        )
        for p in people
    ]
    return Signers(declared, Path("signers.toml"))


SIGNERS = signers_of(KARI, OLA)


def signed(person: Person = KARI, step: Step = STEP, now: datetime = NOW) -> Signature:
    return sign(step, person.key, signers=signers_of(person), now=now)


def test_two_people_sign_one_step() -> None:
    found = check_signatures([signed(KARI), signed(OLA, now=NOW - timedelta(days=3))], STEP, signers=SIGNERS, needed=2, at=NOW)
    assert [(one.person, one.role) for one in found] == [("kari", "modellforvalter"), ("ola", "leder")]


def test_a_signature_survives_its_file() -> None:
    again = Signature.from_dict(json.loads(json.dumps(signed().as_dict())))
    assert again == signed()
    check_signature(again, STEP, signers=SIGNERS, at=NOW)


def test_one_person_with_two_keys_is_one_person() -> None:
    second = a_person(3, " KARI ")
    with pytest.raises(GateError, match="TID601: 1 different people signed, expected 2"):
        check_signatures([signed(KARI), signed(second)], STEP, signers=signers_of(KARI, second), needed=2, at=NOW)


def test_one_signature_given_twice_is_one() -> None:
    with pytest.raises(GateError, match="TID601"):
        check_signatures([signed(KARI), signed(KARI)], STEP, signers=SIGNERS, needed=2, at=NOW)


@pytest.mark.parametrize("name", sorted(STEP.as_dict()))
def test_a_signature_is_about_every_part_of_its_step(name: str) -> None:
    """Whichever part differs, the signature is about something else; and editing the statement breaks the proof."""
    changed: dict[str, Any] = {
        "gates_failed": (),
        "gates_not_asked": ("G-19",),
        "worth_a_look": 0.1,
        "should_be_assessed": 0.9,
        "action": "roll_back",
    }
    other = replace(STEP, **{name: changed.get(name, "x" * 64)})
    with pytest.raises(GateError, match=f"TID610.*{name} differ"):
        check_signature(signed(), other, signers=SIGNERS, at=NOW)
    with pytest.raises(GateError, match="TID609"):
        check_signature(replace(signed(), step=other), other, signers=SIGNERS, at=NOW)


def test_another_key_does_not_sign_in_somebodys_name() -> None:
    forged = replace(sign(STEP, OLA.key, signers=SIGNERS, now=NOW), person="kari", key_id=signed(KARI).key_id)
    with pytest.raises(GateError, match="TID609"):
        check_signature(forged, STEP, signers=SIGNERS, at=NOW)


def test_a_key_that_was_given_to_somebody_else_since_is_refused() -> None:
    with pytest.raises(GateError, match=r"TID608.*gives it to another person"):
        check_signature(signed(KARI), STEP, signers=signers_of(replace(KARI, person="per")), at=NOW)


@pytest.mark.requirement("R-31")
def test_somebody_who_answers_for_the_use_signs_a_promotion_and_a_way_back_needs_none() -> None:
    keeper, auditor = a_person(1, "kari", role="modellforvalter"), a_person(2, "ola", role="fairness-revisor")
    declared = signers_of(keeper, auditor)
    for step, refused in ((STEP, True), (replace(STEP, action="roll_back"), False)):
        both = [sign(step, one.key, signers=declared, now=NOW) for one in (keeper, auditor)]
        if refused:
            with pytest.raises(GateError, match=r"TID616.*dataansvarlig or leder"):
                check_signatures(both, step, signers=declared, needed=2, at=NOW)
        else:
            assert len(check_signatures(both, step, signers=declared, needed=2, at=NOW)) == 2


def test_an_undeclared_key_can_not_sign() -> None:
    with pytest.raises(GateError, match="TID608"):
        sign(STEP, Ed25519PrivateKey.generate(), signers=SIGNERS, now=NOW)
    with pytest.raises(GateError, match="TID608"):
        check_signature(signed(a_person(9, "eve")), STEP, signers=SIGNERS, at=NOW)


def test_a_revoked_key_signs_nothing_and_what_it_signed_before_still_holds() -> None:
    revoked = replace(KARI, revoked_on=NOW.date())
    with pytest.raises(GateError, match=r"TID608.*was revoked"):
        sign(STEP, KARI.key, signers=signers_of(revoked), now=NOW)
    earlier = NOW - timedelta(days=2)
    check_signature(signed(now=earlier), STEP, signers=signers_of(revoked), at=earlier)
    with pytest.raises(GateError, match=r"TID608.*was revoked"):
        check_signature(signed(now=earlier), STEP, signers=signers_of(revoked), at=NOW)


@pytest.mark.parametrize("moved", [timedelta(days=31), -timedelta(hours=1)])
def test_an_old_signature_and_one_from_the_future_are_refused(moved: timedelta) -> None:
    with pytest.raises(GateError, match=r"TID610.*good for 30 days"):
        check_signature(signed(), STEP, signers=SIGNERS, at=NOW + moved)


def test_what_is_no_signature_is_said_plainly() -> None:
    good = signed().as_dict()
    statement = good["statement"]
    broken: list[dict[str, Any]] = [
        {},
        {"statement": statement},
        {**good, "signature": "?"},
        {**good, "statement": {**statement, "note": "more"}},
        {**good, "statement": {**statement, "kind": "letter"}},
        {**good, "statement": {name: value for name, value in statement.items() if name != "after"}},
        {**good, "statement": {**statement, "signed_at": "yesterday"}},
    ]
    for fields in broken:
        with pytest.raises(GateError, match="TID614"):
            Signature.from_dict(fields)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_of_the_proof_is_seen(place: int, change: int) -> None:
    proof = bytearray(signed().proof)
    proof[place % len(proof)] ^= change
    with pytest.raises(GateError, match="TID609"):
        check_signature(replace(signed(), proof=bytes(proof)), STEP, signers=SIGNERS, at=NOW)


def test_digests_tell_figures_apart() -> None:
    passed, failed = (Finding("G-01", "x", verdict, {"auc": 0.8}) for verdict in ("PASSED", "FAILED"))
    assert digest_of_gates([passed]) != digest_of_gates([failed]) != digest_of_gates([])
    assert digest_of_gates([passed]) == digest_of_gates([Finding("G-01", "x", "PASSED", {"auc": 0.8})])
    rows = (CapacityRow(0.1, 0.5, 0.3), CapacityRow(0.1, 0.5, float("nan")))
    assert digest_of_capacity(rows[:1]) != digest_of_capacity(rows[1:])
