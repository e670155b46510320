"""The identity vault forgets who was erased, whoever erased them and whatever it holds."""

from __future__ import annotations

from sqlalchemy import select

from serving.identities.vault import IdentityVault
from serving.storage.database import Database
from serving.storage.tables import PersonKeyRow


def forget_erased(database: Database, vault: IdentityVault | None) -> None:
    """Remove everybody from the vault whose key was erased; nothing where there is no vault.

    A leader's erasure removes its person at once. This finds who left otherwise before the vault is filled anew: by a strictly confidential
    address, or as a backup was restored.
    """
    if vault is None:
        return
    with database.reading() as session:
        erased = session.scalars(select(PersonKeyRow.subject_id).where(PersonKeyRow.erased_at.is_not(None))).all()
    vault.remove(*erased)
