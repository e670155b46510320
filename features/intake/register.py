"""The persons sources as they are today, read once more outside an ingest: for a new key, and for whoever has to know who somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from features.declarations.project import Project
from features.intake.quarantine import FileTally
from features.intake.roster import Roster, read_roster
from features.intake.sources import loadable_purposes, source_units


def read_register(project: Project, *, environ: Mapping[str, str], now: datetime) -> Roster:
    """Read all persons sources, as an ingest would.

    Raises
    ------
    IntakeError
        What reading a source raises, too many bad rows among it.
    """
    units = source_units(project, purposes=loadable_purposes(project, on=now.date()), environ=environ)
    persons = [unit for unit in units if unit.source.layout == "persons"]
    tallies = [FileTally(unit.source.name, unit.name, unit.source.max_bad_share) for unit in persons]
    roster = read_roster(persons, today=now.date(), tallies=tallies, is_real=project.screening.project.data == "real")
    for tally in tallies:
        tally.check_share()
    return roster
