"""Reasons in words, and what of them a reader may see."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.declarations.catalogue import Sector
from features.errors import ModelError
from models.bundle import Bundle
from models.calibration import PlattCalibrator
from models.disclosure import COARSE, strength_of, visible_gaps, visible_reasons
from models.reasons import build_reasons, with_dates
from models.rungs.boosted import BoostedRung
from models.rungs.ladder import LADDER, RungClass
from models.rungs.logistic import LogisticRung
from tests.support.bundles import CATALOGUE, NAMES, build_bundle, planted_people

MEASURE = NAMES.index("cws_measure.count@730d")
MARKS = NAMES.index("edu_marks.last@ever")
NOBODY: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def line() -> Bundle:
    return build_bundle(LogisticRung)


@pytest.mark.requirement("R-19")
@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
def test_reasons_add_up_to_the_served_log_odds(rung_class: RungClass) -> None:
    bundle = build_bundle(rung_class, calibrator=PlattCalibrator(0.8, -0.1))
    people, _ = planted_people(60, seed=3)
    explained = bundle.explain(people)
    for reasons, served in zip(bundle.reasons(people), explained.log_odds, strict=True):
        assert abs(explained.base + sum(reason.contribution for reason in reasons) - served) < 1e-9
        assert [abs(r.contribution) for r in reasons] == sorted((abs(r.contribution) for r in reasons), reverse=True)


@pytest.mark.requirement("R-19")
def test_a_reason_has_its_value_its_typical_value_and_its_gaps(line: Bundle) -> None:
    people, _ = planted_people(1, seed=3)
    person = people[0].astype(np.float64)
    person[:] = [42, 0.5, np.nan, 0, 1, 0, 301, 0]
    reasons = {reason.indicator: reason for reason in line.reasons(person[None, :])[0]}
    absence = reasons["edu_absence_days"]
    assert (absence.value, absence.unit, absence.direction) == (42.0, "days", "raises")
    assert absence.main_feature.name == "edu_absence_days.sum@365d"
    assert absence.typical == line.reference.typical["edu_absence_days.sum@365d"].median
    assert (reasons["edu_programme"].value, reasons["edu_programme"].sector) == ("vocational", Sector.EDUCATION)
    assert reasons["edu_programme"].typical in ("general", "vocational", "bridge")
    assert (reasons["edu_marks"].value, reasons["edu_marks"].is_missing) == (None, True)
    assert not reasons["edu_absence_days"].is_missing
    dated = with_dates(list(reasons.values()), {"edu_absence_days": date(2025, 5, 1)})
    assert {r.indicator: r.happened_on for r in dated if r.happened_on} == {"edu_absence_days": date(2025, 5, 1)}


def test_a_feature_without_a_declaration_has_no_words_and_is_refused(line: Bundle) -> None:
    for name in ("unknown.last@ever", "edu_marks.count@ever"):
        with pytest.raises(ModelError, match="TID512"):
            build_reasons(CATALOGUE, [name], np.zeros(1), np.zeros(1), line.reference)


@pytest.mark.requirement("R-05")
def test_a_confidential_reason_is_seen_by_its_owner_or_by_consent_only(line: Bundle) -> None:
    people, _ = planted_people(5, seed=3)
    people[:, MEASURE] = 1
    for reasons in line.reasons(people):
        others = visible_reasons(reasons, services_of_reader=frozenset({"school"}))
        assert "cws_measure" not in {reason.indicator for reason in others}
        owner = visible_reasons(reasons, services_of_reader=frozenset({"child_welfare"}))
        consented = visible_reasons(reasons, services_of_reader=NOBODY, consent_sectors=frozenset({Sector.FAMILY}))
        assert "cws_measure" in {reason.indicator for reason in owner}
        assert owner == consented
        assert others[-1] == owner[-1] == COARSE


@pytest.mark.requirement("R-06")
def test_child_welfare_contact_changes_nothing_that_others_see_in_a_line(line: Bundle) -> None:
    people, _ = planted_people(200, seed=4)
    without, with_contact, unknown = people.copy(), people.copy(), people.copy()
    without[:, MEASURE], with_contact[:, MEASURE], unknown[:, MEASURE] = 0, 1, np.nan
    assert not np.array_equal(line.score(without).log_odds, line.score(with_contact).log_odds)
    shown = [
        [
            (visible_reasons(r, services_of_reader=NOBODY), visible_gaps(r, services_of_reader=NOBODY, consent_sectors=frozenset()))
            for r in line.reasons(matrix)
        ]
        for matrix in (without, with_contact, unknown)
    ]
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.requirement("R-06")
def test_the_coarse_reason_is_there_for_all_rungs_readers_and_persons() -> None:
    people, _ = planted_people(40, seed=4)
    for bundle in (build_bundle(rung_class) for rung_class in LADDER):
        for reasons in bundle.reasons(people):
            for services in (NOBODY, frozenset({"school", "child_welfare"})):
                shown = visible_reasons(reasons, services_of_reader=services)
                assert shown[-1] == COARSE
                assert sum(reason.is_coarse for reason in shown) == 1
    assert (COARSE.value, COARSE.happened_on, COARSE.strength, COARSE.typical, COARSE.sector) == (None,) * 5
    assert visible_reasons([], services_of_reader=NOBODY) == (COARSE,)


@pytest.mark.requirement("R-06")
def test_in_trees_what_others_see_by_name_and_value_does_not_depend_on_contact() -> None:
    bundle = build_bundle(BoostedRung)
    people, _ = planted_people(100, seed=4)
    for flag in (0, 1):
        people[:, MEASURE] = flag
        for reasons in bundle.reasons(people):
            names = {r.indicator for r in visible_reasons(reasons, services_of_reader=NOBODY)} - {None}
            assert "cws_measure" not in names
            assert len(names) <= 4


def test_what_is_missing_is_listed_unless_it_is_anothers_secret(line: Bundle) -> None:
    people, _ = planted_people(1, seed=3)
    people[0, [MARKS, MEASURE]] = np.nan
    people[0, 3:6] = np.nan
    reasons = line.reasons(people)[0]
    assert [gap.indicator for gap in visible_gaps(reasons, services_of_reader=NOBODY)] == ["edu_marks", "edu_programme"]
    owner = visible_gaps(reasons, services_of_reader=frozenset({"child_welfare"}))
    assert [gap.indicator for gap in owner] == ["cws_measure", "edu_marks", "edu_programme"]


def test_only_the_strongest_are_listed(line: Bundle) -> None:
    people, _ = planted_people(1, seed=3)
    shown = visible_reasons(line.reasons(people)[0], services_of_reader=NOBODY, at_most=2)
    assert len(shown) == 3
    assert shown[-1].is_coarse


def test_a_reader_sees_words_instead_of_numbers_of_the_model(line: Bundle) -> None:
    people, _ = planted_people(1, seed=3)
    for shown, reason in zip(visible_reasons(line.reasons(people)[0], services_of_reader=NOBODY), line.reasons(people)[0], strict=False):
        assert not hasattr(shown, "contribution")
        if not shown.is_coarse and shown.indicator == reason.indicator:
            assert shown.strength == strength_of(reason.contribution)
