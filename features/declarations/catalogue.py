"""The indicator catalogue: what a project may know about a person, declared.

One TOML file a sector, `indicators/<sector>.toml`, holds `[[indicator]]` and `[[source]]` tables. The catalogue is an
allow-list; on top of it stands a deny-list that no configuration can lift (R-03).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from features.declarations.constraints import Kind as Kind
from features.declarations.constraints import ValueContract
from features.declarations.denylist import check_label_allowed, check_not_denied
from features.declarations.specs import AGGREGATIONS_OF_A_LEVEL, FeatureSpec, check_asked_of_kind

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
"""A code that can stand in a column name, a URL and a file name."""


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty, and says nothing: write it, or leave the key out where it may be missing")
    return text


Said = Annotated[str, AfterValidator(_says_something)]
"""A text that is not blank; a blank legal basis would otherwise lift a switch (R-04)."""


class Strict(BaseModel):
    """A table of a project file: refuses keys that it does not know, and can't change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sector(StrEnum):
    """The five sectors, and the two stores that are none of them."""

    EDUCATION = "education"
    HEALTH = "health"
    FAMILY = "family"
    LABOUR = "labour"
    INTEGRATION = "integration"
    AUDIT = "audit"
    """Audit attributes: a store of their own, joined only inside the fairness job (R-10)."""


class Use(StrEnum):
    """What an indicator may be used for."""

    PREDICTOR = "predictor"
    BENCHMARK_ONLY = "benchmark_only"
    """Stands in a reference that others published; no servable model may use it."""
    CONTEXT = "context"
    """Needed to run the service (municipality, school); stratum of the area baseline, never a predictor."""
    AUDIT = "audit"
    SUPPRESSOR = "suppressor"
    """A record of it in force means: already followed up, do not propose."""
    LABEL = "label"
    NEVER = "never"


class Wording(Strict):
    """Words for people, in the three languages; approved by a domain person or marked `draft`."""

    nb: Said
    nn: Said
    en: Said
    draft: bool = False


class Indicator(Strict):
    """One thing a sector records about a person, and what may be done with it."""

    code: Code
    kind: Kind
    use: Use
    unit: str | None = None
    low: float | None = None
    """Least value, itself allowed; a count has 0 without saying so. What breaks a bound goes to quarantine."""
    high: float | None = None
    """Largest value, itself allowed."""
    whole: bool | None = None
    """Whether only whole numbers are values; a count says yes by itself."""
    ages: tuple[int, int] = (0, 24)
    registers: tuple[str, ...] = ()
    """Where it is recorded. `registers` knows those kept for statistics alone; then the service's own system is the source."""
    derived_from: tuple[Code, ...] = ()
    """Computed from these by features or rules of their own; declared so that it is seen, delivered by nobody."""
    ingested: bool = True
    """False where a reviewer looks it up in the service's own system, if at all: no row of it is loaded."""
    source_variables: tuple[str, ...] = ()
    """Names it has in NUDB, FD-Trygd or microdata.no, so that researchers recognise it."""
    legal_basis: Said | None = None
    """Recorded basis for *this* indicator; the demo's say FIKTIV."""
    needs_legal_basis: bool = False
    """Starred in the catalogue: off until a legal basis for this very indicator is recorded."""
    needs_consent: bool = False
    confidential: bool = False
    """A reader outside the owning service sees reasons from it as the coarse group only (R-05)."""
    direction: Literal["raises", "lowers"] | None = None
    """How more of it may move the risk; None where no monotone direction is declared."""
    direction_draft: bool = False
    """No domain person has approved the direction yet: like draft wording, refused with real people's data."""
    fixed: bool = False
    """It can't change by nature (year of birth), so that having one value on all of a person's rows is no sign of a leak (L-04)."""
    levels: tuple[str, ...] = ()
    level_labels: dict[str, Wording] = Field(default_factory=dict)
    """Words for each level, for all of them or for none; a reader sees the level itself where there are none."""
    owner: str | None = None
    """Code of the service in services.toml that can talk about it."""
    label: Wording
    meaning: Wording | None = None
    """One sentence on what it says and what it does not."""
    features: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.use is not Use.NEVER:
            for name in (self.code, *self.source_variables):
                check_not_denied(name)
        if self.use is Use.LABEL:
            check_label_allowed(self.code)
        if self.kind is Kind.CATEGORY and not self.levels and self.use is not Use.NEVER:
            raise ValueError(f"{self.code}: a category lists its `levels`")
        if self.level_labels and set(self.level_labels) != set(self.levels):
            raise ValueError(f"{self.code}: `level_labels` has words for each of `levels` and for nothing else")
        if self.features and self.use not in (Use.PREDICTOR, Use.BENCHMARK_ONLY, Use.CONTEXT):
            raise ValueError(f"{self.code}: an indicator with use = {self.use.value!r} makes no features")
        if self.features and (self.derived_from or not self.ingested):
            raise ValueError(f"{self.code}: no row of it is loaded (`derived_from`, `ingested`), so it makes no features")
        for spec in self.feature_specs:
            check_asked_of_kind(spec, self.kind)
        _ = self.contract
        return self

    @cached_property
    def contract(self) -> ValueContract:
        """What a value of it may be, filled in from the kind."""
        return ValueContract.of(
            self.kind, low=self.low, high=self.high, whole=self.whole, levels=self.levels, unit=self.unit, ages=self.ages
        )

    @property
    def is_on(self) -> bool:
        """Whether the indicator may be loaded at all, its sector's switch aside."""
        is_delivered = self.use is not Use.NEVER and self.ingested and not self.derived_from
        return is_delivered and (self.legal_basis is not None or not self.needs_legal_basis)

    @cached_property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """The declared features; of a category, what can be asked of a level gives one per level: 1.0 where the last record has it."""
        return tuple(FeatureSpec.parse(self.code, text, level=level) for text in self.features for level in self._levels_asked(text))

    def _levels_asked(self, text: str) -> tuple[str | None, ...]:
        of_a_level = text.partition("@")[0] in AGGREGATIONS_OF_A_LEVEL
        return self.levels if self.kind is Kind.CATEGORY and of_a_level else (None,)


class Source(Strict):
    """Files of one register or system, and how to read them.

    Notes
    -----
    Layouts: ``events`` (person, indicator, value, happened_on, known_on), ``spells`` (Statistics Norway's
    ``unit_id;value;start;stop`` with JSON metadata), ``snapshots`` (one wide row per person and date),
    ``persons`` (one row a person: id, group, born_on), the register that a cohort is drawn from, and ``consents`` (one row for each
    person, scope and purpose), what may be used of indicators that need consent.

    `files` are relative to the project folder; ``${NAME}`` is taken from the environment. With `query`, a file of DuckDB
    SQL in the project folder, the files are visible to it as views under their stem, nothing else is, and
    the query's result is read in the declared layout.
    """

    name: Code
    layout: Literal["events", "spells", "snapshots", "persons", "consents"]
    files: tuple[str, ...] = Field(min_length=1)
    query: str | None = None
    purposes: tuple[Literal["train", "score", "audit"], ...] = ("train", "score")
    registers: tuple[str, ...] = ()
    """Registers or case systems the files come from; one kept for statistics is refused for scoring (`features.declarations.registers`)."""
    legal_basis: Said | None = None
    """Basis of this very source; needed where a register kept for statistics and research teaches or audits."""
    indicator: Code | None = None
    """For `spells`: the indicator that the file's values belong to."""
    id_column: str = "person"
    group_column: str | None = None
    """For `persons`: rows that belong to one human being (an enrolment's student), never split between train and test."""
    household_column: str | None = None
    """For `persons`: rows of one household; who lives with somebody whose address is protected is shielded likewise (R-08)."""
    indicator_column: str = "indicator"
    value_column: str = "value"
    happened_column: str = "happened_on"
    known_column: str | None = "known_on"
    """Empty (``""`` in TOML) where the records do not say when they became known; allowed only with `known_lag_days`."""
    known_lag_days: int | None = Field(default=None, ge=0)
    record_column: str | None = None
    """Identity of a record within person and indicator: a later known record with the same one supersedes it."""
    columns: dict[str, str] = Field(default_factory=dict)
    """For `snapshots`: column -> indicator code. A column not listed here or in `ignored` rejects the file."""
    ignored: tuple[str, ...] = ()
    """Columns that may be present and are dropped before anything else happens."""
    separator: Literal[",", ";", "\t", "|", "auto"] = "auto"
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "utf-16", "latin-1", "auto"] = "auto"
    max_bad_share: float = Field(default=0.01, ge=0, le=1)
    """Reject the whole file when more than this share of its rows breaks the contract."""
    metadata: str | None = None
    """For `spells`: the JSON metadata file."""

    @property
    def may_be_empty(self) -> bool:
        """Whether a file without rows says something: a list of consents does, that nobody has given one."""
        return self.layout == "consents"

    @field_validator("known_column")
    @classmethod
    def _empty_is_none(cls, column: str | None) -> str | None:
        return column or None

    @model_validator(mode="after")
    def _columns_allowed(self) -> Self:
        """Whatever a name is used for, also to be dropped: what is denied is left out where the extract is made."""
        people = (self.id_column, self.group_column, self.household_column)
        records = (self.indicator_column, self.value_column, self.happened_column, self.known_column, self.record_column, self.indicator)
        for name in (*people, *records, *self.columns, *self.columns.values(), *self.ignored):
            if name is not None:
                check_not_denied(name)
        return self

    @model_validator(mode="after")
    def _knowable(self) -> Self:
        if self.layout not in ("persons", "consents") and self.known_column is None and self.known_lag_days is None:
            raise ValueError(
                f"source {self.name}: neither `known_column` nor `known_lag_days` says when its records became known. "
                "Without that a feature could use what nobody knew yet: a leak (R-14). Declare one of them."
            )
        return self


class SectorFile(Strict):
    """One file `indicators/<sector>.toml`."""

    sector: Sector
    enabled: bool | None = None
    """Default: education on, every other sector off (R-04)."""
    legal_basis: Said | None = None
    indicator: tuple[Indicator, ...] = ()
    source: tuple[Source, ...] = ()

    @property
    def is_on(self) -> bool:
        """Education unless switched off; the rest only when switched on with a legal basis."""
        if self.sector is Sector.EDUCATION:
            return self.enabled is not False
        return bool(self.enabled) and self.legal_basis is not None

    @model_validator(mode="after")
    def _basis_before_switch(self) -> Self:
        if self.enabled and self.sector is not Sector.EDUCATION and not self.legal_basis:
            raise ValueError(
                f"sector {self.sector.value} is switched on without a `legal_basis` (R-04). Record the basis or switch it off."
            )
        return self


@dataclass(frozen=True)
class Catalogue:
    """All sectors of a project. What is off is left out of everything below."""

    sectors: tuple[SectorFile, ...]

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Indicators that are on, by code, in order of declaration."""
        return {i.code: i for s in self.sectors if s.is_on for i in s.indicator if i.is_on}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Sources of the sectors that are on, by name."""
        return {source.name: source for s in self.sectors if s.is_on for source in s.source}

    @cached_property
    def declared(self) -> dict[str, Indicator]:
        """Every indicator, on or off."""
        return {i.code: i for s in self.sectors for i in s.indicator}

    def sector_of(self, code: str) -> Sector:
        """Sector of an indicator or a source."""
        return self._sector_by_code[code]

    @cached_property
    def _sector_by_code(self) -> dict[str, Sector]:
        return {c: s.sector for s in self.sectors for c in (*(i.code for i in s.indicator), *(r.name for r in s.source))}

    def with_use(self, *uses: Use) -> tuple[Indicator, ...]:
        """Indicators that are on and have one of these uses."""
        return tuple(i for i in self.indicators.values() if i.use in uses)

    def feature_specs(self, *uses: Use) -> tuple[FeatureSpec, ...]:
        """Features of the indicators with these uses; the predictors' when none is named."""
        return tuple(f for i in self.with_use(*(uses or (Use.PREDICTOR,))) for f in i.feature_specs)
