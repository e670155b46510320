"""How sure a probability is: kept in the bundle as cells, told in words in three languages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.declarations.catalogue import Wording
from features.errors import ModelError
from models.bundle import load_bundle, save_bundle
from models.rungs.logistic import LogisticRung
from models.uncertainty import UNKNOWN, UNKNOWN_TEXT, RateTable, Span, fit_rate_table, uncertainty_text
from tests.support.bundles import build_bundle, planted_people

OUTCOME = Wording(nb="Ikke fullført", nn="Ikkje fullført", en="Not completed")


@pytest.mark.requirement("R-18")
@pytest.mark.parametrize(
    ("span", "nb", "en"),
    [
        (
            Span(30, 45),
            "Ikke fullført, blant dem som ligner mest: mellom 30 og 45 av 100. Spennet er smalt",
            "between 30 and 45 of 100. The range is narrow",
        ),
        (Span(30, 55), "mellom 30 og 55 av 100. Spennet er ikke smalt", "The range is not narrow"),
        (Span(20, 80), "mellom 20 og 80 av 100. Spennet er bredt", "The range is wide"),
    ],
)
def test_an_interval_is_a_natural_frequency_and_says_how_sure_it_is(span: Span, nb: str, en: str) -> None:
    text = uncertainty_text(span, outcome=OUTCOME)
    assert nb in text.nb
    assert en in text.en
    assert text.nn.startswith("Ikkje fullført, blant dei som liknar mest")
    assert "%" not in text.nb + text.nn + text.en


def test_what_cannot_be_said_is_said() -> None:
    assert uncertainty_text(UNKNOWN.span(0.3), outcome=OUTCOME) == UNKNOWN_TEXT


def test_a_bundle_keeps_its_table_and_answers_rows(tmp_path: Path) -> None:
    plain = build_bundle(LogisticRung)
    later, outcome = planted_people(1_500, seed=2)
    table = fit_rate_table(plain.score(later).log_odds, outcome, groups=np.arange(1_500, dtype=np.int32), seed=1, n_resamples=20)
    bundle = replace(plain, rate_table=table)
    save_bundle(bundle, tmp_path / "v1")
    loaded = load_bundle(tmp_path / "v1")
    low, high = loaded.uncertainty(later)
    np.testing.assert_array_equal((low, high), bundle.uncertainty(later))
    probability = loaded.score(later).probability
    assert ((low <= probability) & (probability <= high)).mean() > 0.9
    assert low.mean() < outcome.mean() < high.mean()


@pytest.mark.requirement("R-09")
def test_the_file_holds_cells_and_no_row_of_anybody(tmp_path: Path) -> None:
    later, outcome = planted_people(1_500, seed=2)
    plain = build_bundle(LogisticRung)
    table = fit_rate_table(plain.score(later).log_odds, outcome, groups=np.arange(1_500, dtype=np.int32), seed=1, n_resamples=5)
    save_bundle(replace(plain, rate_table=table), tmp_path / "v1")
    content = json.loads((tmp_path / "v1" / "uncertainty.json").read_text())
    assert set(content) == {"edges", "low", "high", "n_people"}
    assert len(content["low"]) <= 20
    assert min(content["n_people"]) >= 10
    assert sum(content["n_people"]) == 1_500
    # Edges are rounded, so that none of them is somebody's score.
    assert all(edge == round(edge, 3) for edge in content["edges"])


def test_a_bundle_without_a_table_says_that_it_cannot_say(tmp_path: Path) -> None:
    save_bundle(build_bundle(LogisticRung), tmp_path / "v1")
    low, high = load_bundle(tmp_path / "v1").uncertainty(planted_people(5, seed=1)[0])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


@pytest.mark.parametrize(
    "content",
    [
        {"edges": [0.1], "low": [0.1], "high": [0.2], "n_people": [50]},
        {"edges": [0.5, 0.1], "low": [0.1, 0.2, 0.3], "high": [0.2, 0.3, 0.4], "n_people": [50, 50, 50]},
        {"edges": [], "low": [0.5], "high": [0.2], "n_people": [50]},
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(content: dict[str, list[float]]) -> None:
    with pytest.raises(ModelError, match="TID516"):
        RateTable.from_json(content)
