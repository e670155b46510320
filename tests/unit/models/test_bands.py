"""Bands and natural frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from features.declarations.catalogue import Wording
from models.bands import WORDING, Band, band_of, bands_of, fit_frequencies, frequency_text
from tests.support.bundles import BANDS


def test_one_by_one_and_all_at_once_agree_and_a_cut_off_belongs_above() -> None:
    probability = np.array([0.0, 0.1999, 0.2, 0.3, 0.4, 1.0])
    assert list(bands_of(probability, BANDS)) == [band_of(p, BANDS).value for p in probability]
    assert list(bands_of(probability, BANDS)) == ["no_follow_up_now"] * 2 + ["worth_a_look"] * 2 + ["should_be_assessed"] * 2


def test_wording_has_no_verdict_and_no_number() -> None:
    for wording in WORDING.values():
        for text in (wording.nb, wording.nn, wording.en):
            assert not any(word in text.lower() for word in ("risiko", "risk", "score", "%", "treff", "fare"))
    assert WORDING[Band.SHOULD_BE_ASSESSED].nb == "Bør vurderes av koordinator"


@pytest.mark.requirement("R-18")
def test_frequencies_are_of_the_band_with_an_interval() -> None:
    probability = np.repeat([0.1, 0.3, 0.5], [200, 100, 50])
    label = np.concatenate([np.arange(200) < 20, np.arange(100) < 30, np.arange(50) < 27]).astype(float)
    found = fit_frequencies(label, probability, BANDS)
    assert [f.n_of_100 for f in found.values()] == [10, 30, 54]
    assert [f.n_people for f in found.values()] == [200, 100, 50]
    assert all(f.low < f.n_of_100 < f.high for f in found.values())  # type: ignore[operator]


@pytest.mark.requirement("R-09")
def test_too_few_people_say_nothing() -> None:
    found = fit_frequencies(np.ones(23), np.repeat([0.1, 0.5], [19, 4]), BANDS)
    assert found[Band.NO_FOLLOW_UP_NOW].n_of_100 is None
    assert found[Band.NO_FOLLOW_UP_NOW].n_people == 19
    assert found[Band.SHOULD_BE_ASSESSED].n_people == 0
    assert fit_frequencies((np.arange(100) < 4).astype(float), np.full(100, 0.1), BANDS)[Band.NO_FOLLOW_UP_NOW].n_of_100 is None
    assert fit_frequencies((np.arange(100) < 5).astype(float), np.full(100, 0.1), BANDS)[Band.NO_FOLLOW_UP_NOW].n_of_100 == 5
    assert fit_frequencies((np.arange(1_000) < 4).astype(float), np.full(1_000, 0.1), BANDS)[Band.NO_FOLLOW_UP_NOW].n_of_100 == 0
    sentence = Wording(nb="{n} av {rest}", nn="{n} av {rest}", en="{n} do, {rest} do not")
    assert frequency_text(sentence, found[Band.SHOULD_BE_ASSESSED], language="en") is None


def test_the_sentence_counts_those_without_the_outcome_first() -> None:
    found = fit_frequencies((np.arange(100) < 30).astype(float), np.full(100, 0.3), BANDS)
    sentence = Wording(nb="Av 100 fullfører {n}. {rest} gjør det ikke.", nn="-", en="-")
    assert frequency_text(sentence, found[Band.WORTH_A_LOOK], language="nb") == "Av 100 fullfører 70. 30 gjør det ikke."
