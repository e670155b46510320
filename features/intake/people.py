"""From raw identifiers to subjects: who is known already, who is new, and which codes they get."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.intake.columns import NO_DAY
from features.intake.identifiers import UNKNOWN, IdentifierTable, as_texts
from features.intake.mapping import Mapping, random_ids, shuffled_codes
from features.intake.pseudonyms import group_pseudonym_of, pseudonyms_of
from features.intake.roster import Roster
from features.keys import KeyRing, TokenBytes
from features.manifest import StorePurpose
from features.store import SUBJECT_SCHEMA

HIDDEN = -1


@dataclass
class People:
    """Everybody in this ingest, numbered; the mapping as it will be after it.

    `links[number]` is the random link of person `number`. Numbers live in memory and in the ingest's own working folder only.
    """

    mapping: Mapping
    links: list[str]
    keys: KeyRing
    synthetic: bool
    new_links: frozenset[str]
    table: IdentifierTable
    born_on: NDArray[np.int32]
    """By number; `NO_DAY` where it is not known."""
    removed: dict[StorePurpose, list[int]] = field(default_factory=dict)
    """Person codes of those who became strictly confidential: they leave the store, with all their records."""
    _strangers: set[str] = field(default_factory=set)
    """Identifiers that have been looked for in vain."""
    _adopted: dict[str, int] = field(default_factory=dict)
    _adopted_table: IdentifierTable = field(default_factory=lambda: IdentifierTable({}))
    _codes: dict[StorePurpose, NDArray[np.int32]] = field(default_factory=dict)

    def find_numbers(self, column: pa.ChunkedArray) -> NDArray[np.int32]:
        """Number of each row's person; `HIDDEN`, or `identifiers.UNKNOWN` or `MISSING`. Shape (n_rows,).

        People that no persons source has *any more* but the mapping has are known.
        """
        numbers = self.table.find(column)
        unknown = numbers == UNKNOWN
        if unknown.any():
            rest = column.filter(pa.array(unknown))
            self._adopt(rest)
            numbers[unknown] = self._adopted_table.find(rest)
        return numbers

    def codes(self, purpose: StorePurpose) -> NDArray[np.int32]:
        """Person code of each number in one purpose's store, -1 where it has none."""
        codes = self._codes.get(purpose)
        if codes is None or len(codes) < len(self.links):
            known = 0 if codes is None else len(codes)
            more = self.mapping.persons_of(purpose, self.links[known:])
            codes = more if codes is None else np.append(codes, more)
            self._codes[purpose] = codes
        return codes

    def _adopt(self, column: pa.ChunkedArray) -> None:
        """Look in the mapping for identifiers that have not been looked for yet."""
        texts = {text for piece in column.chunks for text in pc.unique(as_texts(_plain(piece))).to_pylist() if text is not None}
        raw = sorted(texts - self._strangers - self._adopted.keys())
        for one, link in zip(raw, find_links(raw, self.mapping, self.keys, synthetic=self.synthetic), strict=True):
            if link is None:
                self._strangers.add(one)
            else:
                self._adopted[one] = len(self.links)
                self.links.append(link)
        if len(self.born_on) < len(self.links):
            self.born_on = np.append(self.born_on, np.full(len(self.links) - len(self.born_on), NO_DAY))
            numbers = np.fromiter(self._adopted.values(), dtype=np.int32)
            self._adopted_table = IdentifierTable.build(pa.array(self._adopted, pa.string()), numbers)


def link_people(
    roster: Roster,
    mapping: Mapping,
    keys: KeyRing,
    *,
    purposes: Sequence[StorePurpose],
    n_persons: MappingType[StorePurpose, int],
    synthetic: bool,
    token_bytes: TokenBytes,
) -> People:
    """Find everybody in the mapping, and give those who are new a link, and a subject id and a code for each of their purposes.

    Parameters
    ----------
    n_persons
        Codes given out so far, those of people since removed too: a code is never given out twice.
    """
    mapping, removed = _without_hidden(roster.hidden, mapping, keys, synthetic=synthetic)
    raw = roster.people["raw"].tolist()
    known = find_links(raw, mapping, keys, synthetic=synthetic)
    fresh = iter(random_ids(sum(link is None for link in known), token_bytes))
    links = [link if link is not None else next(fresh) for link in known]
    people = roster.people.assign(link=links)
    tables = [mapping.rows]
    for purpose in purposes:
        members = people[[purpose in several for several in people["purposes"]]]
        tables.append(_new_rows(members, mapping, keys, purpose, n_persons.get(purpose, 0), synthetic, token_bytes))
    rows = pd.concat([table for table in tables if len(table)] or [mapping.rows], ignore_index=True)
    rows = _with_lost_pseudonyms(rows, people, keys, purposes, synthetic=synthetic)
    rows = _with_groups(rows, people, keys, synthetic=synthetic).sort_values(["purpose", "person"], ignore_index=True)
    new_links = frozenset(link for link, before in zip(links, known, strict=True) if before is None)
    mapping = replace(mapping, rows=rows)
    return People(mapping, links, keys, synthetic, new_links, _everybody(roster), _days(roster.people["born_on"]), removed)


def _everybody(roster: Roster) -> IdentifierTable:
    """Who is known, and who may leave no trace."""
    raw = [*roster.people["raw"].tolist(), *roster.hidden]
    numbers = np.concatenate([np.arange(len(roster.people)), np.full(len(roster.hidden), HIDDEN)]).astype(np.int32)
    return IdentifierTable.build(pa.array(raw, pa.string()), numbers)


def _days(dates: pd.Series) -> NDArray[np.int32]:
    days = pa.array(dates, pa.date32(), from_pandas=True).cast(pa.int32())
    return np.asarray(pc.fill_null(days, int(NO_DAY)).to_numpy(), dtype=np.int32)


def _plain(piece: pa.Array) -> pa.Array:
    return piece.dictionary_decode() if pa.types.is_dictionary(piece.type) else piece


def subjects_of(purpose: StorePurpose, people: People, roster: Roster, before: pa.Table | None) -> pa.Table:
    """Build one purpose's subjects: what the roster says today, and for people it no longer has what was known before."""
    rows = people.mapping.of(purpose).sort_values("person", ignore_index=True)
    place = pd.Index(people.links[: len(roster.people)]).get_indexer(pd.Index(rows["link"]))
    is_listed = place >= 0
    facts = roster.people[["born_on", "shielded"]].astype(object).reindex(place)
    if not is_listed.all():
        earlier = (before.to_pandas() if before is not None else SUBJECT_SCHEMA.empty_table().to_pandas()).set_index("person")
        facts[~is_listed] = earlier.loc[rows.loc[~is_listed, "person"], ["born_on", "shielded"]].astype(object).to_numpy()
    return pa.table(
        {
            "person": pa.array(rows["person"].to_numpy(np.int32)),
            "subject_id": pa.array(rows["subject_id"].tolist(), pa.string()),
            "group": pa.array(_group_codes(rows)),
            "born_on": pa.array([None if pd.isna(day) else day for day in facts["born_on"]], pa.date32()),
            "shielded": pa.array([bool(flag) for flag in facts["shielded"]], pa.bool_()),
        },
        schema=SUBJECT_SCHEMA,
    )


def find_links(raw: Sequence[str], mapping: Mapping, keys: KeyRing, *, synthetic: bool) -> list[str | None]:
    """Link of each distinct raw identifier, None where nobody is mapped under it."""
    links: list[str | None] = [None] * len(raw)
    for purpose in mapping.rows["purpose"].unique():
        missing = [place for place, link in enumerate(links) if link is None]
        found = mapping.link_by_pseudonym[purpose]
        for place, one in zip(missing, pseudonyms_of((raw[m] for m in missing), keys.get_key(purpose), synthetic=synthetic), strict=True):
            links[place] = found.get(one)
    return links


def _new_rows(
    members: pd.DataFrame, mapping: Mapping, keys: KeyRing, purpose: StorePurpose, first: int, synthetic: bool, token_bytes: TokenBytes
) -> pd.DataFrame:
    new = members[~members["link"].isin(mapping.of(purpose)["link"])]
    first = max(first, mapping.n_persons(purpose))
    return pd.DataFrame(
        {
            "purpose": purpose,
            "key_id": keys.key_id(purpose) if len(new) else "",
            "pseudonym": pseudonyms_of(new["raw"], keys.get_key(purpose), synthetic=synthetic) if len(new) else [],
            "subject_id": random_ids(len(new), token_bytes),
            "person": shuffled_codes(first, len(new), token_bytes),
            "link": new["link"].to_numpy(),
            "group_pseudonym": None,
        }
    )


def _with_lost_pseudonyms(
    rows: pd.DataFrame, people: pd.DataFrame, keys: KeyRing, purposes: Sequence[StorePurpose], *, synthetic: bool
) -> pd.DataFrame:
    """Give people their pseudonym again who were in no source when a key was rotated, and whom another purpose has led back."""
    lost = rows["pseudonym"].isna() & rows["purpose"].isin(purposes)
    if not lost.any():
        return rows
    lost &= rows["link"].isin(people["link"])
    raw = people.set_index("link")["raw"]
    rows = rows.astype({"pseudonym": object})
    for purpose in rows.loc[lost, "purpose"].unique():
        mine = lost & (rows["purpose"] == purpose)
        rows.loc[mine, "pseudonym"] = pseudonyms_of(raw.loc[rows.loc[mine, "link"]], keys.get_key(purpose), synthetic=synthetic)
    return rows


def _with_groups(rows: pd.DataFrame, people: pd.DataFrame, keys: KeyRing, *, synthetic: bool) -> pd.DataFrame:
    """Set the group of everybody in today's roster; the others keep theirs."""
    grouped = people[people["group_raw"].notna()]
    if not len(grouped):
        return rows
    rows = rows.assign(group_pseudonym=rows["group_pseudonym"].astype(object))
    for purpose in rows["purpose"].unique():
        names = {raw: group_pseudonym_of(raw, keys.get_key(purpose), synthetic=synthetic) for raw in grouped["group_raw"].unique()}
        by_link = dict(zip(grouped["link"], grouped["group_raw"].map(names), strict=True))
        mine = (rows["purpose"] == purpose) & rows["link"].isin(by_link)
        rows.loc[mine, "group_pseudonym"] = rows.loc[mine, "link"].map(by_link)
    return rows


def _group_codes(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Name a group after its lowest person code, which stays when members join."""
    alone = rows["person"].astype("int64")
    lowest = rows.groupby("group_pseudonym")["person"].transform("min")
    return np.asarray(lowest.where(rows["group_pseudonym"].notna(), alone).to_numpy(), dtype=np.int32)


def _without_hidden(
    hidden: Sequence[str], mapping: Mapping, keys: KeyRing, *, synthetic: bool
) -> tuple[Mapping, dict[StorePurpose, list[int]]]:
    links = {link for link in find_links(hidden, mapping, keys, synthetic=synthetic) if link is not None}
    gone = mapping.rows["link"].isin(links)
    removed: dict[StorePurpose, list[int]] = {}
    for purpose, person in mapping.rows.loc[gone, ["purpose", "person"]].itertuples(index=False):
        removed.setdefault(purpose, []).append(int(person))
    return replace(mapping, rows=mapping.rows[~gone].reset_index(drop=True)), removed
