"""What is recorded about a person for scoring, in words."""

from __future__ import annotations

from datetime import date

from features.consents import open_permitted_store
from features.declarations.catalogue import Indicator, Kind, Source
from features.declarations.project import Project
from features.intake.linkage import translate_subjects
from serving.persons.known import is_stored
from serving.persons.told import Reader, RecordTold

_LARGEST_COUNT = 999
"""Whole numbers without a unit that go beyond it are codes of four digits and more."""


def records_of(project: Project, subject_id: str, *, on: date, reader: Reader) -> tuple[RecordTold, ...]:
    """Tell every record that may be used about a person under the score purpose today, oldest first; none where nothing was ingested.

    What a service keeps confidential, and in which municipality they live, is told to the person alone. To other readers it is left out
    whether there is any or not (R-06, R-08).
    """
    if not is_stored(project, subject_id):
        return ()
    known = translate_subjects(project, [subject_id], from_purpose="score", to_purpose="score")
    store = open_permitted_store(project, "score", on=on)
    frame = store.records_of([int(known["to_person"].iloc[0])], as_of=on)
    told = [
        _told(project, project.catalogue.indicators[str(code)], float(value), happened_on, known_on)
        for code, value, happened_on, known_on in frame[["indicator", "value", "happened_on", "known_on"]].itertuples(index=False)
        if reader is Reader.PERSON or _is_for_others(project, project.catalogue.indicators[str(code)])
    ]
    return tuple(sorted(told, key=lambda record: (record.happened_on, record.known_on, record.indicator)))


def _is_for_others(project: Project, indicator: Indicator) -> bool:
    return not indicator.confidential and not _is_place(project, indicator)


def _is_place(project: Project, indicator: Indicator) -> bool:
    return indicator.code == project.screening.municipality_indicator


def _told(project: Project, indicator: Indicator, value: float, happened_on: date, known_on: date) -> RecordTold:
    return RecordTold(
        indicator=indicator.code,
        label=indicator.label,
        meaning=indicator.meaning,
        value=told_value(indicator, value),
        is_place=_is_place(project, indicator),
        is_flag=indicator.kind is Kind.FLAG,
        unit=indicator.unit,
        sector=project.catalogue.sector_of(indicator.code).value,
        registers=registers_of(project, indicator),
        use=indicator.use.value,
        happened_on=happened_on,
        known_on=known_on,
    )


def registers_of(project: Project, indicator: Indicator) -> tuple[str, ...]:
    """Name the registers an indicator comes from: its own, or those of the sources that can deliver it."""
    sector = project.catalogue.sector_of(indicator.code)
    sources = [s for name, s in project.catalogue.sources.items() if project.catalogue.sector_of(name) is sector]
    named = indicator.registers or tuple(r for s in sources if _delivers(s, indicator.code) for r in (s.registers or (s.name,)))
    return tuple(dict.fromkeys(named))


def _delivers(source: Source, code: str) -> bool:
    if source.indicator is not None:
        return source.indicator == code
    return source.layout == "events" or code in source.columns.values()


def told_value(indicator: Indicator, value: float) -> str | float | None:
    """Give a record's value as it is told: a number, the name of a level, a code as its register writes it, or nothing."""
    if value != value:  # NaN: the record says that something happened, and no more
        return None
    if indicator.kind is Kind.CATEGORY and 0 <= int(value) < len(indicator.levels):
        return indicator.levels[int(value)]
    return f"{int(value):04d}" if _is_code(indicator) else round(value, 6)


def _is_code(indicator: Indicator) -> bool:
    """Whether a number names something, as a municipality's does: nobody writes 9 001 for it."""
    return bool(indicator.whole) and indicator.unit is None and (indicator.high or 0) > _LARGEST_COUNT
