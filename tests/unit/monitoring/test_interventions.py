"""Those with whom there was to be a conversation are told apart, nobody is left out, and no word says what caused what."""

import numpy as np
import pytest

from monitoring.oversight.reviews import measure_oversight, publish_oversight
from monitoring.performance.content import performance_content
from monitoring.performance.interventions import led_to_talk, measure_interventions
from monitoring.wording import words
from tests.support.periods import drawn_period
from tests.support.reviews import as_frame, finished_review, no_need

pytestmark = pytest.mark.requirement("R-37")

N = 3000


def told(n: int = N, *, matured: float = 1.0, helped: float = 0.0):
    """Review most of those proposed, half of them for a conversation, which keeps a share of them from the outcome."""
    one = drawn_period(n, seed=5, share=0.1, matured=matured)
    rows = np.flatnonzero(one.proposed)
    reviewed = rows[: len(rows) * 4 // 5]
    talks = reviewed[::2]
    one.label[talks[: round(helped * len(talks))]] = 0.0
    reviews = as_frame([finished_review(one.subject[row]) if row in set(talks) else no_need(one.subject[row]) for row in reviewed])
    subjects = one.subject.tolist()
    oversight = publish_oversight(measure_oversight(subjects, one.proposed, reviews, label=one.label, groups={}))
    talked = led_to_talk(subjects, one.proposed, reviews)
    found = measure_interventions(one.label, one.proposed, one.probability, talked)
    content = performance_content([one], found, fairness=(), oversight=oversight)
    return one, talked, {row["part"]: row for row in content["interventions"]}, content


def test_both_parts_are_counted_and_nobody_is_left_out():
    one, talked, parts, content = told()
    assert parts["talk"]["n"] + parts["no_talk"]["n"] == parts["all"]["n"] == one.proposed.sum()
    for name, part in (("talk", talked), ("no_talk", one.proposed & ~talked), ("all", one.proposed)):
        assert parts[name]["ppv"]["point"] == pytest.approx(one.label[part].mean(), abs=1e-3)
        assert parts[name]["expected"] == pytest.approx(one.probability[part].mean(), abs=1e-3)
        assert parts[name]["ppv"]["low"] < parts[name]["ppv"]["point"] < parts[name]["ppv"]["high"]
    assert content["matured"]["ppv"]["point"] == parts["all"]["ppv"]["point"], "the figure of all proposed drops nobody"


def test_help_that_works_shows_in_its_part_and_not_as_an_error_of_the_others():
    _, _, parts, _ = told(helped=0.8)
    assert parts["talk"]["ppv"]["high"] < parts["talk"]["expected"]
    assert parts["no_talk"]["ppv"]["low"] < parts["no_talk"]["expected"] < parts["no_talk"]["ppv"]["high"]


def test_waiting_expired_and_otherwise_decided_are_without_a_conversation():
    one = drawn_period(50, seed=1, share=0.2)
    rows = np.flatnonzero(one.proposed)[:4]
    decisions = ("wondering", "expired", "already_followed_up", "wrong_basis")
    reviews = as_frame([finished_review(one.subject[row], decision=decision) for row, decision in zip(rows, decisions, strict=True)])
    talked = led_to_talk(one.subject.tolist(), one.proposed, reviews)
    assert np.flatnonzero(talked).tolist() == [rows[0]]


def test_a_few_are_withheld_and_the_row_stays():
    _, _, parts, _ = told(60)
    assert set(parts) == {"all", "talk", "no_talk"}
    assert parts["talk"]["ppv"] == {"point": None, "low": None, "high": None, "verdict": "too small"}
    assert parts["talk"]["expected"] is None


def test_before_outcomes_are_known_nothing_is_told():
    assert told(matured=0.0)[3]["interventions"] == []


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_words_beside_the_figures_claim_no_cause(language):
    said = " ".join(words(language)["track"]["interventions_intro"])
    assert {"nb": "kan ikke sammenlignes for å se om samtalen hjalp", "en": "can’t be compared to see whether the conversation helped"}[
        language
    ] in said
    assert {"nb": "ikke en feil av modellen", "en": "no error of the model"}[language] in said
