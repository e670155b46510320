"""Put events in the outbox of each declared sink that wants them, and send what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from ssl import SSLContext

from features.declarations.project import Project
from features.declarations.watching import FileSink, Sinks, WebhookSink
from features.errors import DataError
from monitoring.sinks.events import Event
from monitoring.sinks.files import append_line, sink_path
from monitoring.sinks.outbox import Outbox
from monitoring.sinks.webhook import NotDeliveredError, deliver, read_secret, trusted_authorities


@dataclass(frozen=True)
class Sent:
    """What became of one sink's events."""

    sink: str
    n_sent: int
    n_waiting: int
    problem: str | None
    """Why something waits still; None where nothing does."""


@dataclass(frozen=True)
class World:
    """What sending takes from outside: secrets, the clock, and a way to wait."""

    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    pause: Callable[[float], None]


def put_events(project: Project, events: Iterable[Event], *, now: datetime) -> int:
    """Let events wait for each sink that wants them; how many were new, over all sinks."""
    known = tuple(events)
    return sum(
        outbox_of(project, sink).put((event for event in known if not sink.events or event.kind in sink.events), now=now)
        for sink in _all(project.screening.monitoring.sinks)
    )


def send_waiting(project: Project, world: World) -> tuple[Sent, ...]:
    """Send what waits for each sink, oldest first; one that fails keeps its events and does not stop the others."""
    return tuple(_send(project, sink, world) for sink in _all(project.screening.monitoring.sinks))


def outbox_of(project: Project, sink: FileSink | WebhookSink) -> Outbox:
    """Say where a sink's events wait."""
    return Outbox(project.var / "monitoring" / "outbox" / sink.name)


def _send(project: Project, sink: FileSink | WebhookSink, world: World) -> Sent:
    outbox = outbox_of(project, sink)
    with outbox.one_sender():
        n_sent = 0
        problems: list[str] = []
        try:
            waiting = outbox.list_waiting()
            send = _sender(project, sink, world) if waiting else None
            for path, body in waiting:
                if send is None or _is_taken(send, path, body, problems):
                    outbox.note_sent(path)
                    n_sent += 1
        except (NotDeliveredError, DataError, OSError) as error:
            problems.append(error.message if isinstance(error, DataError) else str(error))
        return Sent(sink.name, n_sent, outbox.count_waiting(), problems[-1] if problems else None)


def _is_taken(send: Callable[[Path, bytes], None], path: Path, body: bytes, problems: list[str]) -> bool:
    """Send one event. One that the receiver refuses does not hold the others up; where it does not answer, they wait too."""
    try:
        send(path, body)
    except NotDeliveredError as error:
        if error.is_worth_another:
            raise
        problems.append(str(error))
        return False
    return True


def _sender(project: Project, sink: FileSink | WebhookSink, world: World) -> Callable[[Path, bytes], None]:
    if isinstance(sink, FileSink):
        return partial(_append, sink_path(project, sink.path))
    return partial(_post, sink, read_secret(sink, environ=world.environ), trusted_authorities(project, sink), world)


def _append(to: Path, path: Path, body: bytes) -> None:
    append_line(to, body)


def _post(sink: WebhookSink, secret: bytes, authorities: SSLContext | None, world: World, path: Path, body: bytes) -> None:
    deliver(sink, body, event=path.stem, secret=secret, authorities=authorities, clock=world.clock, pause=world.pause)


def _all(sinks: Sinks) -> tuple[FileSink | WebhookSink, ...]:
    return (*sinks.file, *sinks.webhook)
