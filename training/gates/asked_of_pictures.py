"""Gate questions put to pictures of a person: the project's own, and test rows with one thing changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.declarations.expectations import read_expectations
from features.findings import Finding
from models.reference import fit_reference
from training.evaluation.examined import Examined
from training.fitting.candidates import Candidate
from training.gates.behaviour import direction_gate, missing_gate
from training.gates.pictures import AskedRung, picture_gate, picture_rows

MOVED_ROWS = 60
"""Test rows, evenly spread, in which every feature is moved; a line or tree that goes the wrong way shows it in few."""
TYPICAL_ROWS = 10_000
"""Training rows, evenly spread, that typical values and ranges come from."""


def ask_pictures(examined: Examined) -> Iterable[Finding]:
    """G-15, asked of the rung that was chosen."""
    expectations, planned = read_expectations(examined.project), examined.planned
    asked = asked_rung(examined, examined.experiment.chosen)
    pairs = expectations.pairs(planned.stage, planned.outcome)
    yield picture_gate(asked, _pictures(examined, asked), pairs, suite=expectations.sha256)


def ask_directions(examined: Examined) -> Iterable[Finding]:
    """G-17, asked of the whole ladder: a direction is declared for the indicator, not for the rung that happens to serve."""
    asked = {name: asked_rung(examined, one) for name, one in examined.experiment.candidates.items() if one.rung.feature_names}
    rows = {name: _test_rows_and_pictures(examined, one) for name, one in asked.items()}
    yield direction_gate(asked, rows, examined.experiment.chosen.settings.directions)


def ask_missing(examined: Examined) -> Iterable[Finding]:
    """G-18, asked of the rung that was chosen."""
    chosen = examined.experiment.chosen
    asked = asked_rung(examined, chosen)
    yield missing_gate(
        asked,
        _test_rows_and_pictures(examined, asked),
        chosen.settings.directions,
        catalogue=examined.project.catalogue,
        reference=fit_reference(asked.train, asked.names),
    )


def asked_rung(examined: Examined, candidate: Candidate) -> AskedRung:
    """Put a candidate together with some of the rows that it learnt from."""
    rows = np.flatnonzero(examined.experiment.split.train)
    some = np.zeros(len(examined.experiment.table.label), dtype=np.bool_)
    some[rows[:: max(1, len(rows) // TYPICAL_ROWS)]] = True
    return AskedRung(candidate.rung, candidate.calibrator, examined.experiment.table.columns(candidate.rung.feature_names, some))


def _test_rows_and_pictures(examined: Examined, asked: AskedRung) -> NDArray[np.float64]:
    """Test rows, and the pictures of the stage, in the rung's columns."""
    rows = np.flatnonzero(examined.experiment.split.test)
    some = np.zeros(len(examined.experiment.table.label), dtype=np.bool_)
    some[rows[np.unique(np.linspace(0, len(rows) - 1, min(MOVED_ROWS, len(rows))).astype(np.intp))]] = True
    people = examined.experiment.table.columns(asked.names, some).astype(np.float64)
    return np.vstack([people, *_pictures(examined, asked).values()])


def _pictures(examined: Examined, asked: AskedRung) -> dict[str, NDArray[np.float64]]:
    expectations, planned = read_expectations(examined.project), examined.planned
    return picture_rows(asked, expectations, expectations.asked_of(planned.stage, planned.outcome), examined.project.catalogue)
