"""The identity vault: a store of its own, under a key of its own. Off unless a deployer turns it on.

Each identifier is sealed by itself with AES-256-GCM, bound to its subject id; the table's key is a keyed digest of the subject id, so that
a copy of the vault can't even be matched with the service's database. The other way round, from an identifier to its subject id, stands in
a table of its own made alike: by it a citizen who logs in is recognised (`serving.identities.recognising`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Connection, DateTime, Engine, LargeBinary, MetaData, String, Table, create_engine, delete, insert, select

from features.declarations.project import Project
from features.errors import ReviewError
from serving.person_keys import read_service_key
from serving.settings import Settings

_NONCE = 12
_AT_ONCE = 1_000
METADATA = MetaData()
IDENTITIES = Table("identities", METADATA, Column("place", String(64), primary_key=True), Column("sealed", LargeBinary, nullable=False))
PEOPLE = Table(
    "people",
    METADATA,
    Column("place", String(64), primary_key=True),
    Column("of", String(64), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)
"""Keyed digest of an identifier -> the place in `IDENTITIES`, and the subject id, sealed."""
GUARDIANS = Table(
    "guardians",
    METADATA,
    Column("place", String(64), primary_key=True),
    Column("of", String(64), primary_key=True, index=True),
    Column("sealed", LargeBinary, nullable=False),
)
"""Keyed digest of a guardian's identifier, and the child's place in `IDENTITIES` -> child, last day and day of the extract, sealed."""
LOGINS = Table(
    "logins",
    METADATA,
    Column("place", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)
"""Keyed digest of an account of the service -> the place in `GUARDIANS` of whoever logged in with it, sealed; for a day."""


@dataclass(frozen=True)
class IdentityVault:
    """Seals and opens identifiers. Holds the vault's key and a connection to its store."""

    engine: Engine = field(repr=False)
    key: bytes = field(repr=False)

    def fill(self, hand_over: Callable[[Callable[[str, str], None]], int], *, left_out: Collection[str]) -> int:
        """Replace everything in it by what is handed over, in one transaction, and say how many there are.

        Parameters
        ----------
        hand_over
            Gives a writer each subject id with its identifier.
        left_out
            Subjects that are not kept: people who were erased.
        """
        waiting: list[dict[str, object]] = []
        people: list[dict[str, object]] = []
        count = 0
        with self.begun() as connection:
            for table in (IDENTITIES, PEOPLE, GUARDIANS):
                connection.execute(delete(table))

            def write() -> None:
                for table, rows in ((IDENTITIES, waiting), (PEOPLE, people)):
                    if rows:
                        connection.execute(insert(table), rows)
                        rows.clear()

            def keep(subject_id: str, identifier: str) -> None:
                nonlocal count
                if subject_id in left_out:
                    return
                place, of = self.place("place", subject_id), self.place("person", identifier)
                waiting.append({"place": place, "sealed": self.seal(subject_id, identifier)})
                people.append({"place": of, "of": place, "sealed": self.seal(of, subject_id)})
                count += 1
                if len(waiting) == _AT_ONCE:
                    write()

            hand_over(keep)
            write()
        return count

    def find(self, subject_id: str) -> str | None:
        """Give one person's identifier, None where the vault does not have it.

        Raises
        ------
        ReviewError
            TID758 when what is there does not open with this key.
        """
        with self.engine.connect() as connection:
            sealed = connection.scalar(select(IDENTITIES.c.sealed).where(IDENTITIES.c.place == self.place("place", subject_id)))
        return None if sealed is None else self.open(subject_id, sealed)

    def remove(self, *subject_ids: str) -> None:
        """Remove these people; who is not in it stays away."""
        if not subject_ids:
            return
        with self.begun() as connection:
            for subject_id in subject_ids:
                place = self.place("place", subject_id)
                connection.execute(delete(IDENTITIES).where(IDENTITIES.c.place == place))
                connection.execute(delete(PEOPLE).where(PEOPLE.c.of == place))
                connection.execute(delete(GUARDIANS).where(GUARDIANS.c.of == place))

    @contextmanager
    def begun(self) -> Iterator[Connection]:
        """Begin a transaction of the vault's own store."""
        with self.engine.begin() as connection:
            yield connection

    def place(self, use: str, name: str) -> str:
        """Give the keyed digest under which something is found; without the vault's key nobody makes it, or turns it back."""
        return hmac.new(self._derived(use.encode()), name.encode(), hashlib.sha256).hexdigest()

    def seal(self, bound_to: str, content: str) -> bytes:
        """Seal content so that it opens at this place only."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._sealing_key()).encrypt(nonce, content.encode(), bound_to.encode())

    def open(self, bound_to: str, sealed: bytes) -> str:
        """Open what was sealed at this place.

        Raises
        ------
        ReviewError
            TID758 when it does not open with this key.
        """
        try:
            return AESGCM(self._sealing_key()).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode()).decode()
        except InvalidTag as error:
            raise ReviewError(
                "TID758", "what the identity vault holds does not open: it was altered, or its key is another one."
            ) from error

    def _sealing_key(self) -> bytes:
        return self._derived(b"seal")

    def _derived(self, use: bytes) -> bytes:
        return hmac.new(self.key, b"tidlig identities " + use, hashlib.sha256).digest()


def find_vault(settings: Settings, project: Project) -> IdentityVault | None:
    """Open the vault that the settings name, None where there is none.

    Raises
    ------
    ReviewError
        TID758 when it is not apart from the rest: no key file, the key of the persons' keys, or the service's own database.
    ProjectError
        TID120 when the key file holds something else.
    """
    if settings.identity_url is None:
        return None
    url = settings.identity_url.get_secret_value()
    if settings.identity_key_file is None:
        raise ReviewError("TID758", "the identity vault has no key. Set TIDLIG_IDENTITY_KEY_FILE to a file with 64 hex digits of its own.")
    key = read_service_key(settings.identity_key_file, variable="TIDLIG_IDENTITY_KEY_FILE")
    persons = settings.person_key_file_for(project)
    if url == settings.url_for(project) or (persons.exists() and read_service_key(persons) == key):
        raise ReviewError(
            "TID758", "the identity vault shares its store or its key with the service. Give it a store and a key of its own."
        )
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    METADATA.create_all(engine)
    return IdentityVault(engine, key)
