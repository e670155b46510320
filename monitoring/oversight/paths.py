"""How far each screened person came: left alone, proposed, looked at, talked with, asked for a consent.

Everybody screened is on exactly one path, so that every count of the report on reviews is a sum of paths. One review counts for a person,
the newest; one that began anew waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

VIEWS = ("worried", "unsure", "not_worried")
"""What a reviewer leaned to before the proposal was shown."""

RESULTS = ("no_need", "data_error", "otherwise", "talk", "told", "refused", "consented", "talk_unknown")
"""How a decided review ended.

From ``talk`` on there was to be a conversation: the family was not informed yet, was informed, refused, consented, or it is not known
whether they were informed. ``otherwise`` is followed up already, or no legal basis.
"""

LEFT, WAITING, EXPIRED = range(3)

PATHS = ("left", "waiting", "expired", *(f"{view} {result}" for view in VIEWS for result in RESULTS))
"""``waiting`` is proposed without a finished review, ``expired`` one that time ended before anybody decided."""

_VIEW_OF = {"concern": 0, "unsure": 1, "no_concern": 2}
_RESULT_OF = {"no_need": "no_need", "wrong_basis": "data_error"}

MARKS = ("sight", "speed", "band", "readers")
"""What is told of a decided review beside its path: whether the proposal was seen, how soon after, its band, and whether readers agreed."""

SEEN, HELD_BACK, NOT_KNOWN, NOBODY = "seen", "held back", "not known", "not decided"
FAST, SLOW, UNTIMED = "fast", "not fast", "time not known"
AGREE, DISAGREE, ONE_READER = "agree", "disagree", "one reader"

NO_REVIEWER = -1

TOO_FAST_MINUTES = 2.0
"""A decision sooner after the first sight of the proposal than this can hardly rest on having read it."""


@dataclass(frozen=True, eq=False)
class Reviewed:
    """Everybody screened, with how far they came; rows of people, so it never leaves this process.

    Parameters
    ----------
    path
        Place in `PATHS`, shape (n_people,).
    marks
        Mark of the review, of `MARKS` -> value of each person, ``"not decided"`` where there is no decided review.
    reviewer
        Number of the reviewer who decided, those not known as one; -1 where there is no decided review, shape (n_people,).
    reviews
        The newest finished review of each proposed person who has one.
    """

    path: NDArray[np.int64]
    marks: Mapping[str, NDArray[np.object_]]
    reviewer: NDArray[np.int64]
    reviews: pd.DataFrame


def follow_people(
    subject_ids: Sequence[str], proposed: ArrayLike, reviews: pd.DataFrame, *, too_fast_minutes: float = TOO_FAST_MINUTES
) -> Reviewed:
    """Say of everybody screened how far they came.

    Parameters
    ----------
    subject_ids, proposed
        Everybody screened, and whether they were proposed; shape (n_people,).
    reviews
        Finished reviews with the columns of `features.exchanged.FINISHED_REVIEWS`, under the same subject ids. Those of people who were not
        screened, or not proposed, are not looked at.
    """
    proposed = np.asarray(proposed, dtype=bool)
    place = {subject: n for n, subject in enumerate(subject_ids) if proposed[n]}
    newest = _newest(reviews[reviews["subject_id"].isin(list(place))])
    rows = newest["subject_id"].map(place).to_numpy(dtype=np.int64)
    path = np.where(proposed, WAITING, LEFT)
    found: list[dict[str, Any]] = [{str(name): value for name, value in one.items()} for one in newest.to_dict("records")]
    path[rows] = [_path(review) for review in found]
    marks = {name: np.full(len(path), NOBODY, dtype=object) for name in MARKS}
    for row, review in zip(rows, found, strict=True):
        if review["decision"] == "expired":
            continue
        for name, value in _marks(review, too_fast_minutes).items():
            marks[name][row] = value
    reviewer = np.full(len(path), NO_REVIEWER)
    is_decided = (newest["decision"] != "expired").to_numpy(dtype=bool)
    reviewer[rows[is_decided]] = pd.factorize(newest.loc[is_decided, "reviewer"], use_na_sentinel=False)[0]
    return Reviewed(path, marks, reviewer, newest)


def _newest(reviews: pd.DataFrame) -> pd.DataFrame:
    newest = reviews.sort_values(["decided_at", "case_id"], kind="stable").drop_duplicates("subject_id", keep="last")
    begun_anew = (newest["decision"] == "wrong_basis") & newest["data_error"].eq(False).fillna(False)
    kept: pd.DataFrame = newest[~begun_anew.astype(bool)]
    return kept.reset_index(drop=True)


def _path(review: Mapping[str, Any]) -> int:
    if review["decision"] == "expired":
        return EXPIRED
    view = _VIEW_OF.get(review["own_view"], 1)
    return EXPIRED + 1 + view * len(RESULTS) + RESULTS.index(_result(review))


def _result(review: Mapping[str, Any]) -> str:
    if review["decision"] != "wondering":
        return _RESULT_OF.get(review["decision"], "otherwise")
    if not pd.isna(review["consent"]):
        return "consented" if review["consent"] else "refused"
    if pd.isna(review["informed"]):
        return "talk_unknown"
    return "told" if review["informed"] else "talk"


def _marks(review: Mapping[str, Any], too_fast_minutes: float) -> dict[str, str]:
    sight = NOT_KNOWN if pd.isna(review["held_back"]) else HELD_BACK if review["held_back"] else SEEN
    agree = review["readers_agree"]
    return {
        "sight": sight,
        "speed": sight if sight != SEEN else _speed(review["minutes_seen"], too_fast_minutes),
        "band": NOT_KNOWN if pd.isna(review["band"]) else str(review["band"]),
        "readers": ONE_READER if not review["second_reader"] else NOT_KNOWN if pd.isna(agree) else AGREE if agree else DISAGREE,
    }


def _speed(minutes: float | None, too_fast_minutes: float) -> str:
    if minutes is None or np.isnan(minutes):
        return UNTIMED
    return FAST if minutes < too_fast_minutes else SLOW
