"""The three catalogues: whole, equal, used, and worded as the domain asks."""

from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest

from features.declarations.catalogue import Sector, Wording
from features.declarations.reviewing import WayOfWorking
from features.declarations.screening import PurposeKind
from features.declarations.specs import AGGREGATIONS
from features.declarations.windows import CALENDAR_WINDOWS
from models.rungs.ladder import LADDER
from monitoring.incidents.record import State
from monitoring.reports.sign_offs import SignOffState
from monitoring.signals.judging import TITLES
from serving.access.permissions import Action
from serving.aggregates.cohort_records import Share
from serving.aggregates.papers import PAPERS
from serving.aggregates.planning import Course
from serving.cases.calendar import KINDS
from serving.cases.forms import (
    ChildHeard,
    ConsentForm,
    EvaluationForm,
    FamilyInformed,
    HandoverForm,
    Language,
    Participant,
    PlannedTalk,
    Signer,
    Wellbeing,
)
from serving.cases.handover import LEVELS as LEVELS_OF_HELP
from serving.cases.pages import Inclination
from serving.cases.reconstruction import Proof
from serving.cases.states import DECISIONS, STEPS
from serving.console import problems
from serving.console.evidence import SAID
from serving.console.language import LANGUAGES, MESSAGES, choose_language, read_catalogue, tongue
from serving.console.months.fairness import METRICS, TOGETHER
from serving.console.pages.comparing import CALIBRATION
from serving.console.pages.incidents import ANSWERS, BREACHES, DUTIES, HARMS
from serving.console.pages.months import PARTS
from serving.console.pages.planning import LEVELS
from serving.console.pages.promotions import REFUSED
from serving.console.shown_models import LADDER_FIGURES
from serving.console.stages import STAGES_OF_WORK, WAITING
from serving.console.weeks import HOLIDAYS
from serving.protection.standing import Age, Consent, Due
from serving.roles import ROLES, Role
from serving.scoring.capacity import PeriodKind

CONSOLE = MESSAGES.parent
GATES = sorted(set(re.findall(r'"(G-\d\d)"', "".join(p.read_text() for p in (CONSOLE.parents[1] / "training" / "gates").rglob("*.py")))))
KEY = re.compile(
    r"""\b(?:t|t\.strong|t\.count|_find|self\.count|self|tongue_of\(request\))\(\s*["']([a-z_]+(?:\.[a-zA-Z0-9_-]+)+)["'][,)]"""
)
LOGGED = re.compile(r'\b(?:Event|log_about|_log|_mark|_step|_done)\(\s*(?:\w+,\s+){0,3}"([a-z._]+)"')
"""Actions that go into the log, where they are written out."""

NAMED = re.compile(r'"((?:incidents|purposes|sign_off|nav|now|login|problem|window|monitoring|reason|value|correction)\.[a-z_.]+)"')
"""Keys that stand in Python data or a template's condition and are looked up elsewhere."""

FAMILIES = {
    "language.": LANGUAGES,
    "demo.role.": [role.value for role in Role if ROLES[role].logs_in],
    "sector.": [sector.value for sector in Sector if sector is not Sector.AUDIT],
    "inclination.": get_args(Inclination),
    "verdict.": ["PASSED", "FAILED", "NOT_APPLICABLE"],
    "models.rung.": [rung.name for rung in LADDER],
    "figure.": LADDER_FIGURES,
    "calibration.": CALIBRATION,
    "plot.": ["sectors", "indicators"],
    "paper.": PAPERS,
    "promotion.refused.": sorted(
        key.removeprefix("promotion.refused.") for _, key in REFUSED.values() if key.startswith("promotion.refused.")
    ),
    "value.": sorted(set(AGGREGATIONS) - {"count", "sum", "last"}),
    "window.": CALENDAR_WINDOWS,
    "case.step.": STAGES_OF_WORK,
    "wait.": [state.value for state in WAITING],
    "planning.level.": LEVELS,
    "cohorts.share.": [share.value for share in Share],
    "calendar.kind.": KINDS,
    "holiday.": HOLIDAYS.values(),
    "planning.course.": [course.value for course in Course],
    "alarms.kind.": ["cases_hour", "cases_day", "probes_hour"],
    "proof.": get_args(Proof),
    "period.": get_args(PeriodKind),
    "queue.capacity.": get_args(PeriodKind),
    "told.": ["age_rule"],
    "gate.": GATES,
    "signal.": TITLES,
    "models.limit.": ["causes", "recorded", "similar", "uses"],
    "participant.": get_args(Participant),
    "child_heard.": get_args(ChildHeard),
    "signer.": get_args(Signer),
    "consent_language.": get_args(Language),
    "wellbeing.": get_args(Wellbeing),
    "demo.works_as.": get_args(WayOfWorking),
    "sheet.": ["see", "correct", "refuse", "withdraw", "complain", "spoke", "phone", "met_on", "officer"],
    "talk.": PlannedTalk.model_fields,
    "informed.": FamilyInformed.model_fields,
    "consent.": ConsentForm.model_fields,
    "handover.": [*HandoverForm.model_fields, "step"],
    "evaluation.": EvaluationForm.model_fields,
    "problem.title.": [500, *(status for status in problems.EXPLAINED if status != 401)],
    "problem.text.": [500, *(status for status in problems.EXPLAINED if status != 401)],
    "problem.choose.": ["inclination", "step", "model", "municipality"],
    "about.": ["not_decision", "not_person", "not_cause", "not_complete", "not_ranking", "how_1", "how_2", "how_3", "how_4"],
    "evidence_said.": sorted(SAID.values()),
    "decide.hint.": [step.value for step in (*DECISIONS, *LEVELS_OF_HELP)],
    "value.days_since_": ["first_years", "last_years", "change_years"],
    "month.part.": ["overview", *PARTS],
    "month.metric.": METRICS,
    "month.together.": TOGETHER,
    "month.step.": [
        *("before", "after", "towards", "away", "unsure_followed", "reviewed", "worried_before", "followed_up", "overridden"),
        *("both_together", "informed", "consent", "data_error", "readers_agree", "too_fast", "always_agree", "always_override"),
    ],
    "month.reviewers.": ["lower", "median", "upper", "days_to_opened", "days_to_decided", "minutes_seen", "reviews_each"],
    "month.performance.": [
        *("with_outcome", "ppv", "base_rate", "tpr", "calibration", "calibration_slope", "calibration_intercept", "net_benefit", "auc"),
        *("part.all", "part.talk", "part.no_talk"),
    ],
    "month.drift.": ["unknown.more_often", "unknown.less_often", "against.own", "against.everybody"],
    "action.": [action.value for action in Action],
    "purposes.": [
        *(f"{part}.{kind}" for part in ("kind", "meaning") for kind in get_args(PurposeKind)),
        *(f"sector.{sector.value}" for sector in Sector),
    ],
    "protection.": [
        *(f"age.{age}" for age in get_args(Age)),
        *(f"consent.{consent}" for consent in get_args(Consent)),
        *(f"due.{due}" for due in get_args(Due)),
    ],
    "incidents.": [
        *(f"state.{state.value}" for state in State),
        *(f"duty.{duty}" for duty in DUTIES),
        *(f"answer.{answer}" for answer in ANSWERS),
        *(f"breach.{breach}" for breach in BREACHES),
        *(f"harm.{harm}" for harm in HARMS),
        *(f"step.{step}" for step in ("opened", "seen_again", "assessed", "notified", "not_notifiable", "closed")),
    ],
    "own.no_": ["stops", "never", "shared", "answer", "nothing_lost"],
    "sign_off.state.": [*get_args(SignOffState), "simulated"],
    "event.": sorted(
        {rule.audit for rule in STEPS.values()}
        | set(LOGGED.findall("".join(p.read_text() for p in CONSOLE.parent.rglob("*.py"))))
        | {"case.read", "case.begun_anew", "purpose.approved", "purpose.withdrawn"}
    ),
}
"""Beginnings that templates put a value behind -> the values that there are."""


def keys_in_use() -> set[str]:
    sources = [*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    named = {key for key in NAMED.findall(text) if not key.endswith((".", ".html"))}
    return {*KEY.findall(text), *named, *(f"{start}{value}" for start, values in FAMILIES.items() for value in values)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_in_use_is_translated_and_every_translation_is_used(language: str) -> None:
    known = set(read_catalogue(MESSAGES / language / "LC_MESSAGES" / "console.po"))
    named_by_data = {key for key in known if key.startswith(("unit.", "level.", "evidence."))}
    assert known - named_by_data == keys_in_use() - named_by_data


def test_the_languages_fill_in_the_same_names() -> None:
    for key, forms in tongue("nb").catalogue.items():
        names = set().union(*(placeholders(form) for form in forms))
        for language in LANGUAGES:
            other = tongue(language).catalogue[key]
            assert len(other) == len(forms), key
            assert set().union(*(placeholders(form) for form in other)) == names, f"{key} in {language}"


def test_the_projects_units_are_translated() -> None:
    folder = CONSOLE.parents[1] / "examples" / "norway" / "indicators"
    units = {unit for path in folder.glob("*.toml") for unit in re.findall(r'^unit = "(.+)"', path.read_text(encoding="utf-8"), re.M)}
    assert units
    assert {f"unit.{unit}" for unit in units} <= set(tongue("nn").catalogue)


@pytest.mark.requirement("R-18")
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_is_a_verdict_or_a_rank(language: str) -> None:
    never = r"risikobarn|frafallskandidat|\btreff\b|mistanke|mistenk|\bscore\b|risiko|\brisk\b|at-risk|suspect"
    if language == "en":
        never += r"|\bhit\b|positive"  # in Norwegian "hit" is where to
    for key, forms in tongue(language).catalogue.items():
        for form in forms:
            assert not re.search(never, form, re.I), key


def test_wording_that_the_domain_fixed_stands_word_for_word() -> None:
    t = tongue("nb")
    assert t("own_view.first") == "Skriv først hva du selv kjenner til. Deretter vises modellens forslag."
    assert t("proposal.header", reference="T-1") == (
        "Modellen foreslår at noen ser nærmere på hvordan T-1 har det på skolen. Forslaget kan være feil."
    )
    assert [t(f"proposal.{key}") for key in ("raises", "lowers", "unknown", "updated")] == [
        "Dette trakk opp",
        "Dette trakk ned",
        "Dette vet modellen ikke noe om",
        "Sist oppdatert",
    ]
    assert t("decide.title") == "Hva gjør du nå?"
    assert t("about.family") == (
        "Vi bruker et dataprogram som hjelper oss å oppdage hvem vi bør snakke med tidligere. Programmet bestemmer ingenting. "
        "Du kan se hvilke opplysninger det brukte, be om retting og si nei til at de brukes videre."
    )
    assert f"{t('acute.title')} {t('acute.duty')}" == (
        "Er du alvorlig bekymret? Meldeplikten er personlig og gjelder uavhengig av dette systemet. "
        "Et forslag fra modellen er ikke i seg selv grunn til å melde."
    )
    assert str(t.strong("banner.synthetic")).endswith(
        "Alle personer her er <strong>oppdiktede</strong>. Tallene ligner norsk statistikk, men beskriver ingen virkelige personer."
    )


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"messages/en lacks the key 'no\.such'"):
        tongue("en")("no.such")


def test_untranslated_and_fuzzy_entries_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "console.po"
    path.write_text('msgid "a.b"\nmsgstr ""\n\n#, fuzzy\nmsgid "a.c"\nmsgstr "maybe"\n\nmsgid "a.d"\nmsgstr "yes"\n', encoding="utf-8")
    assert read_catalogue(path) == {"a.d": ("yes",)}


def test_what_is_filled_in_is_escaped() -> None:
    t = tongue("nb")
    strong = type(t)("nb", {"x": ("**{who}** <b>",)}).strong("x", who="<script>")
    assert str(strong) == "<strong>&lt;script&gt;</strong> &lt;b&gt;"


def test_dates_numbers_and_amounts_follow_the_language() -> None:
    nb, nn, en = (tongue(language) for language in LANGUAGES)
    moment = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
    assert [t.day(date(2026, 5, 2)) for t in (nb, nn, en)] == ["2. mai 2026", "2. mai 2026", "2 May 2026"]
    assert nb.clock(moment) == "1. juli 2026 kl. 14.05"
    assert en.clock(moment) == "1 July 2026 at 14:05"
    assert [t.amount(34.5, "points") for t in (nb, en)] == ["34,5 poeng", "34.5 points"]
    assert [nb.amount(1.0, "days"), nb.amount(2, "days"), nb.amount(3, "bananas"), nb.amount("yrkesfag", None)] == [
        "1 dag",
        "2 dager",
        "3 bananas",
        "yrkesfag",
    ]
    assert [nb.window(90), nb.window(365), nb.window(1095), nn.window(730)] == ["siste 90 dager", "siste år", "siste 3 år", "siste 2 år"]
    assert [nb.figure(float("nan")), nb.figure(None), nb.figure(0.12345), nb.figure("girl")] == ["–", "–", "0,123", "girl"]
    assert nn.words(Wording(nb="skole", nn="skule", en="school")) == "skule"


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        (("nn", "en"), "nn"),
        ((None, "en-GB,en;q=0.9"), "en"),
        (("no",), "nb"),
        ((None, "nb;q=0.4, nn-NO;q=0.9"), "nn"),
        (("xx; DROP", None, "sv, de;q=nonsense"), "nb"),
        ((None, "en;q=0"), "nb"),
    ],
)
def test_the_language_is_the_first_wish_that_is_offered(wishes: tuple[str | None, ...], expected: str) -> None:
    assert choose_language(*wishes, offered=LANGUAGES) == expected


def test_a_language_that_the_project_does_not_offer_is_not_spoken() -> None:
    assert choose_language("en", offered=("nn",)) == "nn"
