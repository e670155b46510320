"""Which data each sector may use under a purpose: what the catalogue switches on, its legal bases, and what is still a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.declarations.catalogue import Indicator, Sector, SectorFile, Use
from features.declarations.project import Project
from features.declarations.screening import PurposeKind


@dataclass(frozen=True)
class SectorData:
    """What a sector gives under one purpose."""

    sector: Sector
    legal_basis: str | None
    """Of the sector as a whole; education needs none of its own."""
    indicators: Sequence[Indicator]

    @property
    def n_with_consent(self) -> int:
        """How many are used of those alone who said yes."""
        return sum(one.needs_consent for one in self.indicators)

    @property
    def n_draft(self) -> int:
        """How many have words or a direction that no domain person has approved."""
        return sum(is_draft(one) for one in self.indicators)


def data_under(project: Project, kind: PurposeKind) -> list[SectorData]:
    """List what each sector that is on gives under a purpose; nothing under one that reads no store."""
    found = [_sector(one, kind) for one in project.catalogue.sectors if one.is_on and _delivers(one, kind)]
    return [one for one in found if one.indicators]


def sectors_off(project: Project) -> list[Sector]:
    """Name the sectors that are declared and switched off: nothing of theirs is loaded."""
    return [one.sector for one in project.catalogue.sectors if not one.is_on]


def is_draft(indicator: Indicator) -> bool:
    """Answer whether its words or its direction are a draft."""
    return indicator.label.draft or indicator.direction_draft


def _sector(file: SectorFile, kind: PurposeKind) -> SectorData:
    used = [one for one in file.indicator if one.is_on and _is_used(one, kind)]
    return SectorData(file.sector, file.legal_basis, used)


def _delivers(file: SectorFile, kind: PurposeKind) -> bool:
    """Answer whether a sector's records are loaded for a purpose: those of the audit sector under audit alone, and no others there."""
    if (file.sector is Sector.AUDIT) != (kind == "audit"):
        return False
    return any(kind in source.purposes for source in file.source if source.layout != "persons")


def _is_used(indicator: Indicator, kind: PurposeKind) -> bool:
    return indicator.use is not Use.NEVER and (indicator.use is not Use.LABEL or kind != "score")
