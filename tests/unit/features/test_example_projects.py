"""What the example projects promise: honest wording, recorded bases, people who exist nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.catalogue import Sector, Use
from features.declarations.project import Project, load_project

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def norway() -> Project:
    return load_project(EXAMPLES / "norway")


@pytest.fixture(scope="module")
def nlsy97() -> Project:
    return load_project(EXAMPLES / "nlsy97")


def test_every_legal_basis_in_the_demo_says_that_it_is_invented(norway: Project) -> None:
    bases = [purpose.legal_basis for purpose in norway.screening.purpose]
    bases += [sector.legal_basis for sector in norway.catalogue.sectors]
    bases += [i.legal_basis for i in norway.catalogue.declared.values() if i.legal_basis is not None]
    assert all(basis is not None and basis.startswith("FIKTIV:") for basis in bases)


@pytest.mark.requirement("R-02")
def test_training_scoring_and_auditing_are_separate_purposes(norway: Project) -> None:
    assert [purpose.kind for purpose in norway.screening.purpose] == ["train", "score", "audit"]
    assert len({purpose.legal_basis for purpose in norway.screening.purpose}) == 3


@pytest.mark.requirement("R-05")
def test_child_welfare_and_health_are_confidential_and_need_their_own_basis(norway: Project) -> None:
    sensitive = [i for i in norway.catalogue.indicators.values() if i.code.startswith(("cws_", "hlt_")) and i.use is Use.PREDICTOR]
    assert len(sensitive) == 14
    assert all(i.confidential and i.needs_legal_basis for i in sensitive)


@pytest.mark.requirement("R-10")
def test_audit_attributes_make_no_features_and_come_for_auditing_alone(norway: Project) -> None:
    audit = next(sector for sector in norway.catalogue.sectors if sector.sector is Sector.AUDIT)
    assert {i.use for i in audit.indicator} == {Use.AUDIT}
    assert {source.purposes for source in audit.source} == {("audit",)}
    assert set(norway.screening.groups.values()) <= {i.code for i in audit.indicator if i.levels}


@pytest.mark.requirement("R-04")
def test_without_its_basis_a_sector_and_its_indicators_are_gone(norway: Project) -> None:
    from features.declarations.catalogue import Catalogue, SectorFile

    silent = tuple(
        SectorFile.model_validate(sector.model_dump(mode="json") | {"enabled": None, "legal_basis": None})
        for sector in norway.catalogue.sectors
    )
    left = {Catalogue(silent).sector_of(code) for code in Catalogue(silent).indicators}
    assert left == {Sector.EDUCATION}


def test_every_service_can_be_reached_at_an_address_that_is_invented(norway: Project) -> None:
    services = norway.services.service
    assert all(s.email is not None and s.email.endswith("@example.no") and (s.phone or "").startswith("00 ") for s in services)
    assert len({s.phone for s in services}) == len({s.code for s in services}) == len(services)


def test_rules_of_thumb_name_features_that_exist(norway: Project) -> None:
    names = {spec.name for spec in norway.catalogue.feature_specs()}
    assert {rule.split()[0] for rule in norway.screening.training.rules.values()} <= names


def test_frequencies_put_those_who_complete_first(norway: Project) -> None:
    for wording in (norway.screening.outcome[0].of_100.nb, norway.screening.outcome[0].of_100.nn, norway.screening.outcome[0].of_100.en):
        assert wording.index("{n}") < wording.index("{rest}")


@pytest.mark.realdata("norway")
def test_the_demos_municipalities_are_no_real_ones(realdata: Path) -> None:
    from features.synth.places import LOCAL

    rows = [line.split(",") for line in (realdata / "kommuner_2024.csv").read_text(encoding="utf-8").splitlines()[1:]]
    numbers, names = {row[0] for row in rows}, {row[1].casefold() for row in rows}
    assert not {str(place.number) for place in LOCAL} & numbers
    assert not {place.name.casefold() for place in LOCAL} & names


def test_the_panel_declares_protected_attributes_for_audit_alone(nlsy97: Project) -> None:
    protected = {code for code, i in nlsy97.catalogue.indicators.items() if i.use is Use.AUDIT}
    assert protected == set(nlsy97.screening.groups.values())
    assert not {"score"} & {purpose.kind for purpose in nlsy97.screening.purpose}


def test_the_panels_outcome_lies_within_its_horizon(nlsy97: Project) -> None:
    assert {split.outcome for split in nlsy97.screening.diagnostic_split} == set(nlsy97.outcomes)
    assert all(not set(split.train) & set(split.test) for split in nlsy97.screening.diagnostic_split)
