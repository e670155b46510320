"""Who sees what is kept of them by logging in, and until when a guardian answers for a child."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Strict

YOUNGEST_ALONE = 10
OF_AGE = 18


class Citizens(Strict):
    """Logins of young people and guardians. The ages are the deployer's to set: have them checked by whoever answers for privacy there."""

    alone_from: int = Field(default=15, ge=YOUNGEST_ALONE, le=OF_AGE)
    """From this age somebody sees their own report by logging in; younger ones through a guardian, or on paper. [to verify]"""
    guardians_until: int = Field(default=15, ge=YOUNGEST_ALONE, le=OF_AGE)
    """Up to this age, itself not included, a guardian sees the guardian's report and may object. [to verify]"""
    guardians: str | None = None
    """Extract with who has parental responsibility for whom: a CSV file with `child`, `guardian` and `valid_to`, read by `tidlig identities
    fill` into the identity vault and nowhere else. None: guardians do not log in here."""
    guardians_days: int = Field(default=31, ge=1, le=366)
    """An extract that was read longer ago than this says nothing any more: who has parental responsibility changes."""

    @model_validator(mode="after")
    def _nobody_is_left_out(self) -> Self:
        if self.guardians_until < self.alone_from:
            raise ValueError("`guardians_until` lies below `alone_from`: between the two nobody could log in for a young person")
        return self
