"""What says of itself that it is invented, which a project with real people's data may not rest on (R-02, R-33).

The examples' legal bases and controllers say FIKTIV, so that nobody takes them for law. Whoever makes a real project of an example meets
each of them again here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from features.declarations.catalogue import Catalogue
from features.declarations.screening import Screening
from features.errors import ProjectError

SHOWN = 12
"""As many places as a message names; the rest it counts."""

_INVENTED = re.compile(r"\bfi[kc]tiv", re.IGNORECASE)


def check_not_invented(screening: Screening, catalogue: Catalogue, *, where: str) -> None:
    """Refuse a project with real people's data while a legal basis or a controller says that it is invented.

    Raises
    ------
    ProjectError
        TID124, naming what is invented.
    """
    if screening.project.data != "real":
        return
    invented = list(list_invented(screening, catalogue))
    if invented:
        more = f" and {len(invented) - SHOWN} more" if len(invented) > SHOWN else ""
        raise ProjectError(
            "TID124",
            f"{where} says data = 'real', and these say of themselves that they are invented (FIKTIV): {', '.join(invented[:SHOWN])}{more}."
            " Record the real ones, and take out what has none.",
        )


def list_invented(screening: Screening, catalogue: Catalogue) -> Iterator[str]:
    """Name every controller and legal basis that is marked as invented; of what is switched off too, since a switch is quickly turned."""
    for place, text in _told(screening, catalogue):
        if text is not None and _INVENTED.search(text):
            yield place


def _told(screening: Screening, catalogue: Catalogue) -> Iterator[tuple[str, str | None]]:
    yield "the controller of the project", screening.project.controller
    for purpose in screening.purpose:
        yield f"the legal basis of purpose {purpose.kind}", purpose.legal_basis
        yield f"the controller of purpose {purpose.kind}", purpose.controller
    for sector in catalogue.sectors:
        yield f"the legal basis of sector {sector.sector.value}", sector.legal_basis
        yield from ((f"the legal basis of {indicator.code}", indicator.legal_basis) for indicator in sector.indicator)
        yield from ((f"the legal basis of source {source.name}", source.legal_basis) for source in sector.source)
