"""Release gate: do individual scores find more people than visiting places or using practitioners' rules would?"""

from __future__ import annotations

from features.findings import Evidence, Finding
from training.evaluation.targeting import PERSONAL, RULES, SCORES, Ways, not_clearly_beaten

TITLE = "Individual scores reach more than simpler targeting"


def targeting_gate(ways: Ways, *, chosen: str) -> Finding:
    """G-25: is there a simpler way that reaches about as many? The evidence names the rung that is proposed then.

    Notes
    -----
    A way is beaten when the paired 95 % interval of the scores' gain in people reached lies above zero. The first one, from the simplest
    up, that is not beaten is proposed: scoring persons has to earn its place (R-15).
    """
    evidence: dict[str, Evidence] = {"scores_of": ways.rung, "share_visited": round(float(ways.tops.shares[0]), 4)}
    if chosen not in PERSONAL:
        reason = f"the chosen rung, {chosen}, scores no person: it is simpler targeting itself"
        return Finding("G-25", TITLE, "NOT_APPLICABLE", {**evidence, "reason": reason})
    if not ways.simpler:
        return Finding("G-25", TITLE, "NOT_APPLICABLE", {**evidence, "reason": "the project has neither places nor rules to compare with"})
    for name in (*ways.simpler, SCORES):
        evidence |= _figures(f"reached_by_{name}", ways, name)
    level = not_clearly_beaten(ways, 0)
    if not level:
        return Finding("G-25", TITLE, "PASSED", evidence)
    proposed: dict[str, Evidence] = {"proposed": level[0], "proposed_rung": RULES if level[0] == RULES else "area"}
    return Finding("G-25", TITLE, "FAILED", {**evidence, **proposed, "not_clearly_beaten": ", ".join(level)})


def _figures(name: str, ways: Ways, way: str) -> dict[str, Evidence]:
    reached = ways.recall(way, 0)
    found: dict[str, Evidence] = {name: None if reached is None else round(reached.estimate, 4)}
    gain = None if way == SCORES else ways.gain(way, 0)
    if gain is not None:
        found |= {f"gain_over_{way}_low": round(gain.low, 4), f"gain_over_{way}_high": round(gain.high, 4)}
    return found
