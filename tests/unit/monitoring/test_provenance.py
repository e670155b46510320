"""Every part of a report says how it was made, from which rows, and under which purpose."""

import re

import numpy as np
import pandas as pd
import pytest

from monitoring.reports.content import build_content, render_report
from monitoring.reports.provenance import SECTIONS, inputs_hash, row_hashes, section_keys
from monitoring.wording import words
from tests.support.periods import drawn_period
from tests.unit.monitoring.test_report import SUBJECT, findings

ABOUT_THE_WHOLE = {
    *("format", "synthetic", "model", "version", "bundle_hash", "rung", "title", "controller", "outcome", "stage", "month", "as_of"),
    *("made_at", "purpose", "purpose_valid_to", "inputs_hash", "provenance"),
}
"""Keys that say which report this is; the page has them under one heading, with the hash of all inputs."""


@pytest.fixture(scope="module")
def content():
    return build_content(SUBJECT, findings(matured=True))


def test_every_part_of_the_document_belongs_to_a_section_that_says_how_it_was_made(content):
    keys = list(section_keys())
    assert len(keys) == len(set(keys))
    assert set(content) - ABOUT_THE_WHOLE == set(keys)
    for name, section in SECTIONS.items():
        made = content["provenance"][name]
        assert re.fullmatch("[0-9a-f]{64}", made["rows"])
        assert made["made_from"] == list(section.rows)
        assert made["method"] == {language: words(language)["made"]["methods"][name] for language in ("nb", "en")}
        assert "audit" in made["purposes"]
        assert all(made["purposes"].values())
        assert made["n_people"] is None or made["n_people"] >= 5
    told = content["performance"]
    assert {*told["matured"], *(f"expected {name}" for name in told["expected"])} == set(content["provenance"]["performance"]["formulas"])
    assert set(content["fairness"][0]["everybody"]["rates"]) == set(content["provenance"]["fairness"]["formulas"])
    assert set(content["oversight"]["steps"]) <= set(content["provenance"]["oversight"]["formulas"])


@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_heading_of_the_page_is_followed_by_how_its_figures_were_made(content, language):
    html = render_report(content, language=language)
    headings = re.findall(r'<h2 id="([a-z_-]+)"', html)
    for name in headings:
        if name != "about":
            after = html.split(f'<h2 id="{name}"')[1].split("<table", 1)[0].split("<h2", 1)[0]
            assert words(language)["made"]["methods"][name] in after.replace("&#39;", "'")
            assert content["provenance"][name]["rows"][:16] in after
            assert "FIKTIV" in after
    assert set(SECTIONS) == set(headings) - {"about"}


def hashes(**changes):
    parts = {
        "scored": pd.DataFrame({"subject_id": ["a" * 32, "b" * 32], "probability": [0.1, 0.2]}),
        "label": np.array([1.0, np.nan]),
        "groups": {"sex": ("girl", None)},
        "features": [np.arange(4.0)],
        "reviews": pd.DataFrame({"case_id": ["c" * 32]}),
        "periods": (drawn_period(5, seed=1),),
    }
    return row_hashes(**{**parts, **changes})


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"label": np.array([0.0, np.nan])}, {"outcomes"}),
        ({"groups": {"sex": ("girl", "boy")}}, {"groups"}),
        ({"features": [np.arange(1.0, 5.0)]}, {"features"}),
        ({"reviews": pd.DataFrame({"case_id": ["d" * 32]})}, {"reviews"}),
        ({"periods": (drawn_period(5, seed=2),)}, {"periods"}),
    ],
)
def test_a_hash_changes_with_the_rows_that_it_is_of_and_with_no_others(changed, parts):
    before, after = hashes(), hashes(**changed)
    assert {name for name in before if before[name] != after[name]} == parts
    assert inputs_hash("ab", b"", before) != inputs_hash("ab", b"", after)


def test_who_was_screened_is_in_every_hash():
    """Subject ids are random: who does not have the store can't try out labels until a hash fits."""
    other = pd.DataFrame({"subject_id": ["a" * 32, "e" * 32], "probability": [0.1, 0.2]})
    before, after = hashes(), hashes(scored=other)
    assert all(before[name] != after[name] for name in before)
