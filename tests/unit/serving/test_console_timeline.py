"""When what a case shows was recorded: the dates that the reasons show, by sector, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.declarations.catalogue import Sector, Wording
from serving.cases.pages import ProposalView, ReasonLine
from serving.cases.proposal import build_view
from serving.console.language import LANGUAGES, Language, tongue
from serving.console.rendering import MOST_REASONS
from serving.console.timeline import MOST_YEARS, build_timeline, has_date
from tests.support.console import console_service, reader
from tests.support.review import Review, proposal

AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file; each makes the cases that it needs."""
    with console_service(tmp_path_factory.mktemp("timeline") / "project") as running:
        yield running


@pytest.fixture(scope="module")
def view(review: Review) -> ProposalView:
    return build_view(review.project, proposal(), municipality="9901")


def reason(view: ProposalView, on: date | None, sector: str | None = "education", *, name: str = "Fravær", **changes: object) -> ReasonLine:
    words = Wording(nb=name, nn=name, en=name)
    return replace(view.raises[0], label=words, value_on=on, sector=sector, **changes)  # type: ignore[arg-type]


def centres(picture: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle class="dot main" cx="([\d.]+)" cy="([\d.]+)"', picture)]


@pytest.mark.requirement("R-05")
def test_nothing_is_drawn_but_the_dates_that_the_page_shows(view: ProposalView) -> None:
    raises = (
        reason(view, date(2026, 3, 1)),
        reason(view, date(2025, 3, 1), "family", name="Flytting"),
        reason(view, date(2024, 1, 1), None, name="Annet"),
        reason(view, date(2024, 2, 2), name="Mangler", is_missing=True),
        reason(view, date(2024, 2, 3), name="Ukjent", value=None),
        reason(view, None, name="Uten dato"),
    )
    lowers = (reason(view, date(2026, 5, 9), name="Karakterer"),)
    found = build_timeline(tongue("nb"), replace(view, raises=raises, lowers=lowers, as_of=AS_OF))
    assert found is not None
    assert [(one.on, one.label.nb) for one in found.records] == [
        (date(2026, 5, 9), "Karakterer"),
        (date(2026, 3, 1), "Fravær"),
        (date(2025, 3, 1), "Flytting"),
    ]
    assert len(centres(found.picture)) == 3
    assert "Opplæring" in found.picture
    assert "Helse" not in found.picture, "a sector of which nothing is shown has no row"
    for hidden in ("Fravær", "Annet", "Mangler", "23"):
        assert hidden not in re.sub(r"<desc.*?</desc>", "", found.picture), "dates and sectors, no values"


def test_a_case_that_shows_no_date_has_no_timeline(view: ProposalView) -> None:
    assert build_timeline(tongue("nb"), replace(view, raises=(reason(view, None),), lowers=())) is None


days = st.dates(date(2008, 1, 1), AS_OF)
sectors = st.sampled_from([sector.value for sector in Sector if sector is not Sector.AUDIT])


@given(dated=st.lists(st.tuples(days, sectors), min_size=1, max_size=8), language=st.sampled_from(LANGUAGES))
def test_points_lie_in_their_order_inside_the_picture_and_the_table_says_the_same(
    view: ProposalView, dated: list[tuple[date, str]], language: Language
) -> None:
    lines = tuple(reason(view, day, sector) for day, sector in dated)
    found = build_timeline(tongue(language), replace(view, raises=lines, lowers=(), as_of=AS_OF))
    assert found is not None
    assert sorted((one.on, one.sector) for one in found.records) == sorted(dated)
    points = centres(found.picture)
    assert len(points) == len(set(dated))
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', found.picture)
    assert size is not None
    assert all(0 < x < float(size[1]) and 0 < y < float(size[2]) for x, y in points)
    for row in {y for _, y in points}:
        places = [x for x, y in points if y == row]
        assert places == sorted(places), "older to the left"
    assert len({y for _, y in points}) == len({sector for _, sector in dated})
    first = min(day for day, _ in dated)
    assert (found.older_than is not None) == (first.year < AS_OF.year - MOST_YEARS + 1), "what lies at the left end for being older is said"
    assert 'role="img"' in found.picture
    assert "style=" not in found.picture


def test_the_page_has_the_picture_with_its_table_and_the_weaker_reasons_behind_a_click(review: Review) -> None:
    base = proposal()
    many = tuple(
        replace(base.reasons[0], indicator=f"code_{n}", contribution=0.9 - n / 10, happened_on=AS_OF - timedelta(days=n)) for n in range(5)
    )
    told = replace(base, reasons=many)
    with review.database.transaction() as session:
        case_subject = "ab" * 16
        sealed = review.keys.seal(session, case_subject, told.to_json(), now=review.clock())
    case = review.add_case(subject_id=case_subject, sealed_proposal=sealed)
    review.caller("koordinator-9901").to_review(case)
    page = reader(review, "koordinator-9901").open(f"/cases/{case}")
    assert page.count('<svg class="plot"') == 1
    assert '<caption id="dates">Når opplysningene ble registrert</caption>' in page
    raised = page[page.index('<h3 id="raises">') : page.index('<h3 id="lowers">')]
    assert raised.index("<details") > [found.start() for found in re.finditer('class="what"', raised)][MOST_REASONS - 1]
    assert raised.count('class="what"') == 5
    assert f"{5 - MOST_REASONS} til" in raised


def test_only_a_reason_with_its_date_has_a_place(view: ProposalView) -> None:
    assert has_date(reason(view, AS_OF))
    assert not has_date(reason(view, None))
