"""The rungs, from the simplest up. Selection prefers the lower one (R-15)."""

from __future__ import annotations

from typing import TypeAlias

from features.errors import ModelError
from models.rungs.area import AreaRung
from models.rungs.boosted import BoostedRung
from models.rungs.logistic import LogisticRung
from models.rungs.prevalence import PrevalenceRung
from models.rungs.rules import RulesRung

RungClass: TypeAlias = type[PrevalenceRung] | type[AreaRung] | type[RulesRung] | type[LogisticRung] | type[BoostedRung]

LADDER: tuple[RungClass, ...] = (PrevalenceRung, AreaRung, RulesRung, LogisticRung, BoostedRung)


def get_rung(name: str) -> RungClass:
    """Return the class of a rung by its stable name.

    Raises
    ------
    ModelError
        TID510 when no rung has this name.
    """
    for rung in LADDER:
        if rung.name == name:
            return rung
    known = ", ".join(rung.name for rung in LADDER)
    raise ModelError("TID510", f"the bundle names the rung {name!r}, expected one of {known}. It was made by another version: train again.")
