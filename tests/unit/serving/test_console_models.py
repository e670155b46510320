"""Pages about models: every figure of a card drawn with its table, a planner that asks again, versions side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from models.card import ModelCard
from models.card_curves import CapacityCurve, CapacityPoint, CardCurves
from models.intervals import Interval
from models.placed import list_placed, load_placed
from serving.aggregates.planner import plan_reviews
from serving.console.language import LANGUAGES, tongue
from serving.console.model_pictures import capacity_picture, model_pictures
from serving.console.pages.comparing import capacity_pairs, gate_pairs, ladder_pairs
from serving.settings import Settings
from tests.support.console import MODEL, console_service, place_challenger, reader, whole_curves
from tests.support.review import Review

PAGE = f"/models/{MODEL}"
FEW_BYTES = 100_000


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file, with a version that serves and one that could."""
    with console_service(tmp_path_factory.mktemp("models") / "project") as running:
        place_challenger(running.project)
        papers = running.project.var / "reports" / "papers" / MODEL / "1"
        for language in ("nb", "en"):
            (papers / language).mkdir(parents=True)
            (papers / language / "model-card.html").write_text(f"<!doctype html><title>{language}</title>", encoding="utf-8")
        yield running


class Pictures(HTMLParser):
    """Collects what a page draws and the ids that it gives."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: list[str] = []
        self.styled = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [str(found["id"])] if "id" in found else []
        self.styled += "style" in found
        if tag == "svg":
            self.named += str(found["aria-labelledby"]).split()


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/planner", f"{PAGE}/compare/2", f"{PAGE}/promotion/2"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_small_and_its_pictures_are_named(review: Review, path: str, language: str) -> None:
    page = reader(review, "modellforvalter", language=language).open(path)

    found = Pictures(page)
    assert set(found.named) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert found.styled == 0, "the policy lets no style attribute through"
    assert len(page.encode()) < FEW_BYTES
    assert page.count('class="picture"') == page.count("<svg") == page.count('class="small quiet figures"')


def test_the_model_page_draws_what_the_card_has_and_says_what_is_withheld(review: Review) -> None:
    page = reader(review, "modellforvalter").open(PAGE)

    assert {"reliability-title", "benefit-title", "lead_time-title", "sectors-title", "indicators-title", "capacity-title"} <= set(
        Pictures(page).ids
    )
    benefit = page[page.index('id="benefit-heading"') :]
    assert "20 og 30 av 100" in benefit
    assert re.search(r'<th scope="row">20</th><td class="number">–</td>', benefit), "a threshold that may not be told is a dash"
    assert "for få til å si" in page
    assert "TIDLIG_MLFLOW_URL" in page


def test_figures_of_the_ladder_have_as_many_decimals(review: Review) -> None:
    page = reader(review, "planlegger").open(PAGE)

    table = page[page.index('id="ladder"') : page.index("</table>", page.index('id="ladder"'))]
    figures = re.findall(r'<td class="number">(-?[0-9]+,[0-9]+)', table)
    assert figures
    assert {len(figure.partition(",")[2]) for figure in figures} == {3}


def test_other_versions_and_mlflow_are_for_those_who_compare(review: Review) -> None:
    assert f"{PAGE}/compare/2" in reader(review, "fairness-revisor").open(PAGE)
    for_all = reader(review, "koordinator-9901").open(PAGE)
    assert "compare" not in for_all
    assert "MLFLOW" not in for_all
    assert f"{PAGE}/papers/1/model-card" in for_all
    assert f"{PAGE}/papers/1/dpia" not in for_all, "what does not lie here is not linked to"


@pytest.mark.parametrize(("language", "shown"), [("nb", "nb"), ("nn", "nb"), ("en", "en")])
def test_a_paper_runs_in_a_sandbox_in_the_readers_language(review: Review, language: str, shown: str) -> None:
    answer = reader(review, "koordinator-9901", language=language).client.get(f"{PAGE}/papers/1/model-card")

    assert (answer.status_code, f"<title>{shown}</title>" in answer.text) == (200, True)
    assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("path", ["papers/1/nothing", "papers/1/..%2Fmodel-card", "papers/3/model-card"])
def test_other_papers_are_not_there(review: Review, path: str) -> None:
    assert reader(review, "modellforvalter").client.get(f"{PAGE}/{path}").status_code == 404
    assert reader(review, "koordinator-9901").client.get(f"{PAGE}/papers/2/model-card").status_code == 403


def test_the_planner_answers_in_natural_frequencies(review: Review) -> None:
    page = reader(review, "koordinator-9901").open(f"{PAGE}/planner?share=20&people=1000")

    said = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Når 20 av 100 vurderes" in said
    assert "gjelder det 40 (30 til 50) av dem, 60 (50 til 70) vurderes uten grunn" in said
    assert "blir 40 (20 til 44) funnet, 60 (56 til 80) oversett" in said
    assert "200 vurderes" in said
    assert "80 av dem gjelder det (60 til 100)" in said
    assert re.search(r'type="range"[^>]*min="5" max="40" step="1" value="20"', page)


@pytest.mark.parametrize(
    ("query", "status", "share"),
    [
        ("", 200, "15"),
        ("share=90", 422, "15"),
        ("share=x&people=12", 422, "15"),
        ("people=0", 422, "15"),
        ("share=5&people=1+000", 200, "5"),
    ],
)
def test_the_planner_keeps_within_what_may_be_told(review: Review, query: str, status: int, share: str) -> None:
    answer = reader(review, "leder-9901").client.get(f"{PAGE}/planner?{query}")

    assert answer.status_code == status
    assert f"Når {share} av 100 vurderes" in answer.text
    assert ("aria-invalid" in answer.text) == (status == 422)


def test_a_share_between_two_lies_on_the_line_between_them() -> None:
    curve = whole_curves().capacity
    assert curve is not None
    planned = plan_reviews(curve, 0.15)
    assert planned is not None
    assert (round(planned.rightly.estimate, 3), round(planned.found.estimate, 3)) == (0.45, 0.3)
    assert plan_reviews(curve, 0.01) is None, "what may not be told is not read off a line either"
    assert plan_reviews(curve, 0.5) is None


def test_a_card_without_curves_is_read_and_says_so() -> None:
    old = ModelCard("t", "p", "o", "s", is_synthetic=True, data={})
    content = old.to_json()
    del content["curves"]

    assert ModelCard.from_json(content) == old
    assert model_pictures(old.curves, rung="logistic", project=None, t=tongue("nb")) == {}  # type: ignore[arg-type]
    nothing = CapacityCurve(0.1, 10, Interval(0.1, 0.1, 0.1), (CapacityPoint(0.1, None, None),))
    assert capacity_picture(nothing, tongue("nb")) is None


def test_curves_come_back_from_json_as_they_were() -> None:
    curves = whole_curves()

    assert CardCurves.from_json(curves.to_json()) == curves


def test_versions_stand_side_by_side_with_their_difference(review: Review) -> None:
    one = load_placed(review.project, MODEL, "1").card
    two = replace(
        one, ladder=(replace(one.ladder[1], metrics={"auc": Interval(0.6, 0.5, 0.7)}),), gates=one.gates[:1], capacity=one.capacity[:1]
    )

    assert [rung for rung, _ in ladder_pairs(one, two)] == ["prevalence", "boosted"]
    (auc,) = [pair for pair in dict(ladder_pairs(one, two))["boosted"] if pair.name == "auc"]
    assert auc.difference == pytest.approx(0.6 - one.ladder[1].metrics["auc"].estimate)
    assert [(pair.code, pair.differs) for pair in gate_pairs(one, two)] == [("G-02", True), ("G-01", False)]
    assert [(share, found.difference) for share, found, _ in capacity_pairs(one, two)] == [(0.05, 0.0), (0.15, None)]
    page = reader(review, "dataansvarlig").open(f"{PAGE}/compare/2")
    assert "Versjon 1" in page
    assert f"{PAGE}/promotion/2" in page


def test_a_version_that_cannot_be_loaded_is_listed_with_why(review: Review) -> None:
    folder = review.project.var / "models" / MODEL / "7"
    folder.mkdir()
    (folder / "bundle.json").write_text("{}", encoding="utf-8")
    try:
        placed = {one.version: (one.bundle is not None, one.fault) for one in list_placed(review.project, MODEL)}
        assert placed == {"7": (False, placed["7"][1]), "2": (True, ""), "1": (True, "")}
        assert placed["7"][1].startswith("TID5")
        page = reader(review, "modellforvalter").open(PAGE)
        assert placed["7"][1] in page
        assert reader(review, "modellforvalter").client.get(f"{PAGE}/compare/9").status_code == 404
    finally:
        (folder / "bundle.json").unlink()
        folder.rmdir()


def test_an_address_of_mlflow_is_linked_to() -> None:
    assert Settings().mlflow_page("m", "2") is None
    with pytest.raises(ValueError, match="mlflow_url"):
        Settings(mlflow_url="javascript:alert(1)")  # type: ignore[arg-type]
