"""Signing in the console: by keys that never come here, by logins where people are invented, and letting a version serve (R-31)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from features.declarations.project import Project, load_project
from features.errors import GateError, ReviewError
from features.findings import Finding
from models.deployment import deployed_bundle, find_champion
from models.promotion.ledger import read_history, verify_promotions
from models.promotion.offline import as_text, read_file, sign_file
from models.promotion.signatures import Signature
from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.auditing import log
from serving.console.routes import mount
from serving.roles import Role
from serving.scoring import promotions
from tests.support.console import MODEL, Reader, deploy_model, place_challenger, reader
from tests.support.projects import NOW, make_real, tiny_project
from tests.support.promotions import Person, a_person, declare
from tests.support.review import Review

WHY = "Finds more on grade 8 than the one before."
LAWFUL = "The base rates differ between the groups, and the service offers the same talk to both."
LOGINS = ("modellforvalter", "leder-9901", "fairness-revisor", "koordinator-9901")
PAGE = f"/models/{MODEL}/promotion/2"
KARI, OLA = a_person(1, "kari.nordmann", role="modellforvalter"), a_person(2, "ola.leder", role="leder")
UNFAIR = (Finding("G-06", "Equally sparing", "FAILED", {"attribute": "sex", "group": "boy", "estimate": 1.6, "low": 1.3, "high": 2.0}),)


@pytest.fixture
def console(review: Review) -> Review:
    """Give the service with its console, a version that serves and one that could."""
    mount(review.app)
    for login in LOGINS:
        review.create_demo_account(login)
    deploy_model(review.project)
    place_challenger(review.project)
    return review


@pytest.fixture
def real(tmp_path: Path) -> Project:
    """Give a project whose people are real, with two signers and a version that could serve; none does."""
    root = tiny_project(tmp_path / "real")
    make_real(root)
    declare(root, KARI, OLA)
    project = load_project(root)
    place_challenger(project, data="real")
    return project


@contextmanager
def at_desk(review: Review, project: Project, role: Role = Role.MODEL_KEEPER) -> Iterator[Desk]:
    """Sit somebody down at a desk of any project, in one transaction."""
    account = Account("a" * 32, role.value, role, "9901" if role is Role.LEADER else None, is_demo=True)
    with review.database.transaction() as session:
        yield Desk(session, review.keys, project, account, NOW)


def sign_elsewhere(desk: Desk, who: Person, folder: Path, *, reason: str = WHY, justification: str = "") -> Signature:
    """Take the statement to where a key is, and sign it there."""
    content = promotions.build_statement(desk, MODEL, "2", reason=reason, justification=justification)
    path = folder / "statement.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return sign_file(read_file(path), who.key, path=path, now=NOW)


def logged(review: Review, action: str) -> list[dict[str, Any]]:
    with review.database.reading() as session:
        return [line.details for line in log.read_page(session, before=None, limit=200).lines if line.action == action]


@pytest.mark.requirement("R-31")
def test_two_keys_elsewhere_let_a_version_serve(review: Review, real: Project, tmp_path: Path) -> None:
    for who in (KARI, OLA):
        with at_desk(review, real) as desk:
            promotions.take_signature(desk, MODEL, "2", sign_elsewhere(desk, who, tmp_path))
    with at_desk(review, real) as desk:
        champion = promotions.let_serve(desk, MODEL, "2")

    assert find_champion(real, MODEL) == champion
    assert deployed_bundle(real, MODEL).hash == champion.bundle_hash
    (line,) = read_history(real)
    assert (line.signers, line.simulated, line.reason) == (("kari.nordmann", "ola.leder"), False, WHY)
    verify_promotions(real)
    assert [(one["signer_role"], one["simulated"]) for one in logged(review, "promotion.signed")] == [
        ("leder", False),
        ("modellforvalter", False),
    ]
    assert [(one["version"], one["before"]) for one in logged(review, "promotion.promoted")] == [("2", None)]
    assert WHY not in json.dumps(logged(review, "promotion.signed"))


@pytest.mark.requirement("R-31")
def test_what_does_not_hold_is_refused_and_leaves_no_trace(review: Review, real: Project, tmp_path: Path) -> None:
    stranger = a_person(3, "kari.nordmann", role="modellforvalter")

    def refused(code: str, spoil: Any) -> None:
        with pytest.raises((GateError, ReviewError)) as refusal, at_desk(review, real) as desk:
            promotions.take_signature(desk, MODEL, "2", spoil(sign_elsewhere(desk, KARI, tmp_path)))
        assert refusal.value.code == code

    def edited(signature: Signature, **changes: Any) -> Signature:
        said = signature.as_dict()
        return Signature.from_dict({**said, "statement": {**said["statement"], **changes}})

    refused("TID609", lambda one: edited(one, reason="Something else altogether."))
    refused("TID609", lambda one: edited(one, worth_a_look=0.01))
    refused("TID609", lambda one: edited(one, signed_at="2026-11-20T00:00:00+00:00"))
    refused("TID608", lambda one: edited(one, key="0" * 16))
    declare(real.root, stranger, OLA)
    with at_desk(review, real) as desk:
        unknown = sign_elsewhere(desk, stranger, tmp_path)
    declare(real.root, KARI, OLA)
    refused("TID608", lambda _: unknown)
    with pytest.raises(GateError, match="TID602"), at_desk(review, real) as desk:
        promotions.sign_by_login(desk, MODEL, "2", reason=WHY, justification="")
    with pytest.raises(GateError, match="TID615"), at_desk(review, real) as desk:
        promotions.build_statement(desk, MODEL, "2", reason="now", justification="")
    with pytest.raises(ReviewError, match="TID707"), at_desk(review, real) as desk:
        promotions.build_statement(desk, MODEL, "2", reason=f"{WHY} 01010750160", justification="")
    with pytest.raises(GateError, match="TID601"), at_desk(review, real) as desk:
        promotions.let_serve(desk, MODEL, "2")

    assert logged(review, "promotion.signed") == []
    assert not (real.var / "signatures").exists()


@pytest.mark.requirement("R-31")
def test_one_person_twice_or_nobody_who_answers_lets_nothing_serve(review: Review, real: Project, tmp_path: Path) -> None:
    other_key, colleague = a_person(4, "Kari.Nordmann", role="modellforvalter"), a_person(5, "per.modell", role="modellforvalter")
    declare(real.root, KARI, other_key, colleague, OLA)
    for who in (KARI, other_key):
        with at_desk(review, real) as desk:
            promotions.take_signature(desk, MODEL, "2", sign_elsewhere(desk, who, tmp_path))
    with pytest.raises(GateError, match="TID601"), at_desk(review, real) as desk:
        promotions.let_serve(desk, MODEL, "2")
    with at_desk(review, real) as desk:
        promotions.take_signature(desk, MODEL, "2", sign_elsewhere(desk, colleague, tmp_path))
    with pytest.raises(GateError, match="TID616"), at_desk(review, real) as desk:
        promotions.let_serve(desk, MODEL, "2")

    assert find_champion(real, MODEL) is None
    assert logged(review, "promotion.promoted") == []


@pytest.mark.requirement("R-12")
def test_a_failed_group_gate_asks_for_words_that_both_sign(review: Review, real: Project, tmp_path: Path) -> None:
    place_challenger(real, version="3", data="real", gates=UNFAIR)
    with pytest.raises(GateError, match="TID604"), at_desk(review, real) as desk:
        promotions.build_statement(desk, MODEL, "3", reason=WHY, justification="")
    with at_desk(review, real) as desk:
        content = promotions.build_statement(desk, MODEL, "3", reason=WHY, justification=LAWFUL)
    assert content["step"]["justification"] == LAWFUL
    assert content["step"]["gates_failed"] == ["G-06"]
    barred = (Finding("G-01", "Not too good to be true", "FAILED", {"auc": 0.99}),)
    place_challenger(real, version="4", data="real", gates=barred)
    with pytest.raises(GateError, match="TID603"), at_desk(review, real) as desk:
        promotions.build_statement(desk, MODEL, "4", reason=WHY, justification=LAWFUL)


@pytest.mark.requirement("R-31")
def test_two_logins_stand_in_where_people_are_invented(console: Review) -> None:
    keeper, leader = reader(console, "modellforvalter"), reader(console, "leder-9901")
    page = keeper.open(PAGE)
    status, again = keeper.send(page, f"{PAGE}/login-signature", reason=WHY)
    assert status == 422
    assert "kryss av for det" in again
    assert WHY in again
    assert keeper.send(page, f"{PAGE}/login-signature", reason="nå", understood="yes")[0] == 422
    status, signed = keeper.send(page, f"{PAGE}/login-signature", reason=WHY, understood="yes")
    assert status == 200
    assert "Ingen som svarer for bruken har signert" in signed
    assert "Du har signert" in signed
    assert "/promote" not in signed
    assert "Venter på leder eller dataansvarlig" in leader.open("/leader")
    page = leader.open(PAGE)
    assert WHY in page
    assert 'name="reason"' not in page, "both sign the same words"
    ready = leader.send(page, f"{PAGE}/login-signature", understood="yes")[1]
    assert "To har signert" in ready
    assert find_champion(console.project, MODEL).version == "1"  # type: ignore[union-attr]
    assert leader.send(ready, f"{PAGE}/promote")[0] == 200

    champion = find_champion(console.project, MODEL)
    assert champion is not None
    assert champion.version == "2"
    last = read_history(console.project)[-1]
    assert (last.version, last.before, last.simulated, last.signers) == ("2", "1", True, ("leder-9901", "modellforvalter"))
    assert [one["simulated"] for one in logged(console, "promotion.signed")] == [True, True]
    assert [one["before"] for one in logged(console, "promotion.promoted")] == ["1"]
    assert leader.client.get(PAGE).status_code == 404, "what serves can't be promoted again"


def test_the_page_gives_a_statement_and_takes_the_signature_back(console: Review, real: Project, tmp_path: Path) -> None:
    keeper = reader(console, "modellforvalter")
    console.app.state.project = real
    page = keeper.open(PAGE)
    assert "kari.nordmann (Modellforvalter)" in page
    assert keeper.send(page, f"{PAGE}/statement", reason=WHY)[0] == 422
    status, text = keeper.send(page, f"{PAGE}/statement", reason=WHY, understood="yes")
    assert status == 200
    path = tmp_path / "statement.json"
    path.write_text(text, encoding="utf-8")
    signature = as_text(sign_file(read_file(path), KARI.key, path=path, now=NOW))
    for wrong, words in (("", "Velg en fil"), ("{}", "ingen signatur"), (signature.replace(WHY, "Something else."), "noe ble endret")):
        status, again = keeper.send(page, f"{PAGE}/signature", signature=wrong)
        assert (status, words in again) == (422, True), words
        assert re.search(r'id="signature-error"', again)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None
    sent = keeper.client.post(f"{PAGE}/signature", data={"csrf": csrf[1]}, files={"file": ("s.json", signature, "application/json")})
    assert sent.status_code == 200
    assert "kari.nordmann" in sent.text[sent.text.index('id="signed"') :]
    status, again = keeper.send(sent.text.replace("</main>", _promote_form(csrf[1])), f"{PAGE}/promote")
    assert (status, "TID601" in again) == (409, True)


def _promote_form(csrf: str) -> str:
    """A form that the page does not offer yet: somebody may send it all the same."""
    return f'<form method="post" action="{PAGE}/promote"><input type="hidden" name="csrf" value="{csrf}"></form></main>'


def test_others_neither_see_nor_sign(console: Review) -> None:
    auditor: Reader = reader(console, "fairness-revisor")

    assert auditor.client.get(PAGE).status_code == 403
    assert auditor.client.get(f"/models/{MODEL}/compare/2").status_code == 200
    assert reader(console, "koordinator-9901").client.get(f"/models/{MODEL}/compare/2").status_code == 403
    assert reader(console, "modellforvalter").client.get(f"/models/{MODEL}/promotion/9").status_code == 404
    assert reader(console, "modellforvalter").client.get("/models/other/promotion/2").status_code == 404
