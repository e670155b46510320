"""The front page of the reports: every model and month, what its signals said, whether it is signed off, and where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.reports.content import page_environment
from monitoring.reports.overview import ReportLine, old_reports
from monitoring.wording import Language, words


def build_index(lines: Sequence[ReportLine], contents: Sequence[Mapping[str, Any]], *, old: Sequence[ReportLine] = ()) -> dict[str, Any]:
    """List models with their months, the newest month first.

    Parameters
    ----------
    lines, contents
        The same reports: how each stands, and its JSON; at least one.
    old
        Reports of an earlier format, which are named and not listed.
    """
    models: dict[str, dict[str, Any]] = {}
    for line, content in sorted(zip(lines, contents, strict=True), key=lambda pair: pair[0].month, reverse=True):
        model = models.setdefault(line.model, {"model": line.model, "outcome": content["outcome"], "stage": content["stage"], "months": []})
        model["months"].append(_month(line, content))
    return {
        "title": contents[0]["title"],
        "controller": contents[0]["controller"],
        "synthetic": any(content["synthetic"] for content in contents),
        "models": [models[name] for name in sorted(models)],
        "old": old_reports(old),
    }


def _month(line: ReportLine, content: Mapping[str, Any]) -> dict[str, Any]:
    verdicts = [signal["verdict"] for signal in content["signals"]]
    return {
        "month": line.month,
        "version": line.version,
        "made_at": line.made_at,
        "failed": list(line.failed),
        "n_passed": verdicts.count("PASSED"),
        "n_not_applicable": verdicts.count("NOT_APPLICABLE"),
        "suspended_by": content["suspended_by"],
        "sign_off": line.sign_off,
        "signed": [
            {"role": one["role"], "on": one["signed_at"][:10]} for one in line.sign_offs if one["is_about_this_version"] and one["holds"]
        ],
    }


def render_index(index: Mapping[str, Any], *, language: Language, other: Mapping[Language, str], report: str, year: str) -> str:
    """Render the index as one self-contained page.

    Parameters
    ----------
    other
        Language -> file name of the same page.
    report, year
        File names, in this language, of a month's report in its folder and of a model's year in its.
    """
    return (
        page_environment(language)
        .get_template("index.html.j2")
        .render(x=index, w=words(language), lang=language, other=other, report=report, year=year)
    )
