"""Release gate on proxies of protected attributes (R-13)."""

from __future__ import annotations

from collections.abc import Callable

from features.findings import Evidence, Finding
from models.intervals import Interval
from training.evaluation.proxies import PROXY_AUC, Ablation, ProxyTest

TITLE = "No proxy that the model could do without"
CARRIES = 0.02
"""AUC of telling a protected value that at least goes with an indicator: then it is this very one that carries the proxy."""
ADDS_NOTHING = 0.002
"""AUC of the outcome that at most goes with it: less than a fifth of what a rung needs to earn its place."""


def proxy_gate(found: ProxyTest, *, relearnt_loss: Callable[[str], Interval]) -> Finding:
    """G-19: does the model use an indicator that tells a protected attribute and adds nothing to the model?

    Parameters
    ----------
    relearnt_loss
        Indicator -> AUC that the chosen rung loses without it, learnt anew; asked only before the gate fails, since it takes time.

    Notes
    -----
    Much that helps to find who needs help also tells who people are; that alone is no fault, and G-05 and G-06 ask what it does to groups.
    A fault is to use an indicator of which only the second is true: there is nothing to weigh against it (§ 9 of the discrimination act,
    data minimisation). An indicator that the model does not use is told of: it may as well not be loaded.
    """
    if found.reason:
        not_asked: dict[str, Evidence] = {"not_asked": True} if found.is_undeclared else {}
        return Finding("G-19", TITLE, "NOT_APPLICABLE", {"reason": found.reason, **not_asked})
    if not found.proxies:
        return Finding(
            "G-19", TITLE, "NOT_APPLICABLE", {"reason": "no value of an attribute has enough people to ask", **_not_asked(found)}
        )
    flagged = [proxy for proxy in found.proxies if proxy.is_flagged]
    idle = [
        f"{one.indicator} ({proxy.attribute} = {proxy.value})"
        for proxy in flagged
        for one in proxy.ablations
        if one.is_used and _carries(one) and _adds_nothing(one.model_loss) and _adds_nothing(relearnt_loss(one.indicator))
    ]
    unused = sorted({one.indicator for proxy in flagged for one in proxy.ablations if not one.is_used})
    evidence: dict[str, Evidence] = {
        "n_asked": len(found.proxies),
        "bound": PROXY_AUC,
        "flagged": ", ".join(f"{proxy.attribute} = {proxy.value} (AUC {proxy.auc.estimate:.2f})" for proxy in flagged),
        "to_leave_out": ", ".join(idle),
        "loaded_and_not_used": ", ".join(unused),
        **_not_asked(found),
    }
    return Finding("G-19", TITLE, "FAILED" if idle else "PASSED", evidence)


def _carries(one: Ablation) -> bool:
    return one.proxy_loss.low > CARRIES


def _adds_nothing(loss: Interval) -> bool:
    return loss.high < ADDS_NOTHING


def _not_asked(found: ProxyTest) -> dict[str, Evidence]:
    return {"too_few_people": ", ".join(found.not_asked)} if found.not_asked else {}
