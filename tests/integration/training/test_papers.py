"""Papers of a run: every figure from the report, what a person must add marked, nothing small and nothing unescaped."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from features.declarations.project import Project
from features.declarations.specs import AGGREGATIONS
from features.errors import ModelError
from tests.support.examined_experiments import planted_examined, skewed
from tests.support.projects import NOW
from training.evaluation.capacity import capacity_plan
from training.evaluation.examined import Examined
from training.evaluation.lead_time import GIVES_AWAY, TOO_FEW
from training.evaluation.proxies import proxies
from training.evaluation.reliability import reliability
from training.evaluation.stability import stability
from training.evaluation.told_capacity import WITHHELD
from training.evaluation.uncertainty import uncertainty
from training.gates import groups
from training.gates.asked import ask_gates
from training.papers.facts import gate_rows, project_facts
from training.papers.feature_words import column_words, feature_words
from training.papers.figures import Figures
from training.papers.groups import group_findings
from training.papers.words import LANGUAGES, decimal, words
from training.papers.write import PAPERS, Paper, build_papers, write_papers
from training.report import build_report

MEASURED = {
    "reliability": reliability,
    "capacity_plan": capacity_plan,
    "uncertainty": uncertainty,
    "proxies": proxies,
    "stability": stability,
}
JUDGING = ("model_card", "tripod_ai", "annex_iv", "dpia", "fria")
"""Papers that judge the model, and so have to say for whom it falls short."""


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return skewed(planted_examined(tmp_path_factory.mktemp("papers")))


@pytest.fixture(scope="module")
def report(examined: Examined) -> dict[str, Any]:
    found = build_report(examined, ask_gates(examined), {name: measure(examined) for name, measure in MEASURED.items()})
    text = json.dumps({**found, "code_version": "1.0", "run_id": "0" * 32, "version": "1"})
    return dict(json.loads(text))


@pytest.fixture(scope="module")
def papers(examined: Examined, report: dict[str, Any]) -> list[Paper]:
    return build_papers(examined.project, report, now=NOW)


@pytest.mark.requirement("R-34")
def test_seven_papers_are_written_in_both_languages(papers: list[Paper], tmp_path: Path) -> None:
    assert [(paper.language, paper.name) for paper in papers] == [(language, name) for language in LANGUAGES for name in PAPERS]
    files = write_papers(papers, tmp_path)
    assert len(files) == 2 * len(papers)
    assert (tmp_path / "nb" / "article-30.md").read_text(encoding="utf-8").startswith("# Protokoll over behandlingsaktiviteter")
    by_language = [[(paper.name, paper.n_figures, paper.n_to_fill) for paper in papers if paper.language == one] for one in LANGUAGES]
    assert by_language[0] == by_language[1], "what is filled in, and what a person must add, is the same in both languages"
    assert all(paper.n_to_fill >= 2 for paper in papers)


def test_every_figure_can_be_traced_to_its_place_in_the_report(papers: list[Paper], report: dict[str, Any]) -> None:
    for paper in papers:
        cited = set(re.findall(r"\[\\\[(\d+)\\\]\]\(#figure-\d+\)", paper.markdown))
        assert all(shown == target for shown, target in re.findall(r"\[\\\[(\d+)\\\]\]\(#figure-(\d+)\)", paper.markdown))
        rows = re.findall(r"^\| (\d+) \| (.+) \| `([^`]+)` \|$", paper.markdown, flags=re.MULTILINE)
        assert cited == {number for number, _, _ in rows}
        for _, shown, path in rows:
            value = find(report, path)
            if isinstance(value, float):
                first = float(shown.split()[0].rstrip("%").replace(",", ".").replace("−", "-").replace("\u202f%", ""))
                assert first == pytest.approx(value, abs=6e-4) or first == pytest.approx(100 * value, abs=0.06), path


@pytest.mark.requirement("R-12")
@pytest.mark.requirement("R-34")
def test_a_failed_group_is_told_with_its_figure_in_every_paper_that_judges(papers: list[Paper], report: dict[str, Any]) -> None:
    gate = failed_comparison(report)
    place = report["gates"].index(gate)
    for paper in papers:
        if paper.name not in JUDGING:
            continue
        said = words(paper.language)
        middle, low, high = (decimal(gate["evidence"][part], language=paper.language, digits=3) for part in ("estimate", "low", "high"))
        (sentence,) = (line for line in paper.markdown.splitlines() if line.startswith("* **") and "G-06: " in line and "(" in line)
        assert {"nb": "Kjønn", "en": "Sex"}[paper.language] in sentence
        assert said["levels"][gate["evidence"]["group"]] in sentence
        assert f"{middle} ({low} – {high})" in sentence
        assert re.search(rf"^\| \d+ \| .+ \| `gates\.{place}\.evidence` \|$", paper.markdown, flags=re.MULTILINE)
        people = f"{gate['evidence']['n_with']} / {gate['evidence']['n_without']}"
        (row,) = (line for line in paper.markdown.splitlines() if line.startswith("| ") and people in line and line.count("|") > 5)
        assert said["verdicts"]["FAILED"] in row


@pytest.mark.requirement("R-13")
def test_every_paper_that_judges_says_how_well_a_group_is_recognised(papers: list[Paper], report: dict[str, Any]) -> None:
    assert report["sections"]["proxies"]["values"]
    for paper in papers:
        is_told = "`sections.proxies.values.0.auc`" in paper.markdown
        assert is_told == (paper.name in JUDGING), (paper.name, paper.language)


@pytest.mark.requirement("R-09")
def test_what_a_gate_withholds_is_in_no_paper(examined: Examined, report: dict[str, Any]) -> None:
    """A withheld figure leaves which side it fell to; withheld counts leave no number."""
    gates = [
        {**gate, "evidence": without_figures(gate["evidence"])} if gate["verdict"] == "FAILED" and "group" in gate["evidence"] else gate
        for gate in report["gates"]
    ]
    figure = f"{failed_comparison(report)['evidence']['estimate']:.3f}"
    for paper in build_papers(examined.project, {**report, "gates": gates}, now=NOW):
        if paper.name in JUDGING:
            assert {"nb": "oppsøkes forgjeves omtrent", "en": "in vain about"}[paper.language] not in paper.markdown
            assert {"nb": "Tallene holdes tilbake", "en": "The figures are withheld"}[paper.language] in paper.markdown
            assert figure.replace(".", "," if paper.language == "nb" else ".") + " (" not in paper.markdown


def failed_comparison(report: dict[str, Any]) -> dict[str, Any]:
    """The one comparison of false proposals that fails; its mirror is the other group's."""
    (found,) = (
        gate
        for gate in report["gates"]
        if gate["code"] == "G-06" and gate["verdict"] == "FAILED" and not {"is_summary", "mirrors"} & gate["evidence"].keys()
    )
    return dict(found)


def without_figures(evidence: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in evidence.items() if name not in ("estimate", "low", "high")}
    return {**kept, "n_with": "withheld", "n_without": "withheld", "figures": "withheld", "side": "below"}


def test_a_recognised_group_that_no_gate_could_judge_is_said_to_be_one(examined: Examined, report: dict[str, Any]) -> None:
    """Silence of a gate is no comfort where the columns give the group away."""
    figure = {"estimate": 0.99, "low": 0.97, "high": 1.0}
    value = {"attribute": "rare", "value": "rare", "auc": figure, "is_flagged": True, "ablations": []}
    sections = {**report["sections"], "proxies": {**report["sections"]["proxies"], "values": [value]}}
    for paper in build_papers(examined.project, {**report, "sections": sections}, now=NOW):
        if paper.name in JUDGING:
            assert {"nb": "forgjeves, kunne ikke bedømmes", "en": "in vain more often could not be judged"}[
                paper.language
            ] in paper.markdown


@pytest.mark.requirement("R-09")
def test_a_withheld_figure_at_capacity_is_said_to_be_one_in_every_paper_that_tells_it(examined: Examined, report: dict[str, Any]) -> None:
    """And no paper reckons it from another place of the report."""
    ladder = {
        rung: {**figures, "precision_at_capacity": dict(WITHHELD), "recall_at_capacity": dict(WITHHELD)}
        for rung, figures in report["ladder"].items()
    }
    steps = [{**step, "precision_gain": dict(WITHHELD)} for step in report["comparisons"]]
    plan = {**report["sections"]["capacity_plan"], "points": []}
    withheld = {**report, "ladder": ladder, "comparisons": steps, "sections": {**report["sections"], "capacity_plan": plan}}
    precision = report["ladder"][report["chosen"]]["precision_at_capacity"]["estimate"]
    for paper in build_papers(examined.project, withheld, now=NOW):
        if paper.name in JUDGING:
            said = words(paper.language)
            assert any(said[word] in paper.markdown for word in ("withheld_why", "withheld_here")) or paper.name == "tripod_ai"
            assert said["withheld"] in paper.markdown
            shown = (f"{precision:.3f} (", f"{100 * precision:.1f}")
            assert not any(text.replace(".", "," if paper.language == "nb" else ".") in paper.markdown for text in shown)


def test_too_few_people_are_told_with_how_many_it_takes(examined: Examined, report: dict[str, Any]) -> None:
    """Of a span before the outcome, and of a group: a reader can plan by a number, and not by *too few*."""
    figure = {"estimate": 0.5, "low": 0.4, "high": 0.6}
    told = {"too_few": False, "recall_at_capacity": figure, "auc": figure}
    not_told = {"too_few": True, "recall_at_capacity": None, "auc": None}
    spans = [
        {"span": "0 to 12 months", "months": [0, 12], "n": 40, **told},
        {"span": "12 to 24 months", "months": [12, 24], "n": 11, **not_told, "reason": TOO_FEW, "n_tested_needed": 1100},
        {"span": "24 months or more", "months": [24, None], "n": 31, **not_told, "reason": GIVES_AWAY, "n_tested_needed": None},
    ]
    evidence = {"attribute": "sex", "group": "girl", "n_with": 28, "n_without": 33, "reason": groups.TOO_FEW, "n_tested_needed": 870}
    gates = [
        {"code": code, "title": "t", "verdict": "NOT_APPLICABLE", "evidence": {**evidence, "compared_with": "boy"}}
        for code in ("G-05", "G-06")
    ]
    sections = {**report["sections"], "lead_time": {"spans": spans, "enough": 20, "n_rows": 600}}
    few = {**report, "sections": sections, "gates": [*(gate for gate in report["gates"] if gate["code"] not in ("G-05", "G-06")), *gates]}
    for paper in build_papers(examined.project, few, now=NOW):
        needed = words(paper.language)["needed"].format(n="870")
        if paper.name in JUDGING:
            (row,) = (line for line in paper.markdown.splitlines() if line.startswith("| ") and "28 / 33" in line and line.count("|") > 5)
            assert row.count(needed) == 2
            assert {"en": "600", "nb": "600"}[paper.language] in paper.markdown
        if paper.name == "model_card":
            thousand = {"en": "1,100", "nb": "1\u202f100"}[paper.language]
            lines = [
                line for line in paper.markdown.splitlines() if line.startswith("* ") and ("12–24" in line or line.startswith("* 24 "))
            ]
            assert [thousand in line for line in lines] == [True, False]
            assert words(paper.language)["lead_time"]["given_away"] in lines[1]
            assert "| – |" not in paper.markdown.split("12–24")[1].split("\n")[0], "no blank cell"


def test_every_reason_of_a_group_gate_has_words() -> None:
    reasons = {getattr(groups, name) for name in dir(groups) if name.startswith(("TOO_", "NO_", "FIGURES_"))}
    assert len(reasons) >= 6
    for language in LANGUAGES:
        assert reasons <= set(words(language)["group_remarks"])


def test_groups_that_nobody_could_be_asked_of_are_said(examined: Examined, report: dict[str, Any]) -> None:
    gates = [gate for gate in report["gates"] if gate["code"] not in ("G-05", "G-06")]
    unasked = {"code": "G-06", "title": "t", "verdict": "NOT_APPLICABLE", "evidence": {"reason": "no purpose", "not_asked": True}}
    without = {**report, "gates": [*gates, unasked], "sections": {}}
    for paper in build_papers(examined.project, without, now=NOW):
        if paper.name in JUDGING:
            assert {"nb": "Ingen gruppe kunne spørres", "en": "No group could be asked"}[paper.language] in paper.markdown
            assert {"nb": "vernet kjennetegn, kunne ikke spørres", "en": "attribute could not be asked"}[paper.language] in paper.markdown
    named = {**unasked, "evidence": {**unasked["evidence"], "attribute": "sex"}}
    assert group_findings(examined.project, {"gates": [named]}, language="nb").unasked == ("Kjønn",)


def test_a_summary_answers_for_its_gate_and_is_no_group(report: dict[str, Any]) -> None:
    gate = {"code": "G-05", "title": "t", "verdict": "PASSED", "evidence": {"attribute": "sex", "group": "girl"}}
    summary = {**gate, "verdict": "NOT_APPLICABLE", "evidence": {"is_summary": True}}
    (row,) = gate_rows([summary, gate, gate], language="en")
    assert row["verdict"] == "can't be answered (2 passed)"
    (row,) = gate_rows([gate, {**gate, "verdict": "FAILED"}], language="en")
    assert row["verdict"] == "failed (1 passed, 1 failed)"


def test_the_model_card_tells_every_share_and_how_stable_and_true_it_is(papers: list[Paper], report: dict[str, Any]) -> None:
    told = [place for place, point in enumerate(report["sections"]["capacity_plan"]["points"]) if point["precision"] and point["recall"]]
    assert len(told) > 3
    for paper in papers:
        if paper.name == "model_card":
            assert all(f"`sections.capacity_plan.points.{place}.share`" in paper.markdown for place in told)
            for path in ("stability.other_people.top_overlap", "reliability.bins.0.observed_rate", "uncertainty.mean_told_width"):
                assert f"`sections.{path}`" in paper.markdown, path
            assert {"nb": "## Ordliste", "en": "## Glossary"}[paper.language] in paper.markdown
            assert "card.md" in paper.markdown
            assert f"var/reports/training/{report['model']}.json" in paper.markdown


def test_a_figure_measured_twice_has_one_interval() -> None:
    figures = Figures(
        {"a": {"estimate": 0.5, "low": 0.4, "high": 0.6}, "b": {"estimate": 0.5, "low": 0.41, "high": 0.6}, "c": report}, "en"
    )
    assert str(figures.show_same("a", "b")).startswith("0.500 (0.410 – 0.600)")
    assert [one.path for one in figures.cited] == ["b"]
    other = Figures({"a": {"estimate": 0.51, "low": 0.4, "high": 0.6}, "b": {"estimate": 0.5, "low": 0.41, "high": 0.6}}, "en")
    assert str(other.show_same("a", "b")).startswith("0.510 (0.400 – 0.600)"), "a sample's figure is its own"


def test_a_ratio_is_turned_round_with_its_interval() -> None:
    ratio = {"r": {"estimate": 0.066, "low": 0.033, "high": 0.12}, "none": {"estimate": 0.0, "low": 0.0, "high": 0.5}}
    assert str(Figures(ratio, "nb").show("r", "inverse")).startswith("15 (8,3 – 30)")
    assert str(Figures(ratio, "en").show("none", "inverse")).startswith("more than 2.0")
    assert str(Figures(ratio, "en").show("r", "loss")).startswith("−0.066 (−0.120 – −0.033)")


def test_numbers_in_brackets_lead_to_their_row_and_lists_end_before_text(papers: list[Paper]) -> None:
    for paper in papers:
        ids = set(re.findall(r'id="(figure-\d+)"', paper.html))
        targets = set(re.findall(r'href="#(figure-\d+)"', paper.html))
        assert targets == ids, paper.name
        assert len(ids) == paper.n_figures
        rule = words(paper.language)["choice"]["rule"]
        assert rule not in paper.markdown or f"<p>{rule}</p>" in paper.html


def test_no_code_stands_where_a_reader_needs_a_word(examined: Examined, papers: list[Paper]) -> None:
    """Neither features nor indicators nor rungs by the names that the program has for them, in what a person reads first."""
    for paper in papers:
        read = paper.markdown.split(words(paper.language)["figures_intro"][:20])[0]
        assert not re.search(r"\w@(\d+d|ever|term)", read), paper.name
        assert examined.project.stages["grade_10"].anchor not in read or paper.name == "article_30"
        assert "synthetic." not in read
    nb = project_facts(examined.project, examined.planned, language="nb")
    assert (nb["anchor"], nb["excluded_by"]) == ("Trinn", (examined.project.catalogue.declared["edu_quit"].label.nb,))


def test_features_are_said_in_words_in_both_languages(examined: Examined) -> None:
    assert feature_words("share_of_time@3652d", language="nb") == "andel av tida siste 10 år"
    assert feature_words("sum@term", language="nb") == "samlet dette halvåret"
    assert feature_words("count@ever", language="en") == "number of times as far back as is recorded"
    assert feature_words("max@56d", language="en") == "highest in the last 56 days"
    assert column_words(examined.project, "edu_absence_days.sum@365d", language="nb") == "Fravær, hele dager: samlet siste år"
    assert column_words(examined.project, "stranger.last@ever", language="en") == "stranger.last@ever"
    for language in LANGUAGES:
        assert set(words(language)["aggregations"]) == set(AGGREGATIONS)


def find(report: dict[str, Any], path: str) -> Any:
    found: Any = report
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def test_a_missing_figure_is_refused_and_not_made_up(examined: Examined, report: dict[str, Any]) -> None:
    without = {**report, "ladder": {name: {} for name in report["ladder"]}}
    with pytest.raises(ModelError, match="TID540"):
        build_papers(examined.project, without, now=NOW)


def test_a_gate_without_words_is_refused(report: dict[str, Any]) -> None:
    stranger = {**report["gates"][0], "code": "G-99"}
    with pytest.raises(ModelError, match=r"TID541.*G-99"):
        gate_rows([stranger], language="nb")


@pytest.mark.requirement("R-09")
def test_a_small_count_is_not_told() -> None:
    figures = Figures({"data": {"n": 3, "none": 0, "many": 1234}}, "en")
    assert str(figures.show("data.n", "count")).startswith("&lt;5")
    assert str(figures.show("data.none", "count")).startswith("0")
    assert str(figures.show("data.many", "count")).startswith("1,234")


def test_what_a_project_says_can_neither_be_markup_nor_break_a_table(examined: Examined, report: dict[str, Any]) -> None:
    hostile = "Kommune <script>alert(1)</script> | *x* [y](http://a)"
    screening = examined.project.screening
    about = screening.project.model_copy(update={"controller": hostile})
    purposes = tuple(purpose.model_copy(update={"controller": hostile}) for purpose in screening.purpose)
    project: Project = replace(examined.project, screening=screening.model_copy(update={"project": about, "purpose": purposes}))
    for paper in build_papers(project, report, now=NOW):
        tags = Tags()
        tags.feed(paper.html)
        assert "script" not in tags.seen
        assert {name for name in tags.links if not name.startswith("#")} == set()


class Tags(HTMLParser):
    """Collects the tags and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


def test_words_are_the_same_in_both_languages() -> None:
    keys = [sorted(_flat(words(language))) for language in LANGUAGES]
    assert keys[0] == keys[1]


def _flat(table: Any, before: str = "") -> list[str]:
    return [
        path
        for name, value in table.items()
        for path in (_flat(value, f"{before}{name}.") if isinstance(value, dict) else [f"{before}{name}"])
    ]
