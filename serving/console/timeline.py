"""When what a proposal shows was recorded: a small picture by sector, and the same as a table. Dates alone, no values.

Everything in it stands on the page already, as the date of a reason that this reader may see. So it can't tell of records behind a coarse
reason: neither by a point, nor by a sector's row, nor by a gap (R-05, R-06).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from features.declarations.catalogue import Sector, Wording
from features.drawing import Frame, dot, line, text
from serving.cases.pages import ProposalView, ReasonLine
from serving.console.language import Tongue
from serving.console.plots.sheet import sheet

WIDTH = 480
TOP, STEP, FOOT = 4, 38, 30
MOST_YEARS = 5
"""Years drawn; what is older lies at the left end."""


@dataclass(frozen=True)
class Recorded:
    """The newest record behind a reason."""

    on: date
    label: Wording
    sector: str


@dataclass(frozen=True)
class Timeline:
    """The picture, and what it shows, the newest first."""

    picture: Markup
    records: tuple[Recorded, ...]
    older_than: int | None
    """The first year drawn, where something is older and so lies at the left end."""


def build_timeline(t: Tongue, view: ProposalView) -> Timeline | None:
    """Draw when the shown reasons' newest records happened; None where no reason shows a date."""
    records = sorted((_recorded(one) for one in (*view.raises, *view.lowers) if has_date(one)), key=lambda one: (one.on, one.sector))
    if not records:
        return None
    until = max(view.as_of, records[-1].on)
    first = max(records[0].on.year, until.year - MOST_YEARS + 1)
    picture = _draw(t, records, begin=date(first, 1, 1), until=until)
    return Timeline(picture, tuple(reversed(records)), older_than=first if records[0].on.year < first else None)


def has_date(line: ReasonLine) -> bool:
    """Answer whether a reason shows the date of its newest record."""
    return line.sector is not None and not line.is_missing and line.value is not None and line.value_on is not None


def _recorded(one: ReasonLine) -> Recorded:
    if one.value_on is None or one.sector is None:
        raise ValueError("only a reason that shows its date has a place in the timeline")
    return Recorded(one.value_on, one.label, one.sector)


def _draw(t: Tongue, records: Sequence[Recorded], *, begin: date, until: date) -> Markup:
    """Draw a row for each sector, a mark where the proposal was made from, and the years below."""
    sectors = [sector.value for sector in Sector if sector.value in {one.sector for one in records}]
    height = TOP + STEP * len(sectors) + FOOT
    frame = Frame(WIDTH, height, 8, 16, TOP, FOOT, across=(begin.toordinal(), until.toordinal()), up=(0, 1))
    parts = [_year(frame, year, is_first=year == begin.year) for year in range(begin.year, until.year + 1)]
    parts.append(line("mark", frame.end, frame.end, TOP, frame.floor))
    for place, sector in enumerate(sectors):
        y = TOP + STEP * place + 30
        parts += [text(0, y - 10, _capital(t(f"sector.{sector}")), anchor="start", css="words"), line("axis", frame.left, frame.end, y, y)]
        parts += [dot("dot main", frame.x(day.toordinal()), y, 5) for day in sorted({one.on for one in records if one.sector == sector})]
    described = t("timeline.description", sectors=t.listed(t(f"sector.{sector}") for sector in sectors), first=t.day(records[0].on))
    return sheet("timeline", WIDTH, height, parts, title=t("timeline.title"), description=described)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _year(frame: Frame, year: int, *, is_first: bool) -> str:
    """Write a year below its first day."""
    x = frame.x(date(year, 1, 1).toordinal())
    return line("axis", x, x, frame.floor, frame.floor + 6) + text(x, frame.floor + 24, str(year), anchor="start" if is_first else "middle")
