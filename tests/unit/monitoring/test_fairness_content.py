import json

import numpy as np

from monitoring.fairness.content import fairness_content
from monitoring.fairness.group_calibration import measure_calibration
from monitoring.fairness.groups import group_people
from monitoring.fairness.intersections import measure_attributes
from monitoring.wording import decimal

RANDOM = np.random.default_rng(3)
UNKNOWN = np.full(900, np.nan)


def test_attributes_of_too_many_groups_are_not_crossed_and_that_is_said():
    groups = {"born": RANDOM.choice([f"land {n:02}" for n in range(80)], 900).tolist(), "sex": ["girl", "boy"] * 450}
    measured = measure_attributes(UNKNOWN, np.arange(900) % 3 == 0, np.full(900, 0.3), groups)
    content = fairness_content(measured, (), {})
    assert (content["crossed"], content["too_many_to_cross"], content["not_crossed"]) == ([], [["born", "sex"]], [])
    assert [table["attribute"] for table in content["fairness"]] == ["born", "sex"]


def test_a_slope_that_nothing_bounds_is_json_that_the_page_can_write():
    label = np.r_[np.zeros(60), np.ones(60)]
    label[[59, 60]] = label[[60, 59]]
    probability, sex = np.linspace(0.01, 0.99, 120), ["girl", "boy"] * 60
    measured = measure_attributes(label, probability > 0.5, probability, {"sex": sex})
    calibration = measure_calibration(label, probability > 0.5, probability, group_people(sex, attribute="sex"))
    content = fairness_content(measured, (calibration,), {})
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    slope = content["calibration"][0]["everybody"]["slope"]
    assert slope["point"] is None or decimal(slope["high"], language="nb") != ""


def test_a_group_of_service_users_is_withheld_below_ten_also_where_it_is_crossed():
    service = np.repeat(["used", "not"], [60, 840])
    sex = np.r_[np.repeat(["girl", "boy"], [52, 8]), np.repeat(["girl", "boy"], 420)]
    proposed = np.arange(900) % 2 == 0
    measured = measure_attributes(UNKNOWN, proposed, np.full(900, 0.3), {"sex": sex.tolist(), "service": service.tolist()})
    shown = {limit: fairness_content(measured, (), {"service": limit})["crossed"][0]["groups"] for limit in (5, 10)}
    boys = {limit: next(row for row in rows if row["members"] == ["boy", "used"]) for limit, rows in shown.items()}
    assert (boys[5]["n_people"], boys[10]["n_people"]) == (8, None)
