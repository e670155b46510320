"""What a run found for each group: who is approached in vain more often, whom the model misjudges, and who can be told from the columns.

A failed gate is said in a sentence and in every paper that judges the model, not as a count in a table of verdicts. What may be told of a
group is for the gates to decide: a count that they withhold has no number here, and no paper reckons one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from features.declarations.project import Project
from training.papers.words import Language, count, words

GROUP_GATES = ("G-05", "G-06")
EVERYBODY = "everybody else"


@dataclass(frozen=True)
class GroupAnswer:
    """What one gate said of one group.

    Attributes
    ----------
    path
        Where the report keeps the figure; None where there is none, or it is withheld.
    others
        The group it was compared with by name; None for everybody else.
    side
        Where a figure is withheld: on which side of the bounds it lies.
    remark
        Why it could not be answered, or what its interval shows.
    holds
        Whether a failure holds among all that was asked together; None where nobody asked that.
    is_mirror
        Whether it is the other group's answer turned round: of two groups one comparison says it of both.
    """

    code: str
    verdict: str
    path: str | None
    estimate: float | None
    others: str | None
    side: str
    bounds: str
    remark: str
    holds: bool | None
    is_mirror: bool


@dataclass(frozen=True)
class GroupLine:
    """One group of one attribute."""

    attribute: str
    group: str
    people: str | None
    """Where the report keeps how many they are; None where that is withheld (R-09)."""
    answers: Mapping[str, GroupAnswer]

    @property
    def failed(self) -> tuple[GroupAnswer, ...]:
        """Gates that this group failed, each difference once."""
        return tuple(answer for answer in self.answers.values() if answer.verdict == "FAILED" and not answer.is_mirror)


@dataclass(frozen=True)
class GroupFindings:
    """What the group gates found.

    Attributes
    ----------
    summaries
        Gate -> where the report says of all groups together how many could be asked.
    unasked
        Attributes that nobody tested has a value of.
    """

    lines: tuple[GroupLine, ...]
    summaries: Mapping[str, str]
    unasked: tuple[str, ...]

    @property
    def failed(self) -> tuple[GroupLine, ...]:
        """Groups that failed a gate."""
        return tuple(line for line in self.lines if line.failed)


@dataclass(frozen=True)
class ProxyIndicator:
    """One of the indicators that tell a group most."""

    label: str
    is_used: bool
    path: str


@dataclass(frozen=True)
class ProxyLine:
    """One group, and how well the model's columns tell it from the rest."""

    attribute: str
    group: str
    is_flagged: bool
    path: str
    indicators: tuple[ProxyIndicator, ...]
    unjudged: str
    """Why G-06 could not judge the group; empty where it did, or was not asked."""


@dataclass(frozen=True)
class ProxyFindings:
    """What the section `proxies` found; no lines where it could not be asked."""

    lines: tuple[ProxyLine, ...]
    too_few: tuple[str, ...]

    @property
    def flagged(self) -> tuple[ProxyLine, ...]:
        """Groups that the columns tell too well to be left unsaid."""
        return tuple(line for line in self.lines if line.is_flagged)


def group_findings(project: Project, report: Mapping[str, Any], *, language: Language) -> GroupFindings:
    """Read the group gates' findings with labels for codes, in the report's order; no lines where they could not be asked."""
    found: dict[tuple[str, str], dict[str, GroupAnswer]] = defaultdict(dict)
    people: dict[tuple[str, str], str] = {}
    for place, gate in _of_groups(report):
        evidence = gate["evidence"]
        if "group" in evidence:
            key = (evidence["attribute"], evidence["group"])
            found[key][gate["code"]] = _answer(gate, f"gates.{place}.evidence", language)
            if all(isinstance(evidence[name], int) for name in ("n_with", "n_without")):
                people.setdefault(key, f"gates.{place}.evidence")
    return GroupFindings(
        lines=tuple(
            GroupLine(
                attribute=attribute_label(project, attribute, language=language),
                group=group_label(group, language=language),
                people=people.get((attribute, group)),
                answers=answers,
            )
            for (attribute, group), answers in found.items()
        ),
        summaries={gate["code"]: f"gates.{place}.evidence" for place, gate in _of_groups(report) if gate["evidence"].get("is_summary")},
        unasked=tuple(
            attribute_label(project, name, language=language)
            for name in dict.fromkeys(
                gate["evidence"]["attribute"]
                for _, gate in _of_groups(report)
                if "attribute" in gate["evidence"] and "group" not in gate["evidence"]
            )
        ),
    )


def proxy_findings(project: Project, report: Mapping[str, Any], *, language: Language) -> ProxyFindings:
    """Read the section `proxies` with labels for codes."""
    section = report["sections"].get("proxies", {})
    unjudged = _unjudged(report, language)
    lines = tuple(
        ProxyLine(
            attribute=attribute_label(project, value["attribute"], language=language),
            group=group_label(value["value"], language=language),
            is_flagged=value["is_flagged"],
            path=f"sections.proxies.values.{place}.auc",
            indicators=tuple(
                ProxyIndicator(
                    indicator_label(project, one["indicator"], language=language),
                    one["is_used"],
                    f"sections.proxies.values.{place}.ablations.{rank}",
                )
                for rank, one in enumerate(value["ablations"])
            ),
            unjudged=unjudged.get((value["attribute"], value["value"]), ""),
        )
        for place, value in enumerate(section.get("values", ()))
    )
    return ProxyFindings(lines, tuple(_pair(project, text, language) for text in section.get("not_asked", ())))


def _unjudged(report: Mapping[str, Any], language: Language) -> dict[tuple[str, str], str]:
    return {
        (gate["evidence"]["attribute"], gate["evidence"]["group"]): _answer(gate, "", language).remark
        for _, gate in _of_groups(report)
        if gate["code"] == "G-06" and gate["verdict"] == "NOT_APPLICABLE" and "group" in gate["evidence"]
    }


def attribute_label(project: Project, name: str, *, language: Language) -> str:
    """Label of a fairness attribute; one that is not declared keeps its name."""
    return indicator_label(project, project.screening.groups.get(name, name), language=language)


def indicator_label(project: Project, code: str, *, language: Language) -> str:
    """Label of an indicator; a code that the catalogue does not know stays one."""
    declared = project.catalogue.declared.get(code)
    return code if declared is None else str(getattr(declared.label, language))


def group_label(value: str, *, language: Language) -> str:
    """Word for a value of an attribute; a value without a word is shown as declared."""
    return str(words(language)["levels"].get(value, value))


def _pair(project: Project, text: str, language: Language) -> str:
    attribute, _, value = text.partition(" = ")
    return f"{attribute_label(project, attribute, language=language)}: {group_label(value, language=language)}"


def _of_groups(report: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return ((place, gate) for place, gate in enumerate(report["gates"]) if gate["code"] in GROUP_GATES)


def _answer(gate: Mapping[str, Any], path: str, language: Language) -> GroupAnswer:
    evidence, said = gate["evidence"], words(language)
    remarks, compared = [evidence[name] for name in ("conclusion", "reason") if name in evidence], evidence.get("compared_with", EVERYBODY)
    return GroupAnswer(
        code=gate["code"],
        verdict=gate["verdict"],
        path=path if "estimate" in evidence else None,
        estimate=evidence.get("estimate"),
        others=None if compared == EVERYBODY else group_label(compared, language=language),
        side=evidence.get("side", ""),
        bounds=_bounds(evidence.get("bounds", ""), language),
        remark="; ".join([*(said["group_remarks"].get(remark, remark) for remark in remarks), *_needed(evidence, language)]),
        holds=evidence.get("holds_among_all_asked"),
        is_mirror="mirrors" in evidence,
    )


def _needed(evidence: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What it takes for a group to be asked of, where that follows from what is told."""
    if "n_tested_needed" in evidence:
        yield words(language)["needed"].format(n=count(evidence["n_tested_needed"], language=language))


def _bounds(text: str, language: Language) -> str:
    """The gate's bounds as the language writes numbers."""
    low, _, high = text.partition(" to ")
    said = f"{low} – {high}".replace("-", "−") if high else text
    return said.replace(".", ",") if language == "nb" else said
