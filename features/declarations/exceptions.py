"""What a project says that loosens a rule of the house: allowed, and never out of sight.

None of it is wrong by itself. An auditor asks of each who decided it and why, so `tidlig check` lists it with every run.
"""

from __future__ import annotations

from features.declarations.catalogue import Sector, Use
from features.declarations.project import Project
from features.declarations.watching import is_looser

_SECRET_BY_LAW = (Sector.HEALTH, Sector.FAMILY)


def declared_exceptions(project: Project) -> dict[str, tuple[str, ...]]:
    """Name what loosens a rule: what it loosens, in words -> codes of indicators, names of sources or of thresholds."""
    catalogue = project.catalogue
    sources = [source for source in catalogue.sources.values() if source.layout not in ("persons", "consents")]
    predictors = [
        (sector.sector, i) for sector in catalogue.sectors if sector.is_on for i in sector.indicator if i.use is Use.PREDICTOR and i.is_on
    ]
    found = {
        "records come out of a query": [source.name for source in sources if source.query is not None],
        "known a fixed number of days later, by assumption": [source.name for source in sources if source.known_lag_days is not None],
        "said to be fixed by nature (L-04 does not ask)": [i.code for _, i in predictors if i.fixed],
        "of a sector with secrecy by law, and shown to every reviewer (R-05)": [
            i.code for sector, i in predictors if sector in _SECRET_BY_LAW and not i.confidential
        ],
        "lets more pass than the house's own threshold of a signal (R-30)": [
            name for name, value in project.screening.monitoring.thresholds.model_dump().items() if is_looser(name, value)
        ],
    }
    return {words: tuple(names) for words, names in found.items() if names}
