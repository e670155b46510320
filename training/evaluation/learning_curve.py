"""Section `learning_curve`: would more people to learn from make a better model, or are there enough?

A rung is learnt anew from growing shares of the training people, each share inside the next, and every one of these models is measured on
the same later people. If the last doubling still helped, the next one may. That is asked of a rung that learns from people: the chosen
one, or, where rules, places or a rate were chosen, the best ranking of those that do. More people hardly change a rate, and say nothing
about what more of them could teach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.records import Mask
from models import metrics
from models.intervals import Interval, percentile_interval
from models.resampling import drawn_people, resample
from training.evaluation.examined import Examined
from training.evaluation.relearning import MOST_TAUGHT, learn_anew
from training.evaluation.rows import MeasuredRows
from training.evaluation.targeting import personal_rung
from training.fitting.selection import MIN_AUC_GAIN

Vector = NDArray[np.float64]

SHARES = (0.125, 0.25, 0.5, 1.0)
N_RESAMPLES = 200
_EDGE = 1e-15


@dataclass(frozen=True)
class Curve:
    """AUC and log loss by share of the training people, and what the last doubling changed; intervals are over the test people."""

    n_rows: Mapping[float, int]
    auc: Mapping[float, Interval]
    log_loss: Mapping[float, Interval]
    auc_gain: Interval
    log_loss_drop: Interval


def learning_curve(examined: Examined) -> dict[str, Any]:
    """Learn a rung from an eighth, a quarter, half and all of the people, and say whether more would help.

    Notes
    -----
    All of them is at most 30,000 rows, whole people drawn with the seed; log losses are those under the calibrator that would serve.
    """
    rows, taught = MeasuredRows.of(examined), _taught(examined)
    rung = personal_rung(rows)
    about = {
        **rows.about(),
        "rung": rung,
        "chosen": rows.chosen,
        "n_resamples": N_RESAMPLES,
        "is_sample_of_training": _is_sample(examined, taught[1.0]),
    }
    scores = {share: score for share, mask in taught.items() if (score := _score(examined, rung, mask, rows)) is not None}
    if not {0.5, 1.0} <= scores.keys():
        return {**about, "points": [], "finding": "Half of the people have one outcome only: too few to say whether more would help."}
    curve = measure_curve(rows, scores, {share: int(taught[share].sum()) for share in scores})
    points = [
        {"share": share, "n_rows": n, "auc": curve.auc[share].to_json(), "log_loss": curve.log_loss[share].to_json()}
        for share, n in curve.n_rows.items()
    ]
    gain = {"auc": curve.auc_gain.to_json(), "log_loss": curve.log_loss_drop.to_json()}
    return {
        **about,
        "points": points,
        "last_doubling": gain,
        "finding": finding(curve.auc_gain, curve.n_rows[1.0], measured=_measured(rung, rows.chosen)),
    }


def measure_curve(rows: MeasuredRows, scores: Mapping[float, Vector], n_rows: Mapping[float, int]) -> Curve:
    """Measure probabilities learnt from each share on the same resampled test people."""
    named = {str(share): score for share, score in scores.items()}
    drawn = resample(rows.label, named, groups=rows.person, share=0.5, seed=rows.seed, n_resamples=N_RESAMPLES)
    losses = np.stack([_losses(rows.label, score) for score in scores.values()], axis=1)
    draws = np.concatenate([(block @ losses) / block.sum(axis=1, keepdims=True) for block in rows.weights(N_RESAMPLES)])
    place = {share: column for column, share in enumerate(scores)}
    half, whole = place[0.5], place[1.0]
    return Curve(
        n_rows={share: n_rows[share] for share in scores},
        auc={share: drawn.interval(str(share), "auc") for share in scores},
        log_loss={
            share: percentile_interval(metrics.log_loss(rows.label, score), draws[:, place[share]]) for share, score in scores.items()
        },
        auc_gain=drawn.gain("1.0", "0.5", "auc"),
        log_loss_drop=percentile_interval(float(losses[:, half].mean() - losses[:, whole].mean()), draws[:, half] - draws[:, whole]),
    )


def finding(gain: Interval, n_rows: int, *, measured: str) -> str:
    """Say whether more people would help, by the gain that a more complex rung would need (R-15); `measured` says which rung was asked."""
    told = (
        f"{measured}: from half to all of {n_rows} rows the AUC changed by {gain.estimate:+.3f} "
        f"(95 % interval {gain.low:+.3f} to {gain.high:+.3f})"
    )
    if not np.isfinite([gain.low, gain.high]).all():
        return f"The test rows can't say whether more people would help {told}."
    if gain.high < MIN_AUC_GAIN:
        return f"More people would hardly help {told}, less than the {MIN_AUC_GAIN:.2f} that counts."
    if gain.low > 0:
        return f"More people would probably help {told}."
    return f"The test rows can't say whether more people would help {told}, which holds both no gain and one that counts."


def _measured(rung: str, chosen: str) -> str:
    return rung if rung == chosen else f"{rung}, the best rung that learns from people ({chosen} was chosen)"


def _taught(examined: Examined) -> dict[float, Mask]:
    """Training rows of each share of people, every share inside the next."""
    table, train = examined.experiment.table, examined.experiment.split.train
    base = train.copy()
    base[train] = drawn_people(table.rows.group[train], most_rows=MOST_TAUGHT, seed=examined.seed)
    people = np.random.default_rng(examined.seed).permutation(np.unique(table.rows.group[base]))
    return {share: base & np.isin(table.rows.group, people[: max(1, round(share * len(people)))]) for share in SHARES}


def _score(examined: Examined, name: str, taught: Mask, rows: MeasuredRows) -> Vector | None:
    """Probability of each measured row by the rung learnt from these rows; None where they have one outcome only."""
    experiment = examined.experiment
    candidate = experiment.candidates[name]
    if experiment.table.whole is None and not _is_sample(examined, taught):
        return rows.probabilities[name]
    learnt = learn_anew(candidate, experiment.table, taught, seed=examined.seed, keeps_penalty=False)
    if learnt is None:
        return None
    tested = experiment.split.test.copy()
    tested[experiment.split.test] = rows.within
    return np.asarray(expit(candidate.calibrator.log_odds(learnt.log_odds(experiment.table, tested))))


def _is_sample(examined: Examined, taught: Mask) -> bool:
    return bool(taught.sum() < examined.experiment.split.train.sum())


def _losses(label: Vector, probability: Vector) -> Vector:
    p = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(-(label * np.log(p) + (1 - label) * np.log1p(-p)))
