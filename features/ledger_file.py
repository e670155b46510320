"""A ledger file with a head file beside it that says where the ledger ends, so that a cut end shows without an anchor kept elsewhere.

Both lie side by side, and whoever can write one can write both: an anchor that is kept elsewhere proves more (`features.ledger.verify`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import LedgerError
from features.ledger import Anchor, Entry, append_next, read_entries, verify


@dataclass(frozen=True)
class LedgerFile:
    """A ledger file that is only ever appended to, by one writer at a time.

    Attributes
    ----------
    path
        The ledger, ``NAME.jsonl``; ``NAME.head.json`` and ``NAME.lock`` lie beside it.
    name
        What messages call it, such as ``the ledger``.
    head_indent
        How the head file's JSON is laid out; None is one line without spaces.
    """

    path: Path
    name: str
    head_indent: int | None = None

    @property
    def head_path(self) -> Path:
        """The file that says where the ledger ends."""
        return self.path.with_suffix(".head.json")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers waiting; the lock goes with the process, however it ends."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def append(self, **fields: Any) -> Entry:
        """Append the next entry, then say in the head file that it is the last; fields as in `features.ledger.next_entry`.

        A writer that is killed in between leaves a head that is one entry behind, which still verifies.
        """
        entry = append_next(self.path, **fields)
        self._write_head(entry.anchor)
        return entry

    def read(self) -> tuple[Entry, ...]:
        """Read the ledger, which has to be whole; no entries where there is no file.

        Raises
        ------
        LedgerError
            TID801 to TID805 when it does not verify: an entry was edited, removed or moved, or the end was cut off.
        """
        entries, head = tuple(read_entries(self.path)), self.find_head()
        verify(entries, anchor=head)
        if head is None and len(entries) > 1:  # the first entry may be there without its head: a writer was killed
            raise LedgerError(
                "TID804", f"{self.head_path} is missing, so the end of {self.name} may have been cut off. Restore both from a backup."
            )
        return entries

    def find_head(self) -> Anchor | None:
        """Read where the ledger ended when it was last written, None where nothing says so.

        Raises
        ------
        LedgerError
            TID805 when the head file is damaged.
        """
        if not self.head_path.is_file():
            return None
        try:
            content = json.loads(self.head_path.read_text(encoding="utf-8"))
            return Anchor(int(content["count"]), str(content["head"]))
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerError(
                "TID805", f"{self.head_path} does not say where {self.name} ends. Restore it, with {self.name}, from a backup."
            ) from error

    def _write_head(self, last: Anchor) -> None:
        separators = (",", ":") if self.head_indent is None else (",", ": ")
        text = json.dumps({"count": last.count, "head": last.head}, indent=self.head_indent, separators=separators)
        draft = self.head_path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.head_path)
