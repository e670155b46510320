"""Papers that people are given: tagged, in their language, with their title, and word for word what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.console.language import LANGUAGES, Language, tongue
from serving.console.papers.blocks import blocks_of, words_of
from serving.console.papers.making import PaperError, build_paper
from serving.storage.tables import CaseRow
from tests.support.console import console_service, reader
from tests.support.review import Review

ARTICLE = "<article><h1>Hei</h1><p>Æøå og čđŋ.</p></article>"


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give one service to all tests of this file; each makes the cases that it needs."""
    with console_service(tmp_path_factory.mktemp("papers") / "project") as running:
        yield running


def text_of(paper: bytes) -> str:
    """Read the words of a paper as a reader's program does, without the page numbers and the spaces of its layout."""
    pages = [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(paper)]
    return squeezed("\n".join(re.sub(r"^\d+ / \d+$", "", page, flags=re.M) for page in pages))


def squeezed(text: str) -> str:
    """Leave out what a layout adds: spaces, and the signs before items."""
    return re.sub(r"[\s•\x02￾]", "", text)


def tags_of(paper: bytes) -> list[str]:
    """List the tags of a paper's structure, in its order."""
    found: list[str] = []

    def walk(node: pikepdf.Object) -> None:
        if not isinstance(node, pikepdf.Dictionary):
            return
        if "/S" in node:
            found.append(str(node.S))
        kids = node.get("/K")
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, pikepdf.Dictionary):
                walk(kid)

    with pikepdf.open(BytesIO(paper)) as pdf:
        walk(pdf.Root.StructTreeRoot)
    return found


def check_is_accessible(paper: bytes, *, language: str, title: str) -> None:
    with pikepdf.open(BytesIO(paper)) as pdf:
        assert pdf.Root.MarkInfo.Marked == True  # noqa: E712 (a PDF's own boolean)
        assert str(pdf.Root.Lang) == language
        assert pdf.Root.ViewerPreferences.DisplayDocTitle == True  # noqa: E712
        assert str(pdf.docinfo.Title) == title
        with pdf.open_metadata() as xmp:
            assert xmp.pdfa_status == ""
            assert xmp["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
            assert xmp["dc:title"] == title


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize(("language", "told"), [("nb", "nb-NO"), ("nn", "nn-NO"), ("en", "en-GB")])
def test_the_familys_sheet_is_an_accessible_pdf_with_the_pages_words(review: Review, language: Language, told: str) -> None:
    visitor, t = reader(review, language=language), tongue(language)
    answer = visitor.client.get("/family-sheet.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-language"] == language
    assert answer.headers["content-disposition"].startswith("inline;")
    assert f"{t('sheet.file')}-{language}.pdf" in answer.headers["content-disposition"]
    assert len(answer.content) < 60_000
    check_is_accessible(answer.content, language=told, title=t("sheet.title"))
    tags = tags_of(answer.content)
    assert [tag for tag in tags if re.fullmatch(r"/H\d", tag)] == ["/H1", "/H2", "/H2", "/H2", "/H2"]
    assert tags.count("/LI") == 5

    article = re.search(r"<article.*?</article>", visitor.open("/family-sheet"), re.S)
    assert article is not None
    shown = squeezed(unescape(re.sub(r"<[^>]*>", "", article[0])))
    assert text_of(answer.content) == shown
    assert set("æøå") & set(shown) or language == "en"
    assert visitor.client.get("/family-sheet.pdf").content == answer.content, "the same words, the same bytes"


def test_the_page_leads_to_the_paper_in_the_language_that_is_read(review: Review) -> None:
    page = reader(review, language="nn").open("/family-sheet")
    assert 'href="/family-sheet.pdf?lang=nn"' in page


@pytest.mark.requirement("R-21")
def test_a_persons_report_is_given_on_paper_and_logged(review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    coordinator = reader(review, "koordinator-9901")
    page = coordinator.open(f"/cases/{case}/person-report")
    assert f'href="/cases/{case}/person-report.pdf?lang=nb"' in page
    before = given_reports(review, case)
    answer = coordinator.client.get(f"/cases/{case}/person-report.pdf")
    assert answer.status_code == 200
    assert given_reports(review, case) == before + 1, "a report on paper is logged as one on a page"
    check_is_accessible(answer.content, language="nb-NO", title=tongue("nb")("report.title"))
    assert tags_of(answer.content)[1] == "/H1"
    told = text_of(answer.content)
    assert squeezed("Hva vi vet og har gjort") in told
    assert squeezed("Personen er oppdiktet.") in told
    assert squeezed(review.row(case).reference) in told


@pytest.mark.requirement("R-28")
def test_nobody_else_gets_a_report_on_paper(review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    assert reader(review, "koordinator-9902").client.get(f"/cases/{case}/person-report.pdf").status_code == 404
    assert reader(review, "leder-9901").client.get(f"/cases/{case}/person-report.pdf").status_code in (403, 404)


def given_reports(review: Review, case: str) -> int:
    with review.database.reading() as session:
        from serving.auditing import log

        assert session.get(CaseRow, case) is not None
        return sum(line.action.startswith("person.report") for line in log.read_case_lines(session, case))


def test_what_was_written_stays_text() -> None:
    words = "#import x; $a^2$ *ikke* _ikke_ @ref <b> \\ \" ' `kode` // ingen merknad [liste] - 1."
    paper = build_paper(f"<h1>T</h1><p>{words.replace('<', '&lt;')}</p>", language="nb", title="T")
    assert squeezed(words) in text_of(paper)


def test_letters_that_can_not_be_drawn_are_told_by_their_number() -> None:
    paper = build_paper("<h1>T</h1><p>Ж og å og 👍</p>", language="nb", title="T")
    assert "[U+0416]ogåog[U+1F44D]" in text_of(paper)


def test_what_is_about_the_screen_is_left_out() -> None:
    html = '<h1>A</h1><p class="small screen-only">Skriv <strong>ut</strong></p><p>B</p>'
    assert [block.runs for block in blocks_of(html)] == [[("A", False)], [("B", False)]]


@pytest.mark.parametrize("html", ["<h1>A</h1><video></video>", "<h1>A</h1>løse ord", "<p><img src='x'></p>"])
def test_what_no_paper_knows_is_refused(html: str) -> None:
    with pytest.raises(ValueError, match=r"paper|outside"):
        blocks_of(html)


def test_typefaces_that_are_not_installed_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match=r"inter-latin-400\.ttf is missing in .*make install"):
        build_paper(ARTICLE, language="nb", title="T", typefaces=tmp_path)


@settings(max_examples=25, deadline=None)
@given(
    paragraphs=st.lists(st.text("abcæøåÆØÅčđŋ #$*_<>&\"'\\[]@~=-/.0", min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=4),
    language=st.sampled_from(LANGUAGES),
)
def test_no_words_are_lost_or_changed(paragraphs: list[str], language: Language) -> None:
    from markupsafe import escape

    html = "<h1>T</h1>" + "".join(f"<p>{escape(words)}</p>" for words in paragraphs)
    assert squeezed(words_of(blocks_of(html))) == squeezed("T" + "".join(paragraphs))
    assert text_of(build_paper(html, language=language, title="T")) == squeezed("T" + "".join(paragraphs))
