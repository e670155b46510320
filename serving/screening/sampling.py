"""Cases drawn at random: for a second reading of quality, and in study mode to be decided without the proposal (R-17, R-20)."""

from __future__ import annotations

from typing import Literal

from serving.person_keys import PersonKeys

Purpose = Literal["quality", "study"]


def is_drawn(keys: PersonKeys, *, purpose: Purpose, share: float, screening_id: str, subject_id: str) -> bool:
    """Answer whether this person's case in this screening is in the sample.

    The draw is a digest keyed with the service's key: the same again for the same screening, and foreseen by nobody who lacks the key. The
    two purposes are drawn independently of each other.

    Examples
    --------
    >>> keys = PersonKeys(bytes(32))
    >>> drawn = [is_drawn(keys, purpose="quality", share=0.05, screening_id="s", subject_id=str(n)) for n in range(10_000)]
    >>> 400 < sum(drawn) < 600
    True
    """
    mark = keys.mark(f"{screening_id}\n{subject_id}", of=f"sample:{purpose}")
    drawn: float = int(mark, 16) / 16.0 ** len(mark)
    return drawn < share
