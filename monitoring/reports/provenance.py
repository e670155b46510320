"""How each part of the report was made: by which method, from which rows, under which purpose.

A hash says whether two parts were made from the same rows, and lets somebody with the store check it. Every hash covers the audit purpose's
subject ids, which are random: nobody without the store can try out rows until one fits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.fairness.groups import METRICS
from monitoring.oversight.steps import ALL_STEPS
from monitoring.performance.expected import EXPECTED_FIGURES
from monitoring.performance.matured import FIGURES
from monitoring.performance.periods import Period
from monitoring.wording import Language, words

LANGUAGES: tuple[Language, ...] = ("nb", "en")


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Parameters
    ----------
    content
        Keys of report.json that it is.
    rows
        Parts of the rows that it is made from, as `row_hashes` names them.
    purposes
        Kinds of purpose under which they were read.
    """

    content: tuple[str, ...]
    rows: tuple[str, ...]
    purposes: tuple[str, ...] = ("audit",)


SECTIONS: Mapping[str, Section] = {
    "signals": Section(
        ("signals", "suspended_by", "stopped_by", "stopping_signals", "thresholds"),
        ("screened", "features", "outcomes", "groups", "reviews"),
        ("audit", "score", "train"),
    ),
    "performance": Section(("performance", "bands"), ("screened", "outcomes", "reviews", "periods")),
    "fairness": Section(
        (
            "attributes",
            "group_names",
            "fairness",
            "crossed",
            "not_crossed",
            "too_many_to_cross",
            "comparisons",
            "calibration",
            "fairness_over_time",
            "inputs",
        ),
        ("screened", "features", "outcomes", "groups"),
        ("audit", "score"),
    ),
    "drift": Section(("drift", "evidently"), ("screened", "features"), ("audit", "score", "train")),
    "oversight": Section(("oversight",), ("screened", "outcomes", "groups", "reviews")),
}
"""Part of the report, named as its heading is -> what it is made of."""

FORMULAS: Mapping[str, Mapping[str, str]] = {
    "performance": {**{f"expected {name}": formula for name, formula in EXPECTED_FIGURES.items()}, **FIGURES},
    "fairness": {name: metric.formula for name, metric in METRICS.items()},
    "oversight": {name: step.formula for name, step in ALL_STEPS.items()},
}
"""Part of the report -> figure -> how it is made."""


def row_hashes(
    scored: pd.DataFrame,
    label: NDArray[np.float64],
    groups: Mapping[str, Sequence[str | None]],
    features: Iterable[NDArray[np.generic]],
    reviews: pd.DataFrame,
    periods: Sequence[Period],
) -> dict[str, str]:
    """Hash each part of the rows that a report is made from: part -> SHA-256.

    Parameters
    ----------
    scored
        Rows of the screening; its subject ids are in every hash.
    """
    screened = _of_frame(scored)
    return {
        "screened": _joined([screened]),
        "outcomes": _joined([screened, _of_arrays([label])]),
        "groups": _joined([screened, _of_frame(pd.DataFrame(dict(groups)))]),
        "features": _joined([screened, _of_arrays(features)]),
        "reviews": _joined([screened, _of_frame(reviews)]),
        "periods": _joined([screened, *(period.digest for period in periods)]),
    }


def inputs_hash(bundle_hash: str, settings: bytes, rows: Mapping[str, str]) -> str:
    """Hash everything that a report is made from: the model, what the project declares of monitoring, and all rows."""
    return hashlib.sha256(bundle_hash.encode() + settings + "".join(rows[name] for name in sorted(rows)).encode()).hexdigest()


def provenance_content(content: Mapping[str, Any], rows: Mapping[str, str], bases: Mapping[str, str]) -> dict[str, Any]:
    """Say of every part of a report how it was made, JSON-ready; numbers of people are those that the report tells.

    Parameters
    ----------
    content
        The report's other content.
    rows
        Hashes of `row_hashes`.
    bases
        Kind of purpose -> its legal basis.
    """
    n_people = _n_people(content)
    return {
        name: {
            "method": {language: words(language)["made"]["methods"][name] for language in LANGUAGES},
            "formulas": dict(FORMULAS.get(name, {})),
            "rows": _joined(rows[part].encode() for part in section.rows),
            "made_from": list(section.rows),
            "n_people": n_people[name],
            "purposes": {kind: bases[kind] for kind in section.purposes},
        }
        for name, section in SECTIONS.items()
    }


def _n_people(content: Mapping[str, Any]) -> dict[str, int | None]:
    everybody = content["bands"]["all"]
    return {
        "signals": everybody,
        "performance": everybody,
        "fairness": everybody,
        "drift": content["drift"]["n_current"],
        "oversight": content["performance"]["n_proposed"],
    }


def _of_frame(frame: pd.DataFrame) -> bytes:
    return hashlib.sha256(frame.to_csv(index=False).encode()).digest()


def _of_arrays(arrays: Iterable[NDArray[np.generic]]) -> bytes:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()


def _joined(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def section_keys() -> Iterator[str]:
    """Give the keys of report.json that some part of the report is."""
    for section in SECTIONS.values():
        yield from section.content
