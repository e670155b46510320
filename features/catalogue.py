"""The indicator catalogue: what a project may know about a person, declared.

One TOML file a sector, `indicators/<sector>.toml`, holds `[[indicator]]` and `[[source]]` tables. The catalogue is an
allow-list; on top of it stands a deny-list that no configuration can lift (R-03).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from features.specs import FeatureSpec

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
"""A code that can stand in a column name, a URL and a file name."""


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


class Kind(StrEnum):
    """What the value of a record means."""

    COUNT = "count"
    AMOUNT = "amount"
    LEVEL = "level"
    CATEGORY = "category"
    FLAG = "flag"


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

    nb: str
    nn: str
    en: str
    draft: bool = False


DENIED = {
    "citizenship": r"citizenship|statsborgerskap",
    "country of origin": r"country|landgruppe|landbakgrunn|fodeland|birthplace",
    "religion": r"religion|livssyn|belief|tro_og",
    "sexual orientation": r"orientation|seksuell|legning",
    "diagnosis codes finer than a chapter": r"diagnos|icd10|icpc2_code",
    "prescriptions": r"prescription|resept|medication|atc_code",
    "crime": r"crime|offence|convict|siktet|straff|police|politi|charged|incarceration|delinquen",
    "parents' health": r"parent_(mh|health|disab|substance)|foreldres_(syk|helse)",
    "free text": r"free_?text|fritekst|journal_note",
    "social media": r"social_?media|sosiale_medier",
    "exact address": r"street|gateadresse|exact_address|coordinates",
    "survey answers": r"survey|elevundersok|sdq_",
}
"""Hard deny-list (R-03): what may never be loaded, whatever the project says. Names are matched, not values."""


def check_not_denied(code: str) -> str:
    """Refuse an indicator or column whose name says it is on the hard deny-list.

    Raises
    ------
    ValueError
        Naming the rule; no setting lifts it.
    """
    for what, pattern in DENIED.items():
        if re.search(pattern, code, flags=re.IGNORECASE):
            raise ValueError(f"{code!r} is on the hard deny-list ({what}; R-03). No setting lifts this: leave it out.")
    return code


class Indicator(Strict):
    """One thing a sector records about a person, and what may be done with it."""

    code: Annotated[Code, AfterValidator(check_not_denied)]
    kind: Kind
    use: Use
    unit: str | None = None
    ages: tuple[int, int] = (0, 24)
    legal_basis: str | None = None
    """Recorded basis for *this* indicator; the demo's say FIKTIV."""
    needs_legal_basis: bool = False
    """Starred in the catalogue: off until a legal basis for this very indicator is recorded."""
    needs_consent: bool = False
    confidential: bool = False
    """A reader outside the owning service sees reasons from it as the coarse group only (R-05)."""
    direction: Literal["raises", "lowers"] | None = None
    """How more of it may move the risk; None where no monotone direction is declared."""
    levels: tuple[str, ...] = ()
    owner: str | None = None
    """Code of the service in services.toml that can talk about it."""
    label: Wording
    meaning: Wording | None = None
    """One sentence on what it says and what it does not."""
    features: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind is Kind.CATEGORY and not self.levels:
            raise ValueError(f"{self.code}: a category lists its `levels`")
        if self.features and self.use not in (Use.PREDICTOR, Use.BENCHMARK_ONLY, Use.CONTEXT):
            raise ValueError(f"{self.code}: an indicator with use = {self.use.value!r} makes no features")
        if self.kind is Kind.CATEGORY and any(not text.startswith(("last", "first")) for text in self.features):
            raise ValueError(f"{self.code}: the features of a category are `last` or `first`")
        _ = self.feature_specs
        return self

    @property
    def is_on(self) -> bool:
        """Whether the indicator may be loaded at all, its sector's switch aside."""
        return self.use is not Use.NEVER and (self.legal_basis is not None or not self.needs_legal_basis)

    @cached_property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """The declared features; a category gives one per level, 1.0 where the last record has it."""
        if self.kind is Kind.CATEGORY:
            return tuple(FeatureSpec.parse(self.code, t, level=level) for t in self.features for level in self.levels)
        return tuple(FeatureSpec.parse(self.code, text) for text in self.features)


class Source(Strict):
    """Files of one register or system, and how to read them.

    Notes
    -----
    Layouts: ``events`` (person, indicator, value, happened_on, known_on), ``spells`` (Statistics Norway's
    ``unit_id;value;start;stop`` with JSON metadata), ``snapshots`` (one wide row per person and date), and
    ``persons`` (one row a person: id, group, born_on), the register that a cohort is drawn from.

    `files` are relative to the project folder; ``${NAME}`` is taken from the environment. With `query`, a file of DuckDB
    SQL in the project folder, the files are visible to it as views under their stem, nothing else is, and
    the query's result is read in the declared layout.
    """

    name: Code
    layout: Literal["events", "spells", "snapshots", "persons"]
    files: tuple[str, ...] = Field(min_length=1)
    query: str | None = None
    purposes: tuple[Literal["train", "score", "audit"], ...] = ("train", "score")
    legal_basis: str | None = None
    indicator: Code | None = None
    """For `spells`: the indicator that the file's values belong to."""
    id_column: str = "person"
    group_column: str | None = None
    """For `persons`: rows that belong to one human being (an enrolment's student), never split between train and test."""
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
    separator: Literal[",", ";", "\t", "auto"] = "auto"
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "utf-16", "latin-1", "auto"] = "auto"
    max_bad_share: float = Field(default=0.01, ge=0, le=1)
    """Reject the whole file when more than this share of its rows breaks the contract."""
    metadata: str | None = None
    """For `spells`: the JSON metadata file."""

    @field_validator("columns")
    @classmethod
    def _columns_allowed(cls, columns: dict[str, str]) -> dict[str, str]:
        for column in columns:
            check_not_denied(column)
        return columns

    @field_validator("known_column")
    @classmethod
    def _empty_is_none(cls, column: str | None) -> str | None:
        return column or None

    @model_validator(mode="after")
    def _knowable(self) -> Self:
        if self.layout != "persons" and self.known_column is None and self.known_lag_days is None:
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
    legal_basis: str | None = None
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
