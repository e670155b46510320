"""What a feature is called and asks for: an aggregation of one indicator's records over a window that ends on the as-of date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

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
)

_FEATURE = re.compile(r"^(?P<aggregation>[a-z_]+)(@(?P<window>ever|\d{1,4}d|\d{1,2}y))?$")


@dataclass(frozen=True, order=True)
class FeatureSpec:
    """One feature: an aggregation of one indicator's records over a window that ends on the as-of date.

    Notes
    -----
    The window is ``(as_of - window_days, as_of]`` on `happened_on`; ``None`` is every record known. A year is 365.25
    days rounded down, so that ``1y`` is 365 and ``3y`` is 1,095 days.

    Examples
    --------
    >>> FeatureSpec.parse("edu_absence_days", "sum@365d").name
    'edu_absence_days.sum@365d'
    >>> FeatureSpec.parse("edu_gsp", "last").window_days is None
    True
    """

    indicator: str
    aggregation: str
    window_days: int | None
    level: str | None = None

    @classmethod
    def parse(cls, indicator: str, text: str, *, level: str | None = None) -> Self:
        """Read ``aggregation@window``; without a window every record known counts."""
        match = _FEATURE.match(text)
        if match is None or match["aggregation"] not in AGGREGATIONS:
            raise ValueError(
                f"feature {text!r} of {indicator}: expected aggregation@window with an aggregation of "
                f"{', '.join(AGGREGATIONS)} and a window such as 90d, 3y or ever"
            )
        return cls(indicator, match["aggregation"], _window_days(match["window"]), level)

    @property
    def name(self) -> str:
        """Column name, ``indicator.aggregation@window`` and ``=level`` for one level of a category."""
        window = "ever" if self.window_days is None else f"{self.window_days}d"
        return f"{self.indicator}.{self.aggregation}@{window}" + (f"={self.level}" if self.level is not None else "")


def _window_days(text: str | None) -> int | None:
    if text is None or text == "ever":
        return None
    days = int(text[:-1]) if text.endswith("d") else int(int(text[:-1]) * 365.25)
    if days < 1:
        raise ValueError(f"the window {text!r} is shorter than one day; expected one such as 90d, 3y or ever")
    return days
