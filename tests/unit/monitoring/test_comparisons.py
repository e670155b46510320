import numpy as np
import pytest

from models.multiplicity import holm
from monitoring.fairness.comparisons import ASKED, compare_groups
from monitoring.fairness.disclosure import publish_together
from monitoring.fairness.intersections import Measured, measure_attributes


def people(n: int = 4000, *, gap: float = 0.0, seed: int = 1, few: int = 0) -> Measured:
    """Draw people of two attributes; `gap` is added to the chance of being proposed of one group, `few` are of a group of their own."""
    random = np.random.default_rng(seed)
    sex, born = random.choice(["girl", "boy"], n), random.choice(["here", "abroad"], n, p=[0.8, 0.2])
    born[:few] = "other"
    label = (random.uniform(size=n) < 0.25).astype(float)
    proposed = random.uniform(size=n) < 0.3 + gap * (born == "abroad")
    return measure_attributes(label, proposed, np.full(n, 0.25), {"sex": sex.tolist(), "born": born.tolist()})


@pytest.mark.requirement("R-11")
def test_a_planted_difference_stays_and_is_named():
    found = compare_groups(people(gap=0.15).tables)
    assert ("born", "abroad", "proposal_rate") in {(one.attribute, one.group, one.metric) for one in found.staying}
    assert {one.group for one in found.staying if one.attribute == "sex"} == set()
    assert found.staying[0].adjusted == min(one.adjusted for one in found.asked if one.adjusted is not None)


def test_every_group_rate_and_crossing_is_asked_once():
    found = compare_groups(people().tables)
    asked = [(one.attribute, one.group, one.metric) for one in found.asked]
    assert len(set(asked)) == len(asked) == (1 + 1 + 3) * len(ASKED)
    assert "fnr" not in {metric for *_, metric in asked}
    assert found.n_answered == len(asked)


def test_adjusted_p_values_are_holms_over_all_that_was_asked():
    found = compare_groups(people(gap=0.05).tables)
    assert [one.adjusted for one in found.asked] == holm([one.p_value for one in found.asked if one.p_value is not None])


def test_what_is_withheld_counts_as_asked_and_says_nothing():
    full = people(gap=0.15, few=6)
    published = publish_together(full.tables, minimum_of={})
    found = compare_groups(published)
    small = [one for one in found.asked if one.group == "other"]
    assert len(small) == len(ASKED)
    assert {(one.p_value, one.adjusted, one.stays) for one in small if one.metric == "tpr"} == {(None, None, False)}
    assert found.n_answered < len(found.asked) == len(compare_groups(full.tables).asked)


def test_before_outcomes_are_known_only_proposals_are_asked_about():
    random = np.random.default_rng(2)
    proposed = random.uniform(size=100) < 0.5
    full = measure_attributes(np.full(100, np.nan), proposed, np.full(100, 0.3), {"sex": ["girl", "boy"] * 50})
    assert [one.metric for one in compare_groups(full.tables).asked] == ["proposal_rate"]


def test_nobody_is_compared_with_nobody():
    assert compare_groups([]).asked == ()
    alone = measure_attributes([1.0, 0.0], [1, 0], [0.5, 0.5], {"sex": ["girl", "girl"]})
    assert compare_groups(alone.tables).asked == ()
