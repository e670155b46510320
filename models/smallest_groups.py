"""How few people of a group a count may stand for: one rule for training's gates and monitoring's reports (R-09)."""

from __future__ import annotations

from features.declarations.catalogue import Sector
from features.declarations.project import Project
from features.small_cells import SMALLEST_CELL, SMALLEST_SECTOR_CELL

NO_SERVICE = (Sector.AUDIT, Sector.EDUCATION)
"""Everybody goes to school, and being in the audit file says nothing about a service."""


def fewest_by_attribute(project: Project) -> dict[str, int]:
    """Give for each fairness attribute the fewest people a count may stand for: ten where it tells of the use of a service.

    An audit attribute such as *has used child welfare* stands in the audit file, so its sector does not tell: that it is declared
    `confidential` does. One of a sector's own indicators tells by its sector.
    """
    return {
        name: SMALLEST_SECTOR_CELL if _tells_of_a_service(project, code) else SMALLEST_CELL
        for name, code in project.screening.groups.items()
    }


def _tells_of_a_service(project: Project, code: str) -> bool:
    return project.catalogue.declared[code].confidential or project.catalogue.sector_of(code) not in NO_SERVICE
