"""Two people's keys let a version serve, in a project whose people are not invented; the ledger proves it to anybody afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import GateError, LedgerError, ModelError
from features.ledger import Anchor, append_next, read_entries
from models.deployment import deployed_bundle, find_champion
from models.promotion.ledger import head_path, ledger_path, read_history, verify_promotions
from models.promotion.signers import FILE
from models.promotion.waiting import read_signatures, read_waiting, waiting_folder
from tests.support.projects import NOW
from tests.support.promotions import Person, a_person, declare
from tests.support.registering import DIFFERENT, MODEL, NOT_ASKED, TOO_GOOD, Registry, bundle_for, project_of
from training.registry.promoting import promote, rollback, withdraw
from training.registry.signing import SignedVersion, prepare_step, sign_step
from training.registry.tracking import local_tracking
from training.registry.versions import list_models

pytestmark = [
    # MLflow's own, raised while it sets up its store and logs a model; ours stay errors.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

KARI, OLA, EVE = a_person(1, "kari", role="modellforvalter"), a_person(2, "ola"), a_person(3, "eve")
WHY = "It finds more people than the one before."
LAWFUL = "Boys do leave school more often; nobody else is approached in their place."
LATER = timedelta(hours=1)


@dataclass(frozen=True)
class Shop(Registry):
    """A registry with people who sign."""

    def sign(self, version: str, person: Person, *, reason: str | None = WHY, justify: str | None = None) -> SignedVersion:
        prepared = prepare_step(self.project, self.tracking, MODEL, version, reason=reason, justification=justify)
        return sign_step(self.project, prepared, key=person.key, now=NOW)

    def promote(self, version: str, *people: Person, justify: str | None = None, step: int = 0) -> None:
        signatures = [self.sign(version, person, justify=justify).signature for person in people]
        promote(self.project, self.tracking, MODEL, version, signatures=signatures, now=NOW + step * LATER)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Version 1 passes every gate, 2 treats groups differently, 3 is too good to be true, 4 passes."""
    project = project_of(tmp_path_factory.mktemp("public"), data="public")
    declare(project.root, KARI, OLA)
    shop = Shop(project, local_tracking(project))
    for n, gates in ((300, None), (310, DIFFERENT), (320, TOO_GOOD), (330, None)):
        shop.register(bundle_for(project, n=n) if gates is None else bundle_for(project, n=n, gates=gates))
    return shop


@contextmanager
def kept(*paths: Path) -> Iterator[None]:
    """Put files back as they were."""
    before = {path: path.read_bytes() for path in paths}
    yield
    for path, content in before.items():
        path.write_bytes(content)


def test_typed_names_are_refused(shop: Shop) -> None:
    with pytest.raises(GateError, match="TID602"):
        promote(shop.project, shop.tracking, MODEL, "1", signers=("kari", "ola"), reason=WHY, now=NOW)
    with pytest.raises(GateError, match="TID602"):
        rollback(shop.project, shop.tracking, MODEL, signer="kari", reason=WHY, now=NOW)


def test_one_signature_is_not_enough_and_nothing_is_written(shop: Shop) -> None:
    kari = shop.sign("1", KARI).signature
    for signatures in ([], [kari], [kari, kari]):
        with pytest.raises(GateError, match="TID601"):
            promote(shop.project, shop.tracking, MODEL, "1", signatures=signatures, now=NOW)
    assert not ledger_path(shop.project).exists()
    assert find_champion(shop.project, MODEL) is None


def test_a_stranger_signs_nothing(shop: Shop) -> None:
    with pytest.raises(GateError, match=r"TID608.*no signer"):
        shop.sign("1", EVE)


def test_a_failed_gate_is_not_even_signed(shop: Shop) -> None:
    with pytest.raises(GateError, match=r"TID603.*G-01"):
        shop.sign("3", KARI)
    with pytest.raises(GateError, match="TID604"):
        shop.sign("2", KARI)
    with pytest.raises(GateError, match="TID615"):
        shop.sign("4", KARI, reason=None)
    assert not waiting_folder(shop.project, MODEL, "3").exists()


def test_signatures_of_another_version_or_other_words_do_not_count(shop: Shop) -> None:
    kari = shop.sign("1", KARI).signature
    with pytest.raises(GateError, match=r"TID610: ola signed something else: .*version differ"):
        promote(shop.project, shop.tracking, MODEL, "1", signatures=[kari, shop.sign("4", OLA).signature], now=NOW)
    other = shop.sign("1", OLA, reason="Because the leader wants it.").signature
    with pytest.raises(GateError, match=r"TID610: ola signed something else: reason differ"):
        promote(shop.project, shop.tracking, MODEL, "1", signatures=[kari, other], now=NOW)


def test_the_second_signs_the_words_of_the_first(shop: Shop) -> None:
    first = shop.sign("4", KARI, reason="Drift since the summer.")
    second = shop.sign("4", OLA, reason=None)
    assert second.signature.step == first.signature.step
    assert read_signatures([first.path]) == (first.signature,)
    assert {one.person for one in read_waiting(shop.project, MODEL, "4")} == {"kari", "ola"}


@pytest.fixture(scope="module")
def promoted(shop: Shop) -> Shop:
    """Version 1 served, then 2 with a justification, then 1 again."""
    shop.promote("1", KARI, OLA)
    shop.promote("2", KARI, OLA, justify=LAWFUL, step=1)
    rollback(shop.project, shop.tracking, MODEL, key=OLA.key, reason="Too many approached in vain.", now=NOW + 2 * LATER)
    return shop


@pytest.mark.requirement("R-35")
def test_the_history_says_who_when_and_why(promoted: Shop) -> None:
    lines = read_history(promoted.project, MODEL)
    assert [(one.action, one.version, one.before, one.signers, one.simulated) for one in lines] == [
        ("model_promoted", "1", None, ("kari", "ola"), False),
        ("model_promoted", "2", "1", ("kari", "ola"), False),
        ("model_rolled_back", "1", "2", ("ola",), False),
    ]
    assert [one.reason for one in lines] == [WHY, WHY, "Too many approached in vain."]
    assert lines[1].gates_failed == ("G-06",)
    assert lines[1].justification == LAWFUL
    assert lines[1].justification_expires_on is not None
    assert [one.at for one in lines] == [NOW, NOW + LATER, NOW + 2 * LATER]
    assert read_history(promoted.project) == lines
    assert read_history(promoted.project, "another") == ()


def test_the_registry_follows_and_names_the_entry(promoted: Shop) -> None:
    listed = {one.version: one.aliases for one in list_models(promoted.project, promoted.tracking)}
    assert listed["1"] == ("champion",)
    assert deployed_bundle(promoted.project, MODEL).hash == find_champion(promoted.project, MODEL).bundle_hash  # type: ignore[union-attr]
    tags = promoted.tracking.client().get_model_version(MODEL, "1").tags
    assert tags["ledger_entry"] == find_champion(promoted.project, MODEL).ledger_entry  # type: ignore[union-attr]


def test_a_signature_promotes_once(promoted: Shop) -> None:
    """What promoted version 1 does not promote it again: something else served in between."""
    entry = next(iter(read_entries(ledger_path(promoted.project))))
    folder = promoted.project.var.parent / "kept"
    folder.mkdir(exist_ok=True)
    paths = []
    for number, fields in enumerate(entry.public["signatures"]):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(json.dumps(fields))
    with pytest.raises(GateError, match=r"TID610: kari signed something else: after differ"):
        promote(promoted.project, promoted.tracking, MODEL, "1", signatures=read_signatures(paths), now=NOW + 3 * LATER)


@pytest.mark.requirement("R-27")
def test_every_signature_is_verified_again_from_the_ledger(promoted: Shop) -> None:
    assert verify_promotions(promoted.project).count == 3
    signers = promoted.project.root / FILE
    with kept(signers):
        declare(promoted.project.root, KARI, replace(OLA, revoked_on=(NOW + timedelta(days=1)).date()))
        assert verify_promotions(promoted.project).count == 3, "revoked later: what it signed before stands"
        declare(promoted.project.root, KARI, replace(OLA, revoked_on=NOW.date()))
        with pytest.raises(GateError, match=r"TID611: entry 1 .*version 1.*was revoked"):
            verify_promotions(promoted.project)
        with pytest.raises(GateError, match="TID611"):
            deployed_bundle(promoted.project, MODEL)
        declare(promoted.project.root, KARI)
        with pytest.raises(GateError, match=r"TID611.*no signer in"):
            verify_promotions(promoted.project)
        declare(promoted.project.root, KARI, replace(OLA, person="kari"))
        with pytest.raises(GateError, match=r"TID611.*another person"):
            verify_promotions(promoted.project)


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda public: {**public, "bundle_hash": "f" * 64}, "bundle_hash differ"),
        (lambda public: {**public, "reason": "Another reason altogether."}, "reason differ"),
        (lambda public: {**public, "signatures": public["signatures"][:1]}, "1 different people signed, expected 2"),
        (lambda public: {**public, "simulated": True}, "typed names"),
    ],
)
def test_an_entry_written_anew_with_a_whole_chain_is_still_not_signed(promoted: Shop, edit: object, why: str) -> None:
    """Whoever can write the ledger, its head and the pointer can make a chain that fits, and can't make a signature."""
    ledger, head = ledger_path(promoted.project), head_path(promoted.project)
    pointer = promoted.project.var / "models" / MODEL / "champion.json"
    first = next(iter(read_entries(ledger)))
    with kept(ledger, head, pointer):
        ledger.unlink()
        public = edit(first.public)  # type: ignore[operator]
        forged = append_next(ledger, recorded_at=NOW, actor=first.actor, action=first.action, purpose="train", public=public)
        head.write_text(json.dumps({"count": 1, "head": forged.hash}))
        pointer.write_text(json.dumps({**json.loads(pointer.read_text()), "ledger_entry": forged.hash}))
        with pytest.raises(GateError, match=f"TID611: entry 1 .*{why}"):
            verify_promotions(promoted.project)


@pytest.mark.requirement("R-27")
def test_a_cut_end_is_seen(promoted: Shop) -> None:
    ledger, head = ledger_path(promoted.project), head_path(promoted.project)
    pointer = promoted.project.var / "models" / MODEL / "champion.json"
    anchor = verify_promotions(promoted.project).anchor
    lines = ledger.read_text().splitlines(keepends=True)
    with kept(ledger, head, pointer):
        ledger.write_text("".join(lines[:2]))
        with pytest.raises(LedgerError, match="TID804: the ledger was cut off"):
            verify_promotions(promoted.project)
        with pytest.raises(LedgerError, match="TID804"):
            rollback(promoted.project, promoted.tracking, MODEL, key=OLA.key, reason=WHY, now=NOW + 4 * LATER)
        head.unlink()
        with pytest.raises(LedgerError, match=r"TID804.*head\.json is missing"):
            verify_promotions(promoted.project)
        second = json.loads(lines[1])
        head.write_text(json.dumps({"count": 2, "head": second["hash"]}))
        with pytest.raises(LedgerError, match=r"TID804.*champion\.json names an entry"):
            verify_promotions(promoted.project)
        pointer.write_text(json.dumps({**json.loads(pointer.read_text()), "ledger_entry": second["hash"]}))
        with pytest.raises(LedgerError, match="TID804"):
            verify_promotions(promoted.project, anchor=anchor)
    assert verify_promotions(promoted.project, anchor=Anchor(3, anchor.head)).count == 3
    with kept(head):
        head.write_text("{}")
        with pytest.raises(LedgerError, match="TID805"):
            verify_promotions(promoted.project)


def test_a_promotion_that_was_stopped_before_the_pointer_is_finished_by_the_next(promoted: Shop) -> None:
    """Killed after the ledger and before the pointer: the step stands, its signatures are used up, and it is not written twice."""
    pointer = promoted.project.var / "models" / MODEL / "champion.json"
    before = pointer.read_bytes()
    signatures = [promoted.sign("4", person).signature for person in (KARI, OLA)]
    promote(promoted.project, promoted.tracking, MODEL, "4", signatures=signatures, now=NOW + 5 * LATER)
    after = pointer.read_bytes()
    pointer.write_bytes(before)
    assert verify_promotions(promoted.project).count == 4
    champion = promote(promoted.project, promoted.tracking, MODEL, "4", signatures=signatures, now=NOW + 6 * LATER)
    assert pointer.read_bytes() == after
    assert champion.promoted_at == NOW + 5 * LATER
    assert verify_promotions(promoted.project).count == 4


def test_what_a_rollback_leads_to_has_to_be_what_was_signed_for(promoted: Shop) -> None:
    manifest = promoted.project.var / "models" / MODEL / "1" / "bundle.json"
    with kept(manifest):
        manifest.write_text(manifest.read_text().replace('"seed": 11', '"seed": 12'))
        with pytest.raises(ModelError, match="TID503"):
            rollback(promoted.project, promoted.tracking, MODEL, key=OLA.key, reason=WHY, now=NOW + 7 * LATER)


@pytest.mark.requirement("R-33")
@pytest.mark.parametrize("change", [{"data": "synthetic"}, {"outcome": "neet"}, {"project": "others"}])
def test_a_bundle_of_another_kind_is_not_promoted_here(promoted: Shop, change: dict[str, str]) -> None:
    """Registered under our name all the same: what learnt from invented people never serves others, nor one outcome for another."""
    bundle = replace(bundle_for(promoted.project, n=340), **change)  # type: ignore[arg-type]
    run = promoted.log(bundle, register=False)
    client = promoted.tracking.client()
    logged = client.get_run(run.run_id).outputs.model_outputs[0].model_id
    version = client.create_model_version(MODEL, f"models:/{logged}", run.run_id, model_id=logged, tags={"bundle_hash": "?"})
    tag = client.get_run(run.run_id).data.tags["bundle_hash"]
    client.set_model_version_tag(MODEL, version.version, "bundle_hash", tag)
    with pytest.raises(ModelError, match="TID525"):
        promoted.sign(str(version.version), KARI)


@pytest.mark.requirement("R-12")
def test_a_gate_that_nobody_let_be_asked_needs_a_justification_that_expires(promoted: Shop) -> None:
    version = promoted.register(bundle_for(promoted.project, n=350, gates=NOT_ASKED))
    with pytest.raises(GateError, match=r"TID604.*was never asked G-06\. Declare a valid audit purpose"):
        promoted.promote(version, KARI, OLA)

    promoted.promote(version, KARI, OLA, justify=LAWFUL, step=8)

    line = read_history(promoted.project, MODEL)[-1]
    assert (line.gates_failed, line.gates_not_asked, line.justification) == ((), ("G-06",), LAWFUL)
    champion = find_champion(promoted.project, MODEL)
    assert champion is not None
    assert champion.justified_until == line.justification_expires_on
    assert champion.justified_until is not None


@pytest.mark.requirement("R-30")
def test_one_person_takes_a_model_out_of_use_even_a_damaged_one(promoted: Shop) -> None:
    project, tracking = promoted.project, promoted.tracking
    champion = find_champion(project, MODEL)
    assert champion is not None
    manifest = project.var / "models" / MODEL / champion.version / "bundle.json"
    pointer = project.var / "models" / MODEL / "champion.json"
    served, n_steps = pointer.read_bytes(), verify_promotions(project).count
    with kept(manifest):
        manifest.write_text("damaged")
        with pytest.raises(GateError, match="TID608"):
            withdraw(project, tracking, MODEL, key=EVE.key, reason=WHY, now=NOW + 9 * LATER)
        assert withdraw(project, tracking, MODEL, key=OLA.key, reason=WHY, now=NOW + 9 * LATER) == champion.version

    assert find_champion(project, MODEL) is None
    assert all("champion" not in line.aliases for line in list_models(project, tracking))
    assert read_history(project, MODEL)[-1].action == "model_withdrawn"
    assert verify_promotions(project).count == n_steps + 1

    pointer.write_bytes(served)  # as if it had been killed before the pointer went
    with pytest.raises(ModelError, match=r"TID526.*nothing to take out"):
        withdraw(project, tracking, MODEL, key=OLA.key, reason=WHY, now=NOW + 10 * LATER)
    assert find_champion(project, MODEL) is None
    with pytest.raises(ModelError, match="TID522"):
        rollback(project, tracking, MODEL, key=OLA.key, reason=WHY, now=NOW + 10 * LATER)

    promoted.promote(promoted.register(bundle_for(project, n=360)), KARI, OLA, step=11)
    assert find_champion(project, MODEL) is not None
