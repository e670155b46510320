"""The lists that apply before anything is computed (R-08, R-22, R-36): who is left out, whose records need consent, who is shielded.

A feature table says which lists it was built under. One that was built under others than those of today may not be learnt from or shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.consents import open_permitted_store
from features.declarations.project import Project
from features.engine.table import FeatureTable
from features.errors import DataError
from features.gate import ConsentGate, PersonBar
from features.manifest import StorePurpose
from features.restrictions import KINDS, check_restrictions_there, restricted_persons
from features.small_cells import shown_count
from features.store import EventStore

NONE_NEEDED = "none needed"
_COUNTED = tuple(kind for kind in KINDS if kind != "address_protection")
"""Whose address is protected has no counter anywhere, so not here either (R-08)."""


@dataclass(frozen=True, eq=False)
class AppliedLists:
    """The lists of one day, as they apply to one purpose's store.

    Attributes
    ----------
    store
        Shows no record that needs a consent which is not there.
    restricted
        Person codes of those who are left out of everything, sorted.
    facts
        For a feature table: the day, SHA-256 over what of each list applied, and how many people it is about, small numbers not told.
    """

    store: EventStore
    restricted: NDArray[np.int32]
    facts: dict[str, str]


def apply_lists(project: Project, purpose: StorePurpose, *, on: date) -> AppliedLists:
    """Read the lists of a day and open the purpose's store under them.

    Raises
    ------
    DataError
        TID402 when nothing has been ingested, TID408 when a list does not read, TID456 when the list of restrictions is gone.
    PurposeError
        TID220, TID221 when an indicator needs consent and there is no list, or it holds rows that are no consents.
    """
    check_restrictions_there(project)
    store = open_permitted_store(project, purpose, on=on)
    restricted = restricted_persons(project, purpose, on=on)
    counted = restricted_persons(project, purpose, on=on, kinds=_COUNTED) if len(restricted) else restricted
    facts = {
        "lists_of": on.isoformat(),
        "restrictions": hashlib.sha256(restricted.tobytes()).hexdigest(),
        "n_restricted": shown_count(len(counted)),
        "consents": NONE_NEEDED,
    }
    return AppliedLists(store, restricted, facts | _consent_facts(store))


def _consent_facts(store: EventStore) -> dict[str, str]:
    gates = [gate for gate in store.gates if isinstance(gate, ConsentGate)]
    if not gates:
        return {}
    digest = hashlib.sha256()
    for gate in gates:
        digest.update("\n".join(store.indicators[position] for position in gate.gated).encode())
        # Only people count, not where an indicator stands in the catalogue.
        place = np.searchsorted(np.array(gate.gated), gate.pairs >> 32)
        for column in (place.astype(np.int64), gate.pairs & (2**32 - 1), gate.start, gate.stop):
            digest.update(column.tobytes())
    people = np.unique(np.concatenate([gate.pairs & (2**32 - 1) for gate in gates]))
    return {"consents": digest.hexdigest(), "n_consenting": shown_count(len(people))}


def is_current(project: Project, purpose: StorePurpose, table: FeatureTable, *, on: date) -> bool:
    """Whether a table was built under the lists as they apply on a day, and of nobody who has left the store since.

    Raises
    ------
    DataError, PurposeError
        As `apply_lists`.
    """
    now = apply_lists(project, purpose, on=on)
    same = all(table.facts.about.get(name) == now.facts[name] for name in ("restrictions", "consents"))
    return same and bool(table.keys["subject_id"].isin(now.store.subjects()["subject_id"]).all())


def check_current(project: Project, purpose: StorePurpose, table: FeatureTable, *, on: date) -> None:
    """Refuse a table that was built before somebody objected, withdrew a consent or had to leave the store (R-36).

    Raises
    ------
    DataError
        TID457, and as `apply_lists`.
    PurposeError
        As `apply_lists`.
    """
    if not is_current(project, purpose, table, on=on):
        day = table.facts.about.get("lists_of", "no day")
        raise DataError(
            "TID457",
            f"{table.folder} was built under the lists of objections and consents of {day}, which are not those of {on}. Build it again; "
            "nothing is computed from it (R-36).",
        )


def without_protected_area(project: Project, store: EventStore) -> EventStore:
    """Give a store that does not show where people with a protected address live; feature tables are built from it (R-08)."""
    area = project.screening.municipality_indicator
    subjects = store.subjects()
    shielded = subjects.loc[subjects["shielded"], "person"].to_numpy(np.int32)
    if area not in store.indicators or not len(shielded):
        return store
    return replace(store, gates=(*store.gates, PersonBar(store.indicators.index(area), shielded)))
