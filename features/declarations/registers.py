"""Registers that may not follow up an individual: what each is kept for, and what it is refused for here.

A service's own case system is the source for screening. A register kept for statistics and research may teach or audit where the purpose
has a basis that covers it, and never scores anybody; one that holds no persons gives no rows about persons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from features.declarations.catalogue import Source
from features.findings import Finding


class KeptFor(StrEnum):
    """What a register may be used for."""

    STATISTICS = "statistics"
    """Persons are in it, for statistics and research only."""
    AGGREGATES = "aggregates"
    """It counts, and holds no person."""
    ANONYMOUS = "anonymous"
    """Answers given without a name: never to be joined to a person."""


@dataclass(frozen=True)
class Register:
    """A register that is refused for something.

    `names` are matched as whole words in what a source says of itself. `mark` says how sure we are: S read in a public page,
    M from memory, to be verified before it is quoted as a fact.
    """

    title: str
    names: tuple[str, ...]
    kept_for: KeptFor
    why: str
    mark: str


REGISTERS: tuple[Register, ...] = (
    Register(
        "Kommunalt pasient- og brukerregister (KPR, with KUHR)",
        ("kpr", "kuhr", "kommunalt pasient"),
        KeptFor.STATISTICS,
        "kept for statistics and research by the institute of public health; not for following up individuals",
        "M; S for who keeps it: helsedirektoratet.no",
    ),
    Register(
        "Norsk pasientregister (NPR)",
        ("npr", "norsk pasientregister"),
        KeptFor.STATISTICS,
        "kept for statistics and research; not for following up individuals",
        "M",
    ),
    Register(
        "Legemiddelregisteret (LMR)",
        ("lmr", "legemiddelregisteret"),
        KeptFor.STATISTICS,
        "kept for statistics and research; prescriptions are on the hard deny-list besides",
        "M",
    ),
    Register(
        "Barnevernsregisteret",
        ("barnevernsregisteret", "barnevernsregister"),
        KeptFor.STATISTICS,
        "fed every day by the case systems since 2023, for statistics and research only; the municipality's case system is the source",
        "S: bufdir.no",
    ),
    Register(
        "Nasjonal utdanningsdatabase (NUDB)",
        ("nudb", "nasjonal utdanningsdatabase"),
        KeptFor.STATISTICS,
        "Statistics Norway's database for statistics and research; schools' and counties' own systems are the source",
        "M",
    ),
    Register(
        "FD-Trygd",
        ("fd trygd", "fdtrygd"),
        KeptFor.STATISTICS,
        "Statistics Norway's event database for statistics and research; NAV's own systems are the source",
        "M",
    ),
    Register(
        "microdata.no",
        ("microdata", "microdata no", "mikrodata"),
        KeptFor.STATISTICS,
        "analysis on protected statistics data; rows about persons never leave it",
        "M",
    ),
    Register(
        "Elevundersøkelsen",
        ("elevundersokelsen", "elevundersøkelsen"),
        KeptFor.ANONYMOUS,
        "pupils answer without a name and were told so; survey answers are on the hard deny-list besides",
        "M",
    ),
    Register("Ungdata", ("ungdata",), KeptFor.ANONYMOUS, "young people answer without a name", "M"),
    Register("Grunnskolens informasjonssystem (GSI)", ("gsi",), KeptFor.AGGREGATES, "counts by school", "M"),
    Register("Barnehage-statistikk-innrapporteringsløsning (BASIL)", ("basil",), KeptFor.AGGREGATES, "counts by kindergarten", "M"),
    Register("KOSTRA", ("kostra",), KeptFor.AGGREGATES, "municipalities' reports, counts by municipality", "M"),
)


def find_register(text: str) -> Register | None:
    """Find the refused register that a text names, or None.

    >>> find_register("Uttrekk fra FD-Trygd 2025").title
    'FD-Trygd'
    >>> find_register("Flyt Barnevern") is None
    True
    """
    words = f" {_words(text)} "
    return next((register for register in REGISTERS if any(f" {_words(name)} " in words for name in register.names)), None)


def register_problems(sources: Iterable[Source]) -> Iterator[str]:
    """Say what is wrong with where sources come from; nothing when every one may be used as it declares."""
    for source in sources:
        register = _register_of(source)
        problem = None if register is None else _problem(source, register)
        if problem is not None:
            yield f"source {source.name}: {problem}"


def unnamed_sources(sources: Iterable[Source]) -> list[str]:
    """List the sources that do not say where they come from: a register that goes unnamed can't be refused."""
    return [source.name for source in sources if not source.registers]


def register_finding(sources: Iterable[Source]) -> Finding:
    """Say how many sources do not name where they come from; with real people's data such a project is not even read (TID122)."""
    title, unnamed = "Every source names the register or system it comes from", unnamed_sources(sources)
    if not unnamed:
        return Finding("C-12", title, "PASSED")
    why = "these people come from no register of their own; with real people's data each source names its `registers` (TID122)"
    return Finding("C-12", title, "NOT_APPLICABLE", {"n_unnamed": len(unnamed), "why": why})


def _register_of(source: Source) -> Register | None:
    said = (*source.registers, source.name, *(PurePath(file).stem for file in source.files))
    return next((found for text in said if (found := find_register(text)) is not None), None)


def _problem(source: Source, register: Register) -> str | None:
    if register.kept_for is not KeptFor.STATISTICS:
        return f"{register.title} gives no rows about persons ({register.why}). Leave it out"
    if "score" in source.purposes:
        return (
            f"{register.title} may not score anybody: {register.why}. Take the records from the service's own system, or leave 'score' out "
            "of the source's `purposes`"
        )
    if source.legal_basis is None:
        return f"{register.title} is {register.why}. Training or auditing on it needs the source's own `legal_basis`: record it"
    return None


def _words(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
