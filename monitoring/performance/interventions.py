"""How often a proposal came true, apart for those with whom there was to be a conversation and those without (R-37).

Somebody who was helped because of a proposal and then did well is no error of the model. Nobody is left out of the figures for that: the
proposed are told together and in two parts, and the words beside them say that the difference between the parts has no cause in it. Who is
talked with is chosen, by reviewers who know more than the model does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.oversight.paths import follow_people
from monitoring.oversight.steps import FOLLOWED, OUTCOMES

_PATHS_TO_A_TALK = sorted({cell // len(OUTCOMES) for cell in FOLLOWED})

PARTS: Mapping[str, str] = {"talk": "both_ppv", "no_talk": "no_talk_ppv"}
"""Part of those proposed -> step of the reviews whose share is its PPV."""


@dataclass(frozen=True, eq=False)
class Interventions:
    """Mean probability of the people proposed whose outcome is known, by part; None where there is nobody."""

    expected: Mapping[str, float | None]


def led_to_talk(subject_ids: Sequence[str], proposed: NDArray[np.bool_], reviews: pd.DataFrame) -> NDArray[np.bool_]:
    """Say of everybody screened whether the newest review of the proposal decided that there is to be a conversation.

    Somebody who was proposed and not reviewed, or of whom reviewers decided otherwise, is without. Whether the conversation took place
    is not recorded of everybody; where the family was informed or answered, it is among these.
    """
    path = follow_people(subject_ids, proposed, reviews).path
    return np.asarray(np.isin(path, _PATHS_TO_A_TALK))


def measure_interventions(
    label: NDArray[np.float64], proposed: NDArray[np.bool_], probability: NDArray[np.float64], talked: NDArray[np.bool_]
) -> Interventions:
    """Give what the model had said of the two parts of those proposed, as far as their outcome is known; arrays of shape (n_people,)."""
    known = ~np.isnan(label) & proposed
    parts = {"all": known, "talk": known & talked, "no_talk": known & ~talked}
    return Interventions({name: float(probability[part].mean()) if part.any() else None for name, part in parts.items()})


def publish_interventions(
    found: Interventions, *, everybody: Mapping[str, Any] | None, n_known: int, steps: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Give what may be told of each part, JSON-ready.

    Parameters
    ----------
    everybody
        The published PPV of all proposed; None before any outcome is known, and then there is nothing to tell.
    n_known
        How many of those proposed have a known outcome, told where their PPV is.
    steps
        Published shares of the reviews (`monitoring.oversight.reviews`): what they withhold is withheld here.
    """
    if everybody is None:
        return []
    shares = {
        "all": {**everybody, "n": None if everybody["point"] is None else n_known},
        **{part: steps[step] for part, step in PARTS.items()},
    }
    return [
        {"part": part, "n": share["n"], "ppv": _ppv(share), "expected": _expected(found.expected[part], share)}
        for part, share in shares.items()
    ]


def _ppv(share: Mapping[str, Any]) -> dict[str, Any]:
    return {name: share[name] for name in ("point", "low", "high", "verdict")}


def _expected(mean: float | None, share: Mapping[str, Any]) -> float | None:
    return None if mean is None or share["point"] is None else round(mean, 3)
