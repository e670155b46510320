"""A reader tries to infer child-welfare contact from everything shown of many cases (R-05, R-06).

The attacker knows of some hundred cases whether there was contact, sees all that the API sends, and everything that the reader may look up
anyway. What counts is how much better they guess with what was shown than without it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations.project import Project
from models.bands import Band
from models.bundle import Bundle
from models.intervals import Interval
from models.resampling import resample
from models.rungs.boosted import BoostedRung
from models.rungs.logistic import LogisticRung
from tests.support.bundles import planted_people
from tests.support.shown import CONTACT, bundle_with_uncertainty, leaves, project_of_planted_people, propose, shown_json

N_PEOPLE = 1_000
N_ROUNDS = 60
FOLDS = 4


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project_of_planted_people(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module", params=[LogisticRung, BoostedRung], ids=["logistic", "boosted"])
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return bundle_with_uncertainty(request.param)


def proposed(bundle: Bundle) -> np.ndarray:
    """People whom the whole score proposes: who has a case is known to the reader."""
    people, _ = planted_people(N_PEOPLE, seed=9)
    return people[bundle.score(people).band != Band.NO_FOLLOW_UP_NOW.value]


def guess(columns: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Cross-fitted guesses of a booster."""
    fold = np.random.default_rng(5).integers(0, FOLDS, len(contact))
    guessed = np.zeros(len(contact))
    parameters = {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 20, "verbosity": -1, "num_threads": 1, "seed": 1}
    for number in range(FOLDS):
        taught = lightgbm.Dataset(columns[fold != number], contact[fold != number])
        guessed[fold == number] = lightgbm.train(parameters, taught, N_ROUNDS).predict(columns[fold == number])
    return guessed


def encoded(pages: list[dict[str, Any]]) -> np.ndarray:
    """One column for each thing that is shown anywhere; words become numbers, what is not there is NaN."""
    flat = [dict(leaves(page)) for page in pages]
    names = sorted({name for page in flat for name in page})
    columns = []
    for name in names:
        words = {word: float(number) for number, word in enumerate(sorted({str(page.get(name)) for page in flat}))}
        values = [page.get(name) for page in flat]
        columns.append([np.nan if v is None else v if isinstance(v, float) else words[str(v)] for v in values])
    return np.array(columns, dtype=np.float64).T


def advantage(project: Project, bundle: Bundle, *, as_seen: bool) -> Interval:
    """AUC of guessing contact with what was shown, minus without it."""
    people = proposed(bundle)
    contact = (people[:, CONTACT] > 0).astype(np.float64)
    pages = [shown_json(project, propose(project, bundle, person, as_seen=as_seen)) for person in people]
    anyway = np.delete(people, CONTACT, axis=1).astype(np.float64)
    guesses = {"anyway": guess(anyway, contact), "shown": guess(np.hstack([anyway, encoded(pages)]), contact)}
    measured = resample(contact, guesses, groups=np.arange(len(contact), dtype=np.int32), share=0.5, seed=1, n_resamples=300)
    return measured.gain("shown", "anyway", "auc")


@pytest.mark.requirement("R-06")
def test_what_is_shown_tells_nothing_of_contact_beyond_what_may_be_seen(project: Project, bundle: Bundle) -> None:
    found = advantage(project, bundle, as_seen=True)
    assert found.low <= 0 <= found.high


@pytest.mark.requirement("R-06")
def test_the_attack_would_see_it_if_the_whole_picture_were_shown(project: Project, bundle: Bundle) -> None:
    """Without this the test above might pass because the attacker is weak."""
    assert advantage(project, bundle, as_seen=False).low > 0.1


@pytest.mark.requirement("R-06")
@given(row=st.integers(0, N_PEOPLE - 1), hidden=st.sampled_from([0.0, 1.0, 4.0, float("nan")]))
@settings(max_examples=30, deadline=None)
def test_no_hidden_value_changes_a_byte_of_what_is_shown(project: Project, bundle: Bundle, row: int, hidden: float) -> None:
    people, _ = planted_people(N_PEOPLE, seed=9)
    with_it, without = people[row].copy(), people[row].copy()
    with_it[CONTACT], without[CONTACT] = hidden, 0.0
    shown = [json.dumps(shown_json(project, propose(project, bundle, person))) for person in (with_it, without)]
    assert shown[0] == shown[1]


@pytest.mark.requirement("R-05")
def test_the_whole_reasons_still_add_up_behind_what_is_shown(project: Project, bundle: Bundle) -> None:
    """They are kept sealed, for whoever may see them all and for the record of what decided."""
    people, _ = planted_people(30, seed=4)
    base = bundle.explain(people).base
    for person in people:
        proposal = propose(project, bundle, person)
        assert abs(base + sum(reason.contribution for reason in proposal.reasons) - proposal.log_odds) < 1e-9


@pytest.mark.requirement("R-06")
def test_a_case_never_shows_the_band_of_no_follow_up(project: Project, bundle: Bundle) -> None:
    """Who is proposed for hidden reasons would otherwise stand out at a glance."""
    bands = {shown_json(project, propose(project, bundle, person))["band"] for person in proposed(bundle)[:150]}
    assert bands == {Band.WORTH_A_LOOK.value, Band.SHOULD_BE_ASSESSED.value}


def test_a_model_without_anything_confidential_is_shown_as_it_is(project: Project, tmp_path: Path) -> None:
    bundle = bundle_with_uncertainty(LogisticRung)
    people, _ = planted_people(1, seed=4)
    owner = bundle.as_seen(people, services_of_reader=frozenset({"child_welfare"}))
    assert owner is people
