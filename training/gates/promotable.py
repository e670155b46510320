"""Whether a model's gates let it serve: nothing signs past a failed gate, and two of them ask for a justification (R-12)."""

from __future__ import annotations

from features.errors import GateError
from models.bundle import Bundle
from training.gates.overall import JUSTIFIABLE, failed_gates

MIN_JUSTIFICATION = 30


def check_gates(bundle: Bundle, *, justification: str | None) -> None:
    """Refuse a model with a failed gate, unless it is one that a signed justification answers for.

    Raises
    ------
    GateError
        TID603 a gate failed that nothing answers for, TID604 a group gate failed and there is no justification.
    """
    failed = failed_gates(bundle.card.gates)
    if set(failed) - set(JUSTIFIABLE):
        raise GateError(
            "TID603",
            f"{bundle.name} failed {_titles(bundle)}. The figures stand in its card. It can't serve: change what the gate points at and "
            "train again.",
        )
    if failed and len((justification or "").strip()) < MIN_JUSTIFICATION:
        raise GateError(
            "TID604",
            f"{bundle.name} failed {_titles(bundle)}: it treats groups differently. Mend that, or give --justify with the reason why the "
            f"difference is lawful ({MIN_JUSTIFICATION} characters or more; R-12); it expires after six months.",
        )


def _titles(bundle: Bundle) -> str:
    return "; ".join(sorted({f"{gate.code} {gate.title}" for gate in bundle.card.gates if gate.is_failed}))
