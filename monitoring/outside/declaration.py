"""What somebody says of a model that another product serves: which it is, why it may be watched, and what its columns mean."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from features.declarations.catalogue import Sector, Strict, Wording
from features.declarations.watching import Thresholds
from features.errors import ProjectError, PurposeError
from monitoring.fairness.groups import MUNICIPALITY

Column = Annotated[str, Field(min_length=1, max_length=200)]


class OutsideModel(Strict):
    """The model, and who answers for it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,150}$")]
    version: str = Field(min_length=1, max_length=50)
    kind: str = Field(min_length=1, max_length=100)
    """What it is, such as *logistic regression*."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the file that serves, so that a report says which one it is about."""
    title: str = Field(min_length=1, max_length=200)
    controller: str = Field(min_length=1, max_length=200)
    synthetic: bool
    as_of: date
    """The day whose records were scored."""
    outcome: Wording
    population: Wording
    """Who was scored, such as *spring of grade 10*."""


class AuditBasis(Strict):
    """Why these rows may be read for audit."""

    legal_basis: str = Field(min_length=10, max_length=500)
    valid_to: date


class Columns(Strict):
    """Which column is what. Any other column is left unread."""

    probability: Column
    """Probability of the outcome, 0 to 1."""
    proposed: Column | None = None
    """Whether the person was proposed to anybody, true or false."""
    proposed_from: float | None = Field(default=None, gt=0, lt=1)
    """Instead of a column: everybody from this probability on was proposed."""
    threshold: float | None = Field(default=None, gt=0, lt=1)
    """Probability at which net benefit is read; `proposed_from` unless said."""
    outcome: Column | None = None
    """1 or 0, empty where it is not known yet."""
    municipality: Column | None = None
    groups: dict[Column, Wording] = Field(default_factory=dict)
    """Columns of audit groups, such as sex, with their labels."""
    features: dict[Column, Sector] = Field(default_factory=dict)
    """Columns that the model reads, with the sector that delivers each; compared with the reference."""

    @model_validator(mode="after")
    def _is_proposed_in_one_way(self) -> Self:
        if (self.proposed is None) == (self.proposed_from is None):
            raise ValueError("name the column `proposed` or give `proposed_from`, one of the two")
        return self

    @model_validator(mode="after")
    def _names_each_column_once(self) -> Self:
        single = (self.probability, self.proposed, self.outcome, self.municipality)
        named = [name for name in (*single, *self.groups, *self.features) if name is not None]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"a column is one thing; named twice: {', '.join(twice)}")
        if MUNICIPALITY in self.groups:
            raise ValueError(f"name the column of municipalities as `{MUNICIPALITY}`, not among the groups")
        return self


class Outside(Strict):
    """The whole file."""

    model: OutsideModel
    audit: AuditBasis
    columns: Columns
    thresholds: Thresholds = Thresholds()
    reference_season_days: int | None = Field(default=None, ge=1, le=60)
    """The reference's rows are of the same day of earlier years, give or take so many; where nothing is said, the report says that they may
    not be."""


def read_outside(path: Path, *, on: date) -> Outside:
    """Read and check the file.

    Raises
    ------
    ProjectError
        TID478 when it is not TOML or breaks its contract.
    PurposeError
        TID479 when the basis for audit has ended.
    """
    try:
        found = Outside.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError("TID478", f"{path} is not TOML in UTF-8: {error}.") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors(include_input=False))
        raise ProjectError("TID478", f"{path}: {problems}.") from error
    if on > found.audit.valid_to:
        raise PurposeError("TID479", f"{path}: the basis for audit ended on {found.audit.valid_to}. Renew it, or do not read these rows.")
    return found
