"""Stages: whom a screening looks at, and on which day of which year."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Code, Strict, Wording


class AsOf(Strict):
    """The as-of date that belongs to an anchor record: a number of days after it, or the next such day of the year."""

    offset_days: int | None = None
    month: int | None = Field(default=None, ge=1, le=12)
    day: int | None = Field(default=None, ge=1, le=31)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.offset_days is None) == (self.month is None) or (self.month is None) != (self.day is None):
            raise ValueError("an as-of rule is either `offset_days` or both `month` and `day`")
        return self


YOUNGEST_SCREENED = 10
"""Nobody younger gets a model of their own: what is known of small children says too little (domain 1.10, 2.6)."""


class Stage(Strict):
    """A point in a person's course at which screening makes sense; each stage and outcome has its own model (R-16)."""

    name: Code
    label: Wording
    anchor: Code
    """Indicator whose record puts a person in the cohort, for example being enrolled in a grade."""
    anchor_value: float | None = None
    turning: int | None = Field(default=None, ge=YOUNGEST_SCREENED, le=120)
    """Age at the end of the year of assessment. The as-of date then lies in the year of turning it, whenever the anchor was recorded: so
    is somebody assessed whom no yearly record shows, by a place of residence known by then."""
    as_of: AsOf
    min_age: int = YOUNGEST_SCREENED
    """No individual proposal under 6 (R-17), and no individual model under 10, whatever the project says."""
    max_age: int = Field(default=24, le=120)
    excluded_by: tuple[Code, ...] = ()
    """Indicators whose record known on the as-of date takes a person out, for example having quit already."""
    outcomes: tuple[Code, ...] = Field(min_length=1)
    horizon_days: int | None = Field(default=None, gt=0)
    """In place of the outcomes' own, where the stage lies so much earlier that theirs would end before anything is known."""

    @model_validator(mode="after")
    def _old_enough(self) -> Self:
        if self.min_age < YOUNGEST_SCREENED:
            raise ValueError(
                f"`min_age` is {self.min_age}, and nobody under {YOUNGEST_SCREENED} gets a model of their own (R-17): so early it would be "
                "wrong about most of those it names. For the youngest there are figures by area: `tidlig planning-figures`"
            )
        if self.turning is not None and self.as_of.month is None:
            raise ValueError("a stage with `turning` gives its as-of date as `month` and `day` of that year")
        return self
