"""Consent from a deployer's file to the table: what is not consented to is nowhere, and a lost list stops everything (R-23, R-36)."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_array_equal

from features.audit import audit_groups
from features.check import check_project
from features.consent_table import CONSENTS, exchange_path
from features.consents import consent_coverage, consent_lines, delivered_path, open_permitted_store, read_consents, write_consents
from features.declarations.project import Project, load_project
from features.errors import DataError, IntakeError, PurposeError
from features.exchanged import restrictions_path
from features.intake.linkage import pseudonyms_for, translate_subjects
from features.intake.pseudonyms import pseudonym_of
from features.lists import check_current, is_current
from features.progress import Silent
from features.restrictions import write_restrictions
from features.store import open_store
from features.tables import build_stage_table, current_stage_table, open_stage_store
from tests.support.ingesting import ingest_tiny, store_bytes
from tests.support.projects import KEYS, LABOUR, NOW, raw_ids, tiny_project, write_csv
from training.gathering import build_stage_data

TODAY = NOW.date()
AS_OF = date(2026, 6, 15)
"""Grade 10 of the newest cohort, SYN-050 to SYN-059."""
INCOME = "nav_low_income_hh"
SOURCE = """
[[source]]
name = "consent_forms"
layout = "consents"
files = ["data/consents.csv"]
max_bad_share = 1.0
"""


def consent(person: str, start: date, **more: object) -> dict[str, object]:
    row = {
        "person": person,
        "scope": INCOME,
        "purpose": "score",
        "valid_from": start,
        "valid_to": start + timedelta(days=300),
        "withdrawn_on": "",
        "signed_by": "child+guardian_a",
        "age_rule": 15,
        "language": "nb",
    }
    return {**row, **more}


def deliver(root: Path, rows: Sequence[dict[str, object]]) -> None:
    path = write_csv(root / "data" / "consents.csv", rows or [consent("x", TODAY)])
    if not rows:
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")


def gated_project(root: Path, rows: Sequence[dict[str, object]] | None = (), *, everybody_poor: bool = True) -> Project:
    """Give the tiny project with an indicator that needs consent; everybody has records of it."""
    tiny_project(root)
    labour = LABOUR.replace('direction = "raises"', 'direction = "raises"\nneeds_consent = true')
    (root / "indicators" / "labour.toml").write_text(labour + (SOURCE if rows is not None else ""), encoding="utf-8")
    if everybody_poor:
        spell = {"value": 1, "start": date(2014, 1, 1), "stop": date(2026, 12, 31), "known_on": date(2014, 3, 1)}
        write_csv(root / "data" / "income.csv", [{"unit_id": raw, **spell} for raw in raw_ids()])
    if rows is not None:
        deliver(root, rows)
    ingest_tiny(root)
    return load_project(root)


def subject_of(project: Project, raw: str, purpose: str = "score") -> str:
    key = bytes.fromhex(KEYS[f"TIDLIG_KEY_{purpose.upper()}"])
    everybody = open_store(project, purpose).subjects()["subject_id"].tolist()  # type: ignore[arg-type]
    table = pseudonyms_for(project, everybody, purpose=purpose)  # type: ignore[arg-type]
    return str(table.set_index("pseudonym").loc[pseudonym_of(raw, key, synthetic=True), "subject_id"])


def low_income(project: Project, purpose: str = "score", *, on: date = TODAY, as_of: date | None = AS_OF) -> dict[str, float]:
    """Last known income flag by subject."""
    _, table = build_stage_table(project, purpose, project.stages["grade_10"], on=on, as_of=as_of)  # type: ignore[arg-type]
    return dict(zip(table.keys["subject_id"], table.matrix([f"{INCOME}.last@ever"])[:, 0].tolist(), strict=True))


def used_of(project: Project, purpose: str = "score", **more: date | None) -> set[str]:
    return {subject for subject, value in low_income(project, purpose, **more).items() if value == 1}  # type: ignore[arg-type]


RENEWED = [consent("SYN-050", date(2025, 9, 1)), consent("SYN-050", date(2026, 6, 20))]
"""Covers the as-of date and today, by two forms."""


@pytest.mark.requirement("R-23")
def test_a_record_is_used_of_who_consented_on_the_date_and_still_does(tmp_path: Path) -> None:
    only_then, only_now = consent("SYN-051", date(2025, 9, 1)), consent("SYN-052", date(2026, 6, 20))
    by_sector = [consent("SYN-053", row["valid_from"], scope="sector:labour") for row in RENEWED]  # type: ignore[arg-type]
    of_others = [consent("SYN-054", row["valid_from"], scope="sector:education") for row in RENEWED]  # type: ignore[arg-type]
    to_train = [consent("SYN-055", row["valid_from"], purpose="train") for row in RENEWED]  # type: ignore[arg-type]
    rows = [*RENEWED, only_then, only_now, *by_sector, *of_others, *to_train]
    project = gated_project(tmp_path / "p", rows)
    assert used_of(project) == {subject_of(project, "SYN-050"), subject_of(project, "SYN-053")}
    # A training row of SYN-055 is used under their consent to training, and of nobody else.
    assert used_of(project, "train", as_of=None) == {subject_of(project, "SYN-055", "train")}


@pytest.mark.requirement("R-23")
def test_who_does_not_consent_has_the_row_of_somebody_without_records(tmp_path: Path) -> None:
    gated = gated_project(tmp_path / "gated", RENEWED)
    bare = gated_project(tmp_path / "bare", None, everybody_poor=False)
    income = tmp_path / "bare" / "data" / "income.csv"
    lines = (tmp_path / "gated" / "data" / "income.csv").read_text(encoding="utf-8").splitlines()
    income.write_text("\n".join([lines[0], *(line for line in lines if line.startswith("SYN-050"))]) + "\n", encoding="utf-8")
    labour = bare.root / "indicators" / "labour.toml"
    labour.write_text(LABOUR, encoding="utf-8")
    shutil.rmtree(bare.var)
    ingest_tiny(bare.root)
    bare = load_project(bare.root)
    tables = [build_stage_table(p, "score", p.stages["grade_10"], on=TODAY, as_of=AS_OF)[1] for p in (gated, bare)]
    assert tables[0].names == tables[1].names
    assert tables[0].keys["subject_id"].tolist() == tables[1].keys["subject_id"].tolist()
    assert_array_equal(tables[0].matrix(), tables[1].matrix())


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("purpose", ["train", "score"])
def test_no_list_is_not_the_same_as_nobody(tmp_path: Path, purpose: str) -> None:
    project = gated_project(tmp_path / "p", None)
    with pytest.raises(PurposeError, match=r"TID220: nav_low_income_hh may be used of people who consent only"):
        low_income(project, purpose)
    assert not (project.var / "features").exists()
    assert consent_lines(project, on=TODAY) == (
        "Indicators that need consent: 1, and there is no list of consents: nothing is built until there is one (TID220).",
    )
    (failed,) = [f for f in check_project(project, environ=KEYS, now=NOW) if f.code == "C-13"]
    assert failed.evidence["error"] == "TID220"


def test_an_empty_list_is_a_list(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", [])
    assert len(read_consents(project)) == 0
    assert used_of(project) == set()
    lines = consent_lines(project, on=TODAY)
    assert lines[0] == f"Indicators that need consent (train): 1; unused, since nobody consents today, are {INCOME}"
    empty = pa.table({name: pa.array([], pa.string()) for name in (project.root / "data" / "consents.csv").read_text().strip().split(",")})
    pq.write_table(empty, project.root / "data" / "consents.parquet")
    labour = project.root / "indicators" / "labour.toml"
    labour.write_text(labour.read_text(encoding="utf-8").replace("consents.csv", "consents.parquet"), encoding="utf-8")
    ingest_tiny(project.root)
    assert len(read_consents(load_project(project.root))) == 0
    (passed,) = [f for f in check_project(project, environ=KEYS, now=NOW) if f.code == "C-13"]
    assert (passed.verdict, passed.evidence["from"]) == ("PASSED", "consent_forms")


@pytest.mark.requirement("R-09")
def test_how_many_consent_is_told_unless_they_are_few(tmp_path: Path) -> None:
    many = [consent(f"SYN-{n:03d}", date(2026, 6, 20)) for n in range(30, 42)]
    few = [consent(f"SYN-{n:03d}", date(2026, 6, 20), purpose="train") for n in range(3)]
    project = gated_project(tmp_path / "p", [*many, *few])
    assert [(one.indicator, one.people) for one in consent_coverage(project, "score", on=TODAY)] == [(INCOME, "12")]
    assert [one.people for one in consent_coverage(project, "train", on=TODAY)] == ["<5"]
    assert consent_lines(project, on=TODAY)[0] == f"Indicators that need consent (train): 1; used are {INCOME} of <5 people"


@pytest.mark.requirement("R-23")
def test_a_withdrawal_counts_from_the_next_run_on_for_training_too(tmp_path: Path) -> None:
    to_train = [consent("SYN-050", row["valid_from"], purpose="train") for row in RENEWED]  # type: ignore[arg-type]
    project = gated_project(tmp_path / "p", [*RENEWED, *to_train])
    assert used_of(project) == {subject_of(project, "SYN-050")}
    tables = [build_stage_table(project, p, project.stages["grade_10"], on=TODAY)[1] for p in ("train", "score")]  # type: ignore[arg-type]
    withdrawn = [{**row, "withdrawn_on": "21.11.2026"} for row in (*RENEWED[1:], *to_train[1:])]
    deliver(project.root, [RENEWED[0], to_train[0], *withdrawn])
    ingest_tiny(project.root)
    for purpose, table in zip(("train", "score"), tables, strict=True):
        assert used_of(project, purpose, as_of=None) == set()
        with pytest.raises(DataError, match=r"TID457: .* of 2026-11-21, which are not those of 2026-11-21\. Build it again"):
            check_current(project, purpose, table, on=TODAY)  # type: ignore[arg-type]


@pytest.mark.requirement("R-23")
def test_the_service_s_list_adds_to_the_delivered_one_and_can_end_what_that_one_gave(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    one, two = subject_of(project, "SYN-050"), subject_of(project, "SYN-051")

    def registered(subject: str, start: date, withdrawn_at: datetime | None = None) -> dict[str, object]:
        row = consent("", start, withdrawn_at=withdrawn_at, subject_id=subject)
        return {name: row[name] for name in CONSENTS.names}

    given = [registered(two, date(2025, 9, 1)), registered(two, date(2026, 6, 20))]
    write_consents(project, pd.DataFrame(given))
    assert used_of(project) == {one, two}
    taken_back = registered(one, date(2026, 7, 1), datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    write_consents(project, pd.DataFrame([*given, taken_back]))
    assert used_of(project) == {two}
    assert used_of(project, on=TODAY - timedelta(days=1)) == {one, two}, "the day before it still stood"


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"valid_to": date(2027, 6, 21)}, "1 rows have a period of more than 12 months"),
        ({"valid_to": date(2026, 6, 19)}, "1 rows have a valid_to before valid_from"),
        ({"scope": "nav_unheard_of"}, "a scope that is neither"),
        ({"purpose": "test"}, "a purpose other than train, score, audit"),
        ({"signed_by": "mother"}, "a signed_by other than child, guardian_a"),
        ({"age_rule": 14}, "an age_rule other than 13, 15, 16, 18"),
        ({"language": "se"}, "a language other than nb, nn, en"),
        ({"withdrawn_on": "last week"}, r"1 rows lack a cell .* \(first at line 3\)"),
        ({"valid_from": ""}, "1 rows lack a cell"),
        ({"age_rule": "fifteen"}, "1 rows lack a cell"),
    ],
)
def test_a_row_that_is_no_consent_refuses_the_list_and_nothing_is_loaded(tmp_path: Path, spoilt: dict[str, object], said: str) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    before = store_bytes(project.root)
    deliver(project.root, [RENEWED[0], {**RENEWED[1], **spoilt}])
    with pytest.raises(PurposeError, match=f"TID221: consents.csv .*{said}") as caught:
        ingest_tiny(project.root)
    assert "SYN" not in str(caught.value)
    assert store_bytes(project.root) == before


def test_a_line_that_does_not_read_refuses_the_list_too(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    with (project.root / "data" / "consents.csv").open("a", encoding="utf-8") as file:
        file.write("SYN-050,nav_low_income_hh,score\n" + ",".join(map(str, RENEWED[1].values())) + ",true\n")
    with pytest.raises(PurposeError, match=r"TID221: consents\.csv .*wrong_column_count: 1 rows .* could be a withdrawal"):
        ingest_tiny(project.root)


def test_a_list_without_the_column_of_withdrawals_is_refused(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    write_csv(project.root / "data" / "consents.csv", [{k: v for k, v in row.items() if k != "withdrawn_on"} for row in RENEWED])
    with pytest.raises(IntakeError, match=r"TID302: .*withdrawn_on"):
        ingest_tiny(project.root)


def test_the_same_list_again_changes_nothing_and_who_it_does_not_know_is_set_aside(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", [*RENEWED, consent("SYN-999", TODAY)])
    path = delivered_path(project)
    assert path is not None
    assert pq.read_table(path).num_rows == 2
    before = store_bytes(project.root)
    report = ingest_tiny(project.root)
    (told,) = [source for source in report.sources if source.source == "consent_forms"]
    assert (report.batch, told.rows_read, dict(told.quarantined)) == (None, 3, {"unknown_person": 1})
    assert store_bytes(project.root) == before


@pytest.mark.requirement("R-08")
def test_the_consents_of_somebody_who_may_leave_no_trace_are_not_looked_at(tmp_path: Path) -> None:
    rows = [*RENEWED, {**consent("SYN-051", TODAY), "scope": "nonsense"}, consent("SYN-051", TODAY)]
    root = tiny_project(tmp_path / "p")
    graded = [
        {"person": raw, "born_on": "2010-03-01", "address_protection": "strengtFortrolig" if raw == "SYN-051" else ""} for raw in raw_ids()
    ]
    write_csv(root / "data" / "persons.csv", graded)
    (root / "indicators" / "labour.toml").write_text(LABOUR + SOURCE, encoding="utf-8")
    deliver(root, rows)
    report = ingest_tiny(root)
    (told,) = [source for source in report.sources if source.source == "consent_forms"]
    assert (told.rows_read, told.rows_loaded, dict(told.quarantined)) == (2, 2, {})


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("purpose", ["train", "score"])
def test_a_list_that_is_gone_or_does_not_read_stops_every_run(tmp_path: Path, purpose: str) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    delivered = delivered_path(project)
    assert delivered is not None
    for path, code in ((delivered, "TID408"), (restrictions_path(project), "TID408")):
        whole = path.read_bytes()
        path.write_bytes(b"not Parquet")
        with pytest.raises(DataError, match=code):
            low_income(project, purpose)
        path.write_bytes(whole)
    restrictions_path(project).unlink()
    with pytest.raises(DataError, match=r"TID456: .*nobody knows who has objected"):
        low_income(project, purpose)
    ingest_tiny(project.root, now=NOW + timedelta(days=1))
    assert not restrictions_path(project).exists(), "an ingest does not make a lost list look like an empty one"


@pytest.mark.requirement("R-36")
def test_a_table_says_which_lists_it_was_built_under_and_is_built_again_under_new_ones(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    stage = project.stages["grade_10"]
    _, table = build_stage_table(project, "train", stage, on=TODAY)
    about = table.facts.about
    assert (about["lists_of"], about["n_restricted"], about["n_consenting"]) == ("2026-11-21", "0", "0")
    assert is_current(project, "train", table, on=TODAY)
    assert current_stage_table(project, "train", stage, on=TODAY).keys.equals(table.keys)
    objected = subject_of(project, "SYN-007")
    row = {"kind": "objection", "valid_from": TODAY, "valid_to": None, "recorded_at": NOW, "recorded_by_role": "coordinator"}
    write_restrictions(project, pd.DataFrame([{"subject_id": objected, **row}]))
    with pytest.raises(DataError, match="TID457"):
        check_current(project, "train", table, on=TODAY)
    again = current_stage_table(project, "train", stage, on=TODAY)
    mine = translate_subjects(project, [objected], from_purpose="score", to_purpose="train")["to_subject"].tolist()
    assert set(table.keys["subject_id"]) - set(again.keys["subject_id"]) == set(mine)
    assert again.facts.about["n_restricted"] == "<5"


@pytest.mark.requirement("R-08")
def test_protected_addresses_are_not_counted_among_the_restricted(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    row = {"valid_from": TODAY, "valid_to": None, "recorded_at": NOW, "recorded_by_role": "register"}
    subjects = open_store(project, "score").subjects()["subject_id"].tolist()
    kinds = ["objection"] * 6 + ["address_protection"]
    write_restrictions(project, pd.DataFrame([{"subject_id": s, "kind": k, **row} for s, k in zip(subjects, kinds, strict=False)]))
    _, table = build_stage_table(project, "score", project.stages["grade_10"], on=TODAY)
    assert table.facts.about["n_restricted"] == "6"
    assert table.n_rows == 60 - 7


@pytest.mark.requirement("R-23")
def test_a_case_page_reads_no_more_than_the_features_did(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    store = open_permitted_store(project, "score", on=TODAY)
    people = store.subjects().set_index("subject_id")["person"]
    for raw, seen in (("SYN-050", True), ("SYN-051", False)):
        person = int(people[subject_of(project, raw)])
        assert (INCOME in set(store.records_of([person], as_of=AS_OF)["indicator"])) is seen
        assert INCOME not in set(open_store(project, "score").records_of([person], as_of=AS_OF)["indicator"])
    records = store.records_of([int(people[subject_of(project, "SYN-050")])], as_of=AS_OF)
    assert records.loc[records["indicator"] == INCOME, "known_on"].tolist() == [date(2014, 3, 1)], "the day it became known, as it was"


@pytest.mark.requirement("R-14")
def test_the_leak_check_sees_what_consents_allowed(tmp_path: Path) -> None:
    to_train = [consent("SYN-055", row["valid_from"], purpose="train") for row in RENEWED]  # type: ignore[arg-type]
    project = gated_project(tmp_path / "p", to_train)
    data = build_stage_data(project, project.stages["grade_10"], known_by=TODAY, workers=1, progress=Silent())
    assert (data.features.matrix([f"{INCOME}.last@ever"]) == 1).sum() == 1
    assert data.rebuilt.verdict == "PASSED"


@pytest.mark.requirement("R-23")
def test_a_worker_process_sees_no_more_than_this_one(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    store = open_stage_store(project, "score", on=TODAY)
    here, there = store.read_part(0), pickle.loads(pickle.dumps(store)).read_part(0)
    income = store.indicators.index(INCOME)
    assert len(np.unique(here.person[here.indicator == income])) == 1
    assert len(np.unique(open_store(project, "score")._read_all(0).person)) == 60
    for name in ("person", "indicator", "value", "happened_on", "known_on", "known_to"):
        assert_array_equal(getattr(here, name), getattr(there, name))


@pytest.mark.requirement("R-23")
@pytest.mark.requirement("R-10")
def test_a_fairness_group_that_needs_consent_is_unknown_without_it(tmp_path: Path) -> None:
    root = tmp_path / "p"
    project = gated_project(root, RENEWED)
    audit = root / "indicators" / "audit.toml"
    audit.write_text(audit.read_text(encoding="utf-8").replace('use = "audit"', 'use = "audit"\nneeds_consent = true'), encoding="utf-8")
    deliver(root, [consent("SYN-050", TODAY, scope="aud_sex", purpose="audit")])
    ingest_tiny(root)
    project = load_project(root)
    subjects = open_store(project, "score").subjects()["subject_id"].tolist()
    groups = audit_groups(project, subjects, purpose="score", on=TODAY).set_index("subject_id")["sex"]
    assert set(groups[groups != "unknown"].index) == {subject_of(project, "SYN-050")}


def test_a_project_without_a_score_purpose_has_nobody_whose_consent_could_be_kept(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    path = project.root / "screening.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('kind = "score"', 'kind = "test"'), encoding="utf-8")
    with pytest.raises(PurposeError, match="TID222"):
        ingest_tiny(project.root)


def test_what_does_not_fit_is_refused_and_the_old_list_stays(tmp_path: Path) -> None:
    project = gated_project(tmp_path / "p", RENEWED)
    good = {name: value for name, value in consent("", TODAY, subject_id="0" * 32, withdrawn_at=None).items() if name in CONSENTS.names}
    write_consents(project, pd.DataFrame([good], columns=CONSENTS.names))
    whole = exchange_path(project).read_bytes()
    for spoilt, error in (({"scope": "x"}, PurposeError), ({"valid_to": None}, DataError), ({"note": "free text"}, DataError)):
        with pytest.raises(error, match=r"TID221|TID408"):
            write_consents(project, pd.DataFrame([{**good, **spoilt}]))
    assert exchange_path(project).read_bytes() == whole


def test_without_indicators_that_need_consent_nothing_is_asked(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    ingest_tiny(root)
    project = load_project(root)
    assert open_permitted_store(project, "score", on=TODAY).gates == ()
    assert consent_lines(project, on=TODAY) == ()
    assert np.isfinite(list(low_income(project).values())).sum() >= 0
