"""Sinks against a real server and a real file system: what fails waits on disk, arrives once it can, and never goes elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.declarations.project import Project, load_project
from features.declarations.watching import FileSink, Sinks, WebhookSink
from features.errors import DataError
from monitoring.incidents.book import read_incidents
from monitoring.incidents.steps import assess, open_by_hand, open_for_report
from monitoring.sinks.events import events_of_incident, events_of_report
from monitoring.sinks.files import append_line
from monitoring.sinks.sending import World, outbox_of, put_events, send_waiting
from tests.support.certificates import write_certificate
from tests.support.projects import tiny_project
from tests.support.receiver import Receiver, receiving

NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
SECRET = "s" * 40
MODEL = "tiny-not_completed-grade_10"
CONTENT = {
    "model": MODEL,
    "month": "2026-09",
    "version": "3",
    "inputs_hash": "ab" * 32,
    "synthetic": True,
    "stopped_by": ["S-05"],
    "signals": [
        {"code": "S-01", "title": "People", "verdict": "PASSED", "evidence": {}, "suspends": False},
        {
            "code": "S-05",
            "title": "Groups",
            "verdict": "FAILED",
            "evidence": {"groups": "immigration_category: immigrant"},
            "suspends": True,
        },
    ],
}


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def world(pauses: list[float]) -> World:
    return World({"TIDLIG_HOOK": SECRET}, lambda: NOW, pauses.append)


@pytest.fixture
def with_sinks(tmp_path: Path) -> Callable[..., Project]:
    project = load_project(tiny_project(tmp_path / "project"))

    def build(*sinks: FileSink | WebhookSink) -> Project:
        files = tuple(sink for sink in sinks if isinstance(sink, FileSink))
        hooks = tuple(sink for sink in sinks if isinstance(sink, WebhookSink))
        watching = project.screening.monitoring.model_copy(update={"sinks": Sinks(file=files, webhook=hooks)})
        return replace(project, screening=project.screening.model_copy(update={"monitoring": watching}))

    return build


def hook(url: str, **more: object) -> WebhookSink:
    return WebhookSink(name="ops", url=url, secret_env="TIDLIG_HOOK", **{"timeout_seconds": 2, **more})


def put(project: Project) -> int:
    return put_events(project, events_of_report(project.id, CONTENT), now=NOW)


def test_without_declared_sinks_nothing_is_kept_or_sent(with_sinks, world):
    project = with_sinks()
    assert put(project) == 0
    assert send_waiting(project, world) == ()
    assert not (project.var / "monitoring" / "outbox").exists()


def test_events_arrive_once_signed_by_a_secret_that_both_sides_know(with_sinks, world):
    with receiving(Receiver()) as receiver:
        project = with_sinks(hook(receiver.address))
        assert put(project) == 2
        (sent,) = send_waiting(project, world)
        assert (sent.n_sent, sent.n_waiting, sent.problem) == (2, 0, None)
        assert put(project) == 0
        assert send_waiting(project, world)[0].n_sent == 0
    assert len(receiver.requests) == 2
    for request in receiver.requests:
        signed = request.headers["tidlig-timestamp"].encode() + b"." + request.body
        assert request.headers["tidlig-signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert request.headers["tidlig-timestamp"] == str(int(NOW.timestamp()))
        said = json.loads(request.body)
        assert (said["id"], said["project"], said["synthetic"]) == (request.headers["tidlig-event"], "tiny", True)
        assert SECRET not in str(request.headers)
    assert {json.loads(request.body)["kind"] for request in receiver.requests} == {"report_written", "signal_failed"}


@pytest.mark.requirement("R-41")
def test_no_text_of_a_person_and_no_name_of_a_group_leaves(with_sinks, world):
    with receiving(Receiver()) as receiver:
        project = with_sinks(hook(receiver.address), FileSink(name="log", path="var/events/all.jsonl"))
        open_for_report(project, CONTENT, now=NOW)
        found = open_by_hand(project, model=MODEL, what="Words that stay where they were written.", role="leder", now=NOW)
        assess(project, found.id, breach="possible", harm="death", why="Other words that stay here too.", role="leder", now=NOW)
        later = NOW.replace(month=12)
        events = [e for one in read_incidents(project) for e in events_of_incident("tiny", one, synthetic=True, now=later)]
        assert [event.kind for event in events] == ["incident_opened", "incident_opened", "incident_overdue", "incident_overdue"]
        put(project)
        put_events(project, events, now=later)
        assert all(sent.n_waiting == 0 for sent in send_waiting(project, world))
    left = b"".join(request.body for request in receiver.requests) + (project.var / "events" / "all.jsonl").read_bytes()
    assert b"words" not in left.lower()
    assert b"immigra" not in left
    assert b"aia_73" in left


def test_a_failing_server_is_asked_again_a_few_times_and_the_event_waits(with_sinks, world, pauses):
    with receiving(Receiver(statuses=[503])) as receiver:
        project = with_sinks(hook(receiver.address))
        put(project)
        (sent,) = send_waiting(project, world)
        assert (sent.n_sent, sent.n_waiting, sent.problem) == (0, 2, "status 503")
        assert len(receiver.requests) == 3
        assert pauses == [0.5, 1.0]
        receiver.statuses[:] = [500, 200]
        (sent,) = send_waiting(project, world)
        assert (sent.n_sent, sent.n_waiting) == (2, 0)
    ids = [request.headers["tidlig-event"] for request in receiver.requests]
    assert ids[0] == ids[1] == ids[2] == ids[3]


def test_a_server_that_says_no_is_asked_once_for_each_event_and_takes_the_others(with_sinks, world, pauses):
    with receiving(Receiver(statuses=[400, 204])) as receiver:
        project = with_sinks(hook(receiver.address))
        put(project)
        (sent,) = send_waiting(project, world)
        assert (sent.n_sent, sent.n_waiting, sent.problem) == (1, 1, "status 400")
        assert len(receiver.requests) == 2
        assert pauses == []
        assert send_waiting(project, world)[0].n_sent == 1
    assert len({request.headers["tidlig-event"] for request in receiver.requests}) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_never_followed(with_sinks, world, status):
    with receiving(Receiver()) as elsewhere, receiving(Receiver(statuses=[status], location=elsewhere.address)) as receiver:
        project = with_sinks(hook(receiver.address))
        put(project)
        (sent,) = send_waiting(project, world)
        assert (sent.n_sent, sent.n_waiting) == (0, 2)
        assert "redirects" in str(sent.problem)
        assert elsewhere.address not in str(sent.problem)
    assert len(receiver.requests) == 2
    assert elsewhere.requests == []


def test_a_server_that_answers_byte_by_byte_keeps_nobody_waiting(with_sinks, world):
    """Each byte comes in time; it is the whole answer that does not."""
    with receiving(Receiver(drip=0.05)) as receiver:
        project = with_sinks(hook(receiver.address, timeout_seconds=0.4, attempts=1))
        put(project)
        began = time.monotonic()
        (sent,) = send_waiting(project, world)
        assert time.monotonic() - began < 2
        assert (sent.n_waiting, sent.problem) == (2, "no answer within 0.4 s")


def test_nobody_there_says_so_without_the_address(with_sinks, world):
    with receiving(Receiver()) as receiver:
        gone = receiver.address
    project = with_sinks(hook(gone, attempts=1))
    put(project)
    assert send_waiting(project, world)[0].problem == "no connection (ConnectError)"


def test_a_certificate_is_checked_against_the_public_authorities_or_the_declared_one(with_sinks, world, tmp_path):
    certificate = write_certificate(tmp_path / "own.pem")
    with receiving(Receiver(), certificate=certificate) as receiver:
        stranger = with_sinks(hook(receiver.address, attempts=1))
        put(stranger)
        assert send_waiting(stranger, world)[0].problem == "no connection (ConnectError)"
        assert receiver.requests == []
        (stranger.root / "authority.pem").write_text("no certificate", encoding="utf-8")
        damaged = with_sinks(hook(receiver.address, ca_file="authority.pem"))
        assert "authority.pem" in str(send_waiting(damaged, world)[0].problem)
        assert send_waiting(with_sinks(hook(receiver.address, ca_file="none.pem")), world)[0].n_waiting == 2
        (stranger.root / "authority.pem").write_bytes(certificate.read_bytes())
        known = with_sinks(hook(receiver.address, ca_file="authority.pem"))
        assert send_waiting(known, world)[0].n_sent == 2


def test_a_proxy_of_the_environment_is_not_used(with_sinks, world, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with receiving(Receiver()) as receiver:
        project = with_sinks(hook(receiver.address))
        put(project)
        assert send_waiting(project, world)[0].n_waiting == 0


@pytest.mark.parametrize("environ", [{}, {"TIDLIG_HOOK": "short"}])
def test_without_a_secret_of_some_length_nothing_is_sent(with_sinks, environ):
    with receiving(Receiver()) as receiver:
        project = with_sinks(hook(receiver.address))
        put(project)
        (sent,) = send_waiting(project, World(environ, lambda: NOW, lambda _: None))
        assert sent.n_waiting == 2
        assert "TIDLIG_HOOK" in str(sent.problem)
        assert "short" not in str(sent.problem)
    assert receiver.requests == []


def test_one_sink_that_fails_does_not_stop_the_others(with_sinks, world):
    with receiving(Receiver(statuses=[503])) as receiver:
        project = with_sinks(FileSink(name="log", path="var/events/all.jsonl"), hook(receiver.address, attempts=1))
        put(project)
        assert [(sent.sink, sent.n_sent) for sent in send_waiting(project, world)] == [("log", 2), ("ops", 0)]


def test_a_run_killed_between_sending_and_noting_sends_again_under_the_same_id(with_sinks, world, monkeypatch):
    with receiving(Receiver()) as receiver:
        project = with_sinks(hook(receiver.address))
        put(project)

        def killed(self: object, path: Path) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("monitoring.sinks.outbox.Outbox.note_sent", killed)
            with pytest.raises(KeyboardInterrupt):
                send_waiting(project, world)
        assert send_waiting(project, world)[0].n_sent == 2
    ids = [request.headers["tidlig-event"] for request in receiver.requests]
    assert len(ids) == 3
    assert len(set(ids)) == 2


def test_a_sink_gets_the_events_that_it_asks_for(with_sinks, world):
    project = with_sinks(FileSink(name="log", path="var/events/failed.jsonl", events=("signal_failed",)))
    assert put(project) == 1
    send_waiting(project, world)
    lines = (project.var / "events" / "failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["signal"] for line in lines] == ["S-05"]


def test_another_finding_is_another_event_and_the_same_one_is_not(with_sinks):
    first = [event.id for event in events_of_report("tiny", CONTENT)]
    assert first == [event.id for event in events_of_report("tiny", dict(CONTENT))]
    renewed = {**CONTENT, "inputs_hash": "cd" * 32}
    assert not set(first) & {event.id for event in events_of_report("tiny", renewed)}
    assert not set(first) & {event.id for event in events_of_report("other", CONTENT)}


@pytest.mark.parametrize("path", ["var/ledger/promotions.jsonl", "var/incidents/incidents.jsonl", "var/reports/x.jsonl", "var", "."])
def test_a_file_sink_never_writes_where_something_else_is_kept(with_sinks, world, path):
    project = with_sinks(FileSink(name="log", path=path))
    put(project)
    (sent,) = send_waiting(project, world)
    assert (sent.n_sent, sent.n_waiting) == (0, 2)
    assert "var/events" in str(sent.problem)


def test_half_a_line_of_a_killed_writer_goes_before_the_next_one(tmp_path):
    path = tmp_path / "events.jsonl"
    append_line(path, b'{"n": 1}')
    with path.open("ab") as file:
        file.write(b'{"n": 2, "half' + b"x" * 200_000)
    append_line(path, b'{"n": 3}')
    assert path.read_bytes() == b'{"n": 1}\n{"n": 3}\n'


def test_an_outbox_that_somebody_edited_is_refused(with_sinks, world):
    sink = FileSink(name="log", path="var/events/all.jsonl")
    project = with_sinks(sink)
    put(project)
    outbox = outbox_of(project, sink)
    next(outbox.waiting.glob("*.json")).write_text('{"id": "other", "at": "2026"}', encoding="utf-8")
    with pytest.raises(DataError, match="TID496"):
        outbox.list_waiting()
    assert send_waiting(project, world)[0].n_sent == 0
