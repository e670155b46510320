"""What a feature is called and asks for: an aggregation of one indicator's records over a window that ends on the as-of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from features.declarations.constraints import Kind
from features.declarations.windows import CalendarWindow, Window

AGGREGATIONS = (
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "last",
    "first",
    "days_since_first",
    "days_since_last",
    "distinct_days",
    "trend",
    "distinct",
    "share_of_time",
    "days_since_change",
)

AGGREGATIONS_OF_A_LEVEL = ("last", "first", "share_of_time")
"""What a single level of a category can be asked; everything else is asked of the category as a whole."""

ASKED_OF_A_CATEGORY = (*AGGREGATIONS_OF_A_LEVEL, "distinct", "days_since_change", "days_since_first", "days_since_last")
"""Nothing that would add up or compare the places of levels in a list."""


@dataclass(frozen=True, order=True)
class FeatureSpec:
    """One feature: an aggregation of one indicator's records over a window that ends on the as-of date.

    Notes
    -----
    The window is ``(as_of - window_days, as_of]`` on `happened_on`; without days and calendar it is every record known.

    Examples
    --------
    >>> FeatureSpec.parse("edu_absence_days", "sum@365d").name
    'edu_absence_days.sum@365d'
    >>> FeatureSpec.parse("edu_gsp", "last").window_days is None
    True
    >>> FeatureSpec.parse("edu_absence_days", "sum@school_year").name
    'edu_absence_days.sum@school_year'
    """

    indicator: str
    aggregation: str
    window_days: int | None
    level: str | None = None
    calendar: CalendarWindow | None = None

    def __post_init__(self) -> None:
        if self.level is not None and self.aggregation not in AGGREGATIONS_OF_A_LEVEL:
            raise ValueError(f"{self.name}: a level can be asked for {', '.join(AGGREGATIONS_OF_A_LEVEL)}, not {self.aggregation}")

    @classmethod
    def parse(cls, indicator: str, text: str, *, level: str | None = None) -> Self:
        """Read ``aggregation@window``; without a window every record known counts.

        Raises
        ------
        ValueError
            When the aggregation or the window is none, or a level can't be asked for it.
        """
        aggregation, at, window_text = text.partition("@")
        if aggregation not in AGGREGATIONS or (at and not window_text):
            raise ValueError(
                f"feature {text!r} of {indicator}: expected aggregation@window with an aggregation of "
                f"{', '.join(AGGREGATIONS)} and a window such as 90d, 3y, ever, school_year or term"
            )
        window = Window.parse(window_text or "ever")
        return cls(indicator, aggregation, window.days, level, window.calendar)

    @property
    def window(self) -> Window:
        """How far back it looks."""
        return Window(self.window_days, self.calendar)

    @property
    def name(self) -> str:
        """Column name, ``indicator.aggregation@window`` and ``=level`` for one level of a category."""
        return f"{self.indicator}.{self.aggregation}@{self.window.name}" + (f"={self.level}" if self.level is not None else "")


def check_asked_of_kind(spec: FeatureSpec, kind: Kind) -> None:
    """Refuse a statistic without meaning for a kind: levels can't be added up, and only what is in force has a share of the time.

    Raises
    ------
    ValueError
        Naming the feature and what can be asked.
    """
    if kind is Kind.CATEGORY and spec.aggregation not in ASKED_OF_A_CATEGORY:
        raise ValueError(f"{spec.indicator}: a category can be asked for {', '.join(ASKED_OF_A_CATEGORY)}, not {spec.aggregation}")
    if spec.aggregation == "share_of_time" and kind not in (Kind.FLAG, Kind.CATEGORY):
        raise ValueError(f"{spec.indicator}: share_of_time is asked of a flag or a category; this is of kind {kind.value}")
    if spec.aggregation == "days_since_change" and kind not in (Kind.FLAG, Kind.CATEGORY, Kind.LEVEL):
        raise ValueError(f"{spec.indicator}: days_since_change is asked of a flag, a category or a level; this is of kind {kind.value}")
