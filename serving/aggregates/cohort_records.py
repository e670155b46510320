"""What is told of a cohort that was screened, written down once, as it is screened: how many of each municipality, and what raised most.

Nothing is told later from what lies sealed in cases: no case has to be opened to count it, and nobody who is erased shows by a figure that
moved. The reasons are those that any reviewer may see, of all municipalities together, and only as a coarse share of many people: whoever
knows some of the proposed, and why they were, learns next to nothing of the others (docs/decisions/0047).
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from features.declarations.project import Project
from features.small_cells import SMALLEST_CELL, SMALLEST_SECTOR_CELL
from models.disclosure import visible_reasons
from serving.aggregates.overview import hide_small
from serving.cases.proposal import Proposal

FEWEST_PROPOSED = 2 * SMALLEST_SECTOR_CELL
"""Proposals of a screening from which on anything is told of their reasons."""


class Share(StrEnum):
    """How many of the proposed a reason raised the proposal of."""

    MOST = "most"
    """Two thirds or more."""
    MANY = "many"
    """A third or more; where that could not be told from `MOST` with room enough, these too."""


@dataclass(frozen=True)
class RaisedOften:
    """An indicator that raised the proposals of many."""

    indicator: str
    share: Share


@dataclass(frozen=True)
class CohortRecord:
    """What is told of one screening."""

    screened: dict[str, int | None]
    """Municipality -> people screened; None is a small number, or one that would give another away."""
    raised: tuple[RaisedOften, ...] | None
    """None where too few were proposed to tell anything of their reasons."""


def build_record(screened: Mapping[str, int], proposals: Sequence[Proposal]) -> CohortRecord:
    """Build what may be told of a screening.

    Parameters
    ----------
    screened
        People scored in each municipality, protected addresses left out.
    proposals
        What was proposed, protected addresses left out.
    """
    counts = Counter(code for proposal in proposals for code in _raising(proposal))
    return CohortRecord(hide_small(dict(screened)), raised_often(counts, n_proposed=len(proposals)))


def raised_often(counts: Mapping[str, int], *, n_proposed: int) -> tuple[RaisedOften, ...] | None:
    """Name what raised many proposals, those of most people first and then by code, so that the order tells nothing more.

    Every share stands for a range of numbers of people at least `SMALLEST_CELL` wide, the unnamed included; what is named was seen of ten
    people or more.

    Examples
    --------
    >>> [(one.indicator, one.share.value) for one in raised_often({"absence": 25, "grades": 14, "moved": 4}, n_proposed=30)]
    [('absence', 'most'), ('grades', 'many')]
    >>> raised_often({"absence": 12}, n_proposed=12) is None
    True
    """
    if n_proposed < FEWEST_PROPOSED:
        return None
    many = max(SMALLEST_SECTOR_CELL, -(-n_proposed // 3))
    most = -(-2 * n_proposed // 3)
    if most - 1 - many < SMALLEST_CELL:
        most = n_proposed + 1
    named = [(Share.MOST if n >= most else Share.MANY, code) for code, n in counts.items() if n >= many]
    return tuple(RaisedOften(code, share) for share, code in sorted(named, key=lambda one: (one[0] is not Share.MOST, one[1])))


def record_path(project: Project, screening_id: str) -> Path:
    """Say where a screening's record is kept."""
    return project.var / "cohorts" / f"{screening_id}.json"


def write_record(project: Project, screening_id: str, record: CohortRecord) -> None:
    """Keep a record; a screening that was interrupted and is done again writes it anew."""
    path = record_path(project, screening_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(4)}.draft")
    raised = None if record.raised is None else [[one.indicator, one.share.value] for one in record.raised]
    draft.write_text(json.dumps({"screened": record.screened, "raised": raised}), encoding="utf-8")
    draft.replace(path)


def find_record(project: Project, screening_id: str) -> CohortRecord | None:
    """Read a screening's record; None of one that was screened before they were kept."""
    path = record_path(project, screening_id)
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    raised = None if found["raised"] is None else tuple(RaisedOften(code, Share(share)) for code, share in found["raised"])
    return CohortRecord(found["screened"], raised)


def _raising(proposal: Proposal) -> Iterable[str]:
    """List the indicators that raised a proposal as any reviewer sees it: nothing that another service holds in confidence, no gap."""
    reasons = proposal.reasons if proposal.seen is None else proposal.seen.reasons
    seen = visible_reasons(reasons, services_of_reader=frozenset())
    return {reason.indicator for reason in seen if reason.indicator and reason.direction == "raises" and not reason.is_missing}
