"""Which rung serves: the simplest one, unless a more complex one earns its place (R-15)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.intervals import Interval
from models.resampling import Resamples

MIN_AUC_GAIN = 0.01
WITHHELD_GAIN = "withheld, since it would give the number of a few people away (R-09); its 95 % interval has to lie above 0"


@dataclass(frozen=True)
class Comparison:
    """One step up the ladder and why it was taken or not."""

    candidate: str
    over: str
    auc_gain: Interval
    precision_gain: Interval
    accepted: bool

    def is_told(self, told: Collection[str]) -> bool:
        """Whether the gain in precision may be told: it gives the one rung's figure from the other's (R-09)."""
        return self.candidate in told and self.over in told

    def reasoning(self, told: Collection[str]) -> str:
        """One sentence for the card and the report; `told` are the rungs whose figures at capacity may be told."""
        verdict = "earns its place over" if self.accepted else "does not earn its place over"
        gain = self.precision_gain
        precision = f"{gain.estimate:+.3f}, 95 % interval {gain.low:+.3f} to {gain.high:+.3f} (has to lie above 0)"
        return (
            f"{self.candidate} {verdict} {self.over}: AUC gain {self.auc_gain.estimate:+.3f} (needs {MIN_AUC_GAIN:+.2f}), "
            f"gain in precision at capacity {precision if self.is_told(told) else WITHHELD_GAIN}."
        )


@dataclass(frozen=True)
class Selection:
    """The chosen rung and every comparison that led to it."""

    chosen: str
    comparisons: tuple[Comparison, ...]


def select_rung(ladder: Sequence[str], resamples: Resamples) -> Selection:
    """Climb the ladder from the simplest rung; a step is taken only when it clearly pays (R-15).

    A step needs both a gain in AUC of at least 0.01 and a gain in precision at capacity whose paired 95 % interval lies above zero.
    Each rung is compared with the one chosen so far, not with the one below it: a rung that failed is no rung to stand on.

    Notes
    -----
    The comparison is made on the test rows. Choosing among at most five rungs by a rule that favours the simplest one biases the chosen
    rung's figures very little, and the figures of all rungs are reported.
    """
    chosen, comparisons = ladder[0], []
    for candidate in ladder[1:]:
        comparison = compare(resamples, candidate, over=chosen)
        comparisons.append(comparison)
        chosen = candidate if comparison.accepted else chosen
    return Selection(chosen, tuple(comparisons))


def compare(resamples: Resamples, candidate: str, *, over: str) -> Comparison:
    """Compare two rungs by R-15."""
    auc_gain = resamples.gain(candidate, over, "auc")
    precision_gain = resamples.gain(candidate, over, "precision_at_capacity")
    accepted = auc_gain.estimate >= MIN_AUC_GAIN and precision_gain.low > 0
    return Comparison(candidate, over, auc_gain, precision_gain, accepted)
