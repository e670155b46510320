"""A reader of the report, the card and the run's metrics can't work out one to four people found, missed or proposed in vain (R-09)."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from models import metrics
from models.card import ModelCard
from models.resampling import resample
from tests.support.examined_experiments import planted_examined
from training.assembly import build_card
from training.evaluation.capacity import capacity_plan
from training.evaluation.decision_curve import decision_curve
from training.evaluation.examined import Examined
from training.evaluation.held_out_areas import held_out_areas
from training.evaluation.reliability import reliability
from training.evaluation.status_codes import told_under
from training.evaluation.targeting import targeting
from training.evaluation.told_capacity import THRESHOLDS, WITHHELD_FIGURES, cuts_near_tenths, told_of, told_rungs, wanted_shares
from training.gates.overall import capacity_gate
from training.report import Report, build_report, ladder_table
from training.train import run_metrics

MEASURED = {
    "capacity_plan": capacity_plan,
    "targeting": targeting,
    "held_out_areas": held_out_areas,
    "reliability": reliability,
    "decision_curve": decision_curve,
}
NOBODY = "prevalence"
"""A rate for everybody ranks nobody: what its top is expected to hold follows from the prevalence, and is about no one."""


def is_few(count: float) -> bool:
    """One to four people, or a part of one; what is told is rounded in places."""
    return 0.01 < count < 5 - 0.01


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10_000), n=st.integers(12, 400), rate=st.floats(0.02, 0.6), levels=st.integers(2, 500), share=st.floats(0.02, 0.5)
)
def test_no_small_count_lies_between_two_told_capacities(seed: int, n: int, rate: float, levels: int, share: float) -> None:
    random = np.random.default_rng(seed)
    score = random.integers(0, levels, n).astype(np.float64)
    label = (random.random(n) < rate * (0.5 + score / levels)).astype(np.float64)
    shares, more = wanted_shares(share)
    score /= levels
    cuts = {"line": cuts_near_tenths(score, n_groups=10)}
    chosen = told_of(label, {"line": score}, shares=shares, more=more, cuts=cuts, thresholds=THRESHOLDS)
    above = {float(np.mean(score >= threshold)) for threshold in chosen.thresholds["line"]} - {0.0, 1.0}
    told = sorted({*chosen.shares["line"], *(cut / n for cut in chosen.cuts.get("line", ())), *above})
    found = [0.0, *(metrics.precision_at_share(label, score, share=one) * one * n for one in told), float(label.sum())]
    in_vain = [0.0, *(one * n - count for one, count in zip(told, found[1:-1], strict=True)), n - float(label.sum())]
    for counts in (found, in_vain) if told else ():
        assert not any(is_few(after - before) for before, after in itertools.pairwise(counts))


@pytest.mark.requirement("R-09")
def test_a_rate_for_everybody_is_about_no_one() -> None:
    """What is expected of the prevalence's top is the prevalence: to withhold it would hide what every report tells anyway."""
    label = (np.arange(200) % 20 == 0).astype(np.float64)
    told = told_of(label, {NOBODY: np.full(200, 0.05), "line": np.arange(200.0)}, shares=wanted_shares(0.1)[0])
    assert told.may_tell(NOBODY, 0.1)
    assert not told.may_tell("line", 0.1), "one of twenty"


def tops_told(report: Report, card: ModelCard, logged: dict[str, float]) -> Iterator[tuple[str, float, float]]:
    """Every (ranking, people visited, people found) that follows from what is told, as a reader with a calculator has it."""
    n, n_with, capacity, chosen = (
        report["data"]["n_test"],
        report["data"]["n_test"] * report["data"]["prevalence"],
        report["capacity_share"],
        report["chosen"],
    )
    of_rung = {rung: figures["precision_at_capacity"]["estimate"] for rung, figures in report["ladder"].items()}
    of_rung |= {row.rung: row.metrics["precision_at_capacity"].estimate for row in card.ladder if "precision_at_capacity" in row.metrics}
    of_rung |= {
        name.split("/")[0]: value for name, value in logged.items() if name.endswith("/precision_at_capacity") and name.count("/") == 1
    }
    recalls = {rung: figures["recall_at_capacity"]["estimate"] for rung, figures in report["ladder"].items()}
    of_rung |= {rung: recall * n_with / (capacity * n) for rung, recall in recalls.items() if recall is not None}
    of_rung[NOBODY] = report["data"]["prevalence"]
    gains = [(step["candidate"], step["over"], step["precision_gain"]["estimate"]) for step in report["comparisons"]]
    gate = next(gate for gate in report["gates"] if gate["code"] == "G-03")["evidence"]
    gains += [
        (chosen, name.removeprefix("gain_over_"), value)
        for name, value in gate.items()
        if name.startswith("gain_over_") and isinstance(value, float) and not name.endswith(("_low", "_high"))
    ]
    for _ in gains:
        for one, over, gain in gains:
            if gain is not None and of_rung.get(over) is not None:
                of_rung[one] = of_rung[over] + gain
            if gain is not None and of_rung.get(one) is not None:
                of_rung[over] = of_rung[one] - gain
    yield from ((rung, capacity * n, precision * capacity * n) for rung, precision in of_rung.items() if precision is not None)
    yield from ((chosen, row.share * n, row.precision * row.share * n) for row in card.capacity)
    for point in report["sections"]["capacity_plan"]["points"]:
        share, gain = point["share"], point["recall_gain"]
        if point["recall"] is not None:
            yield chosen, share * n, point["recall"]["estimate"] * n_with
            if gain["more_capacity"] is not None:
                yield chosen, 1.1 * share * n, (point["recall"]["estimate"] + gain["more_capacity"]["estimate"]) * n_with
            if gain["next_rung"] is not None:
                better = report["sections"]["capacity_plan"]["next_rung"]
                yield better, share * n, (point["recall"]["estimate"] + gain["next_rung"]["estimate"]) * n_with
    visits = found = 0.0
    for group in reversed(report["sections"]["reliability"]["bins"]):
        visits, found = visits + group["n_people"], found + group["n_people"] * group["observed_rate"]["estimate"]
        yield chosen, visits, found
    for point in report["sections"]["targeting"]["points"]:
        for way, reached in point["reached"].items():
            if reached is not None:
                name = report["sections"]["targeting"]["scores_of"] if way == "scores" else way
                yield name, point["share_visited"] * n, reached["estimate"] * n_with


def benefit_told(report: Report, *, n: int, n_with: int) -> Iterator[tuple[str, float, float]]:
    """The same from net benefits: people are whole, so that one number at a known threshold leaves few pairs of found and in vain."""
    section = report["sections"]["decision_curve"]
    at_all = {point["threshold"]: point["net_benefit"] for point in section["points"]}
    for point in section["points"]:
        benefits = {way: one["estimate"] for way, one in at_all[point["threshold"]].items() if one is not None}
        for over, gain in point["gain_over"].items():  # either may be told through the other
            if gain is not None and over in benefits:
                benefits.setdefault(section["chosen"], benefits[over] + gain["estimate"])
        odds = point["threshold"] / (1 - point["threshold"])
        for way, benefit in benefits.items():
            found = np.arange(n_with + 1)
            in_vain = (found - benefit * n) / odds
            fits = (np.abs(in_vain - np.round(in_vain)) < 1e-6) & (in_vain > -0.5) & (in_vain < n - n_with + 0.5)
            if way != "everybody" and fits.sum() == 1 and (found + in_vain)[fits][0] not in (0, n):
                yield way, float((found + in_vain)[fits][0]), float(found[fits][0])


def told_of_training(examined: Examined) -> tuple[dict[str, Any], ModelCard, dict[str, float]]:
    sections = {name: measure(examined) for name, measure in MEASURED.items()}
    experiment = examined.experiment
    gate = capacity_gate(experiment.selection.chosen, experiment.resamples, experiment.selection.comparisons, told=told_rungs(examined))
    card = build_card(examined, (gate,), sections)
    report = build_report(examined, (gate,), sections)
    return json.loads(json.dumps(report, allow_nan=False)), ModelCard.from_json(json.loads(json.dumps(card.to_json()))), run_metrics(report)


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize(("n_per_year", "seed"), [(40, 3), (160, 5), (600, 3)])
def test_no_small_count_follows_from_report_card_and_metrics(tmp_path: Path, n_per_year: int, seed: int) -> None:
    examined = planted_examined(tmp_path, n_per_year, seed=seed)
    report, card, logged = told_of_training(examined)
    n = len(examined.experiment.test_label)
    n_with = float(examined.experiment.test_label.sum())
    by_ranking: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for ranking, visits, found in (*tops_told(report, card, logged), *benefit_told(report, n=n, n_with=int(n_with))):
        by_ranking[ranking].append((visits, found))
    for ranking, tops in by_ranking.items():
        if ranking == NOBODY:
            continue
        ordered = [(0.0, 0.0), *sorted(tops), (float(n), n_with)]
        for (visits, found), (more_visits, more_found) in itertools.pairwise(ordered):
            counts = (more_found - found, (more_visits - more_found) - (visits - found))
            assert not any(is_few(count) for count in counts), (ranking, visits, more_visits, counts)
    for entry in report["four_rows"]:
        figures = entry["figures"]
        if figures["precision_at_capacity"]["estimate"] is not None and entry["rows"] == "all":
            found = figures["precision_at_capacity"]["estimate"] * report["capacity_share"] * n
            assert not any(is_few(count) for count in (found, report["capacity_share"] * n - found, n_with - found))
    if n_per_year == 600:
        assert all("precision_at_capacity" in row.metrics for row in card.ladder), "with enough people nothing is withheld"
        assert "withheld" not in card.choice
        assert len(report["sections"]["reliability"]["bins"]) >= 4, "and people are still cut into groups"


@pytest.mark.requirement("R-09")
@pytest.mark.requirement("R-15")
def test_what_is_withheld_says_why_and_the_choice_stands(tmp_path: Path) -> None:
    examined = planted_examined(tmp_path, 40, seed=3)
    report, card, logged = told_of_training(examined)
    withheld = [rung for rung, figures in report["ladder"].items() if figures["precision_at_capacity"]["estimate"] is None]
    assert {"logistic", "boosted"} <= set(withheld), "forty are tested, six reviewed"
    for rung in withheld:
        assert "R-09" in report["ladder"][rung]["precision_at_capacity"]["withheld"]
        assert f"{rung}/precision_at_capacity" not in logged
        assert f"{rung}/auc" in logged
    assert WITHHELD_FIGURES.format(names=", ".join(withheld)) in card.to_markdown()
    assert "gain in precision at capacity withheld" in card.choice
    assert report["chosen"] in report["ladder"]
    gate = report["gates"][0]
    assert gate["verdict"] in ("PASSED", "FAILED")
    assert "withheld" in {row[4] for row in ladder_table([report])[2]}


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize(("n_read_otherwise", "is_told"), [(2, False), (12, True)])
def test_a_few_people_read_otherwise_are_not_the_difference_of_two_figures(tmp_path: Path, n_read_otherwise: int, is_told: bool) -> None:
    """The served model ranks people alike under another reading of status codes: it finds fewer by those who are read otherwise."""
    examined = planted_examined(tmp_path, 600)
    probability, label = examined.experiment.chosen.probability, examined.experiment.test_label.copy()
    best = np.argsort(-probability)
    label[best[label[best] == 1][:n_read_otherwise]] = 0.0
    share, person = examined.capacity_share, examined.experiment.test_person
    scores = {"as_served": probability, "learnt_anew": probability}
    told = told_under(examined, resample(label, scores, groups=person, share=share, seed=1, n_resamples=10), label)
    assert ("as_served" in told) == is_told
    assert "learnt_anew" in told
