import json

import numpy as np
import pytest

from features.errors import DataError
from monitoring.fairness.changed_odds import Fourfold
from monitoring.fairness.content import fairness_content
from monitoring.fairness.earlier import NO_REPORTS, EarlierReports, Question, read_earlier_reports, told_rates
from monitoring.fairness.intersections import measure_attributes
from monitoring.fairness.over_time import measure_over_time, over_time_content
from monitoring.signals.judging import changed_groups_signal

FORMAT = 5
OF_BORN_ABROAD = Question("born", "abroad", "proposal_rate")


def content(month: str, *, n_abroad: int = 40, proposed_abroad: int = 10, matured: bool = False) -> dict:
    """A report's part on fairness: 200 born here of whom 40 are proposed, and some born abroad."""
    born = ["here"] * 200 + ["abroad"] * n_abroad
    proposed = np.r_[np.arange(200) < 40, np.arange(n_abroad) < proposed_abroad]
    label = (np.arange(len(born)) % 4 == 0).astype(float) if matured else np.full(len(born), np.nan)
    groups = {"born": born, "sex": ["girl", "boy"] * (len(born) // 2)}
    published = fairness_content(measure_attributes(label, proposed, np.full(len(born), 0.2), groups), (), {})
    return {"format": FORMAT, "month": month, "version": "1", **published}


def write(folder, *contents):
    for one in contents:
        path = folder / one["month"] / "report.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(one), encoding="utf-8")
    return folder


def compare(folder, now):
    earlier = read_earlier_reports(folder, before=now["month"], version=FORMAT)
    return measure_over_time(now["fairness"], earlier, month=now["month"], version=now["version"])


@pytest.mark.requirement("R-11")
def test_a_group_that_is_suddenly_proposed_more_often_is_named(tmp_path):
    folder = write(tmp_path, content("2026-03"), content("2026-04"), content("2026-05"))
    found = compare(folder, content("2026-06", proposed_abroad=33))
    assert [one.question for one in found.changed] == [OF_BORN_ABROAD]
    signal = changed_groups_signal(found)
    assert (signal.code, signal.verdict, signal.suspends) == ("S-09", "FAILED", False)
    assert (signal.evidence["groups"], signal.evidence["metrics"], signal.evidence["n_reports"]) == ("born: abroad", "proposal_rate", 3)
    assert changed_groups_signal(compare(folder, content("2026-06"))).verdict == "PASSED"


def test_only_earlier_months_count_and_only_reports_of_this_format(tmp_path):
    old = content("2026-02") | {"format": FORMAT - 1}
    folder = write(tmp_path, old, content("2026-03"), content("2026-06"), content("2026-07"))
    earlier = read_earlier_reports(folder, before="2026-06", version=FORMAT)
    assert ([one.month for one in earlier.told], earlier.not_readable) == (["2026-03"], ("2026-02",))
    told = over_time_content(compare(folder, content("2026-06")))
    assert told["not_readable"] == ["2026-02"]
    assert [one["month"] for one in told["months"]] == ["2026-03", "2026-06"]


def test_of_very_many_reports_the_newest_twelve_count(tmp_path):
    folder = write(tmp_path, *(content(f"{2024 + n // 12}-{n % 12 + 1:02}") for n in range(15)))
    assert read_earlier_reports(folder, before="2026-06", version=FORMAT).told[0].month == "2024-04"


@pytest.mark.requirement("R-09")
def test_what_a_report_withheld_stays_withheld_and_counts_as_asked(tmp_path):
    folder = write(tmp_path, content("2026-04", proposed_abroad=2), content("2026-05"))
    found = compare(folder, content("2026-06", proposed_abroad=3))
    (course,) = [one for one in found.courses if one.question == OF_BORN_ABROAD]
    assert [rate is None for _, rate in course.told] == [True, False, True]
    assert (course.p_value, course.adjusted, course.has_changed) == (None, None, False)
    assert found.n_answered == len(found.courses) - 1
    shown = next(one for one in over_time_content(found)["courses"] if one["attribute"] == "born")
    assert [one["group"] for one in shown["told"]] == [None, 0.25, None]


@pytest.mark.requirement("R-09")
def test_nothing_is_told_that_does_not_follow_from_the_reports_that_were_published(tmp_path):
    before, now = content("2026-05"), content("2026-06", proposed_abroad=14)
    found = over_time_content(compare(write(tmp_path, before), now))
    for report, place in ((before, 0), (now, 1)):
        for course in found["courses"]:
            table = next(table for table in report["fairness"] if table["attribute"] == course["attribute"])
            row = next(row for row in table["groups"] if row["group"] == course["group"])
            own, all_ = row["rates"][course["metric"]], table["everybody"]["rates"][course["metric"]]
            assert course["told"][place]["group"] == own["point"]
            others = (all_["numerator"] - own["numerator"]) / (all_["denominator"] - own["denominator"])
            assert course["told"][place]["others"] == others


def test_rates_that_need_outcomes_are_asked_once_outcomes_are_known(tmp_path):
    early = compare(write(tmp_path, content("2026-05")), content("2026-06"))
    assert {one.question.metric for one in early.courses} == {"proposal_rate"}
    late = told_rates(content("2026-06", matured=True))
    assert {question.metric for question in late.rates} == {"base_rate", "proposal_rate", "tpr", "fpr", "ppv", "npv"}


def test_of_two_groups_one_is_asked_and_everybody_else_is_the_other():
    rates = told_rates(content("2026-06")).rates
    assert {(question.attribute, question.group) for question in rates} == {("born", "abroad"), ("sex", "girl")}
    assert rates[OF_BORN_ABROAD] == Fourfold(10, 40, 40, 200)


def test_without_earlier_reports_nothing_is_answered():
    now = content("2026-06")
    found = measure_over_time(now["fairness"], NO_REPORTS, month="2026-06", version="1")
    assert found.n_answered == 0
    assert changed_groups_signal(found).evidence == {"reason": "too few earlier reports", "needed": 1}
    none_told = EarlierReports((told_rates(content("2026-05", proposed_abroad=1) | {"fairness": []}),), ())
    unanswered = measure_over_time(now["fairness"], none_told, month="2026-06", version="1")
    assert changed_groups_signal(unanswered).evidence == {"reason": "too few comparable figures", "needed": 1}


def test_a_renewed_earlier_report_is_seen(tmp_path):
    folder = write(tmp_path, content("2026-05"))
    first = read_earlier_reports(folder, before="2026-06", version=FORMAT).as_json()
    assert read_earlier_reports(folder, before="2026-06", version=FORMAT).as_json() == first
    (folder / "2026-05" / "report.json").write_text(json.dumps(content("2026-05", proposed_abroad=11)), encoding="utf-8")
    assert read_earlier_reports(folder, before="2026-06", version=FORMAT).as_json() != first


def test_a_report_that_is_no_json_is_refused(tmp_path):
    folder = write(tmp_path, content("2026-05"))
    (folder / "2026-05" / "report.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="TID482"):
        read_earlier_reports(folder, before="2026-06", version=FORMAT)
