"""What a reviewer may see of a person's reasons: an explanation is also a disclosure (R-05, R-06).

A confidential indicator is shown to the service that owns it, or where consent covers its sector. To everybody else all of them
together are one coarse reason, "other matters at another service". It is there for every person, last, in the same words, with no
value, date, direction or strength, whether or not anything is known, and even where the project has no confidential indicator at all:
so presence, order, count and text say nothing.

Whatever a model shows of a person may tell of what it hides: in trees the weight of a visible reason depends on hidden values, and a
band or an interval less the visible reasons is the hidden rest. Guessing child-welfare contact from all that was shown beside the visible
values reached an AUC of .99 (decision 26). So a reader is shown what the model says of `picture_for` them: the person's own values where
they may see them, typical ones where not. Reasons, band and interval are then functions of what the reader may see, and tell nothing more.

What this can't hide: that somebody is proposed at all, which the whole score decides. Whoever knows the model, and finds a case whose
visible picture is mild, may guess that something else weighed. The sure protection is to leave such indicators out (R-04), which is the
default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.declarations.catalogue import Catalogue, Sector, Wording
from features.declarations.specs import FeatureSpec
from models.reasons import Direction, Reason, Shown
from models.reference import Reference

Strength: TypeAlias = Literal["much", "some", "little"]

AT_MOST = 8
"""Visible reasons listed by name; the rest goes into the coarse one."""

_MUCH, _SOME = 0.5, 0.15
"""On the log-odds: odds × 1.65 and × 1.16. Fixed, since a share of the total would tell of the hidden rest."""

STRENGTH_WORDING: dict[Strength, Wording] = {
    "much": Wording(nb="mye", nn="mykje", en="much"),
    "some": Wording(nb="noe", nn="noko", en="somewhat"),
    "little": Wording(nb="litt", nn="litt", en="a little"),
}


@dataclass(frozen=True)
class VisibleReason:
    """A reason as one reader may see it: words, no numbers of the model."""

    label: Wording
    direction: Direction | Literal["may_raise_or_lower"]
    strength: Strength | None
    indicator: str | None = None
    sector: Sector | None = None
    owner: str | None = None
    main_feature: FeatureSpec | None = None
    value: Shown = None
    unit: str | None = None
    typical: Shown = None
    happened_on: date | None = None
    is_missing: bool = False

    @property
    def is_coarse(self) -> bool:
        """Whether this is the one coarse reason at the end."""
        return self.indicator is None


COARSE = VisibleReason(
    label=Wording(nb="andre forhold hos en annen tjeneste", nn="andre forhold hos ei anna teneste", en="other matters at another service"),
    direction="may_raise_or_lower",
    strength=None,
)
"""Stands last for everyone. Wording of R-05."""


def visible_reasons(
    reasons: Sequence[Reason],
    *,
    services_of_reader: frozenset[str],
    consent_sectors: frozenset[Sector] = frozenset(),
    at_most: int = AT_MOST,
) -> tuple[VisibleReason, ...]:
    """Show the strongest reasons that this reader may see, then always the coarse one.

    Parameters
    ----------
    reasons
        From `build_reasons`, strongest first; of the picture that `picture_for` gives this same reader.
    services_of_reader
        Codes of the services that the reader works for.
    consent_sectors
        Sectors whose records the person's valid consent opens to this reader (R-23).
    """
    allowed = [r for r in reasons if r.contribution != 0 and may_see(r, services_of_reader, consent_sectors)]
    return (*(_visible(reason) for reason in allowed[:at_most]), COARSE)


def visible_gaps(
    reasons: Sequence[Reason], *, services_of_reader: frozenset[str], consent_sectors: frozenset[Sector] = frozenset()
) -> tuple[VisibleReason, ...]:
    """List what the model knows nothing about, among what this reader may see; by code, so that order says nothing.

    The coarse reason is not listed: that nothing is known at another service may not be told either.
    """
    gaps = [r for r in reasons if r.is_missing and may_see(r, services_of_reader, consent_sectors)]
    return tuple(_visible(reason) for reason in sorted(gaps, key=lambda reason: reason.indicator))


def picture_for(
    catalogue: Catalogue,
    names: Sequence[str],
    matrix: NDArray[np.floating],
    reference: Reference,
    *,
    services_of_reader: frozenset[str],
    consent_sectors: frozenset[Sector] = frozenset(),
) -> NDArray[np.floating]:
    """Put typical values in place of what a reader may not see; the same matrix where they may see everything.

    Parameters
    ----------
    names
        Feature names, one per column.
    matrix
        Rows as they are, shape (n_rows, n_features).
    reference
        Typical values from the bundle: the median, nothing known where most people have no value, and of a category its commonest level.
    """
    hidden = [j for j, name in enumerate(names) if is_hidden(catalogue, name.partition(".")[0], services_of_reader, consent_sectors)]
    if not hidden:
        return matrix
    seen = np.array(matrix)
    for j in hidden:
        seen[:, j] = _typical_value(names[j], names, reference)
    return seen


def is_hidden(catalogue: Catalogue, indicator: str, services_of_reader: frozenset[str], consent_sectors: frozenset[Sector]) -> bool:
    """Say whether a reader may not see an indicator by name; one that is not declared any more is hidden from everybody."""
    declared = catalogue.declared.get(indicator)
    if declared is None:
        return True
    return not _is_open(declared.confidential, declared.owner, catalogue.sector_of(indicator), services_of_reader, consent_sectors)


def _typical_value(name: str, names: Sequence[str], reference: Reference) -> float:
    typical = reference.typical[name]
    if typical.missing_share > 0.5 or typical.median is None:
        return float("nan")
    feature, is_level, _ = name.partition("=")
    if not is_level or ".share_of_time@" in feature:
        return typical.median
    siblings = [other for other in names if other.startswith(f"{feature}=")]
    return float(name == max(siblings, key=lambda other: reference.typical[other].mean or 0.0))


def says_missing(reasons: Sequence[Reason], indicator: str, *, services_of_reader: frozenset[str] = frozenset()) -> bool:
    """Say whether a reader is told that a value of this indicator is missing: in the list of gaps, or as the value of its reason."""
    if any(gap.indicator == indicator for gap in visible_gaps(reasons, services_of_reader=services_of_reader)):
        return True
    shown = visible_reasons(reasons, services_of_reader=services_of_reader)
    return any(reason.indicator == indicator and reason.value is None for reason in shown)


def may_see(reason: Reason, services_of_reader: frozenset[str], consent_sectors: frozenset[Sector]) -> bool:
    """Say whether a reader may see a reason by name. A confidential indicator without an owner is seen by consent alone."""
    return _is_open(reason.is_confidential, reason.owner, reason.sector, services_of_reader, consent_sectors)


def _is_open(
    is_confidential: bool, owner: str | None, sector: Sector, services_of_reader: frozenset[str], consent_sectors: frozenset[Sector]
) -> bool:
    return not is_confidential or owner in services_of_reader or sector in consent_sectors


def strength_of(contribution: float) -> Strength:
    """Put a contribution on the served log-odds into one of three words.

    Examples
    --------
    >>> strength_of(-0.7), strength_of(0.2), strength_of(0.01)
    ('much', 'some', 'little')
    """
    size = abs(contribution)
    if size >= _MUCH:
        return "much"
    return "some" if size >= _SOME else "little"


def _visible(reason: Reason) -> VisibleReason:
    return VisibleReason(
        label=reason.label,
        direction=reason.direction,
        strength=strength_of(reason.contribution),
        indicator=reason.indicator,
        sector=reason.sector,
        owner=reason.owner,
        main_feature=reason.main_feature,
        value=reason.value,
        unit=reason.unit,
        typical=reason.typical,
        happened_on=reason.happened_on,
        is_missing=reason.is_missing,
    )
