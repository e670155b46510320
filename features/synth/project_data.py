"""Put a population into a project folder: each file appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from numpy.random import SeedSequence

from features.declarations.project import Project
from features.errors import ProjectError
from features.synth.drawn import with_drawn
from features.synth.generate import Settings, generate_cohorts
from features.synth.registers import DRAWN, DRAWN_AUDIT, delivery_of
from features.synth.sources import Written, write_sources


def write_population(project: Project, settings: Settings, seed: int, *, advance: Callable[[float], None] = lambda _: None) -> Written:
    """Generate a population and write its source files below the project's ``data/``, replacing an earlier population.

    Only indicators that the project has on are delivered: a register hands out nothing that nobody may load. One that the causal structure
    does not know is drawn from its contract, into ``data/drawn.parquet`` (an audit attribute into ``data/drawn_audit.parquet``).

    Raises
    ------
    ProjectError
        TID110 when the project does not say ``data = "synthetic"``: invented people never mix with others (R-33).
    DataError
        TID464 when an indicator's contract does not allow what the generator makes of it.
    """
    if not project.is_synthetic:
        raise ProjectError(
            "TID110",
            f'{project.root / "screening.toml"} says data = "{project.screening.project.data}". Invented people may only be written into a '
            'project with data = "synthetic" (R-33). Make one with `tidlig init DIR --example norway`.',
        )
    delivery, stream = delivery_of(project.catalogue), SeedSequence(seed)
    data, partial = project.root / "data", project.root / "data.part"
    shutil.rmtree(partial, ignore_errors=True)
    written = write_sources(
        with_drawn(generate_cohorts(settings, stream), delivery.drawn, stream, last_day=settings.last_day),
        partial,
        people=settings.people,
        last_day=settings.last_day,
        delivery=delivery,
        advance=advance,
    )
    for name in (*written.rows, *written.others):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (partial / name).replace(data / name)
    for name in {DRAWN, DRAWN_AUDIT} - set(written.rows):
        (data / name).unlink(missing_ok=True)
    shutil.rmtree(partial)
    return replace(written, folder=data)
