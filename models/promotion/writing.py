"""Write the promotions' ledger: one step at a time, with its signatures, and the head file after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from features.declarations.project import Project
from features.ledger import Entry
from models.promotion.ledger import ACTIONS, last_entry, ledger_of, read_promotions
from models.promotion.signatures import Signature
from models.promotion.steps import Step

ACTOR = "training.registry"
"""Who writes the ledger, whichever command or page lets it; what is in it was signed by people."""
JUSTIFIED_DAYS = 183
"""A justification of a difference between groups expires after six months (R-12)."""


@dataclass(frozen=True)
class Signed:
    """Who answers for a step: signatures, or the typed names of a synthetic project, which prove nothing."""

    signatures: tuple[Signature, ...] = ()
    typed: tuple[str, ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether nobody really signed."""
        return not self.signatures

    @property
    def people(self) -> tuple[str, ...]:
        """Names for the ledger, each once."""
        names = self.typed if self.is_simulated else tuple(signature.person for signature in self.signatures)
        return tuple(sorted({name.strip() for name in names}))


def justified_until(now: datetime) -> date:
    """Last day of a justification signed now."""
    return (now + timedelta(days=JUSTIFIED_DAYS)).date()


@contextmanager
def one_step_at_a_time(project: Project) -> Iterator[None]:
    """Keep other promotions and rollbacks of the project waiting: a signature names the step before its own."""
    with ledger_of(project).writing():
        yield


def record_step(project: Project, step: Step, signed: Signed, *, now: datetime, justified: date | None = None) -> Entry:
    """Write a step, who signed it and why.

    Parameters
    ----------
    justified
        Last day of the justification; None where nothing had to be justified.
    """
    before = last_entry(read_promotions(project), step.model)
    public: dict[str, Any] = {
        **{name: value for name, value in step.as_dict().items() if name != "after"},
        "before": None if before is None else before.public["version"],
        "signers": list(signed.people),
        "simulated": signed.is_simulated,
        "synthetic": project.is_synthetic,
        "justification_expires_on": None if justified is None else justified.isoformat(),
        "signatures": [signature.as_dict() for signature in signed.signatures],
    }
    return ledger_of(project).append(recorded_at=now, actor=ACTOR, action=ACTIONS[step.action], purpose="train", public=public)
