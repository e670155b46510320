"""Commands for one person's rights: report, request, requests. The edge: clock, environment and keys are taken here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table

if TYPE_CHECKING:
    from features.declarations.project import Project
    from serving.person_keys import PersonKeys
    from serving.persons.erasure import ErasureProof
    from serving.settings import Settings
    from serving.storage.database import Database

app = typer.Typer(add_completion=False, no_args_is_help=True)
person = typer.Typer(no_args_is_help=True, help="A person's rights: the report on them, requests for it, erasure.")
app.add_typer(person, name="person")

KEY_HOLDER = "key-holder"


@app.callback()
def _group() -> None:
    """Let the commands stand below `person` though there are no others."""


class Language(StrEnum):
    """Languages of a report."""

    NB = "nb"
    NN = "nn"
    EN = "en"


class Hands(StrEnum):
    """Whom a report is made for."""

    PERSON = "person"
    GUARDIAN = "guardian"


class DecidedBy(StrEnum):
    """Who decided that a person is erased."""

    LEADER = "leader"
    COURT = "court"


SubjectArgument = Annotated[str | None, typer.Argument(help="Subject id: 32 hex digits, as an opened case shows it.")]
PseudonymOption = Annotated[str | None, typer.Option("--pseudonym", help="The person's pseudonym under the score purpose instead.")]


@person.command("report")
def report(
    to: Annotated[Path, typer.Option("--to", help="Folder for the page and its machine-readable copy.")],
    subject_id: SubjectArgument = None,
    pseudonym: PseudonymOption = None,
    project: ProjectOption = HERE,
    language: Annotated[Language, typer.Option("--language", help="Language of the page.")] = Language.NB,
    hands: Annotated[
        Hands, typer.Option("--for", help="Whom it is made for. A guardian's leaves out what services keep confidential.")
    ] = Hands.PERSON,
) -> None:
    """Write everything that is known and was done about one person: a page and a machine-readable copy.

    For whoever holds the keys, when the person has asked and has shown who they are. Making it is logged, and answers an open request.
    """
    from serving.console.told import report_naming
    from serving.persons.known import check_known
    from serving.persons.making import record_making
    from serving.persons.pages import write_report
    from serving.persons.report import build_person_report
    from serving.persons.told import Reader

    with _opened(project) as (loaded, _, database, keys):
        subject = _subject(loaded, subject_id, pseudonym)
        now = datetime.now(UTC)
        with database.transaction() as session:
            check_known(session, loaded, subject)
            made = build_person_report(session, keys, loaded, subject_id=subject, now=now, reader=Reader(hands.value))
            record_making(session, keys, made, subject_id=subject, actor=KEY_HOLDER, role=KEY_HOLDER, now=now)
            page, copy = write_report(made, to, naming=report_naming(loaded, language.value))
    print_line(f"{page}")
    print_line(f"{copy}")
    print_line("Give both to the person alone, by a channel that shows who they are; then remove them from here.")


@person.command("request")
def request(subject_id: SubjectArgument = None, pseudonym: PseudonymOption = None, project: ProjectOption = HERE) -> None:
    """Register that a person asks what is known of them; the answer is due in thirty days."""
    from serving.persons.known import check_known
    from serving.persons.requests import register_for

    with _opened(project) as (loaded, _, database, keys):
        subject = _subject(loaded, subject_id, pseudonym)
        with database.transaction() as session:
            check_known(session, loaded, subject)
            line = register_for(session, keys, subject_id=subject, case_id=None, actor=KEY_HOLDER, role=KEY_HOLDER, now=datetime.now(UTC))
    print_line(f"Asked on {line.asked_on}, due on {line.due_on}.")


@person.command("requests")
def requests(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the requests for access that are still to be answered, the first due first."""
    from dataclasses import asdict

    from serving.persons.requests import list_open_requests

    with _opened(project) as (loaded, _, database, _), database.reading() as session:
        lines = list_open_requests(session, today=datetime.now(UTC).date())
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "requests": [{"subject_id": s, **asdict(line)} for s, line in lines]})
        return
    rows = [(subject, line.asked_on, line.due_on, "overdue" if line.is_overdue else "") for subject, line in lines]
    print_table("Requests for access", ("subject", "asked", "due", ""), rows)


@person.command("erase")
def erase(
    decided_by: Annotated[DecidedBy, typer.Option("--decided-by", help="Who decided.")],
    reason: Annotated[str, typer.Option("--reason", help="The decision's reason, 30 characters or more. The log keeps its digest alone.")],
    subject_id: SubjectArgument = None,
    pseudonym: PseudonymOption = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Erase one person for good, after a leader's or a court's decision, and print the proof.

    Cases become tombstones, the person's key is emptied, their rows leave the tables of persons, and a restriction stays so that nobody
    proposes them again. There is no way back. The exit status is 9 where something is left.
    """
    from serving.auditing.anchors import export_standing
    from serving.identities.vault import find_vault
    from serving.persons.erasure import erase_person
    from serving.persons.known import check_known

    with _opened(project) as (loaded, settings, database, keys):
        subject = _subject(loaded, subject_id, pseudonym)
        with database.transaction() as session:
            check_known(session, loaded, subject)
            proof = erase_person(
                session,
                keys,
                loaded,
                subject_id=subject,
                decided_by=decided_by.value,
                reason=reason,
                actor=KEY_HOLDER,
                now=datetime.now(UTC),
            )
        vault = find_vault(settings, loaded)
        if vault is not None:
            vault.remove(subject)
            vault.engine.dispose()
        if settings.anchor_folder is not None:
            with database.reading() as session:
                export_standing(session, loaded, settings.anchor_folder)
    _print_proof(proof, as_json=as_json, synthetic=loaded.is_synthetic)
    raise typer.Exit(0 if proof.is_complete else 9)


def _print_proof(proof: ErasureProof, *, as_json: bool, synthetic: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json({"synthetic": synthetic, **asdict(proof), "is_complete": proof.is_complete})
        return
    print_table("Erased", ("where", "before", "left"), [(place.name, place.before, place.left) for place in proof.places])
    print_line(f"The log verifies: {proof.log.count}:{proof.log.head}.")
    print_line("A restriction stands: nobody proposes this person again." if proof.is_restricted else "No restriction stands.")
    print_line(
        "While the sources deliver records of this person, ingest reads them again and shuts them out: ask the sources to delete theirs."
    )
    print_line("Backups made before now still hold the person's key: restore them with --anchors, or destroy them.")


@contextmanager
def _opened(root: Path) -> Iterator[tuple[Project, Settings, Database, PersonKeys]]:
    from features.declarations.project import load_project
    from serving.app import open_service
    from serving.settings import Settings

    loaded, settings = load_project(root), Settings()
    database, keys = open_service(settings, loaded)
    try:
        yield loaded, settings, database, keys
    finally:
        database.close()


def _subject(project: Project, subject_id: str | None, pseudonym: str | None) -> str:
    from features.intake.linkage import resolve_pseudonym

    if (subject_id is None) == (pseudonym is None):
        raise typer.BadParameter("Give a subject id or --pseudonym, one of them.")
    return subject_id if subject_id is not None else resolve_pseudonym(project, pseudonym or "", purpose="score")
