"""Words that pages take from the project: labels of stages and outcomes, and the services that help here."""

from __future__ import annotations

from collections.abc import Iterable

from features.declarations.catalogue import Indicator, Wording
from features.declarations.project import Project
from serving.cases.pages import ServiceLine


def stage_label(project: Project, name: str) -> Wording:
    """Give a stage's label; its code where the project has dropped the stage since the case was made."""
    return project.stages[name].label if name in project.stages else _code(name)


def outcome_label(project: Project, name: str) -> Wording:
    """Give an outcome's label; its code where the project has dropped the outcome since the case was made."""
    return project.outcomes[name].label if name in project.outcomes else _code(name)


def services_here(project: Project, *, municipality: str | None, sectors: Iterable[str]) -> tuple[ServiceLine, ...]:
    """List the local services that help in these sectors, in the order of services.toml."""
    wanted = set(sectors)
    return tuple(
        ServiceLine(s.code, s.name, s.answers, s.helps_with, s.phone, s.email)
        for s in project.services.service
        if (not s.municipality or municipality in s.municipality) and wanted & {sector.value for sector in s.sectors}
    )


def level_words(indicator: Indicator | None, value: float | str | None) -> Wording | None:
    """Give the project's words for a value that is one of an indicator's levels; None where there are none."""
    if indicator is None or value is None:
        return None
    return indicator.level_labels.get(value if isinstance(value, str) else f"{value:g}")


def _code(name: str) -> Wording:
    return Wording(nb=name, nn=name, en=name)
