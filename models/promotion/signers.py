"""Who may sign: `signers.toml` in the project folder, which an auditor can read and the controller answers for."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, ValidationError, field_validator, model_validator

from features.declarations.catalogue import Strict
from features.declarations.project import Project
from features.errors import GateError
from features.findings import Finding
from features.roles import ANSWERABLE

PREFIX = "ed25519:"
FILE = "signers.toml"
KEY_BYTES = 32
ENOUGH = 2
"""Different people that a promotion needs."""


class Signer(Strict):
    """A public key and the person it belongs to.

    A key that is lost or given up gets `revoked_on` and stays here: what it signed before that day is verified with it for as long as the
    ledger is.
    """

    person: str = Field(min_length=2, max_length=80)
    """One human being: account or employee number. Two keys of one person are one signature."""
    role: str = Field(min_length=2, max_length=80)
    """What the person answers for; `leder` and `dataansvarlig` answer for a model's use (`ANSWERABLE`)."""
    public_key: str
    valid_from: date
    valid_to: date
    revoked_on: date | None = None
    """From this day on the key signs nothing."""

    @field_validator("public_key")
    @classmethod
    def _is_a_key(cls, text: str) -> str:
        decode_public_key(text)
        return text

    @model_validator(mode="after")
    def _dates_in_order(self) -> Signer:
        if self.valid_to < self.valid_from:
            raise ValueError(f"`valid_to` {self.valid_to} lies before `valid_from` {self.valid_from}: the key is valid on no day")
        return self

    @property
    def key_id(self) -> str:
        """Fingerprint of the key: the first 16 hex digits of its SHA-256."""
        return fingerprint(self.public_key)

    @property
    def who(self) -> str:
        """The person, spelt one way: case and spaces do not make two people of one."""
        return same_person(self.person)

    def find_fault(self, *, on: date) -> str | None:
        """Say why the key signs nothing on a day, None where it does."""
        if not self.valid_from <= on <= self.valid_to:
            return f"is valid from {self.valid_from} to {self.valid_to}, not on {on}"
        if self.revoked_on is not None and on >= self.revoked_on:
            return f"was revoked on {self.revoked_on}"
        return None


class SignersFile(Strict):
    """The content of `signers.toml`."""

    signer: tuple[Signer, ...] = ()

    @model_validator(mode="after")
    def _each_key_once(self) -> SignersFile:
        keys = [signer.key_id for signer in self.signer]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"the key {', '.join(twice)} stands here twice: a key has one owner")
        return self


@dataclass(frozen=True)
class Signers:
    """The declared signers, and where they are declared."""

    signers: Sequence[Signer]
    path: Path

    def get(self, key_id: str) -> Signer:
        """Return the signer of a key.

        Raises
        ------
        GateError
            TID608 when the key is not declared.
        """
        for signer in self.signers:
            if signer.key_id == key_id:
                return signer
        raise GateError(
            "TID608",
            f"no signer in {self.path} has the key {key_id}. Declare it there (`tidlig models new-key` prints the lines); a key that is "
            "given up stays declared, with `revoked_on`.",
        )

    def check_valid(self, key_id: str, *, on: date) -> Signer:
        """Return the signer of a key that signs on a day.

        Raises
        ------
        GateError
            TID608 when the key is not declared, or not valid on that day.
        """
        signer = self.get(key_id)
        fault = signer.find_fault(on=on)
        if fault is not None:
            raise GateError("TID608", f"the key {key_id} of {signer.person} in {self.path} {fault}. Sign with a key that is valid.")
        return signer


def read_signers(project: Project) -> Signers:
    """Read the project's `signers.toml`; without the file nobody may sign.

    Raises
    ------
    GateError
        TID605 when the file is not readable as declared signers.
    """
    path = project.root / FILE
    if not path.is_file():
        return Signers((), path)
    try:
        return Signers(SignersFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).signer, path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GateError("TID605", f"{path} is not valid TOML: {error}. Mend it; nobody can sign until then.") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False, include_input=False))
        raise GateError("TID605", f"{path}: {problems}. Mend it; nobody can sign until then.") from error


def signers_finding(project: Project, *, on: date) -> Finding:
    """P-09: can two people sign a promotion today, one of whom answers for its use? A training needs none: too few are no failure."""
    title = "Two people can sign a promotion, one of whom answers for its use"
    try:
        signers = read_signers(project)
    except GateError as error:
        return Finding("P-09", title, "FAILED", {"problem": error.message, "error": error.code})
    able = [signer for signer in signers.signers if signer.find_fault(on=on) is None]
    people, n_answerable = {signer.who for signer in able}, len({signer.who for signer in able if signer.role in ANSWERABLE})
    if len(people) >= ENOUGH and n_answerable:
        return Finding("P-09", title, "PASSED", {"n_people": len(people), "n_answerable": n_answerable})
    why = "typed names stand in for signatures in a synthetic project" if project.is_synthetic else "until then nothing can be promoted"
    reason = f"{FILE} declares {len(people)} people with a key that is valid today, {n_answerable} of them {_either()}: {why}"
    return Finding("P-09", title, "NOT_APPLICABLE", {"n_people": len(people), "n_answerable": n_answerable, "reason": reason})


def check_answerable(found: Sequence[Signer]) -> None:
    """Refuse a promotion that nobody signed who answers for the model's use (R-31).

    Raises
    ------
    GateError
        TID616.
    """
    check_roles(signer.role for signer in found)


def check_roles(roles: Iterable[str]) -> None:
    """Refuse roles of which none answers for a model's use (R-31).

    Raises
    ------
    GateError
        TID616.
    """
    if not any(role in ANSWERABLE for role in roles):
        raise GateError(
            "TID616",
            f"nobody who signed answers for the model's use: one signs as {_either()}, and so acknowledges what is found and missed at "
            f"each capacity. Let them sign with a key of their own, declared with that role in {FILE}.",
        )


def _either() -> str:
    return " or ".join(sorted(ANSWERABLE))


def same_person(name: str) -> str:
    """Spell a person one way.

    >>> same_person("  Kari  NORDMANN ")
    'kari nordmann'
    """
    return " ".join(name.split()).casefold()


def encode_public_key(key: Ed25519PublicKey) -> str:
    """Write a public key as it stands in `signers.toml`: ``ed25519:`` and the 32 bytes in base64."""
    return PREFIX + base64.b64encode(key.public_bytes_raw()).decode("ascii")


def decode_public_key(text: str) -> Ed25519PublicKey:
    """Read a public key.

    Raises
    ------
    ValueError
        When it is none.
    """
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a public key is {PREFIX!r} and 32 bytes in base64, as `tidlig models new-key` prints it")
    return Ed25519PublicKey.from_public_bytes(raw)


def fingerprint(public_key: str) -> str:
    """Name a public key: the first 16 hex digits of the SHA-256 of its bytes."""
    return hashlib.sha256(decode_public_key(public_key).public_bytes_raw()).hexdigest()[:16]
