"""Outcomes: what of later years is asked about, when it can be known, and what counts as which."""

from __future__ import annotations

from calendar import monthrange
from typing import Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Code, Strict, Wording


class ReferenceDates(Strict):
    """Days on which a register says where everybody stands, and on how many of them an outcome is read.

    Two consecutive dates of the two that follow is lasting; one of one is a point in time; three of five, in a row or not, is long.
    """

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    look_at: int = Field(ge=1, le=10)
    """How many such days after the as-of date are looked at. All have to be published before the outcome is known."""
    needed: int = Field(ge=1, le=10)
    """On how many of them the status has to be one of `positive`."""
    consecutive: bool = True
    """Whether those have to follow one another."""
    published_within_days: int = Field(gt=0)
    """So long after the last day looked at everybody's status is out: until then an outcome may still come."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.needed > self.look_at:
            raise ValueError(f"`needed` is {self.needed} of {self.look_at} dates looked at: nobody can have the outcome")
        if (self.month, self.day) == (2, 29) or self.day > monthrange(2023, self.month)[1]:
            raise ValueError(f"there is no {self.day}.{self.month}. every year")
        return self


class Sensitivity(Strict):
    """The same outcome with some codes read otherwise; reported beside it, never registered."""

    name: Code
    positive: tuple[int, ...] = ()
    """Codes that count as the outcome here, wherever they stand otherwise; the same for the next two."""
    negative: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()


class Outcome(Strict):
    """What the screening wants to prevent, read from stored status codes; the codes are never collapsed before storage.

    Two forms. Without `reference` the last record within the horizon holds the status; with it the status on so many yearly dates does.
    """

    name: Code
    label: Wording
    indicator: Code
    """Label indicator whose record holds the status code; it counts when `happened_on` lies after the as-of date."""
    positive: tuple[int, ...] = Field(min_length=1)
    negative: tuple[int, ...] = Field(min_length=1)
    excluded: tuple[int, ...] = ()
    """Codes left out of training: censored, or a planned success of another kind."""
    unknown: tuple[int, ...] = ()
    """Codes by which the register says that it knows nothing of the person. They count as `positive` for who has a record of one of
    `contact` within `contact_days` before the status, and are left out for everybody else: probably gone, unreported."""
    contact: tuple[Code, ...] = ()
    contact_days: int = Field(default=365, gt=0)
    reference: ReferenceDates | None = None
    dated_by: Code | None = None
    """Indicator whose first record between as-of date and status says when what the status counts began; used for lead times alone."""
    sensitivity: tuple[Sensitivity, ...] = ()
    horizon_days: int = Field(gt=0)
    """Records later than this after the as-of date do not count; a stage may say otherwise."""
    of_100: Wording
    """Sentence with ``{n}`` and ``{rest}`` for natural frequencies, by band and stage, never per person."""

    @property
    def codes(self) -> tuple[int, ...]:
        """Every status code that the outcome knows."""
        return (*self.positive, *self.negative, *self.excluded, *self.unknown)

    def under(self, sensitivity: Sensitivity) -> Self:
        """Return the same outcome with the codes of a sensitivity analysis read its way.

        >>> words = Wording(nb="x", nn="x", en="x")
        >>> outcome = Outcome(name="done", label=words, indicator="status", positive=(4, 6), negative=(1,), horizon_days=9, of_100=words)
        >>> other = outcome.under(Sensitivity(name="without_4", excluded=(4,)))
        >>> other.positive, other.excluded
        ((6,), (4,))
        """
        moved = {*sensitivity.positive, *sensitivity.negative, *sensitivity.excluded}

        def after(codes: tuple[int, ...], joined: tuple[int, ...]) -> tuple[int, ...]:
            return (*(code for code in codes if code not in moved), *joined)

        lists = {
            "positive": after(self.positive, sensitivity.positive),
            "negative": after(self.negative, sensitivity.negative),
            "excluded": after(self.excluded, sensitivity.excluded),
            "unknown": after(self.unknown, ()),
        }
        return self.model_copy(update=lists)

    @model_validator(mode="after")
    def _codes_apart(self) -> Self:
        if len(self.codes) != len(set(self.codes)):
            raise ValueError(f"outcome {self.name}: a status code stands in two lists")
        if self.contact and not self.unknown:
            raise ValueError(f"outcome {self.name}: `contact` says whom an `unknown` status is counted for, and no code is unknown")
        return self

    @model_validator(mode="after")
    def _sensitivities_fit(self) -> Self:
        for one in self.sensitivity:
            moved = (*one.positive, *one.negative, *one.excluded)
            stray = sorted(set(moved) - set(self.codes))
            if stray or len(moved) != len(set(moved)) or not moved:
                raise ValueError(
                    f"outcome {self.name}: sensitivity {one.name} moves codes of the outcome, each to one list"
                    + (f"; {', '.join(map(str, stray))} are none of them" if stray else "")
                )
            other = self.under(one)
            if not other.positive or not other.negative:
                raise ValueError(f"outcome {self.name}: sensitivity {one.name} leaves nobody with the outcome, or nobody without it")
        return self
