"""Pages of the indicator catalogue, made from `examples/norway`: everything an auditor asks of one indicator, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from features.declarations.catalogue import Indicator, Sector, SectorFile, Use
from features.declarations.constraints import LANGUAGES
from features.declarations.denylist import find_denied
from features.declarations.project import Project, load_project
from features.declarations.registers import KeptFor, find_register
from features.declarations.specs import FeatureSpec

EXAMPLE = Path(__file__).parent.parent / "examples" / "norway"

USES = {
    Use.PREDICTOR: "predictor: a model may learn from it and a reviewer may see it as a reason",
    Use.BENCHMARK_ONLY: "baseline: stands beside the model for comparison; no served model uses it",
    Use.CONTEXT: "context: needed to run the service, or looked up by the service that owns it; never a predictor",
    Use.AUDIT: "audit: in a store of its own, joined only inside the fairness job; only aggregates leave it (R-10)",
    Use.SUPPRESSOR: "suppressor: a record in force means that somebody follows up already, so nobody is proposed",
    Use.LABEL: "label: what a model learns to foresee; never something it knows",
    Use.NEVER: "never: not loaded, whatever the configuration says",
}

AGGREGATION_WORDS = {
    "count": "number of records",
    "sum": "sum of values",
    "mean": "mean of values",
    "min": "least value",
    "max": "largest value",
    "last": "newest value",
    "first": "oldest value",
    "days_since_first": "days since the oldest record",
    "days_since_last": "days since the newest record",
    "distinct_days": "number of different days",
    "trend": "change per day, as the least-squares slope",
    "distinct": "number of different values",
    "share_of_time": "share of the time spent in the state",
    "days_since_change": "days since the value last changed",
}

WINDOW_WORDS = {"ever": "everything known", "school_year": "since 1 August", "term": "since 1 August or 1 January, whichever was last"}


def index_page() -> str:
    """List every indicator with its use, sector by sector."""
    project = _example()
    lines = [
        "# The indicator catalogue",
        "",
        "Made by `make docs` from `examples/norway/indicators`. Wording and directions are drafts that no domain person has approved;",
        "every legal basis is invented and says FIKTIV. What stands here is all that may be loaded: anything else rejects its file.",
        "",
        "*starred*: off until a legal basis for this very indicator is recorded, whatever the sector's switch says.",
    ]
    for sector in _sectors(project):
        page = f"{sector.sector.value}.md"
        lines += [
            "",
            f"## [{_title(sector)}]({page})",
            "",
            "| code | what | use | starred | consent | features |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_index_row(indicator, page) for indicator in sector.indicator]
    return "\n".join(lines) + "\n"


def sector_page(sector: Sector) -> str:
    """Describe every indicator of one sector."""
    project = _example()
    declared = next(file for file in _sectors(project) if file.sector is sector)
    lines = [
        f"# {_title(declared)}",
        "",
        f"Made by `make docs` from `examples/norway/indicators/{sector.value}.toml`. [All sectors](index.md)",
        "",
        _switch(declared),
    ]
    for indicator in declared.indicator:
        lines += ["", *_indicator_lines(indicator, project)]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {"indicators/index.md": index_page} | {
    f"indicators/{sector.value}.md": partial(sector_page, sector) for sector in Sector
}
"""File below `docs/reference` -> what makes it."""


@cache
def _example() -> Project:
    return load_project(EXAMPLE)


def _sectors(project: Project) -> list[SectorFile]:
    order = list(Sector)
    return sorted(project.catalogue.sectors, key=lambda file: order.index(file.sector))


def _title(sector: SectorFile) -> str:
    return "Audit attributes" if sector.sector is Sector.AUDIT else sector.sector.value.capitalize()


def _switch(sector: SectorFile) -> str:
    default = "On unless switched off." if sector.sector is Sector.EDUCATION else "Off until it is switched on with a legal basis (R-04)."
    return f"{default} Here: {'on' if sector.is_on else 'off'}, {sector.legal_basis or 'no legal basis recorded'}."


def _index_row(indicator: Indicator, page: str) -> str:
    marks = ("yes" if indicator.needs_legal_basis else "", "yes" if indicator.needs_consent else "")
    what = f"[`{indicator.code}`]({page}#{indicator.code}) | {_cell(indicator.label.en)} | {indicator.use.value}"
    return f"| {what} | {' | '.join(marks)} | {len(indicator.feature_specs) or ''} |"


def _indicator_lines(indicator: Indicator, project: Project) -> Iterator[str]:
    yield f"## {indicator.code}"
    yield ""
    for name, says in _facts(indicator, project):
        yield f"* **{name}**: {says}"
    yield from ("", "| | label | meaning | value |", "|---|---|---|---|")
    for language in LANGUAGES:
        label, meaning = (getattr(wording, language) if wording else "" for wording in (indicator.label, indicator.meaning))
        yield f"| {language} | {_cell(label)} | {_cell(meaning)} | {_cell(indicator.contract.describe(language))} |"
    if indicator.features:
        yield from ("", "| feature | what it is |", "|---|---|")
        yield from (f"| `{spec.name}` | {feature_words(spec)} |" for spec in indicator.feature_specs)


def _facts(indicator: Indicator, project: Project) -> Iterator[tuple[str, str]]:
    yield "use", USES[indicator.use]
    if not indicator.ingested:
        yield "loaded", "no: the service looks it up in its own system, where it does at all"
    if indicator.derived_from:
        yield "derived from", ", ".join(f"`{code}`" for code in indicator.derived_from) + "; computed here, delivered by nobody"
    yield "kind", indicator.kind.value + (f", in {indicator.unit}" if indicator.unit else "")
    yield "ages", f"{indicator.ages[0]} to {indicator.ages[1]}"
    yield "legal basis", _basis(indicator, project)
    yield "consent", "needed: without one no record of it is used" if indicator.needs_consent else "not what it rests on"
    if indicator.confidential:
        yield "confidential", "a reader outside the owning service sees the coarse group alone (R-05)"
    if indicator.use is Use.PREDICTOR:
        yield "direction", _direction(indicator)
    if indicator.owner is not None:
        services = {service.code: service.name.en for service in project.services.service}
        yield "who can talk about it", services[indicator.owner]
    if indicator.source_variables:
        yield "known elsewhere as", ", ".join(f"`{name}`" for name in indicator.source_variables)
    if indicator.registers:
        yield "recorded in", "; ".join(map(_register_words, indicator.registers))
    denied = find_denied(indicator.code)
    if denied is not None:
        yield "why never", f"on the hard deny-list ({denied}; R-03), which no setting lifts"


def _basis(indicator: Indicator, project: Project) -> str:
    if indicator.use is Use.NEVER:
        return "none"
    if indicator.needs_legal_basis:
        return f"its own, starred: {indicator.legal_basis or 'none recorded, so it is off'}"
    sector = next(file for file in project.catalogue.sectors if indicator in file.indicator)
    return f"its sector's: {sector.legal_basis or 'none recorded'}"


def _direction(indicator: Indicator) -> str:
    if indicator.direction is None:
        return "none declared: a model may go either way"
    draft = " (draft: no domain person has approved it)" if indicator.direction_draft else ""
    return f"more of it may only {'raise' if indicator.direction == 'raises' else 'lower'} the risk{draft}"


def _register_words(name: str) -> str:
    register = find_register(name)
    if register is None:
        return name
    for_scoring = "refused as a source for scoring" if register.kept_for is KeptFor.STATISTICS else "refused as a source about persons"
    return f"{name} ({for_scoring}: {register.why} [{register.mark}])"


def feature_words(spec: FeatureSpec) -> str:
    """Say in words what a feature is.

    >>> feature_words(FeatureSpec.parse("edu_absence_days", "sum@365d"))
    'sum of values, last 365 days'
    """
    window = WINDOW_WORDS.get(spec.window.name) or f"last {spec.window.days} days"
    level = "" if spec.level is None else f", for the level {spec.level}"
    return f"{AGGREGATION_WORDS[spec.aggregation]}, {window}{level}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
