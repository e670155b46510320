"""Planted proxies are flagged, idle ones fail the gate; reasons that hold are told from reasons that come and go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.small_cells import SMALLEST_CELL
from models.card import ModelCard
from models.intervals import Interval
from tests.support.examined_experiments import planted_examined
from training.evaluation.examined import Examined
from training.evaluation.group_counts import MIN_GROUP
from training.evaluation.proxies import Ablation, Proxy, ProxyTest, find_proxies, proxies, relearnt_loss
from training.evaluation.stability import agreement, stability
from training.gates.proxies import proxy_gate

INCOME = "nav_low_income_hh.last@ever"
"""In the planted table this says nothing about the outcome."""


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    found = planted_examined(tmp_path_factory.mktemp("tiny"))
    return replace(found, experiment=replace(found.experiment, selection=replace(found.experiment.selection, chosen="logistic")))


def with_groups(examined: Examined) -> Examined:
    """One attribute that income gives away, one that nothing does, one too rare to ask."""
    income = examined.experiment.table.columns((INCOME,), examined.experiment.split.test)[:, 0]
    random = np.random.default_rng(1)
    told = income + random.normal(0, 0.4, len(income)) > 0.5
    groups = {
        "told": np.where(told, "yes", "no"),
        "untold": np.where(np.random.default_rng(2).random(len(income)) < 0.4, "yes", "no"),
        "rare": np.where(np.arange(len(income)) < MIN_GROUP - 1, "yes", ""),
    }
    return replace(examined, groups=groups)


@pytest.mark.requirement("R-13")
def test_what_a_feature_gives_away_is_flagged_and_what_nothing_does_is_not(examined: Examined) -> None:
    found = {proxy.attribute: proxy for proxy in find_proxies(with_groups(examined)).proxies}
    assert found["told"].is_flagged
    assert not found["untold"].is_flagged
    assert found["untold"].auc.low < 0.5 < found["untold"].auc.high
    first = found["told"].ablations[0]
    assert first.indicator == "nav_low_income_hh"
    assert first.proxy_loss.low > 0.2, "without income nothing tells the attribute"
    assert first.model_loss.high < 0.01, "and the model does as well"


@pytest.mark.requirement("R-13")
def test_a_used_proxy_without_use_fails_the_gate(examined: Examined) -> None:
    grouped = with_groups(examined)
    finding = proxy_gate(find_proxies(grouped), relearnt_loss=lambda indicator: relearnt_loss(grouped, indicator))
    assert (finding.verdict, finding.evidence["to_leave_out"]) == ("FAILED", "nav_low_income_hh (told = yes)")
    assert "rare = yes" in str(finding.evidence["too_few_people"])


def proxy(*, used: bool = True, carries: float = 0.1, adds: float = 0.0) -> ProxyTest:
    loss = Interval(carries, carries - 0.01, carries + 0.01)
    one = Ablation("nav_low_income_hh", loss, Interval(adds, adds - 0.001, adds + 0.001), used)
    return ProxyTest(1_000, (Proxy("sex", "girl", Interval(0.9, 0.85, 0.95), (one,)),))


@pytest.mark.requirement("R-13")
@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (proxy(), "FAILED"),
        (proxy(used=False), "PASSED"),
        (proxy(carries=0.005), "PASSED"),
        (proxy(adds=0.02), "PASSED"),
        (ProxyTest(0, (), reason="no audit purpose"), "NOT_APPLICABLE"),
        (ProxyTest(100, (), ("sex = girl",)), "NOT_APPLICABLE"),
    ],
)
def test_only_a_used_carrier_that_adds_nothing_has_to_go(found: ProxyTest, verdict: str) -> None:
    assert proxy_gate(found, relearnt_loss=lambda _: Interval(0.0, -0.001, 0.001)).verdict == verdict


def test_the_real_rung_has_the_last_word() -> None:
    """The stand-in saw no use in it; the rung itself, learnt anew, does."""
    assert proxy_gate(proxy(), relearnt_loss=lambda _: Interval(0.02, 0.01, 0.03)).verdict == "PASSED"


def test_an_unused_indicator_is_named_for_leaving_out() -> None:
    finding = proxy_gate(proxy(used=False), relearnt_loss=lambda _: Interval(0.0, 0.0, 0.0))
    assert finding.evidence["loaded_and_not_used"] == "nav_low_income_hh"


@pytest.mark.requirement("R-10")
def test_the_section_holds_aggregates_alone_and_says_when_nothing_was_asked(examined: Examined) -> None:
    section = proxies(with_groups(examined))
    assert section["not_asked"] == ["rare = yes"]
    assert min(MIN_GROUP, section["n_rows"]) >= SMALLEST_CELL
    assert {value["attribute"] for value in section["values"]} == {"told", "untold"}
    assert proxies(replace(examined, groups=None, no_groups_reason="no audit purpose")) == {"reason": "no audit purpose"}


@pytest.mark.requirement("R-09")
def test_an_auc_that_is_told_fits_a_group_of_any_size(examined: Examined) -> None:
    """In full it would be a fraction over the pairs of people with the value and without, and few sizes fit one."""
    grouped = with_groups(examined)
    (told,) = (value["auc"]["estimate"] for value in proxies(grouped)["values"] if value["attribute"] == "untold")
    (exact,) = (proxy.auc.estimate for proxy in find_proxies(grouped).proxies if proxy.attribute == "untold")
    n = proxies(grouped)["n_rows"]
    pairs = np.array([2 * size * (n - size) for size in range(MIN_GROUP, n - MIN_GROUP)])
    assert (np.floor((told + 0.0005) * pairs) >= np.ceil((told - 0.0005) * pairs)).all()
    fits = np.abs(exact * pairs - np.round(exact * pairs)) < 1e-6
    assert 1 <= fits.sum() < len(pairs) / 10


@pytest.mark.requirement("R-09")
def test_whether_a_value_is_asked_of_goes_by_what_may_be_told(examined: Examined) -> None:
    """Fifty-two people have the value, three of them with the outcome: to ask would tell, beside the 49 without it, that there are some."""
    label = examined.experiment.test_label
    few = np.r_[np.flatnonzero(label == 1)[:3], np.flatnonzero(label == 0)[:49]]
    values = np.full(len(label), "no", dtype="<U3")
    values[few] = "yes"
    found = find_proxies(replace(examined, groups={"use": values}))
    assert found.not_asked == ("use = yes",)
    unknown = find_proxies(replace(examined, groups={"use": np.full(len(label), "")}))
    assert unknown.is_undeclared
    assert find_proxies(replace(examined, groups=None, no_groups_reason="no purpose")).is_undeclared


@pytest.mark.requirement("R-19")
def test_reasons_of_a_clear_model_hold_and_are_told_on_the_card(examined: Examined) -> None:
    section = stability(examined)
    assert section["same_again"]
    assert section["other_seed"]["top_overlap"] > 0.95
    assert section["other_people"]["same_first"] > 0.8
    card = ModelCard("a", "b", "c", "d", True, {}, stability={"other_seed": section["other_seed"]})
    assert ModelCard.from_json(card.to_json()) == card
    assert "## Stability of reasons" in card.to_markdown()
    assert "| other seed | " in card.to_markdown()


@pytest.mark.requirement("R-19")
def test_reasons_learnt_from_noise_do_not_hold() -> None:
    random = np.random.default_rng(1)
    one, other = random.normal(0, 1, (400, 12)), random.normal(0, 1, (400, 12))
    noise = agreement(one, other)
    assert abs(noise["top_overlap"] - 3 / 12) < 0.05
    assert abs(noise["spearman"]) < 0.05
    assert abs(noise["top_direction"] - 0.5) < 0.05


def test_a_rung_without_reasons_says_so(examined: Examined) -> None:
    nothing = replace(examined.experiment, selection=replace(examined.experiment.selection, chosen="prevalence"))
    assert "reason" in stability(replace(examined, experiment=nothing))


def test_spearman_is_that_of_scipy(tmp_path: Path) -> None:
    from scipy.stats import spearmanr

    random = np.random.default_rng(4)
    one, other = np.round(random.normal(0, 1, (30, 7)), 1), np.round(random.normal(0, 1, (30, 7)), 1)
    expected = [spearmanr(a, b).statistic for a, b in zip(one, other, strict=True)]
    assert agreement(one, other)["spearman"] == pytest.approx(float(np.mean(expected)))
