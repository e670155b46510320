"""A screening project: one folder that a deployer writes and an auditor reads.

``screening.toml`` (purposes, stages, outcomes, split, capacity, bands, groups, retention), ``indicators/<sector>.toml``
(the catalogue) and ``services.toml`` (who helps with what here). What they do not know they refuse.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any, TypeVar

from pydantic import ValidationError

from features.declarations.approval import check_approved
from features.declarations.catalogue import Catalogue, SectorFile, Strict, Use
from features.declarations.denylist import denied_in_query
from features.declarations.invented import check_not_invented
from features.declarations.outcomes import Outcome
from features.declarations.registers import register_problems, unnamed_sources
from features.declarations.reviewing import Services
from features.declarations.screening import Purpose, PurposeKind, Screening
from features.declarations.stages import Stage
from features.errors import ProjectError, PurposeError

TableT = TypeVar("TableT", bound=Strict)


@dataclass(frozen=True)
class Project:
    """A validated project folder.

    `root` is the folder, `var` below it holds every runtime artefact. Nothing here reads data.
    """

    root: Path
    screening: Screening
    catalogue: Catalogue
    services: Services

    @property
    def var(self) -> Path:
        """Runtime artefacts; never part of a package, never committed."""
        return self.root / "var"

    @property
    def id(self) -> str:
        """The project's id, also the prefix of its registered models."""
        return self.screening.project.id

    @property
    def is_synthetic(self) -> bool:
        """Whether every person here is invented (R-33)."""
        return self.screening.project.data == "synthetic"

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """Stages by name."""
        return {stage.name: stage for stage in self.screening.stage}

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """Outcomes by name."""
        return {outcome.name: outcome for outcome in self.screening.outcome}

    @cached_property
    def contract_hash(self) -> str:
        """SHA-256 over the catalogue, stages and outcomes: what a model was trained under. A model of another contract is refused.

        What levels are called is for readers, and no part of it.
        """
        digest = hashlib.sha256()
        for sector in self.catalogue.sectors:
            digest.update(sector.model_dump_json(exclude={"indicator": {"__all__": {"level_labels"}}}).encode())
        for part in (*self.screening.stage, *self.screening.outcome):
            digest.update(part.model_dump_json().encode())
        return digest.hexdigest()

    def find_purpose(self, kind: PurposeKind, *, on: date) -> Purpose | None:
        """The declared purpose of this kind that covers this day, if any."""
        return next((p for p in self.screening.purpose if p.kind == kind and p.is_valid(on)), None)

    def check_purpose(self, kind: PurposeKind, *, on: date) -> Purpose:
        """Return the purpose that covers this day; a run without one does not start (R-02).

        Raises
        ------
        PurposeError
            TID201 when no purpose of this kind is declared, TID202 when none is valid on this day.
        """
        purpose = self.find_purpose(kind, on=on)
        if purpose is not None:
            return purpose
        declared = [p for p in self.screening.purpose if p.kind == kind]
        where = self.root / "screening.toml"
        if not declared:
            raise PurposeError("TID201", f"no purpose of kind {kind!r} in {where}. Declare one with its legal basis and dates.")
        runs = ", ".join(f"{p.valid_from} to {p.valid_to}" for p in declared)
        what = (
            "Renew it first" if on > max(p.valid_to for p in declared) else "Choose a day within them, or declare the purpose for that day"
        )
        raise PurposeError("TID202", f"no purpose of kind {kind!r} in {where} is valid on {on}; declared: {runs}. {what}.")


def load_project(root: Path) -> Project:
    """Read and validate a project folder.

    Raises
    ------
    ProjectError
        TID101 no such folder or file, TID102 not TOML, TID103 a table breaks its contract, TID104 parts do not fit together, TID121 a query
        names something on the hard deny-list, TID122 a register may not be used so. With real people's data also TID122 a source without a
        register, TID123 drafts, TID124 legal bases or controllers that say they are invented.
    """
    if not (root / "screening.toml").is_file():
        raise ProjectError("TID101", f"{root / 'screening.toml'} is missing. Make a project with `tidlig init {root} --example norway`.")
    screening = read_table(root / "screening.toml", Screening)
    sectors = tuple(read_table(path, SectorFile) for path in sorted((root / "indicators").glob("*.toml")))
    if not sectors:
        raise ProjectError("TID101", f"{root / 'indicators'} holds no .toml file: expected one per sector.")
    services = read_table(root / "services.toml", Services) if (root / "services.toml").is_file() else Services()
    project = Project(root.resolve(), screening, Catalogue(sectors), services)
    _check_fits(project)
    _check_queries(project)
    _check_registers(project)
    check_approved(project.screening, project.catalogue, project.services, where=str(root / "screening.toml"))
    check_not_invented(project.screening, project.catalogue, where=str(root / "screening.toml"))
    _check_sources_named(project)
    return project


def source_files(project: Project, files: tuple[str, ...], *, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Resolve declared files: relative to the project folder, ``${NAME}`` from `environ`.

    Raises
    ------
    ProjectError
        TID105 when a variable is not set.
    """
    try:
        return tuple(project.root / Template(text).substitute(environ) for text in files)
    except KeyError as error:
        raise ProjectError(
            "TID105",
            f"a source of {project.root} names the environment variable {error.args[0]}, which is not set. "
            "Set it to the folder with the data.",
        ) from error


def read_table(path: Path, model: type[TableT]) -> TableT:
    """Read one TOML file of a project folder into its table.

    Raises
    ------
    ProjectError
        TID102 not TOML, TID103 the table breaks its contract, naming every place.
    """
    document: dict[str, Any] = {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError("TID102", f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise ProjectError("TID103", f"{path}: " + "; ".join(_describe(e, document) for e in error.errors(include_url=False))) from error


def _describe(error: Any, document: Mapping[str, Any]) -> str:
    place = ".".join(_place(error["loc"], document)) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{place}: not a known key; remove it or check its spelling"
    return f"{place}: {str(error['msg']).removeprefix('Value error, ')}"


def _place(parts: Iterable[str | int], document: object) -> Iterator[str]:
    """Name what stands at a place; a table of many goes by its own name, or else by its number counted from 1."""
    here = document
    for part in parts:
        here = _inside(here, part)
        own = next((here[key] for key in ("code", "name", "kind", "number") if key in here), None) if isinstance(here, dict) else None
        yield str(part) if isinstance(part, str) else str(own or part + 1)


def _inside(here: object, part: str | int) -> object:
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return here[part]
    return here.get(part) if isinstance(here, dict) else None


def _check_fits(project: Project) -> None:
    catalogue, screening = project.catalogue, project.screening
    codes = [i.code for s in catalogue.sectors for i in s.indicator]
    names = [r.name for s in catalogue.sectors for r in s.source]
    problems = [f"indicator {c} is declared twice" for c in sorted({c for c in codes if codes.count(c) > 1})]
    problems += [f"source {n} is declared twice" for n in sorted({n for n in names if names.count(n) > 1})]
    for stage in screening.stage:
        problems += [
            f"stage {stage.name}: unknown indicator {c}" for c in (stage.anchor, *stage.excluded_by) if c not in catalogue.declared
        ]
        problems += [f"stage {stage.name}: unknown outcome {o}" for o in stage.outcomes if o not in project.outcomes]
    for outcome in screening.outcome:
        indicator = catalogue.declared.get(outcome.indicator)
        if indicator is None or indicator.use is not Use.LABEL:
            problems.append(f"outcome {outcome.name}: {outcome.indicator} is not declared with use = 'label'")
    for group, code in screening.groups.items():
        indicator = catalogue.declared.get(code)
        if indicator is None or indicator.use not in (Use.AUDIT, Use.BENCHMARK_ONLY):
            problems.append(f"group {group}: {code} is not declared with use = 'audit'")
    services = {service.code for service in project.services.service}
    for indicator in catalogue.declared.values():
        problems += [f"indicator {indicator.code}: derived from {c}, which is unknown" for c in indicator.derived_from if c not in codes]
        if indicator.owner is not None and indicator.owner not in services:
            problems.append(f"indicator {indicator.code}: its owner {indicator.owner} is no service of services.toml")
    if screening.municipality_indicator is not None and screening.municipality_indicator not in catalogue.declared:
        problems.append(f"municipality_indicator: unknown indicator {screening.municipality_indicator}")
    if problems:
        raise ProjectError("TID104", f"{project.root}: " + "; ".join(problems) + ".")


def _check_queries(project: Project) -> None:
    """Hold each query to the deny-list: a new name for a denied column lifts nothing (R-03)."""
    for source in (source for sector in project.catalogue.sectors for source in sector.source):
        path = None if source.query is None else project.root / source.query
        denied = denied_in_query(path.read_text(encoding="utf-8", errors="replace")) if path is not None and path.is_file() else []
        if denied:
            raise ProjectError(
                "TID121",
                f"{path} (source {source.name}) names {', '.join(denied)}, on the hard deny-list (R-03). No setting lifts this, and a new "
                "name in the query does not either: leave it out.",
            )


def _check_registers(project: Project) -> None:
    problems = list(register_problems(source for sector in project.catalogue.sectors for source in sector.source))
    if problems:
        raise ProjectError("TID122", f"{project.root / 'indicators'}: " + "; ".join(problems) + ".")


def _check_sources_named(project: Project) -> None:
    unnamed = unnamed_sources(project.catalogue.sources.values()) if project.screening.project.data == "real" else []
    if unnamed:
        raise ProjectError(
            "TID122",
            f"{project.root / 'indicators'}: with real people's data every source says where it comes from, and {', '.join(unnamed)} do "
            "not. Name the register or case system in `registers`, so that one kept for statistics alone is refused.",
        )
