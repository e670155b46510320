"""What people who know the work expect of any model: pictures of a person, and which of two is the graver.

`expectations.toml` in the project's folder holds `[[picture]]` tables, written in features and their values. A training asks its gates of
them, whatever rung was chosen; a model that turns two pictures around can't be promoted, however well it ranks on average.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Catalogue, Code, Indicator, Strict, Use, Wording
from features.declarations.project import Project, read_table
from features.declarations.specs import FeatureSpec
from features.errors import ProjectError

FILE = "expectations.toml"
_OF_ONE_VALUE = ("last", "first", "min", "max")
"""Aggregations that give back a recorded value, so that it has to be one that the indicator can have."""


class Picture(Strict):
    """One person in outline. What it does not name is typical for the stage: the training rows' median, or commonest level.

    Notes
    -----
    A number stands for itself, the name of a level for that level of a category. A picture says nothing about age: the stage does (R-16).
    """

    name: Code
    label: Wording
    """The picture in the words that a coordinator would use."""
    stages: tuple[Code, ...] = ()
    """Stages whose models are asked; empty means all."""
    outcomes: tuple[Code, ...] = ()
    """Outcomes whose models are asked; empty means all of the stage's. What is graver for one outcome need not be for another."""
    like: Code | None = None
    """Another picture whose values and gaps hold here too, where this one says nothing else."""
    values: dict[str, float | str] = Field(default_factory=dict)
    """Feature, ``indicator.aggregation@window``, -> value."""
    missing: tuple[str, ...] = ()
    """Features, or whole indicators by code, of which nothing is known."""
    graver_than: tuple[Code, ...] = ()
    """Pictures that may never rank above this one in the same stage; equal is allowed."""

    @property
    def is_draft(self) -> bool:
        """Whether no domain person has approved the picture yet."""
        return self.label.draft


@dataclass(frozen=True)
class Pair:
    """Two pictures of one stage and outcome, of which the first is declared graver."""

    graver: str
    milder: str

    def __str__(self) -> str:
        """Both names, the graver first."""
        return f"{self.graver} > {self.milder}"


class Expectations(Strict):
    """`expectations.toml`."""

    picture: tuple[Picture, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        names = [picture.name for picture in self.picture]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the picture {twice[0]} is declared twice")
        for picture in self.picture:
            for name in (*picture.graver_than, *([picture.like] if picture.like else [])):
                if name not in names:
                    raise ValueError(f"the picture {picture.name} names {name}, which is no picture")
        _refuse_circle({p.name: p.graver_than for p in self.picture}, "is graver than itself, by way of others: one of the pairs is wrong")
        _refuse_circle({p.name: (p.like,) if p.like else () for p in self.picture}, "is like itself, by way of others")
        return self

    @cached_property
    def by_name(self) -> dict[str, Picture]:
        """Pictures by name."""
        return {picture.name: picture for picture in self.picture}

    @cached_property
    def sha256(self) -> str:
        """Digest of what is expected, so that a run says which suite it passed."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def asked_of(self, stage: str, outcome: str) -> tuple[Picture, ...]:
        """Pictures that the model of a stage and outcome is asked about."""
        return tuple(p for p in self.picture if stage in (p.stages or (stage,)) and outcome in (p.outcomes or (outcome,)))

    def pairs(self, stage: str, outcome: str) -> tuple[Pair, ...]:
        """Pairs whose both pictures belong to the stage and outcome; pairs that follow from these are left to follow."""
        asked = self.asked_of(stage, outcome)
        here = {picture.name for picture in asked}
        return tuple(Pair(p.name, milder) for p in asked for milder in p.graver_than if milder in here)

    def values_of(self, name: str, catalogue: Catalogue) -> dict[str, float]:
        """Give a picture's features as a model sees them: feature name -> value, NaN where missing, a level as 1.0 and its others as 0.0.

        Features of indicators that are switched off are left out: no model has them.
        """
        picture = self.by_name[name]
        inherited = {} if picture.like is None else self.values_of(picture.like, catalogue)
        own = {spec.name: value for key, said in picture.values.items() for spec, value in _said(catalogue, key, said)}
        gaps = {spec.name: math.nan for key in picture.missing for spec in _specs(catalogue, key)}
        return {**inherited, **own, **gaps}


def read_expectations(project: Project) -> Expectations:
    """Read what the project expects of its models; nothing where it has no `expectations.toml`.

    Raises
    ------
    ProjectError
        TID102 not TOML, TID103 a table breaks its contract, TID125 a picture does not fit the project, TID126 drafts in a project with real
        people's data.
    """
    path = project.root / FILE
    if not path.is_file():
        return Expectations()
    expectations = read_table(path, Expectations)
    problems = list(find_problems(expectations, project))
    if problems:
        raise ProjectError("TID125", f"{path}: {'; '.join(problems)}. Correct the picture, or declare what it names in the catalogue.")
    drafts = [picture.name for picture in expectations.picture if picture.is_draft]
    if drafts and project.screening.project.data == "real":
        raise ProjectError(
            "TID126",
            f"{path}: the project holds real people's data, and no domain person has approved the pictures {', '.join(drafts)}. Have each "
            "approved and take its `draft` mark away.",
        )
    return expectations


def find_problems(expectations: Expectations, project: Project) -> Iterator[str]:
    """Name everything in the pictures that does not fit the project's stages and catalogue."""
    for picture in expectations.picture:
        yield from (f"{picture.name}: no stage {stage}" for stage in picture.stages if stage not in project.stages)
        yield from (f"{picture.name}: no outcome {outcome}" for outcome in picture.outcomes if outcome not in project.outcomes)
        yield from (f"{picture.name}: {problem}" for problem in _value_problems(picture, project.catalogue))
        for milder in picture.graver_than:
            if not any(Pair(picture.name, milder) in expectations.pairs(stage, outcome) for stage, outcome in _models(project)):
                yield f"{picture.name}: shares no stage and outcome with {milder}, which it is to be graver than"


def _models(project: Project) -> Iterator[tuple[str, str]]:
    return ((stage.name, outcome) for stage in project.screening.stage for outcome in stage.outcomes)


def _value_problems(picture: Picture, catalogue: Catalogue) -> Iterator[str]:
    for key in (*picture.values, *picture.missing):
        problem = _key_problem(catalogue, key, may_be_whole=key in picture.missing)
        if problem:
            yield problem
    for key, said in picture.values.items():
        if _key_problem(catalogue, key, may_be_whole=False) is None:
            yield from _fault(catalogue.declared[key.partition(".")[0]], key, said)


def _key_problem(catalogue: Catalogue, key: str, *, may_be_whole: bool) -> str | None:
    """Say what is wrong with a key; None when it names features of a predictor."""
    code, dot, text = key.partition(".")
    indicator = catalogue.declared.get(code)
    if indicator is None:
        return f"{code} is no indicator of the catalogue"
    if indicator.use is not Use.PREDICTOR:
        return f"{code} is no predictor: no model that serves may use it"
    if not dot and may_be_whole:
        return None
    if not _matching(indicator, text):
        return f"{code} has no feature {text or '(none named)'}; it has {', '.join(indicator.features) or 'none'}"
    return None


def _fault(indicator: Indicator, key: str, said: float | str) -> Iterator[str]:
    specs = _matching(indicator, key.partition(".")[2])
    by_level = specs[0].level is not None and "=" not in key
    if by_level and said not in indicator.levels:
        yield f"{key} is one of {', '.join(indicator.levels)}"
    elif not by_level and isinstance(said, str):
        yield f"{key} is a number; for nothing known, name it in `missing`"
    elif not by_level and _is_refused(indicator, specs[0], float(said)):
        yield f"{key} can't have this value: expected {indicator.contract.describe('en')}"


def _is_refused(indicator: Indicator, spec: FeatureSpec, value: float) -> bool:
    """Whether a feature that gives back a recorded value is said to have one that no record may have."""
    return spec.level is None and spec.aggregation in _OF_ONE_VALUE and indicator.contract.find_fault(value) is not None


def _said(catalogue: Catalogue, key: str, said: float | str) -> Iterator[tuple[FeatureSpec, float]]:
    for spec in _specs(catalogue, key):
        yield spec, float(spec.level == said) if isinstance(said, str) else float(said)


def _specs(catalogue: Catalogue, key: str) -> tuple[FeatureSpec, ...]:
    """Features that a key names, none where its indicator is switched off."""
    code, dot, text = key.partition(".")
    indicator = catalogue.indicators.get(code)
    if indicator is None:
        return ()
    return _matching(indicator, text) if dot else indicator.feature_specs


def _matching(indicator: Indicator, text: str) -> tuple[FeatureSpec, ...]:
    """Declared features behind ``aggregation@window``, written as in the catalogue, with ``=level`` or for all levels."""
    asked, _, level = text.partition("=")
    try:
        wanted = FeatureSpec.parse(indicator.code, asked)
    except ValueError:
        return ()
    same = (spec for spec in indicator.feature_specs if (spec.aggregation, spec.window) == (wanted.aggregation, wanted.window))
    return tuple(spec for spec in same if not level or spec.level == level)


def _refuse_circle(edges: Mapping[str, tuple[str, ...]], what: str) -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"the picture {name} {what}")
        if name not in done:
            for other in edges[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in edges:
        visit(name, ())
