"""A group's rates over the months: as each month's report told them, with what the newest report says of change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, nan
from typing import Any

from serving.console.language import Tongue
from serving.console.months.fairness import METRICS, NOTHING, Told
from serving.console.months.reading import Month
from serving.console.plots.lines import draw_lines
from serving.console.plots.values import Axis, Drawn, Point, Series, Table


@dataclass(frozen=True)
class MonthOfGroup:
    """A group's rate in one month's report, and everybody's beside it."""

    month: Month
    rate: Told
    everybody: Told


@dataclass(frozen=True)
class Course:
    """One rate of one group over the months, oldest first.

    Attributes
    ----------
    adjusted
        Of the newest report's test whether the group stands to others as before, among all that it asked; None where it can't be said.
    """

    metric: str
    months: Sequence[MonthOfGroup]
    adjusted: float | None
    has_changed: bool

    @property
    def is_told(self) -> bool:
        """Whether any month tells it."""
        return any(one.rate["point"] is not None for one in self.months)


def groups_of(content: Mapping[str, Any]) -> dict[str, list[str]]:
    """List the groups to choose from: attribute -> groups."""
    return {str(table["attribute"]): [str(row["group"]) for row in table["groups"]] for table in content["fairness"]}


def courses_of(reports: Sequence[Month], attribute: str, group: str) -> list[Course]:
    """Build a group's courses, the share proposed first; rates that no month tells are left out.

    Parameters
    ----------
    reports
        Oldest first; the last one answers whether anything changed.
    """
    found = [_course(reports, attribute, group, metric) for metric in METRICS]
    return [one for one in found if one.metric == METRICS[0] or one.is_told]


def _course(reports: Sequence[Month], attribute: str, group: str, metric: str) -> Course:
    months = [
        MonthOfGroup(one, _rate(one.content, attribute, group, metric), _rate(one.content, attribute, None, metric)) for one in reports
    ]
    asked = next(
        (
            one
            for one in reports[-1].content["fairness_over_time"]["courses"]
            if (one["attribute"], one["group"], one["metric"]) == (attribute, group, metric)
        ),
        None,
    )
    return Course(metric, months, None if asked is None else asked["adjusted"], asked is not None and bool(asked["has_changed"]))


def _rate(content: Mapping[str, Any], attribute: str, group: str | None, metric: str) -> Told:
    table = next((table for table in content["fairness"] if table["attribute"] == attribute), None)
    rows = [] if table is None else [*table["groups"], table["everybody"]]
    row = next((row for row in rows if row["group"] == group), None)
    return NOTHING if row is None else row["rates"].get(metric, NOTHING)


def draw_course(course: Course, *, group: str, title: str, t: Tongue) -> Drawn:
    """Draw a course: the group's rate with its interval in each month, and everybody's as a dashed line."""
    own = [_point(place, one.rate) for place, one in enumerate(course.months)]
    everybody = [Point(place, _or_nan(one.everybody["point"])) for place, one in enumerate(course.months)]
    highs = [point.high for point in own if point.has_interval] + [point.value for point in everybody if point.is_known]
    top = min(1.0, ceil(max(highs, default=1.0) * 10) / 10)
    ticks = [(top * part / 4, t.number(round(100 * top * part / 4, 1))) for part in range(5)]
    picture = draw_lines(
        f"course-{course.metric}",
        [Series(t("month.everybody"), everybody, "dashed"), Series(group, own, "main", "both")],
        across=Axis((-0.5, len(own) - 0.5), _months(course.months, t), t("month.course.across")),
        up=Axis((0.0, top), ticks, t("month.course.up")),
        title=title,
        description=t("month.course.description"),
    )
    return Drawn(f"course-{course.metric}", title, picture, _table(course, group, t))


def _months(months: Sequence[MonthOfGroup], t: Tongue) -> list[tuple[float, str]]:
    step = 1 + (len(months) - 1) // 4  # so many written months fit beside each other on a telephone
    return [(float(place), t.month(one.month.first_day)) for place, one in enumerate(months) if (len(months) - 1 - place) % step == 0]


def _table(course: Course, group: str, t: Tongue) -> Table:
    columns = (t("month.month"), group, t("month.interval"), t("month.everybody"))
    rows = [
        (t.month(one.month.first_day), _written(one.rate["point"], t), _span(one.rate, t), _written(one.everybody["point"], t))
        for one in reversed(course.months)
    ]
    return Table(columns, rows)


def _point(place: int, rate: Told) -> Point:
    return Point(place, _or_nan(rate["point"]), _or_nan(rate["low"]), _or_nan(rate["high"]))


def _or_nan(value: float | None) -> float:
    return nan if value is None else float(value)


def _written(share: float | None, t: Tongue) -> str:
    return t("month.few") if share is None else t.number(round(100 * share, 1))


def _span(rate: Told, t: Tongue) -> str:
    if rate["point"] is None:
        return "–"
    return t("evidence.interval", low=t.number(round(100 * rate["low"], 1)), high=t.number(round(100 * rate["high"], 1)))
