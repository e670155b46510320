"""What no domain person has approved yet: wording and directions marked as drafts, which real people's projects may not hold (R-19).

Whoever writes a sentence about a young person, or says which way an indicator may move a risk, decides something. A mark in the project's
files says that nobody competent has looked at it; invented and public data may be tried out with such drafts.
"""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.catalogue import Catalogue, Indicator
from features.declarations.reviewing import Services
from features.declarations.screening import Screening
from features.errors import ProjectError
from features.findings import Finding

SHOWN = 12
"""As many drafts as a message names; the rest it counts."""


def check_approved(screening: Screening, catalogue: Catalogue, services: Services, *, where: str) -> None:
    """Refuse a project with real people's data while something in it is a draft.

    Raises
    ------
    ProjectError
        TID123, naming what is a draft.
    """
    if screening.project.data != "real":
        return
    drafts = list(list_drafts(screening, catalogue, services))
    if drafts:
        more = f" and {len(drafts) - SHOWN} more" if len(drafts) > SHOWN else ""
        raise ProjectError(
            "TID123",
            f"{where} says data = 'real', and no domain person has approved {', '.join(drafts[:SHOWN])}{more}. Have each approved and take "
            "its mark away (`draft` of a wording, `direction_draft` of a direction), or work with synthetic or public data until then.",
        )


def approval_finding(screening: Screening, catalogue: Catalogue, services: Services) -> Finding:
    """Say how much is still a draft: the work to do before a project may hold real people's data."""
    title, n_drafts = "Every word and direction has been approved", sum(1 for _ in list_drafts(screening, catalogue, services))
    if not n_drafts:
        return Finding("C-11", title, "PASSED", {"n_drafts": 0})
    why = f"drafts may be tried out on {screening.project.data} data, and are refused with real people's (TID123)"
    return Finding("C-11", title, "NOT_APPLICABLE", {"n_drafts": n_drafts, "why": why})


def list_drafts(screening: Screening, catalogue: Catalogue, services: Services) -> Iterator[str]:
    """Name every wording and direction that is marked as a draft; of what is switched off too, since a switch is quickly turned."""
    for indicator in catalogue.declared.values():
        yield from _drafts_of(indicator)
    for stage in screening.stage:
        if stage.label.draft:
            yield f"the label of stage {stage.name}"
    for outcome in screening.outcome:
        if outcome.label.draft:
            yield f"the label of outcome {outcome.name}"
        if outcome.of_100.draft:
            yield f"`of_100` of outcome {outcome.name}"
    for service in services.service:
        if service.name.draft or service.answers.draft or service.helps_with.draft:
            yield f"the wording of service {service.code}"


def _drafts_of(indicator: Indicator) -> Iterator[str]:
    if indicator.label.draft:
        yield f"the label of {indicator.code}"
    if any(words.draft for words in indicator.level_labels.values()):
        yield f"the words for the levels of {indicator.code}"
    if indicator.meaning is not None and indicator.meaning.draft:
        yield f"the meaning of {indicator.code}"
    if indicator.direction is not None and indicator.direction_draft:
        yield f"the direction of {indicator.code}"
