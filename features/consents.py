"""Who consented to what: the table of consents, and the store that shows no more than they allow (R-23).

Consents come from two places: those that a deployer's own system delivers (layout ``consents``; intake keeps them with the store) and those
that the review service registers (``var/exchange/consents.parquet``). Everything is coded; no free text. Absence of consent is never a
feature: `features.gate` makes somebody without consent look like somebody without records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.consent_table import CONSENTS, SECTOR, check_consents, exchange_path
from features.declarations.project import Project
from features.errors import PurposeError
from features.exchange import as_table, fit_table, read_table, write_table
from features.gate import ConsentGate, pair_keys
from features.intake.linkage import translate_subjects
from features.manifest import StorePurpose
from features.records import IN_FORCE, Days, day_number
from features.small_cells import shown_count
from features.store import EventStore, find_store_manifest, open_store, positions_that_need_consent, store_folder


def needing_consent(project: Project) -> tuple[str, ...]:
    """Codes of the indicators that are on and need consent."""
    return tuple(code for code, indicator in project.catalogue.indicators.items() if indicator.needs_consent)


def write_consents(project: Project, table: pd.DataFrame | pa.Table) -> None:
    """Replace the service's table of consents; what intake was delivered stays where it is.

    Raises
    ------
    DataError
        TID408 when a column is missing, unknown or of the wrong type.
    PurposeError
        TID221 when a row is no consent as `check_consents` wants it.
    """
    arrow = fit_table(as_table(table, CONSENTS), CONSENTS, place=str(exchange_path(project)))
    check_consents(project, arrow, place=str(exchange_path(project)))
    write_table(exchange_path(project), arrow, CONSENTS)


def read_consents(project: Project) -> pa.Table:
    """Read all consents, delivered and registered.

    Raises
    ------
    PurposeError
        TID220 when there is no list at all: not that nobody consents, but that nobody has said; TID221 a row is no consent.
    DataError
        TID408 when a list does not read.

    Notes
    -----
    A missing list stops the run (R-36). Going on as if nobody consented would be lawful, but would also hide that a list was lost, and a
    model trained that week would differ for no reason anybody could see. An empty list is a list.
    """
    paths = _lists(project)
    if not paths:
        raise PurposeError(
            "TID220",
            f"{', '.join(needing_consent(project))} may be used of people who consent only, and {project.root} has no list of consents. "
            'Declare a source with layout = "consents" (an empty file with its header says that nobody has), or let the review service '
            "register them. Until then switch these indicators off.",
        )
    tables = [read_table(path, CONSENTS) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        check_consents(project, table, place=str(path))
    return pa.concat_tables(tables)


def open_permitted_store(project: Project, purpose: StorePurpose, *, on: date) -> EventStore:
    """Open one purpose's store; of what needs consent it shows what the consents of this day allow.

    A record is seen on an as-of date when the person consented to it on that date and also consents today, for this purpose; the two need
    not be the same consent. A withdrawal counts for everything from its day on.

    Raises
    ------
    DataError
        TID402 when nothing has been ingested, TID408 when a list of consents does not read.
    PurposeError
        TID220, TID221 as `read_consents`; only where an indicator of this store needs consent.
    """
    store = open_store(project, purpose)
    gated = positions_that_need_consent(project, store.indicators)
    if not gated:
        return store
    told = _told(project, purpose, read_consents(project))
    return replace(store, gates=(_gate(project, store, gated, told, on=day_number(on)),))


@dataclass(frozen=True)
class ConsentCoverage:
    """How many people's consent an indicator can be used with today; small numbers are not told."""

    indicator: str
    people: str
    """Number of people, ``<5`` for a few."""


def consent_coverage(project: Project, purpose: StorePurpose, *, on: date) -> tuple[ConsentCoverage, ...]:
    """Say of every indicator that needs consent how many people of a store consent to its use on a day.

    Raises
    ------
    DataError, PurposeError
        As `open_permitted_store`.
    """
    store = open_permitted_store(project, purpose, on=on)
    found = []
    for gate in store.gates:
        if isinstance(gate, ConsentGate):
            found += [ConsentCoverage(store.indicators[place], shown_count(gate.n_people(place))) for place in gate.gated]
    return tuple(found)


def consent_lines(project: Project, *, on: date) -> tuple[str, ...]:
    """Say in a line for each store how many indicators need consent, and which of them can be used of nobody today.

    Raises
    ------
    DataError, PurposeError
        TID408 and TID221 as `read_consents`; a list that is not there yet is said in a line.
    """
    gated, manifest = needing_consent(project), find_store_manifest(project)
    if gated and not _lists(project):
        return (
            f"Indicators that need consent: {len(gated)}, and there is no list of consents: nothing is built until there is one (TID220).",
        )
    covered = {purpose: consent_coverage(project, purpose, on=on) for purpose in (manifest.purposes if manifest else ())}
    return tuple(_line(purpose, found) for purpose, found in covered.items() if found)


def _lists(project: Project) -> list[Path]:
    return [path for path in (delivered_path(project), exchange_path(project)) if path is not None and path.is_file()]


def _line(purpose: str, found: tuple[ConsentCoverage, ...]) -> str:
    unused = [one.indicator for one in found if one.people == "0"]
    told = ", ".join(f"{one.indicator} of {one.people} people" for one in found if one.people != "0")
    return f"Indicators that need consent ({purpose}): {len(found)}; " + "; ".join(
        [*([f"used are {told}"] if told else []), *([f"unused, since nobody consents today, are {', '.join(unused)}"] if unused else [])]
    )


def delivered_path(project: Project) -> Path | None:
    """Where intake keeps the delivered consents, None when no source delivers any."""
    manifest = find_store_manifest(project)
    return None if manifest is None or manifest.consents is None else store_folder(project) / manifest.consents


@dataclass(frozen=True, eq=False)
class _Told:
    """The rows for one purpose, as arrays."""

    person: NDArray[np.int32]
    scope: NDArray[np.str_]
    start: Days
    stop: Days
    withdrawn: Days

    def of(self, scopes: tuple[str, ...]) -> tuple[NDArray[np.int32], Days, Days, Days]:
        rows = np.isin(self.scope, scopes)
        return self.person[rows], self.start[rows], self.stop[rows], self.withdrawn[rows]


def _told(project: Project, purpose: StorePurpose, consents: pa.Table) -> _Told:
    """Take the rows of a purpose, with the person codes of its store; whoever is not in it is left out."""
    mine = consents.filter(pc.equal(consents["purpose"], purpose)).combine_chunks()
    known = translate_subjects(project, pc.unique(mine["subject_id"]).to_pylist(), from_purpose="score", to_purpose=purpose)
    place = pc.index_in(mine["subject_id"], pa.array(known["from_subject"], pa.string()))
    mine, place = mine.filter(pc.is_valid(place)), place.drop_null().to_numpy()
    withdrawn = mine["withdrawn_at"].cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.date32()).cast(pa.int32())
    return _Told(
        known["to_person"].to_numpy(np.int32)[place],
        mine["scope"].to_numpy().astype(np.str_),
        mine["valid_from"].cast(pa.int32()).to_numpy(),
        mine["valid_to"].cast(pa.int32()).to_numpy() + np.int32(1),
        pc.fill_null(withdrawn, IN_FORCE).to_numpy(),
    )


def _gate(project: Project, store: EventStore, gated: tuple[int, ...], told: _Told, *, on: int) -> ConsentGate:
    found = []
    for position in gated:
        code = store.indicators[position]
        scopes = (code, f"{SECTOR}{project.catalogue.sector_of(code).value}")
        person, start, stop = consent_periods(*told.of(scopes), on=on)
        found.append((pair_keys(np.full(len(person), position, dtype=np.int32), person), start, stop))
    pairs, start, stop = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return ConsentGate(gated, pairs, start, stop)


def consent_periods(
    person: NDArray[np.int32], start: Days, stop: Days, withdrawn: Days, *, on: int
) -> tuple[NDArray[np.int32], Days, Days]:
    """Put the consents of people to one thing together: what they cover, of people who consent on the day `on`.

    Parameters
    ----------
    start, stop
        First day and the first day after, int32 days since 1970-01-01, shape (n_consents,).
    withdrawn
        Day of the withdrawal, `IN_FORCE` where there is none.

    Returns
    -------
    tuple of arrays
        Person, start and stop of periods that neither touch nor overlap, sorted; shape (n_periods,).

    Notes
    -----
    Withdrawing ends every consent to this that the person gave up to that day, wherever it was registered; one given later stands.
    """
    stop = np.minimum(stop, _next_withdrawal(person, start, withdrawn))
    order = np.lexsort((start, person))
    order = order[start[order] < stop[order]]
    person, start, stop = person[order], start[order], stop[order]
    reach = np.maximum.accumulate(_on_a_line(person, stop))
    begins = np.append(True, _on_a_line(person[1:], start[1:]) > reach[:-1])[: len(person)]
    first = np.flatnonzero(begins)
    stop = np.maximum.reduceat(stop, first) if len(first) else stop
    person, start = person[first], start[first]
    consents = np.isin(person, person[(start <= on) & (on < stop)])
    return person[consents], start[consents], stop[consents]


def _next_withdrawal(person: NDArray[np.int32], start: Days, withdrawn: Days) -> Days:
    """First day on or after each start on which the same person withdrew, `IN_FORCE` where there is none."""
    rows = withdrawn < IN_FORCE
    line = np.sort(_on_a_line(person[rows], withdrawn[rows]))
    place = np.searchsorted(line, _on_a_line(person, start))
    found = np.append(line, np.iinfo(np.int64).max)[place]
    is_same = (found >> 32) == person
    return np.where(is_same, (found & (2**32 - 1)) - 2**31, IN_FORCE).astype(np.int32)


def _on_a_line(person: NDArray[np.int32], day: Days) -> NDArray[np.int64]:
    """Put all persons' days after one another, so that one search serves them all."""
    return (person.astype(np.int64) << 32) + day.astype(np.int64) + 2**31
