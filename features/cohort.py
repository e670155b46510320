"""Who is assessed, on which date: a stage's cohort, drawn from what was known on each as-of date and nothing later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.declarations.catalogue import Indicator, Kind
from features.declarations.project import Project
from features.declarations.specs import FeatureSpec
from features.declarations.stages import Stage
from features.engine.kernel import Rows, feature_matrix
from features.engine.parts import PartedStore
from features.errors import DataError
from features.periods import DAYS_PER_YEAR, as_of_days, completed_years, period_names, turning_days
from features.records import EPOCH, PERSONS_PER_PART, Days, Mask, Records, dates_of, day_number, day_numbers
from features.small_cells import shown_count


class SubjectStore(PartedStore, Protocol):
    """A store that also knows its subjects."""

    def subjects(self) -> pd.DataFrame:
        """Return person, subject_id, group, born_on and shielded, sorted by person."""


@dataclass(frozen=True)
class Cohort:
    """Persons of a stage, one row for each person and as-of date, sorted by both.

    `frame`: person int32, subject_id, group int32, as_of (`datetime.date`), age_years float64 (NaN where the store has no birth dates),
    municipality (text or None), period (month or year of the anchor, so that one intake has one name at every stage), shielded bool.
    """

    stage: str
    frame: pd.DataFrame
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Step -> rows that it took out."""
    not_applied: tuple[str, ...] = ()
    """Exclusions of the stage whose sector is off: nobody could be left out for them."""

    def __len__(self) -> int:
        return len(self.frame)


def build_cohort(
    project: Project,
    store: SubjectStore,
    stage: Stage,
    *,
    as_of: date | None = None,
    known_by: date | None = None,
    restricted: Collection[int] = (),
) -> Cohort:
    """Draw a stage's cohort from the store.

    Parameters
    ----------
    as_of
        Only rows of exactly this date; all dates by default.
    known_by
        Only rows whose as-of date is not after this day.
    restricted
        Person codes to leave out: objections, missing consent, address protection.

    Raises
    ------
    DataError
        TID424 when the stage's anchor is not in the store, TID426 when nobody is left, with the step that emptied it.

    Notes
    -----
    The anchor has to be *known* by the as-of date; it may happen after it (registered in June for a course that starts in October). With
    `turning` the date is set by the person's birth, so there the anchor has to have happened too. An
    exclusion counts while its last visible record is not 0, so that a record that was withdrawn or ended excludes nobody.
    """
    _check_anchor(store, stage)
    left_out: Counter[str] = Counter()
    subjects = store.subjects()
    pairs = _anchored(store, stage, left_out) if stage.turning is None else _of_year(store, stage, subjects, left_out)
    if as_of is not None:
        pairs = _keep(pairs, pairs["as_of"] == day_number(as_of), "of another as-of date", left_out)
    if known_by is not None:
        pairs = _keep(pairs, pairs["as_of"] <= day_number(known_by), "of an as-of date still to come", left_out)
    pairs = _keep(pairs, ~pairs["person"].isin(list(restricted)), "restricted", left_out)
    pairs = _with_subject(pairs, subjects, left_out)
    pairs = _of_age(pairs, stage, left_out)
    exclusions, not_applied = _exclusions(project, store, stage)
    pairs = _with_state(project, store, pairs, exclusions)
    pairs = _keep(pairs, ~pairs.pop("excluded"), "excluded by " + (", ".join(code.code for code in exclusions) or "nothing"), left_out)
    _check_someone(project, stage, pairs, left_out, as_of=as_of)
    return Cohort(stage.name, _as_frame(project, pairs), dict(left_out), not_applied)


def without_protected_areas(cohort: Cohort) -> Cohort:
    """Give the cohort without the municipality of people whose address is protected (R-08)."""
    hidden = cohort.frame["municipality"].mask(cohort.frame["shielded"], None)
    return replace(cohort, frame=cohort.frame.assign(municipality=hidden))


def _check_anchor(store: PartedStore, stage: Stage) -> None:
    if stage.anchor not in store.indicators:
        raise DataError(
            "TID424",
            f"stage {stage.name} is anchored on {stage.anchor}, which the {store.purpose} store does not hold (its sector is off). Switch "
            "the sector on with its legal basis, or anchor the stage on something else.",
        )


def _anchored(store: PartedStore, stage: Stage, left_out: Counter[str]) -> pd.DataFrame:
    """Distinct (person, as_of) of the anchors that were known by their as-of date, with the first anchor's own day."""
    found = []
    for part in range(-(-store.n_persons // PERSONS_PER_PART)):
        anchors = store.read_part(part, indicators=[stage.anchor])
        if stage.anchor_value is not None:
            anchors = anchors.take(anchors.value == np.float32(stage.anchor_value))
        day = as_of_days(anchors.happened_on, stage.as_of)
        known = np.logical_and(anchors.known_on <= day, anchors.known_to > day)
        left_out["anchor not known by the as-of date"] += int((~known).sum())
        found.append(pd.DataFrame({"person": anchors.person[known], "as_of": day[known], "anchored_on": anchors.happened_on[known]}))
    pairs = pd.concat(found, ignore_index=True) if found else pd.DataFrame({"person": [], "as_of": [], "anchored_on": []}, dtype=np.int32)
    return pairs.sort_values(["person", "as_of", "anchored_on"], ignore_index=True).drop_duplicates(["person", "as_of"], ignore_index=True)


def _of_year(store: PartedStore, stage: Stage, subjects: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    """Persons in the year of turning an age, of whom an anchor is on record by then; who has no birth date has no such year."""
    known = subjects[subjects["born_on"].notna()]
    left_out["without a birth date"] += len(subjects) - len(known)
    born_on = np.full(store.n_persons, NOT_BORN, dtype=np.int32)
    born_on[known["person"].to_numpy()] = day_numbers(known["born_on"])
    found = []
    for part in range(-(-store.n_persons // PERSONS_PER_PART)):
        anchors = store.read_part(part, indicators=[stage.anchor])
        if stage.anchor_value is not None:
            anchors = anchors.take(anchors.value == np.float32(stage.anchor_value))
        anchors = anchors.take(born_on[anchors.person] > NOT_BORN)
        day = turning_days(born_on[anchors.person], stage.as_of, age=int(stage.turning or 0))
        visible = anchors.visible_on(day)
        found.append(pd.DataFrame({"person": anchors.person[visible], "as_of": day[visible], "anchored_on": day[visible]}))
    pairs = pd.concat(found, ignore_index=True) if found else pd.DataFrame({"person": [], "as_of": [], "anchored_on": []}, dtype=np.int32)
    pairs = pairs.drop_duplicates("person", ignore_index=True)
    left_out["anchor not known by the as-of date"] += len(known) - len(pairs)
    return pairs


NOT_BORN = -(2**31)


def _keep(pairs: pd.DataFrame, mask: pd.Series, otherwise: str, left_out: Counter[str]) -> pd.DataFrame:
    left_out[otherwise] += int((~mask).sum())
    return pairs[mask].reset_index(drop=True)


def _with_subject(pairs: pd.DataFrame, subjects: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    """Join the subject and its age; a person who was taken out of the store since has no subject."""
    born = subjects["born_on"]
    known = {
        "person": subjects["person"],
        "subject_id": subjects["subject_id"],
        "group": subjects["group"],
        "shielded": subjects["shielded"],
    }
    days = pd.Series(pd.to_datetime(born, errors="raise")).sub(pd.Timestamp(EPOCH)).dt.days.astype("float64")
    joined = pairs.merge(pd.DataFrame({**known, "born_on": days.to_numpy()}), on="person", how="inner", sort=False)
    left_out["no longer in the store"] += len(pairs) - len(joined)
    if born.notna().any():
        joined = _keep(joined, joined["born_on"].notna(), "without a birth date", left_out)
    return joined.assign(age_years=(joined["as_of"] - joined["born_on"]) / DAYS_PER_YEAR)


def _of_age(pairs: pd.DataFrame, stage: Stage, left_out: Counter[str]) -> pd.DataFrame:
    """Apply the stage's ages in completed years; a store without any birth dates has no ages to apply."""
    if pairs["born_on"].isna().any():
        return pairs
    age = completed_years(pairs["born_on"].to_numpy().astype(np.int32), pairs["as_of"].to_numpy())
    pairs = _keep(pairs.assign(age=age), pd.Series(age >= stage.min_age), f"under {stage.min_age} years", left_out)
    return _keep(pairs, pairs.pop("age") <= stage.max_age, f"over {stage.max_age} years", left_out)


def _exclusions(project: Project, store: PartedStore, stage: Stage) -> tuple[list[Indicator], tuple[str, ...]]:
    readable = [code for code in stage.excluded_by if code in store.indicators]
    return [project.catalogue.indicators[code] for code in readable], tuple(c for c in stage.excluded_by if c not in store.indicators)


def _with_state(project: Project, store: PartedStore, pairs: pd.DataFrame, exclusions: Sequence[Indicator]) -> pd.DataFrame:
    """Add `excluded` and `municipality` as they stood on each row's date."""
    area = project.screening.municipality_indicator
    area = area if area in store.indicators else None
    codes = [*(indicator.code for indicator in exclusions), *([area] if area else [])]
    specs = [FeatureSpec(code, aggregation, None) for code in codes for aggregation in ("count", "last")]
    state = np.concatenate(
        [np.empty((0, len(specs)), dtype=np.float32), *_states(store, pairs, specs)] if specs else [np.empty((len(pairs), 0), np.float32)]
    )
    count, last = state[:, 0::2], state[:, 1::2]
    excluded = np.zeros(len(pairs), dtype=np.bool_)
    for position, indicator in enumerate(exclusions):
        excluded |= _in_force(count[:, position], last[:, position], indicator)
    municipality = area_texts(last[:, -1], project.catalogue.indicators[area]) if area else [None] * len(pairs)
    return pairs.assign(excluded=excluded, municipality=pd.Series(municipality, index=pairs.index, dtype=object))


def _in_force(count: NDArray[np.float32], last: NDArray[np.float32], indicator: Indicator) -> Mask:
    """Whether a record stands; 0 ends it, except for a category, whose 0 is a level like any other."""
    stands: Mask = count > 0
    return stands if indicator.kind is Kind.CATEGORY else np.logical_and(stands, last != 0)


def _states(store: PartedStore, pairs: pd.DataFrame, specs: Sequence[FeatureSpec]) -> Iterator[NDArray[np.float32]]:
    rows = Rows(pairs["person"].to_numpy(dtype=np.int32), pairs["as_of"].to_numpy(dtype=np.int32))
    codes = sorted({spec.indicator for spec in specs})
    for part in np.unique(rows.person // PERSONS_PER_PART):
        records: Records = store.read_part(int(part), indicators=codes)
        wanted = rows.between(int(part) * PERSONS_PER_PART, (int(part) + 1) * PERSONS_PER_PART)
        yield feature_matrix(records, wanted, specs, indicators=store.indicators, levels={})


def area_texts(last: NDArray[np.float32], indicator: Indicator) -> list[str | None]:
    """Give municipalities as text: the level of a category, else the number with four digits; None where nobody knows."""
    known = {number: _area_name(int(number), indicator) for number in np.unique(last[~np.isnan(last)]).tolist()}
    return [known.get(number) for number in last.tolist()]


def _area_name(number: int, indicator: Indicator) -> str:
    return indicator.levels[number] if indicator.kind is Kind.CATEGORY else f"{number:04d}"


def _as_frame(project: Project, pairs: pd.DataFrame) -> pd.DataFrame:
    as_of: Days = pairs["as_of"].to_numpy(dtype=np.int32)
    return pd.DataFrame(
        {
            "person": pairs["person"].astype(np.int32),
            "subject_id": pairs["subject_id"],
            "group": pairs["group"].astype(np.int32),
            "as_of": dates_of(as_of),
            "age_years": pairs["age_years"].astype(np.float64),
            "municipality": pairs["municipality"],
            "period": period_names(pairs["anchored_on"].to_numpy(dtype=np.int32), kind=project.screening.split.period),
            "shielded": pairs["shielded"].astype(np.bool_),
        }
    )


def _check_someone(project: Project, stage: Stage, pairs: pd.DataFrame, left_out: Mapping[str, int], *, as_of: date | None) -> None:
    if len(pairs):
        return
    steps = [f"{shown_count(n)} {step}" for step, n in left_out.items() if n]
    raise DataError(
        "TID426",
        f"nobody is in the cohort of stage {stage.name} ({project.root / 'screening.toml'}). Left out: {'; '.join(steps) or 'nobody'}. "
        + (
            _other_date(stage, as_of) or "Check that step against the stage's declaration and the dates of the data."
            if steps
            else f"No record of {stage.anchor} puts anybody in it: check that it is ingested and that `anchor_value` occurs."
        ),
    )


def _other_date(stage: Stage, as_of: date | None) -> str:
    """Say on which day of the year a stage stands, to somebody who asked for another; nothing where that is not what is wrong."""
    rule = stage.as_of
    if as_of is None or rule.month is None or rule.day is None or (as_of.month, as_of.day) == (rule.month, rule.day):
        return ""
    day = f"{rule.month:02}-{rule.day:02}"
    return f"The stage is assessed on {day} of a year, not on {as_of:%m-%d}: ask for {as_of.year}-{day}."
