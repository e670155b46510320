"""Which version serves, and the refusals when it is not the one that was signed for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from features.declarations.catalogue import Catalogue
from features.declarations.project import Project
from features.declarations.reviewing import Services
from features.declarations.screening import Screening
from features.errors import GateError, LedgerError, ModelError
from models.bundle import load_bundle, save_bundle
from models.deployment import Champion, bundle_folder, check_justified, deployed_bundle, find_champion, write_champion
from models.promoting import step_for
from models.promotion.writing import record_step
from models.rungs.logistic import LogisticRung
from tests.support.bundles import CATALOGUE, build_bundle
from tests.support.projects import NOW
from tests.support.promotions import REASON, TYPED

SCREENING = Screening.model_validate(
    {
        "project": {"id": "tiny", "title": "Tiny", "data": "synthetic", "controller": "X"},
        "purpose": [{"kind": "train", "legal_basis": "X", "controller": "X", "valid_from": "2020-01-01", "valid_to": "2030-01-01"}],
        "stage": [
            {
                "name": "grade_10",
                "label": {"nb": "x", "nn": "x", "en": "x"},
                "anchor": "edu_marks",
                "as_of": {"offset_days": 0},
                "outcomes": ["not_completed"],
            }
        ],
        "outcome": [
            {
                "name": "not_completed",
                "label": {"nb": "x", "nn": "x", "en": "x"},
                "indicator": "edu_marks",
                "positive": [2],
                "negative": [1],
                "horizon_days": 10,
                "of_100": {"nb": "{n}", "nn": "{n}", "en": "{n}"},
            }
        ],
    }
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, SCREENING, CATALOGUE, Services())


@pytest.fixture
def champion(project: Project) -> Champion:
    bundle = replace(build_bundle(LogisticRung), contract_hash=project.contract_hash)
    folder = bundle_folder(project, bundle.name, "1")
    folder.parent.mkdir(parents=True)
    save_bundle(bundle, folder)
    entry = record_step(project, step_for(project, load_bundle(folder), "1", reason=REASON, justification=None), TYPED, now=NOW)
    return Champion(bundle.name, "1", str(entry.public["bundle_hash"]), entry.hash, NOW)


def test_nothing_serves_before_a_promotion(project: Project) -> None:
    assert find_champion(project, "tiny-not_completed-grade_10") is None
    with pytest.raises(ModelError, match="TID507"):
        deployed_bundle(project, "tiny-not_completed-grade_10")


def test_the_promoted_version_serves(project: Project, champion: Champion) -> None:
    write_champion(project, champion)
    assert find_champion(project, champion.name) == champion
    assert deployed_bundle(project, champion.name).hash == champion.bundle_hash
    assert sorted(path.name for path in (project.var / "models" / champion.name).iterdir()) == ["1", "champion.json"]


@pytest.mark.requirement("R-12")
def test_a_model_screens_no_longer_than_its_justification(project: Project, champion: Champion) -> None:
    justified = replace(champion, justified_until=date(2027, 5, 23))
    write_champion(project, justified)
    assert find_champion(project, champion.name) == justified
    check_justified(justified, on=date(2027, 5, 23))
    check_justified(champion, on=date(2099, 1, 1))
    with pytest.raises(ModelError, match="TID514"):
        check_justified(justified, on=date(2027, 5, 24))


def test_another_bundle_than_the_signed_one_is_neither_promoted_nor_served(project: Project, champion: Champion) -> None:
    with pytest.raises(ModelError, match="TID503"):
        write_champion(project, replace(champion, bundle_hash="0" * 64))
    write_champion(project, champion)
    manifest = bundle_folder(project, champion.name, "1") / "bundle.json"
    manifest.write_text(manifest.read_text().replace('"synthetic": true', '"synthetic": false'))
    with pytest.raises(ModelError, match="TID503"):
        deployed_bundle(project, champion.name)


def test_a_changed_catalogue_stops_the_model(project: Project, champion: Champion) -> None:
    write_champion(project, champion)
    changed = replace(project, catalogue=Catalogue(CATALOGUE.sectors[:1]))
    with pytest.raises(ModelError, match="TID504"):
        deployed_bundle(changed, champion.name)


def test_a_pointer_written_by_hand_lets_nothing_serve(project: Project, champion: Champion) -> None:
    """Somebody who can write files, and knows the entry of a promotion, still can't let another version serve."""
    other = replace(build_bundle(LogisticRung, n=900), contract_hash=project.contract_hash)
    digest = save_bundle(other, bundle_folder(project, other.name, "2"))
    write_champion(project, replace(champion, version="2", bundle_hash=digest))
    with pytest.raises(GateError, match="TID612"):
        deployed_bundle(project, champion.name)
    write_champion(project, replace(champion, ledger_entry="e" * 64))
    with pytest.raises(LedgerError, match=r"TID804.*champion\.json names an entry that the ledger does not have"):
        deployed_bundle(project, champion.name)


def test_typed_names_let_nothing_serve_where_people_are_not_invented(project: Project, champion: Champion) -> None:
    write_champion(project, champion)
    about = project.screening.project.model_copy(update={"data": "public"})
    public = replace(project, screening=project.screening.model_copy(update={"project": about}))
    with pytest.raises(GateError, match=r"TID611.*typed names"):
        deployed_bundle(public, champion.name)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": "x", "promoted_at": "yesterday"}'])
def test_a_broken_pointer_is_said_plainly(project: Project, champion: Champion, content: str) -> None:
    write_champion(project, champion)
    (project.var / "models" / champion.name / "champion.json").write_text(content)
    with pytest.raises(ModelError, match="TID501"):
        deployed_bundle(project, champion.name)
