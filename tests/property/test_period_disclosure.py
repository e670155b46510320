"""A reader with an integer solver has all periods of a report side by side and tries to recompute a small number."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from monitoring.performance.period_disclosure import ALL_PIECES, NEEDED, OF_PROPOSALS
from monitoring.performance.periods import Period, publish_periods
from tests.support.periods import drawn_period, period

OUTCOMES, ABSENT = 3, 12


def kinds_of(one: Period) -> np.ndarray:
    outcome = np.where(np.isnan(one.label), 2, np.where(one.label == 1, 0, 1))
    return (2 * one.proposed + one.above) * OUTCOMES + outcome


class Reader:
    """Knows which pairs of groups people may be in, that an outcome known twice is one, and every number that is told."""

    def __init__(self, periods: list[Period]) -> None:
        subjects = np.unique(np.concatenate([one.subject for one in periods]))
        self.true = np.full((len(subjects), len(periods)), ABSENT)
        for side, one in enumerate(periods):
            self.true[np.searchsorted(subjects, one.subject), side] = kinds_of(one)
        groups = {tuple(row) for row in (self.true // OUTCOMES).tolist()}
        self.cells = np.array(
            [
                tuple(g * OUTCOMES + o if g * OUTCOMES != ABSENT else ABSENT for g, o in zip(group, outcomes, strict=True))
                for group in sorted(groups)
                for outcomes in sorted({self.possible(group, code) for code in range(OUTCOMES ** len(group))})
                if len({o for g, o in zip(group, outcomes, strict=True) if g * OUTCOMES != ABSENT and o != 2}) <= 1
            ]
        )
        self.rows: list[np.ndarray] = []
        self.sums: list[int] = []
        self.met: list[np.ndarray] = []

    def possible(self, group, code):
        outcomes = [(code // OUTCOMES**place) % OUTCOMES for place in range(len(group))]
        return tuple(0 if g * OUTCOMES == ABSENT else o for g, o in zip(group, outcomes, strict=True))

    def mask(self, side: int, kinds) -> np.ndarray:
        return np.isin(self.cells[:, side], sorted(kinds)).astype(float)

    def truth(self, side: int, kinds) -> int:
        return int(np.isin(self.true[:, side], sorted(kinds)).sum())

    def learn(self, side: int, name: str) -> None:
        self.rows.append(self.mask(side, ALL_PIECES[name]))
        self.sums.append(self.truth(side, ALL_PIECES[name]))

    def read(self, side: int, row) -> None:
        for field, name in (("n_people", "people"), ("n_matured", "matured"), ("n_proposed", "proposed")):
            if row[field] is not None:
                assert row[field] == self.truth(side, ALL_PIECES[name])
                self.learn(side, name)
        for name, figure in (row["matured"] or {}).items():
            if figure["point"] is not None:
                for piece in NEEDED[name]:
                    self.learn(side, piece)

    def can_tell(self, goal: np.ndarray) -> bool:
        if len({round(float(goal @ table)) for table in self.met}) > 1:
            return False
        limits = LinearConstraint(np.array(self.rows), self.sums, self.sums) if self.rows else ()
        for sign in (1, -1):
            found = milp(sign * goal, constraints=limits, integrality=np.ones(len(goal)), bounds=Bounds(0, 5_000))
            assert found.success
            self.met.append(found.x)
        return len({round(float(goal @ table)) for table in self.met[-2:]}) == 1


def check_nothing_small_follows(periods: list[Period]) -> list[dict]:
    told = publish_periods(periods, current=len(periods) - 1, everybody=None)
    reader = Reader(periods)
    for side, row in enumerate(told):
        reader.read(side, row)
    for side in range(len(periods)):
        if np.isnan(periods[side].label).all():
            continue
        of_outcomes = ("with", "without", "true_proposed", "false_proposed", "missed", "rightly_left")
        for name in of_outcomes:
            if OF_PROPOSALS[name] & set(reader.cells[:, side].tolist()) and reader.truth(side, OF_PROPOSALS[name]) < 5:
                assert not reader.can_tell(reader.mask(side, OF_PROPOSALS[name])), f"{name} in {side}"
        for kind in range(ABSENT):
            if 0 < reader.truth(side, {kind}) < 5:
                assert not reader.can_tell(reader.mask(side, {kind})), f"kind {kind} in {side}"
        for unknown in ({2, 5}, {8, 11}):
            if 0 < reader.truth(side, unknown) < 5:
                assert not reader.can_tell(reader.mask(side, unknown)), f"not known yet {unknown} in {side}"
    for side, other in ((0, 1), (1, 0)) if len(periods) == 2 else ():
        for name in ("with", "without", "true_proposed", "false_proposed"):
            gone = {ABSENT} if name in ("with", "without") else {ABSENT} | set(OF_PROPOSALS["left"])
            goal = reader.mask(side, OF_PROPOSALS[name]) * reader.mask(other, gone)
            few = int((np.isin(reader.true[:, side], sorted(OF_PROPOSALS[name])) & np.isin(reader.true[:, other], sorted(gone))).sum())
            if 0 < few < 5 and all(not np.isnan(one.label).all() for one in periods):
                assert not reader.can_tell(goal), f"{few} of {name} are in {side} and not in {other}"
    return told


@pytest.mark.requirement("R-09")
@given(
    n=st.integers(6, 300),
    seed=st.integers(0, 2**16),
    matured=st.sampled_from([1.0, 0.97, 0.5, 0.0]),
    share=st.sampled_from([0.02, 0.1, 0.4]),
)
@settings(max_examples=40, deadline=None)
def test_no_small_number_of_one_screening_follows(n: int, seed: int, matured: float, share: float):
    check_nothing_small_follows([drawn_period(n, seed=seed, matured=matured, share=share)])


@pytest.mark.requirement("R-09")
@given(n=st.integers(20, 200), seed=st.integers(0, 2**16), movers=st.integers(0, 6), changed=st.integers(0, 8))
@settings(max_examples=25, deadline=None)
def test_nor_of_those_who_came_left_or_were_proposed_between_two(n: int, seed: int, movers: int, changed: int):
    first = drawn_period(n, seed=seed)
    random = np.random.default_rng(seed + 1)
    probability = first.probability[movers:].copy()
    places = random.choice(len(probability), min(changed, len(probability)), replace=False)
    probability[places] = random.beta(1.5, 5, len(places))
    proposed = np.isin(np.arange(len(probability)), np.argsort(-probability)[: round(0.15 * n)])
    second = period(first.subject[movers:], first.label[movers:], probability, proposed, as_of=date(2020, 12, 15))
    check_nothing_small_follows([first, second])


def test_a_large_service_loses_nothing():
    told = check_nothing_small_follows([drawn_period(4000, seed=3, share=0.08)])
    assert {figure["verdict"] for figure in told[0]["matured"].values()} == {"measured"}


@pytest.mark.requirement("R-09")
def test_two_proposed_beyond_the_threshold_are_not_what_ppv_and_net_benefit_differ_by():
    """A net benefit gives how many are found from the threshold on; two more were proposed, and one of them had the outcome."""
    probability = np.concatenate([np.full(60, 0.6), np.full(2, 0.39), np.full(300, 0.1)])
    label = np.concatenate([np.tile([1.0, 0.0, 1.0], 20), [1.0, 0.0], np.tile([0.0] * 9 + [1.0], 30)])
    proposed = probability > 0.3
    one = period(np.array([f"{n:032x}" for n in range(len(label))]), label, probability, proposed)
    told = check_nothing_small_follows([one])[0]
    assert told["matured"]["ppv"]["verdict"] == "measured"
    assert told["matured"]["net_benefit"]["verdict"] == "too small"
    assert told["expected"]["net_benefit"]["verdict"] == "too small", "sums of probabilities would differ by those of two people"
