"""Whether a model's gates let it serve: nothing signs past a failed gate, and two of them ask for a justification (R-12)."""

from __future__ import annotations

from collections.abc import Iterable

from features.errors import GateError
from features.findings import Finding
from models.bundle import Bundle
from models.promotion.steps import gates_not_asked

JUSTIFIABLE = ("G-05", "G-06")
"""Gates whose failure a signed and dated justification can answer for (R-12, the discrimination act's § 9 test); no other can be."""
MIN_JUSTIFICATION = 30


def failed_gates(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Codes of the gates that failed, each once."""
    return tuple(sorted({finding.code for finding in findings if finding.is_failed}))


def must_be_justified(findings: Iterable[Finding]) -> bool:
    """Whether a step needs words on why it is lawful all the same: a gate failed, or nobody let it be asked."""
    found = tuple(findings)
    return bool(failed_gates(found) or gates_not_asked(found))


def check_gates(bundle: Bundle, *, justification: str | None) -> None:
    """Refuse a model with a failed gate, unless it is one that a signed justification answers for.

    A gate that nobody let be asked is answered for in the same way: without a valid audit purpose no difference between groups can fail.

    Raises
    ------
    GateError
        TID603 a gate failed that nothing answers for, TID604 a group gate failed, or was not asked, and there is no justification.
    """
    failed = failed_gates(bundle.card.gates)
    if set(failed) - set(JUSTIFIABLE):
        raise GateError(
            "TID603",
            f"{bundle.name} failed {_titles(bundle)}. The figures stand in its card. It can't serve: change what the gate points at and "
            "train again.",
        )
    not_asked = gates_not_asked(bundle.card.gates)
    if (failed or not_asked) and len((justification or "").strip()) < MIN_JUSTIFICATION:
        said = f"failed {_titles(bundle)}: it treats groups differently" if failed else f"was never asked {', '.join(not_asked)}"
        mend = "Mend that" if failed else "Declare a valid audit purpose and [groups], and train again"
        raise GateError(
            "TID604",
            f"{bundle.name} {said}. {mend}, or give --justify with the reason why it may serve all the same ({MIN_JUSTIFICATION} "
            "characters or more; R-12); it expires after six months.",
        )


def _titles(bundle: Bundle) -> str:
    return "; ".join(sorted({f"{gate.code} {gate.title}" for gate in bundle.card.gates if gate.is_failed}))
