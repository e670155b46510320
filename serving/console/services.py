"""Which of the local services a case's page shows first: those that belong to the reasons which the reader sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from features.declarations.project import Project
from serving.cases.pages import ProposalView, ReasonLine, ServiceLine

SHOWN_FIRST = 4
"""Services that stand open on the page; the others are behind one click."""

MOST_OF_A_SECTOR = 2
"""Services of one sector among the first, while other sectors have something to offer."""


def relevant_first(project: Project, view: ProposalView) -> tuple[list[ServiceLine], list[ServiceLine]]:
    """Split a case's services into the few that fit its visible reasons and the others, each in the order of ``services.toml``.

    A function of what this reader is shown and of nothing else: a service that stands first can't tell of a hidden reason (R-06).
    """
    sectors = {service.code: [s.value for s in service.sectors] for service in project.services.service}
    chosen = _choose(view.services, _sectors_of(view.raises), sectors)
    chosen |= {line.service for line in view.raises if line.service is not None}
    first = [service for service in view.services if service.code in chosen][:SHOWN_FIRST]
    return first, [service for service in view.services if service not in first]


def _sectors_of(lines: Iterable[ReasonLine]) -> list[str]:
    """List the sectors of the reasons, the first reason's first."""
    return list(dict.fromkeys(line.sector for line in lines if line.sector is not None))


def _choose(services: Sequence[ServiceLine], wanted: Iterable[str], sectors: Mapping[str, list[str]]) -> set[str]:
    """Choose services sector by sector: a few of each, then of the first sectors until there are enough; any where none fits."""
    queues = [[s.code for s in services if sector in sectors.get(s.code, ())] for sector in wanted]
    if not any(queues):
        queues = [[s.code for s in services]]
    ordered = [code for queue in queues for code in queue[:MOST_OF_A_SECTOR]] + [code for queue in queues for code in queue]
    return set(list(dict.fromkeys(ordered))[:SHOWN_FIRST])
