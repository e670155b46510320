"""Roles that answer for a model, under the names that Norwegian services and `signers.toml` use; never a private person's name.

What each of them may do in the service is the service's to say; these are the ones that have something to answer for outside it too.
"""

from __future__ import annotations

from enum import StrEnum


class Responsible(StrEnum):
    """Roles that answer for an incident, and sign for a model or its reports."""

    MODEL_KEEPER = "modellforvalter"
    CONTROLLER = "dataansvarlig"
    DATA_PROTECTION_OFFICER = "personvernombud"
    LEADER = "leder"
    FAIRNESS_AUDITOR = "fairness-revisor"


ANSWERABLE = frozenset({Responsible.LEADER, Responsible.CONTROLLER})
"""Roles that answer for how a model is used. One of them signs each promotion: what is signed holds the table of what is found and missed
at each capacity, and the cut-offs, so that the signature acknowledges them (R-31)."""

AUDITORS = frozenset({Responsible.FAIRNESS_AUDITOR})
"""Roles that sign reports off: whoever keeps or uses the model does not audit it."""
