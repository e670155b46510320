"""The figures behind gates and signals: in the reader's language, once each, and English only where nobody translated them yet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.declarations.catalogue import Wording
from features.findings import Finding
from serving.console.evidence import SAID, figures_of
from serving.console.language import LANGUAGES, tongue

ROOT = Path(__file__).parents[3]
SOURCES = [
    *(ROOT / "training" / "gates").rglob("*.py"),
    ROOT / "training" / "evaluation" / "told_capacity.py",
    ROOT / "monitoring" / "signals" / "judging.py",
]
ATTRIBUTES = {"sex": Wording(nb="Kjønn", nn="Kjønn", en="Sex"), "aud_school": Wording(nb="Skole", nn="Skule", en="School")}


def shown(evidence: dict[str, object], language: str = "nb") -> dict[str, str]:
    finding = Finding("G-01", "title", "PASSED", evidence)  # type: ignore[arg-type]
    return {one.name: one.text for one in figures_of(tongue(language), finding, attributes=ATTRIBUTES)}


def test_a_figure_and_its_limits_are_told_once() -> None:
    assert shown({"auc": 0.845, "auc_high": 0.885, "auc_low": 0.801, "ceiling": 0.9}) == {
        "AUC": "0,845 (0,801 til 0,885)",
        "Høyeste som godtas": "0,9",
    }
    assert shown({"estimate": -0.015, "high": 0.024, "low": -0.057, "bounds": "-0.05 to 0.05"}, "en") == {
        "Estimate": "-0.015 (-0.057 to 0.024)",
        "Bounds": "-0.05 to 0.05",
    }


def test_limits_without_a_figure_are_an_interval() -> None:
    assert shown({"gain_over_rules_high": 0.27, "gain_over_rules_low": 0.06}) == {"Gevinst over «Praktikernes regler»": "0,06 til 0,27"}


def test_groups_models_and_places_have_their_names() -> None:
    assert shown({"attribute": "sex", "group": "boy", "compared_with": "everybody else", "is_summary": True}) == {
        "Inndeling": "Kjønn",
        "Gruppe": "gutt",
        "Sammenlignet med": "alle andre",
    }
    assert shown(
        {"reached_by_aud_school": 0.2, "scores_of": "logistic", "flagged": "sex = girl (AUC 0.84), other_thing = 3 (AUC 1.00)"}
    ) == {
        "Nådd med «Skole»": "0,2",
        "Svar fra": "Logistisk regresjon",
        "Kan gjettes fra opplysningene": "Kjønn = jente (AUC 0,84), other_thing = 3 (AUC 1)",
    }


def test_what_is_known_is_translated_and_what_is_new_is_marked_as_english() -> None:
    nb, finding = tongue("nb"), Finding("G-05", "title", "NOT_APPLICABLE", {"reason": "fewer than 50 people with or without the outcome"})
    assert [(one.text, one.is_english) for one in figures_of(nb, finding, attributes={})] == [
        ("færre enn 50 med eller uten utfallet", False)
    ]
    new = Finding("G-05", "title", "NOT_APPLICABLE", {"reason": "the moon is in the wrong house", "n_moons": 2})
    assert [(one.name, one.text, one.is_english) for one in figures_of(nb, new, attributes={})] == [
        ("Hvorfor", "the moon is in the wrong house", True),
        ("n moons", "2", False),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_known_and_nothing_to_name_are_words_too(language: str) -> None:
    t = tongue(language)
    assert list(shown({"columns": "", "auc": None, "shown_within": True}, language).values()) == [t("evidence.none"), "–", t("answer.yes")]


def test_every_figure_that_gates_and_signals_write_has_words() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    written = {re.sub("_(low|high)$", "", name) for name in re.findall(r'[{,|\s]"([a-z][a-z0-9_]+)": ', text)}
    known = tongue("nb").catalogue
    not_shown = {"is_summary", "not_asked", "suspends", "as_of", "shuffled", "withheld", "line"}
    assert {name for name in written if f"evidence.{name}" not in known} <= not_shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_rates_that_have_changed_are_told_in_words(language: str) -> None:
    t = tongue(language)
    told = shown({"metrics": "proposal_rate, tpr"}, language)
    assert list(told.values()) == [f"{t('evidence.metric_proposal_rate')}, {t('evidence.metric_tpr')}"]


def test_every_sentence_that_is_known_is_still_written_somewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    fixed = [said for said in SAID if "#" not in said and not said.startswith("too few ")]
    assert [said for said in fixed if said not in text and said not in ("everybody else",)] == []
