import json
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from monitoring.drift.by_place import Sample, measure_everywhere
from monitoring.drift.season import ReferenceFacts
from monitoring.fairness.changed_odds import Fourfold
from monitoring.fairness.earlier import EarlierReports, Question, ToldRates
from monitoring.fairness.group_calibration import measure_calibration
from monitoring.fairness.groups import group_people
from monitoring.fairness.intersections import measure_attributes
from monitoring.fairness.known_inputs import measure_known
from monitoring.oversight.reviews import measure_oversight
from monitoring.performance.interventions import led_to_talk, measure_interventions
from monitoring.reports.content import Findings, Subject, build_content, render_report
from monitoring.signals.judging import (
    calibration_signal,
    group_signals,
    input_drift_signal,
    oversight_signal,
    place_drift_signal,
    score_drift_signal,
    silent_register_signal,
)
from monitoring.wording import words
from tests.support.periods import period
from tests.support.reviews import finished_reviews

NAMES = ("edu_absence_days.sum@365d", "nav_support.last@ever", "edu_rare_flag.last@ever")
SECTORS = dict(zip(NAMES, ("education", "labour", "education"), strict=True))
SUBJECT = Subject(
    model="tiny-not_completed-grade_10",
    version="1",
    bundle_hash="ab" * 32,
    rung="boosted",
    title='Prøve <script>alert("1")</script>',
    controller="Fiktiv kommune & sønner",
    is_synthetic=True,
    outcome={"nb": "Ikke fullført", "en": "Not completed"},
    stage={"nb": "10. trinn", "en": "grade 10"},
    month="2026-06",
    as_of=(date(2026, 6, 30),),
    made_at=datetime(2026, 7, 1, 6, tzinfo=UTC),
    purpose="FIKTIV",
    purpose_valid_to=date(2030, 12, 31),
    bases={"audit": "FIKTIV", "score": "FIKTIV", "train": "FIKTIV"},
    inputs_hash="cd" * 32,
)


REFERENCE = ReferenceFacts(
    seasonal=True, learnt=True, n_people=2000, as_of=(date(2024, 6, 30), date(2025, 6, 30)), has_other_dates=False, season_days=45
)


def findings(*, matured: bool) -> Findings:
    random = np.random.default_rng(7)
    n = 400
    probability = random.beta(1.5, 5, n)
    proposed = probability > 0.4
    label = (random.uniform(size=n) < probability).astype(float) if matured else np.full(n, np.nan)
    sex = [["girl", "boy", "<b>other</b>"][code] for code in random.choice(3, n, p=[0.5, 0.49, 0.01])]
    born = random.choice(["here", "abroad"], n, p=[0.7, 0.3])
    place = np.where(born == "here", "p1", "p2")
    groups = {"sex": sex, "born": born.tolist(), "place": place.tolist()}
    measured = measure_attributes(label, proposed, probability, groups)
    tables = measured.single
    calibrations = tuple(
        measure_calibration(label, proposed, probability, group_people(values, attribute=name)) for name, values in groups.items()
    )
    reference, current = random.normal(size=(2000, 3)), random.normal(size=(n, 3))
    reference[:, 2], current[:, 2] = reference[:, 2] > 2.9, current[:, 2] > 2.9
    current[:, 0] += 1
    current[:, 1] = np.nan
    scores = random.beta(1.5, 5, 2000)
    drift = measure_everywhere(
        Sample(reference, scores),
        Sample(current, probability),
        NAMES,
        sectors=SECTORS,
        own_reference={"p1": Sample(reference[:1000], scores[:1000])},
        by_place={name: Sample(current[place == name], probability[place == name]) for name in ("p1", "p2", "p3")},
    )
    ids = [f"{number:032x}" for number in range(n)]
    reviews = finished_reviews([ids[number] for number in np.flatnonzero(proposed)[:30]])
    oversight = measure_oversight(ids, proposed, reviews, label=label, groups=groups)
    signals = (
        input_drift_signal(drift.everybody, dict.fromkeys(NAMES, 1 / 3)),
        silent_register_signal(drift.everybody),
        score_drift_signal(drift.everybody),
        place_drift_signal(drift),
        calibration_signal(tables[0].everybody),
        *group_signals(tables),
        oversight_signal(oversight),
    )
    return Findings(
        drift=drift,
        reference=REFERENCE,
        labels={NAMES[0]: {"nb": "Fravær, hele dager", "en": "Absence, full days"}},
        fairness=measured,
        calibrations=calibrations if matured else (),
        attributes={
            "sex": {"nb": "Kjønn", "en": "Sex"},
            "born": {"nb": "Fødeland", "en": "Born"},
            "place": {"nb": "Sted", "en": "Place"},
        },
        group_names={"sex": {"boy": {"nb": "Gutt", "nn": "Gut", "en": "Boy"}, "girl": {"nb": "Jente", "nn": "Jente", "en": "Girl"}}},
        known=measure_known({"health": probability < 0.4}, {"sex": groups["sex"]}),
        minimum_of={},
        bands={"no_follow_up_now": 300, "worth_a_look": 97, "should_be_assessed": 3},
        periods=(period(np.array(ids), label, probability, proposed),),
        rows={name: f"{number:064x}" for number, name in enumerate(("screened", "outcomes", "groups", "features", "reviews", "periods"))},
        interventions=measure_interventions(label, proposed, probability, led_to_talk(ids, proposed, reviews)),
        oversight=oversight,
        signals=signals,
        has_evidently_page=True,
    )


class Page(HTMLParser):
    """Counts what accessible tables need, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "br", "line", "rect", "circle", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    assert page.open == []
    return page


@pytest.fixture(scope="module", params=[False, True], ids=["early", "matured"])
def content(request):
    return build_content(SUBJECT, findings(matured=request.param))


@pytest.mark.parametrize("language", ["nb", "en"])
def test_page_is_whole_accessible_and_alone(content, language):
    html = render_report(content, language=language, other={"en": "report-en.html"})
    page = read(html)
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table")) >= 5
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    assert page.all("script") == page.all("link") == page.all("img") == []
    incidents = "incidents.html" if language == "nb" else "incidents-en.html"
    assert {link["href"] for link in page.all("a")} == {"report-en.html", "evidently.html", incidents}
    assert "{{" not in html
    assert "None" not in "".join(page.text)
    assert " object at 0x" not in html


def test_text_from_the_project_and_the_data_is_escaped(content):
    html = render_report(content, language="nb")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<b>other</b>" not in html
    assert "Fiktiv kommune &amp; sønner" in html


@pytest.mark.requirement("R-33")
def test_synthetic_data_says_so_in_page_and_document(content):
    assert content["synthetic"] is True
    assert "SYNTETISK" in render_report(content, language="nb")
    assert "SYNTETISK" in render_report(content, language="en")
    real = build_content(replace(SUBJECT, is_synthetic=False), findings(matured=False))
    assert "SYNTETISK" not in render_report(real, language="nb")


@pytest.mark.requirement("R-09")
def test_small_counts_are_nowhere_in_the_document(content):
    assert content["bands"] == {"no_follow_up_now": 300, "worth_a_look": None, "should_be_assessed": None, "all": 400}
    small = next(row for row in content["fairness"][0]["groups"] if row["group"] == "<b>other</b>")
    assert {rate["verdict"] for rate in small["rates"].values()} == {"too small"}
    assert small["n_people"] is None or small["n_people"] >= 5
    before, after = content["oversight"]["before"], content["oversight"]["after"]
    assert (before["point"], before["verdict"]) == (None, "too small")  # 2 of 28 disagreed
    assert after["point"] == pytest.approx(0.6)
    rare = next(feature for feature in content["drift"]["features"] if feature["name"] == NAMES[2])
    assert (rare["distance"], rare["values"]["p_value"], rare["verdict"]) == (None, None, "too small")


@pytest.mark.requirement("R-11")
def test_two_attributes_are_crossed_and_every_combination_stands_on_the_page(content):
    assert {table["attribute"] for table in content["crossed"]} == {"sex × born", "sex × place"}
    assert content["not_crossed"] == [["born", "place"]]
    crossed = content["crossed"][0]
    assert len(crossed["groups"]) == 3 * 2
    small = next(row for row in crossed["groups"] if row["members"] == ["<b>other</b>", "abroad"])
    assert {rate["verdict"] for rate in small["rates"].values()} == {"too small"}
    text = "".join(read(render_report(content, language="en")).text)
    assert "Sex × born" in text
    assert "<b>other</b> × abroad" in text
    assert "Born × place: not crossed" in text


@pytest.mark.requirement("R-11")
def test_what_stays_is_named_with_how_many_questions_were_asked():
    planted = findings(matured=False)
    random = np.random.default_rng(3)
    born = np.repeat(["here", "abroad"], 300)
    proposed = random.uniform(size=600) < np.where(born == "abroad", 0.6, 0.3)
    groups = {"born": born.tolist(), "sex": random.choice(["girl", "boy"], 600).tolist()}
    fairness = measure_attributes(np.full(600, np.nan), proposed, np.full(600, 0.3), groups)
    content = build_content(SUBJECT, replace(planted, fairness=fairness))
    found = content["comparisons"]
    assert (found["n_asked"], found["n_answered"]) == (1 + 1 + 3, 5)
    assert ["here"] in [one["members"] for one in found["staying"]] or ["abroad"] in [one["members"] for one in found["staying"]]
    assert all(one["adjusted"] <= found["level"] for one in found["staying"])
    text = "".join(read(render_report(content, language="nb")).text)
    assert words("nb")["staying"] in text
    assert "Spurt om: 5." in text
    equal = measure_attributes(np.full(600, np.nan), np.arange(600) % 2, np.full(600, 0.3), groups)
    none = build_content(SUBJECT, replace(planted, fairness=equal))
    assert none["comparisons"]["staying"] == []
    assert words("nb")["staying_none"] in render_report(none, language="nb")


@pytest.mark.requirement("R-11")
def test_calibration_by_group_stands_on_the_page_once_outcomes_are_known():
    content = build_content(SUBJECT, findings(matured=True))
    tables = {table["attribute"]: table for table in content["calibration"]}
    here = next(row for row in tables["born"]["groups"] if row["group"] == "here")
    assert here["slope"]["low"] < 1 < here["slope"]["high"]
    small = next(row for row in tables["sex"]["groups"] if row["group"] == "<b>other</b>")
    assert (small["slope"]["point"], small["near"]["point"], small["verdict"]) == (None, None, "too small")
    page = render_report(content, language="en")
    assert words("en")["near"] in page
    assert words("en")["near"] not in render_report(build_content(SUBJECT, findings(matured=False)), language="en")


def test_a_crossing_of_very_many_groups_is_named_on_the_page_and_stands_in_the_document():
    random = np.random.default_rng(3)
    groups = {"born": random.choice([f"land {n:02}" for n in range(30)], 600).tolist(), "sex": ["girl", "boy"] * 300}
    fairness = measure_attributes(np.full(600, np.nan), np.arange(600) % 3 == 0, np.full(600, 0.3), groups)
    content = build_content(SUBJECT, replace(findings(matured=False), fairness=fairness))
    assert len(content["crossed"][0]["groups"]) == 60
    page = render_report(content, language="en")
    assert words("en")["crossed_long"].format(n=60) in page
    assert "land 07 × girl" not in page


def test_document_is_plain_json_and_signals_keep_their_shape(content):
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert {tuple(signal) for signal in content["signals"]} == {("code", "title", "verdict", "evidence", "suspends")}


def test_what_is_known_and_how_often_it_is_unknown_have_verdicts_of_their_own(content):
    found = {feature["name"]: feature for feature in content["drift"]["features"]}
    assert (found[NAMES[0]]["values"]["has_changed"], found[NAMES[0]]["unknown"]) == (True, None)
    assert (found[NAMES[1]]["values"]["has_changed"], found[NAMES[1]]["unknown"]) == (False, "more often")
    sectors = {one["sector"]: one for one in content["drift"]["sectors"]}
    assert sectors["education"] | {"n_features": 0} == {
        "sector": "education",
        "n_features": 0,
        "n_values_changed": 1,
        "n_unknown_more_often": 0,
        "n_unknown_less_often": 0,
        "n_silent": 0,
        "contribution_changed": False,
    }
    assert (sectors["labour"]["n_unknown_more_often"], sectors["labour"]["n_silent"]) == (1, 1)


def test_municipalities_are_named_with_what_changed_and_none_is_left_out(content):
    places = {one["place"]: one for one in content["drift"]["places"]["all"]}
    assert {name: (one["verdict"], one["compared_with"]) for name, one in places.items()} == {
        "p1": ("changed", "own"),
        "p2": ("changed", "everybody"),
        "p3": ("too small", None),
    }
    assert content["drift"]["places"]["changed"] == ["p1"]
    text = "".join(read(render_report(content, language="nb")).text)
    assert "For få personer til å spørres: p3" in text
    assert "ikke levert for noen" in text
    signal = next(signal for signal in content["signals"] if signal["code"] == "S-08")
    assert (signal["verdict"], signal["suspends"]) == ("FAILED", False)
    assert (signal["evidence"]["places"], signal["evidence"]["sectors"]) == ("p1", "education, labour")


def test_another_season_than_asked_for_is_said(content):
    same = "".join(read(render_report(content, language="en")).text)
    assert "They are of the same season: within 45 days" in same
    assert "2024-06-30, 2025-06-30" in same
    other = build_content(SUBJECT, replace(findings(matured=False), reference=replace(REFERENCE, seasonal=False, as_of=())))
    assert other["drift"]["reference"]["seasonal"] is False
    assert "They are not of the same season" in "".join(read(render_report(other, language="en")).text)


@pytest.mark.requirement("R-11")
def test_how_groups_stood_in_earlier_reports_is_beside_how_they_stand_now(content):
    assert words("nb")["over_time"]["none_earlier"] in render_report(content, language="nb")
    before = {Question("born", "abroad", "proposal_rate"): Fourfold(100, 125, 30, 275)}
    told = EarlierReports((ToldRates("2026-05", "1", before),), ("2026-04",))
    now = build_content(SUBJECT, replace(findings(matured=False), earlier=told))
    assert [(one["attribute"], one["group"]) for one in now["fairness_over_time"]["changed"]] == [("born", "abroad")]
    page = "".join(read(render_report(now, language="en")).text)
    assert "2026-05" in page
    assert "Reports of another format can’t be compared: 2026-04" in page
    assert next(signal for signal in now["signals"] if signal["code"] == "S-09")["verdict"] == "FAILED"


@pytest.mark.requirement("R-30")
def test_a_silent_register_takes_the_model_out_of_use(content):
    silent = next(signal for signal in content["signals"] if signal["code"] == "S-02")
    assert (silent["verdict"], silent["suspends"]) == ("FAILED", True)
    assert silent["evidence"] == {"n_silent": 1, "sectors": "labour"}
    assert "S-02" in content["suspended_by"]


def test_before_outcomes_mature_nothing_is_claimed_about_being_right():
    content = build_content(SUBJECT, findings(matured=False))
    verdicts = {signal["code"]: signal["verdict"] for signal in content["signals"]}
    assert [verdicts[code] for code in ("S-04", "S-05", "S-06")] == ["NOT_APPLICABLE"] * 3
    assert content["performance"]["matured"] is None
    expected = content["performance"]["expected"]["ppv"]
    assert expected["low"] < expected["point"] < expected["high"]
    assert words("nb")["metrics"]["ppv"] not in render_report(content, language="nb")


def test_both_languages_have_the_same_words():
    def keys(node, path=""):
        return {f"{path}/{key}" for key in node} | {
            k for key, value in node.items() if isinstance(value, dict) for k in keys(value, f"{path}/{key}")
        }

    assert keys(words("nb")) == keys(words("en"))
