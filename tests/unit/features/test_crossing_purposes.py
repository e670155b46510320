"""What may cross from one purpose to another: restrictions, audit groups, scored rows; and how each refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.audit import audit_groups
from features.declarations.project import Project, load_project
from features.erasure import remove_person
from features.errors import DataError, PurposeError
from features.exchanged import FINISHED_REVIEWS, RESTRICTIONS, SCORED, begin_restrictions, reviews_path, scored_folder
from features.finished_reviews import read_finished_reviews, write_finished_reviews
from features.intake.linkage import pseudonyms_for, resolve_pseudonym, translate_subjects
from features.restrictions import read_restrictions, restricted_persons, restricted_subjects, write_restrictions
from features.scored import read_scored, write_scored
from features.scored_retention import PurgedScored, purge_scored
from features.store import open_store
from tests.support.ingesting import ingest_tiny
from tests.support.projects import make_real, tiny_project

TODAY = date(2026, 11, 21)
AT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tiny_project(tmp_path_factory.mktemp("ingested") / "project")
    ingest_tiny(root)
    return load_project(root)


@pytest.fixture
def project(ingested: Project) -> Project:
    for folder in ("exchange", "scored"):
        for path in (ingested.var / folder).glob("*"):
            path.unlink()
    begin_restrictions(ingested)
    return ingested


def subjects(project: Project, purpose: str = "score") -> list[str]:
    return open_store(project, purpose).subjects()["subject_id"].tolist()  # type: ignore[arg-type]


def restriction(subject_id: str, start: date, end: date | None = None, kind: str = "objection") -> dict[str, object]:
    return {
        "subject_id": subject_id,
        "kind": kind,
        "valid_from": start,
        "valid_to": end,
        "recorded_at": AT,
        "recorded_by_role": "coordinator",
    }


# --- the door


def test_translation_keeps_the_order_and_leaves_out_who_is_unknown(project: Project) -> None:
    mine = subjects(project)
    found = translate_subjects(project, [mine[5], "0" * 32, mine[2]], from_purpose="score", to_purpose="train")
    assert found["from_subject"].tolist() == [mine[5], mine[2]]
    back = translate_subjects(project, found["to_subject"].tolist(), from_purpose="train", to_purpose="score")
    assert back["to_subject"].tolist() == [mine[5], mine[2]]
    assert back["to_person"].tolist() == [5, 2]
    assert len(translate_subjects(project, [], from_purpose="score", to_purpose="train")) == 0


def test_a_mapping_that_does_not_read_is_named(project: Project) -> None:
    path = next((project.var / "store").glob("mapping-*.parquet"))
    whole = path.read_bytes()
    path.write_bytes(b"not Parquet")
    with pytest.raises(DataError, match=r"TID405: .*Restore"):
        translate_subjects(project, ["0" * 32], from_purpose="score", to_purpose="train")
    path.write_bytes(whole)
    assert len(translate_subjects(project, ["0" * 32], from_purpose="score", to_purpose="score")) == 0


def test_a_pseudonym_leads_to_its_subject(project: Project) -> None:
    mine = subjects(project)[:3]
    table = pseudonyms_for(project, mine, purpose="score")
    assert sorted(table["subject_id"]) == sorted(mine)
    for subject, pseudonym in table.itertuples(index=False):
        assert pseudonym.startswith("SYN-")
        assert len(pseudonym) == 30
        assert resolve_pseudonym(project, f" {pseudonym.lower()} ", purpose="score") == subject
        with pytest.raises(DataError, match="TID406") as caught:
            resolve_pseudonym(project, pseudonym, purpose="train")
        assert pseudonym not in str(caught.value)


@pytest.mark.requirement("R-18")
def test_pseudonyms_of_real_people_are_not_listed(project: Project, tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "real")
    make_real(root)
    with pytest.raises(DataError, match="TID407"):
        pseudonyms_for(load_project(root), [], purpose="score")


def test_nothing_ingested_says_what_to_run(tmp_path: Path) -> None:
    empty = load_project(tiny_project(tmp_path / "project"))
    with pytest.raises(DataError, match=r"TID402.*tidlig ingest"):
        translate_subjects(empty, [], from_purpose="score", to_purpose="train")
    with pytest.raises(DataError, match=r"TID402.*tidlig ingest"):
        open_store(empty, "train")
    assert restricted_persons(empty, "train", on=TODAY).tolist() == []


# --- restrictions


def test_no_file_reads_as_an_empty_table_with_its_columns(project: Project) -> None:
    assert read_restrictions(project).columns.tolist() == RESTRICTIONS.names
    assert read_finished_reviews(project).columns.tolist() == FINISHED_REVIEWS.names
    assert len(read_restrictions(project)) == 0


@pytest.mark.requirement("R-22")
@pytest.mark.requirement("R-36")
def test_an_objection_holds_for_training_too(project: Project) -> None:
    mine = subjects(project)
    write_restrictions(project, pd.DataFrame([restriction(mine[7], date(2026, 11, 1)), restriction(mine[3], date(2026, 11, 1))]))
    assert restricted_persons(project, "score", on=TODAY).tolist() == [3, 7]
    expected = translate_subjects(project, [mine[3], mine[7]], from_purpose="score", to_purpose="train")["to_person"]
    assert restricted_persons(project, "train", on=TODAY).tolist() == sorted(expected)


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (date(2026, 1, 1), date(2026, 11, 20), False),
        (date(2026, 11, 22), None, False),
        (date(2026, 1, 1), date(2027, 1, 1), True),
    ],
)
def test_both_ends_of_a_period_count(project: Project, start: date, end: date | None, holds: bool) -> None:
    mine = subjects(project)
    write_restrictions(project, pd.DataFrame([restriction(mine[1], start, end)]))
    assert (restricted_subjects(project, on=TODAY) == (mine[1],)) is holds


def test_a_table_is_replaced_whole_also_by_an_empty_one(project: Project) -> None:
    mine = subjects(project)
    write_restrictions(project, pd.DataFrame([restriction(mine[1], TODAY)]))
    kept = read_restrictions(project)
    assert kept.loc[0, "valid_from"] == TODAY
    assert kept.loc[0, "recorded_at"].to_pydatetime() == AT
    write_restrictions(project, pd.DataFrame([], columns=kept.columns))
    assert len(read_restrictions(project)) == 0


def test_what_does_not_fit_is_refused_and_the_old_table_stays(project: Project) -> None:
    mine = subjects(project)
    write_restrictions(project, pd.DataFrame([restriction(mine[1], TODAY)]))
    row = restriction(mine[1], TODAY)
    for wrong, code in (
        ({**row, "kind": "whim"}, "TID409.*1 restrictions"),
        ({**row, "note": "x"}, "TID408.*note"),
        ({k: v for k, v in row.items() if k != "kind"}, "TID408.*kind"),
        ({**row, "subject_id": None}, "TID408.*subject_id"),
        ({**row, "valid_from": "soon"}, "TID408"),
    ):
        with pytest.raises(DataError, match=code):
            write_restrictions(project, pd.DataFrame([wrong]))
    assert len(read_restrictions(project)) == 1


@pytest.mark.requirement("R-37")
def test_finished_reviews_are_coded_and_kept_apart(project: Project) -> None:
    row = {
        "subject_id": subjects(project)[0],
        "case_id": "c1",
        "model": "tiny-not_completed-grade_10",
        "stage": "grade_10",
        "as_of": date(2026, 6, 15),
        "proposed_at": AT,
        "own_view": "concern",
        "decided_at": AT,
        "decision": "no_need",
        "agreed_before": True,
        "agreed_after": None,
        "second_reader": False,
    }
    write_finished_reviews(project, pd.DataFrame([row], columns=FINISHED_REVIEWS.names))
    read = read_finished_reviews(project)
    assert read.loc[0, "decision"] == "no_need"
    assert read.loc[0, "agreed_after"] is None
    with pytest.raises(DataError, match=r"TID408.*band"):
        write_finished_reviews(project, pd.DataFrame([row]))


def test_a_table_from_before_a_column_was_declared_reads_as_not_known_there(project: Project) -> None:
    """Nothing is refused on the way of an erasure, whatever version wrote the table; a column that was always there has to be."""
    older = [field for field in FINISHED_REVIEWS if not field.metadata]
    row = {"subject_id": subjects(project)[0], "case_id": "c1", "model": "m", "stage": "s", "as_of": TODAY, "proposed_at": AT}
    row |= {"decided_at": AT, "decision": "no_need", "agreed_after": False, "second_reader": False}
    table = pa.table({field.name: pa.array([row.get(field.name)], field.type) for field in older})
    reviews_path(project).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, reviews_path(project))

    read = read_finished_reviews(project)

    assert len(older) == 12
    assert read.columns.tolist() == FINISHED_REVIEWS.names
    assert read.loc[0, [field.name for field in FINISHED_REVIEWS if field.metadata]].isna().all()
    remove_person(project, subjects(project)[0])
    assert read_finished_reviews(project).empty
    pq.write_table(table.drop_columns(["decision"]), reviews_path(project))
    with pytest.raises(DataError, match=r"TID408.*decision"):
        read_finished_reviews(project)


# --- audit


@pytest.mark.requirement("R-10")
def test_groups_come_from_the_audit_store_in_the_order_asked(project: Project) -> None:
    mine = subjects(project, "train")
    asked = [mine[9], mine[0], mine[9], "0" * 32]
    frame = audit_groups(project, asked, purpose="train", on=TODAY)
    assert frame["subject_id"].tolist() == asked
    assert frame["sex"].iloc[0] == frame["sex"].iloc[2]
    assert frame["sex"].iloc[3] == "unknown"
    everybody = audit_groups(project, mine, purpose="train", on=TODAY)
    assert set(everybody["sex"]) == {"girl", "boy"}
    assert everybody["sex"].value_counts().to_dict() == _from_the_file(project)


def _from_the_file(project: Project) -> dict[str, int]:
    found: dict[str, int] = pd.read_csv(project.root / "data" / "audit.csv")["value"].value_counts().to_dict()
    return found


@pytest.mark.requirement("R-10")
def test_without_a_valid_audit_purpose_nothing_is_joined(project: Project) -> None:
    with pytest.raises(PurposeError, match="TID202"):
        audit_groups(project, [], purpose="train", on=date(2031, 1, 1))


def test_what_was_not_known_yet_is_unknown(project: Project) -> None:
    mine = subjects(project, "train")
    known = audit_groups(project, mine, purpose="train", on=date(2021, 1, 1))["sex"]
    assert not (known == "unknown").any()


# --- scored


def scored(project: Project, n: int = 4) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject_id": subjects(project)[:n],
            "model": "tiny-not_completed-grade_10",
            "model_version": "3",
            "stage": "grade_10",
            "outcome": "not_completed",
            "as_of": date(2026, 6, 15),
            "log_odds": np.linspace(-1, 1, n),
            "probability": np.linspace(0.2, 0.7, n),
            "band": "worth_a_look",
            "proposed": [True, *[False] * (n - 1)],
            "municipality": ["9901", None, "9902", "9901"][:n],
        }
    )


@pytest.mark.requirement("R-25")
@pytest.mark.requirement("R-33")
def test_scored_rows_live_on_under_the_audit_purpose(project: Project) -> None:
    frame = scored(project)
    write_scored(project, "abc", frame, on=TODAY)
    read = read_scored(project)
    assert read.columns.tolist() == SCORED.names
    assert not set(read["subject_id"]) & set(frame["subject_id"])
    assert set(read["subject_id"]) <= set(subjects(project, "audit"))
    back = translate_subjects(project, read["subject_id"].tolist(), from_purpose="audit", to_purpose="score")
    assert back["to_subject"].tolist() == frame["subject_id"].tolist()
    assert read["log_odds"].tolist() == frame["log_odds"].tolist()
    assert read["synthetic"].all()
    assert read["municipality"].isna().tolist() == [False, True, False, False]


def test_the_same_screening_again_replaces(project: Project) -> None:
    write_scored(project, "abc", scored(project), on=TODAY)
    write_scored(project, "abc", scored(project, 2), on=TODAY)
    write_scored(project, "def", scored(project, 3), on=TODAY)
    assert read_scored(project)["screening_id"].tolist() == ["abc"] * 2 + ["def"] * 3


def days_later(rows: pd.DataFrame, days: int) -> date:
    """Name a day so long after the outcome of these rows can be known at the latest: 2200 days after the as-of date."""
    return date.fromordinal(rows["as_of"].iloc[0].toordinal() + 2200 + days)


@pytest.mark.requirement("R-25")
def test_scored_rows_end_a_year_after_their_outcome_can_be_known(project: Project) -> None:
    old, new = scored(project).assign(as_of=date(2015, 6, 15)), scored(project, 3).assign(as_of=date(2017, 6, 15))
    write_scored(project, "old", old, on=TODAY)
    write_scored(project, "new", new, on=TODAY)
    screened = {"old": date(2015, 6, 16), "new": date(2017, 6, 16)}

    assert purge_scored(project, on=days_later(old, 365), screened=screened) == PurgedScored(0, 0)
    assert purge_scored(project, on=days_later(old, 366), screened=screened) == PurgedScored(1, 4)
    assert read_scored(project)["screening_id"].tolist() == ["new"] * 3
    assert not (scored_folder(project) / "old.parquet").exists()


@pytest.mark.requirement("R-25")
def test_a_screening_over_a_date_long_past_is_kept_for_a_year_all_the_same(project: Project) -> None:
    write_scored(project, "abc", scored(project).assign(as_of=date(2010, 6, 15)), on=TODAY)
    later = TODAY + timedelta(days=365)

    assert purge_scored(project, on=later, screened={"abc": TODAY}).n_rows == 0
    assert purge_scored(project, on=later + timedelta(days=1), screened={"abc": TODAY}).n_rows == 4


@pytest.mark.requirement("R-25")
@pytest.mark.requirement("R-02")
def test_without_an_audit_purpose_scored_rows_go_a_month_after_its_last_day_and_not_before(project: Project) -> None:
    write_scored(project, "abc", scored(project), on=TODAY)
    last = max(p.valid_to for p in project.screening.purpose if p.kind == "audit")

    assert purge_scored(project, on=last + timedelta(days=30), screened={"abc": TODAY}).n_rows == 0
    assert purge_scored(project, on=last + timedelta(days=31), screened={"abc": TODAY}).n_rows == 4


@pytest.mark.requirement("R-25")
def test_of_a_file_with_two_dates_only_the_older_rows_go(project: Project) -> None:
    rows = scored(project).assign(as_of=[date(2015, 6, 15)] * 2 + [date(2026, 6, 15)] * 2)
    write_scored(project, "abc", rows, on=TODAY)

    assert purge_scored(project, on=TODAY, screened={}) == PurgedScored(1, 2)
    assert set(read_scored(project)["as_of"]) == {date(2026, 6, 15)}


def test_rows_of_an_outcome_that_is_declared_no_more_wait_for_the_purpose_s_end(project: Project) -> None:
    write_scored(project, "abc", scored(project).assign(outcome="forgotten", as_of=date(2010, 6, 15)), on=TODAY)
    assert purge_scored(project, on=TODAY, screened={}).n_rows == 0


def test_scored_rows_that_do_not_fit_are_refused(project: Project) -> None:
    with pytest.raises(DataError, match=r"TID408.*band"):
        write_scored(project, "abc", scored(project).drop(columns="band"), on=TODAY)
    with pytest.raises(DataError, match=r"TID410.*1 of 4"):
        write_scored(project, "abc", scored(project).assign(subject_id=[*subjects(project)[:3], "0" * 32]), on=TODAY)
    with pytest.raises(DataError, match=r"TID410.*names a file"):
        write_scored(project, "../abc", scored(project), on=TODAY)
    assert len(read_scored(project)) == 0
