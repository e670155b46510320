"""The mapping: which pseudonym is which subject, and which subjects of different purposes are one person. Intake alone holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError, PurposeError
from features.keys import KeyRing, TokenBytes
from features.manifest import Manifest, StorePurpose

SCHEMA = pa.schema(
    [
        ("purpose", pa.string()),
        ("key_id", pa.string()),
        ("pseudonym", pa.string()),
        ("subject_id", pa.string()),
        ("person", pa.int32()),
        ("link", pa.string()),
        ("group_pseudonym", pa.string()),
    ]
)
"""`link` is random and ties one person's subjects across purposes; `group_pseudonym` ties rows that are one human being."""

_RECORD_KEY = b"record_key"


@dataclass(frozen=True)
class Mapping:
    """The whole mapping in memory.

    Attributes
    ----------
    rows
        Columns of `SCHEMA`.
    record_key
        16 characters that records' own numbers are digested under; random, made with the first mapping.
    """

    rows: pd.DataFrame
    record_key: str

    def of(self, purpose: StorePurpose) -> pd.DataFrame:
        """Rows of one purpose."""
        return self.rows[self.rows["purpose"] == purpose]

    def n_persons(self, purpose: StorePurpose) -> int:
        """One more than the highest person code that has been given out and is still mapped."""
        persons = self.of(purpose)["person"]
        return int(persons.max()) + 1 if len(persons) else 0

    @cached_property
    def link_by_pseudonym(self) -> dict[StorePurpose, dict[str, str]]:
        """Link of each pseudonym, by purpose."""
        return {purpose: dict(zip(rows["pseudonym"], rows["link"], strict=True)) for purpose, rows in self._by_purpose}

    def persons_of(self, purpose: StorePurpose, links: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Person code of each link in one purpose's store, -1 where it has none."""
        if purpose not in self._person_by_link:
            return np.full(len(links), -1, dtype=np.int32)
        return self._person_by_link[purpose].reindex(list(links), fill_value=-1).to_numpy(np.int32)

    @cached_property
    def _person_by_link(self) -> dict[StorePurpose, pd.Series]:
        return {purpose: pd.Series(rows["person"].to_numpy(), index=pd.Index(rows["link"])) for purpose, rows in self._by_purpose}

    @property
    def _by_purpose(self) -> list[tuple[StorePurpose, pd.DataFrame]]:
        return [(purpose, self.of(purpose)) for purpose in self.rows["purpose"].unique()]

    def check_keys(self, keys: KeyRing) -> None:
        """Refuse to mix pseudonyms of two keys: the same person would become two.

        Raises
        ------
        PurposeError
            TID203 a key is missing, TID208 it is not the one that the mapping was made under.
        """
        for purpose, key_id in self.rows[["purpose", "key_id"]].drop_duplicates().itertuples(index=False):
            if keys.key_id(purpose) != key_id:
                raise PurposeError(
                    "TID208",
                    f"the key for the purpose {purpose!r} is {keys.key_id(purpose)}, but the store was made under {key_id}. Bring that key "
                    "back; `tidlig keys rotate` changes keys, and ends a rotation that was stopped.",
                )


def read_mapping(folder: Path, manifest: Manifest | None, *, token_bytes: TokenBytes) -> Mapping:
    """Read the mapping that the manifest names, or begin an empty one."""
    if manifest is None or manifest.mapping is None:
        return Mapping(SCHEMA.empty_table().to_pandas(), token_bytes(8).hex())
    return load_mapping(folder / manifest.mapping)


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    DataError
        TID405 when it does not read.
    """
    try:
        table = pq.read_table(path)
        return Mapping(table.cast(SCHEMA).to_pandas(), table.schema.metadata[_RECORD_KEY].decode())
    except (OSError, pa.ArrowException, KeyError, TypeError) as error:
        raise DataError("TID405", f"{path} does not read as the store's mapping. Restore `var/store` from a backup.") from error


def read_key_ids(folder: Path, manifest: Manifest | None) -> dict[StorePurpose, str]:
    """Name the keys that a store was made under, without reading a pseudonym.

    Raises
    ------
    DataError
        TID405 when the mapping does not read.
    """
    if manifest is None or manifest.mapping is None:
        return {}
    path = folder / manifest.mapping
    try:
        table = pq.read_table(path, columns=["purpose", "key_id"])
    except (OSError, pa.ArrowException) as error:
        raise DataError("TID405", f"{path} does not read as the store's mapping. Restore `var/store` from a backup.") from error
    pairs = table.group_by(["purpose", "key_id"]).aggregate([])
    return dict(zip(pairs["purpose"].to_pylist(), pairs["key_id"].to_pylist(), strict=True))


def write_mapping(path: Path, mapping: Mapping) -> None:
    """Write a mapping that its owner alone can read."""
    table = pa.Table.from_pandas(mapping.rows, schema=SCHEMA, preserve_index=False)
    path.touch(mode=0o600)
    pq.write_table(table.replace_schema_metadata({_RECORD_KEY: mapping.record_key.encode()}), path, compression="zstd")


def random_ids(count: int, token_bytes: TokenBytes) -> list[str]:
    """Draw `count` random ids of 128 bits, as 32 hex digits."""
    text = token_bytes(16 * count).hex()
    return [text[start : start + 32] for start in range(0, len(text), 32)]


def shuffled_codes(first: int, count: int, token_bytes: TokenBytes) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Give out the next codes in random order, so that a code does not tell where in a file a person stood."""
    generator = np.random.default_rng(int.from_bytes(token_bytes(16), "big"))
    return (first + generator.permutation(count)).astype(np.int32)
