"""The whole plan, held against the files before any compute is spent: what `tidlig check` asks.

Every question gives a finding, also when one before it failed, so that a deployer mends all in one go. Training and monitoring bring
questions of their own as further callables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from features.consent_table import exchange_path
from features.consents import needing_consent
from features.declarations.approval import approval_finding
from features.declarations.catalogue import Sector, Use
from features.declarations.project import Project
from features.declarations.registers import register_finding
from features.errors import DataError, IntakeError, ProjectError, PurposeError, ScreeningError
from features.findings import Finding
from features.intake.keyring import check_key_fits
from features.intake.sources import SourceUnit, check_synthetic_column, read_columns, source_units
from features.keys import PURPOSES, read_keys
from features.leaks import lifetime_findings
from features.manifest import StorePurpose
from features.progress import Progress, Silent

PlanCheck = Callable[..., Sequence[Finding]]
"""Called as ``check(project, now=now)``."""

_BY_DIGIT: Mapping[str, type[ScreeningError]] = {"1": ProjectError, "2": PurposeError, "3": IntakeError, "4": DataError}


def check_project(
    project: Project,
    *,
    environ: Mapping[str, str],
    now: datetime,
    more: Sequence[PlanCheck] = (),
    progress: Progress | None = None,
) -> list[Finding]:
    """Ask everything that can be asked without loading a row.

    Files are opened as far as their header, queries are parsed and their columns looked at; then a sample of people's rows is held
    against L-04, values that describe later years. Nothing is written.

    Parameters
    ----------
    more
        Further questions, of training and monitoring.
    """
    findings = [
        *_purposes(project, now),
        *_keys(project, environ),
        *_sources(project, environ, progress or Silent()),
        *_indicators(project),
        *_outcomes(project),
        *_stages(project),
        *_capacity(project),
        *_groups(project),
        _consents(project),
        approval_finding(project.screening, project.catalogue, project.services),
        register_finding(project.catalogue.sources.values()),
    ]
    return findings + [finding for check in more for finding in check(project, now=now)]


def exit_status(findings: Sequence[Finding]) -> int:
    """Exit status of the first finding that failed, 0 when none did."""
    for finding in findings:
        if finding.is_failed:
            code = str(finding.evidence.get("error", "TID1"))
            return _BY_DIGIT.get(code[3:4], ProjectError).exit_status
    return 0


def _purposes(project: Project, now: datetime) -> Iterator[Finding]:
    for kind in dict.fromkeys(purpose.kind for purpose in project.screening.purpose):
        yield _asked("C-01", f"The purpose {kind!r} is valid today", partial(project.check_purpose, kind, on=now.date()))


def _keys(project: Project, environ: Mapping[str, str]) -> Iterator[Finding]:
    for purpose in _store_purposes(project):
        yield _asked("C-02", f"The key for {purpose!r} is there, and the one of the store", partial(_check_key, project, purpose, environ))


def _check_key(project: Project, purpose: StorePurpose, environ: Mapping[str, str]) -> None:
    check_key_fits(project, purpose, keys=read_keys(project, environ=environ))


def _store_purposes(project: Project) -> tuple[StorePurpose, ...]:
    declared = {purpose.kind for purpose in project.screening.purpose}
    return tuple(purpose for purpose in PURPOSES if purpose in declared)


def _sources(project: Project, environ: Mapping[str, str], progress: Progress) -> Iterator[Finding]:
    try:
        units = source_units(project, purposes=_store_purposes(project), environ=environ)
    except ScreeningError as error:
        yield _failed("C-03", "Every source names its files", error.message, error.code)
        return
    if not any(unit.source.layout == "persons" for unit in units):
        yield _failed("C-03", "A source says who there is", "no source has layout = 'persons'", "TID106")
    readable = []
    for unit in units:
        finding = _asked("C-04", f"{unit.name} (source {unit.source.name}) reads and has the declared columns", partial(_look_into, unit))
        readable += [] if finding.is_failed else [unit]
        yield finding
    yield from lifetime_findings(project, readable, progress=progress)


def _look_into(unit: SourceUnit) -> None:
    columns = read_columns(unit)
    unit.contract.check_columns(columns, file=unit.name)
    check_synthetic_column(unit, columns)
    unknown = [c for c in (unit.source.indicator, *unit.source.columns.values()) if c is not None and c not in unit.indicators]
    if unknown:
        raise IntakeError(
            "TID318",
            f"source {unit.source.name} gives {', '.join(unknown)}, which is not declared, switched off, or belongs to another store. "
            "Correct the code, or leave the source out until its sector is on.",
        )


def _indicators(project: Project) -> Iterator[Finding]:
    catalogue = project.catalogue
    specs = catalogue.feature_specs()
    off = [s.sector.value for s in catalogue.sectors if not s.is_on]
    yield Finding(
        "C-05",
        "There is something to learn from",
        "PASSED" if specs else "FAILED",
        {"n_indicators": len(catalogue.indicators), "n_features": len(specs), "sectors_off": ", ".join(off) or None}
        | ({} if specs else {"problem": "no predictor that is on declares features", "error": "TID104"}),
    )
    dated = [source for source in catalogue.sources.values() if source.layout not in ("persons", "consents")]
    n_assumed = sum(source.known_lag_days is not None for source in dated)
    # A source that says neither is refused when the project is read (TID103); here an auditor sees how many rely on an assumption.
    yield Finding(
        "C-06",
        "Every source says when its records became known",
        "PASSED",
        {"n_own_date": len(dated) - n_assumed, "n_assumed_lag": n_assumed},
    )


def _outcomes(project: Project) -> Iterator[Finding]:
    for outcome in project.screening.outcome:
        title = f"The outcome {outcome.name} can be read"
        if outcome.indicator in project.catalogue.indicators:
            yield Finding("C-07", title, "PASSED", {"indicator": outcome.indicator, "horizon_days": outcome.horizon_days})
        else:
            yield _failed("C-07", title, f"its indicator {outcome.indicator} is switched off: without it there are no labels")


def _stages(project: Project) -> Iterator[Finding]:
    on = project.catalogue.indicators
    for stage in project.screening.stage:
        title = f"The stage {stage.name} has a cohort"
        unreadable = [code for code in stage.excluded_by if code not in on]
        if stage.anchor not in on:
            yield _failed("C-08", title, f"its anchor {stage.anchor} is switched off: nobody is in it")
        else:
            yield Finding("C-08", title, "PASSED", {"anchor": stage.anchor, "exclusions_off": ", ".join(unreadable) or None})


def _capacity(project: Project) -> Iterator[Finding]:
    screening, title = project.screening, "Municipalities have capacity for cases"
    code = screening.municipality_indicator
    if code is None or not screening.municipality:
        yield Finding("C-09", title, "NOT_APPLICABLE", {"why": "no municipality_indicator or no municipality: this project trains only"})
        return
    if code not in project.catalogue.indicators:
        yield _failed("C-09", title, f"municipality_indicator {code} is switched off")
        return
    contract = project.catalogue.indicators[code].contract
    unknown = [m.number for m in screening.municipality if contract.find_fault(m.number) is not None]
    if unknown:
        yield _failed("C-09", title, f"the declared values of {code} do not have the municipality numbers {', '.join(unknown)}")
        return
    yield Finding(
        "C-09", title, "PASSED", {"n_municipalities": len(screening.municipality), "cases": sum(m.capacity for m in screening.municipality)}
    )


def _groups(project: Project) -> Iterator[Finding]:
    title = "Fairness can be looked at by group"
    off = [name for name, code in project.screening.groups.items() if code not in project.catalogue.indicators]
    needs_audit = any(project.catalogue.sector_of(c) is Sector.AUDIT for c in project.screening.groups.values())
    if not project.screening.groups:
        yield Finding("C-10", title, "NOT_APPLICABLE", {"why": "no [groups] are declared"})
    elif off:
        yield _failed("C-10", title, f"the indicators of the groups {', '.join(off)} are switched off")
    elif needs_audit and "audit" not in _store_purposes(project):
        yield _failed("C-10", title, "the groups stand in the audit store, and no purpose of kind 'audit' is declared", "TID201")
    else:
        n_audit = len(project.catalogue.with_use(Use.AUDIT))
        yield Finding("C-10", title, "PASSED", {"groups": ", ".join(project.screening.groups), "n_audit_indicators": n_audit})


def _consents(project: Project) -> Finding:
    title, gated = "Where consent is needed, a list says who gives it", needing_consent(project)
    delivered = [source.name for source in project.catalogue.sources.values() if source.layout == "consents"]
    registered = exchange_path(project).is_file()
    if not gated:
        return Finding("C-13", title, "NOT_APPLICABLE", {"why": "no indicator that is on needs consent"})
    if not delivered and not registered:
        return _failed("C-13", title, f'{", ".join(gated)} need consent, and no source has layout = "consents"', "TID220")
    where = [*delivered, *(["the review service"] if registered else [])]
    return Finding("C-13", title, "PASSED", {"n_indicators": len(gated), "from": ", ".join(where)})


def _asked(code: str, title: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except ScreeningError as error:
        return _failed(code, title, error.message, error.code)
    return Finding(code, title, "PASSED")


def _failed(code: str, title: str, problem: str, error: str = "TID104") -> Finding:
    return Finding(code, title, "FAILED", {"problem": problem, "error": error})
