"""How much a good model can know at each age, before the end of grade 10: the younger, the less."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.random import SeedSequence
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from features.declarations.project import load_project
from features.synth.figures.tables import connect
from features.synth.generate import Settings, generate_cohorts
from features.synth.registers import delivery_of
from features.synth.sources import write_sources

PEOPLE, UNTIL = 200_000, date(2026, 11, 1)
NORWAY = Path(__file__).parents[2] / "examples" / "norway"
LAST_TAUGHT_BIRTH_YEAR = 2001

KNOWN = """
    WITH those AS (
        SELECT pupils.*, make_date((birth_year + {age})::INT, 6, 30) AS cut FROM pupils
        WHERE birth_year BETWEEN 1994 AND 2004 AND status IS NOT NULL AND status NOT IN (3, 8)
    ), tested AS (
        SELECT person, avg(try_cast(reading AS DOUBLE)) AS reading, avg(try_cast(maths AS DOUBLE)) AS maths,
            avg(try_cast(english AS DOUBLE)) AS english
        FROM national_tests_file JOIN those USING (person) WHERE known_on::DATE <= cut GROUP BY person
    ), absent AS (
        SELECT person, sum(value) FILTER (happened_on > cut - INTERVAL 1 YEAR) AS days, sum(value) AS days_ever
        FROM attendance_file JOIN those USING (person) WHERE known_on <= cut AND indicator = 'edu_absence_days' GROUP BY person
    ), marked AS (
        SELECT person, avg(value) AS mark, min(value) AS lowest_mark
        FROM marks_file JOIN those USING (person) WHERE known_on <= cut AND indicator = 'edu_grades_core' GROUP BY person
    ), school AS (
        SELECT person, sum(value) FILTER (indicator = 'edu_special_support') AS support,
            count(*) FILTER (indicator = 'edu_ppt_referral') AS referrals, count(*) FILTER (indicator = 'edu_school_changes') AS changes
        FROM school_life_file JOIN those USING (person) WHERE known_on <= cut GROUP BY person
    ), welfare AS (SELECT person, count(*) AS measures FROM measures JOIN those USING (person) WHERE start < cut GROUP BY person
    ), told AS (
        SELECT person, count(*) AS notifications FROM child_welfare_file JOIN those USING (person)
        WHERE indicator = 'cws_notification' AND known_on <= cut GROUP BY person
    ), home AS (
        SELECT person, arg_max(value::INT, happened_on::DATE) FILTER (indicator = 'fam_both_parents') AS together,
            count(*) FILTER (indicator = 'fam_moves') AS moves
        FROM household_file JOIN those USING (person) WHERE known_on::DATE <= cut GROUP BY person
    ), money AS (
        SELECT person, avg((low_income = '1,0')::INT) AS low_income FROM economy_file JOIN those USING (person)
        WHERE known_on::DATE <= cut GROUP BY person
    ), health AS (
        SELECT person, count(*) FILTER (indicator = 'hlt_bup_active') AS specialist FROM health_file JOIN those USING (person)
        WHERE known_on <= cut GROUP BY person
    )
    SELECT birth_year, status IN (4, 6, 9) AS label, reading, maths, english, days, days_ever, mark, lowest_mark, support, referrals,
        changes, measures, notifications, together, moves, low_income, specialist
    FROM those LEFT JOIN tested USING (person) LEFT JOIN absent USING (person) LEFT JOIN marked USING (person)
    LEFT JOIN school USING (person) LEFT JOIN welfare USING (person) LEFT JOIN told USING (person) LEFT JOIN home USING (person)
    LEFT JOIN money USING (person) LEFT JOIN health USING (person)
"""
"""What registers of all five sectors know of a pupil by 30 June of the year of turning {age}."""


@pytest.mark.proof
def test_what_a_model_can_know_grows_with_age_and_stays_honest(tmp_path: Path) -> None:
    settings = Settings(PEOPLE, UNTIL)
    cohorts, delivery = generate_cohorts(settings, SeedSequence(5)), delivery_of(load_project(NORWAY).catalogue)
    write_sources(cohorts, tmp_path, people=PEOPLE, last_day=settings.last_day, delivery=delivery)
    connection = connect(tmp_path)

    def reached(age: int) -> float:
        frame = connection.execute(KNOWN.format(age=age)).df()
        taught = (frame.pop("birth_year") <= LAST_TAUGHT_BIRTH_YEAR).to_numpy()
        label = frame.pop("label").to_numpy().astype(bool)
        matrix = frame.loc[:, frame.nunique() > 1].to_numpy(dtype=np.float64, na_value=np.nan)
        model = HistGradientBoostingClassifier(max_iter=120, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=60, random_state=0)
        model.fit(matrix[taught], label[taught])
        return float(roc_auc_score(label[~taught], model.predict_proba(matrix[~taught])[:, 1]))

    before_school, grade_5, grade_7, grade_8 = (reached(age) for age in (6, 11, 13, 14))
    assert 0.60 <= before_school <= 0.68
    assert 0.72 <= grade_5 <= 0.76
    assert 0.72 <= grade_7 <= 0.76
    assert grade_7 < grade_8 <= 0.785
