"""What waits for a sink, on disk: an event is there until the sink has it, however often the run is killed in between.

``var/monitoring/outbox/<sink>/waiting`` holds a file for each event that has not arrived, ``sent`` one for each that has: so is known, and
can be read by anybody who may see the folder, what has left. A run that is killed between sending and noting sends once more: at least
once, never less, and the event's id tells a receiver.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.errors import DataError
from features.ledger import canonical_json
from monitoring.sinks.events import Event


@dataclass(frozen=True)
class Outbox:
    """The outbox of one sink."""

    folder: Path

    @property
    def waiting(self) -> Path:
        """Folder of what has not arrived."""
        return self.folder / "waiting"

    @property
    def sent(self) -> Path:
        """Folder of what has."""
        return self.folder / "sent"

    def put(self, events: Iterable[Event], *, now: datetime) -> int:
        """Let events wait that neither wait nor were sent before; how many those are."""
        for folder in (self.waiting, self.sent):
            folder.mkdir(parents=True, exist_ok=True)
        new = [event for event in events if not self._is_known(event.id)]
        for event in new:
            draft = self.waiting / f".{event.id}.{os.getpid()}"
            with draft.open("wb") as file:
                file.write(canonical_json(event.as_dict(at=now)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.waiting / f"{event.id}.json")
        return len(new)

    def list_waiting(self) -> list[tuple[Path, bytes]]:
        """Everything that waits, oldest first, with the very bytes to send.

        Raises
        ------
        DataError
            TID496 when a file is not what was put there.
        """
        found = [(path, path.read_bytes()) for path in self.waiting.glob("[!.]*.json")] if self.waiting.is_dir() else []
        return sorted(found, key=lambda one: (_content(*one)["at"], one[0].name))

    def note_sent(self, path: Path) -> None:
        """Note that an event has arrived."""
        path.replace(self.sent / path.name)

    def count_waiting(self) -> int:
        """How many events wait."""
        return len(list(self.waiting.glob("[!.]*.json"))) if self.waiting.is_dir() else 0

    @contextmanager
    def one_sender(self) -> Iterator[None]:
        """Keep another sender waiting, so that nothing is sent twice by two runs at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "sender.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _is_known(self, event: str) -> bool:
        return any((folder / f"{event}.json").exists() for folder in (self.waiting, self.sent))


def _content(path: Path, data: bytes) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(data)
        if f"{content['id']}.json" != path.name or not isinstance(content["at"], str):
            raise ValueError("another id")
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            "TID496", f"{path} is not what was put in the outbox. Remove it; the next run puts the event there again."
        ) from error
    return content
