"""The console in a real browser: a coordinator's main path from login to the log, every page past axe, nothing from elsewhere."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from sqlalchemy import select, update

from models.deployment import find_champion
from serving.console.assets import ROOT, VENDOR
from serving.storage.tables import CaseRow, LogRow
from tests.support.console import MODEL, console_service, place_challenger
from tests.support.follow_up import decide, handover, ok, talk, to_consent, to_family, to_second_view, to_wondering
from tests.support.month_reports import write_month
from tests.support.review import NEED, REASON, VIEW, Review

pytestmark = pytest.mark.browser

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = [("light", 1200), ("dark", 1200), ("light", 320)]
TWO_VIEWS = [("dark", 1200), ("light", 320)]
ONE_VIEW = [("dark", 320)]


def need(there: bool, reason: str) -> None:
    """Skip without a browser on a developer's machine; under CI that is a failure."""
    if there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and this is CI")
    pytest.skip(reason)


@dataclass
class Visitor:
    """A browser of somebody's own; remembers what went wrong and what was asked of whom."""

    context: BrowserContext
    base: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def log_in(self, login: str, password: str) -> None:
        self.go("/login")
        self.page.get_by_label("Brukernavn", exact=True).fill(login)
        self.page.get_by_label("Passord", exact=True).fill(password)
        self.page.get_by_role("button", name="Logg inn").click()
        self.page.get_by_role("button", name="Logg ut").wait_for()

    def check_accessible(self, views: Sequence[tuple[str, int]] = VIEWS) -> None:
        """Let axe look at the page in light and dark, wide and narrow, and see that nothing sticks out sideways."""
        for scheme, width in views:
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.page.set_viewport_size({"width": width, "height": 900})
            found = self.page.evaluate(f"(async () => {{ {_axe()}; return await axe.run(document, {{runOnly: {RULES}}}) }})()")
            assert found["violations"] == [], f"{self.page.url} {scheme} {width}: {_told(found['violations'])}"
            assert len(found["passes"]) > 10
            assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{self.page.url} is wider than {width} px"
        self.page.set_viewport_size({"width": 1200, "height": 900})

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium itself writes a line for each refused document; the test says which statuses it expects.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource: the server responded with"):
            self.problems.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.base + "/", "data:")):
            self.problems.append(f"request: {request.url}")


def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def _told(violations: list[dict[str, Any]]) -> str:
    return "; ".join(f"{v['id']} at {v['nodes'][0]['html'][:120]}" for v in violations)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with console_service(tmp_path_factory.mktemp("browser") / "project") as running:
        yield running


@pytest.fixture(scope="module")
def address(review: Review) -> Iterator[str]:
    """Serve the console with uvicorn on a free port."""
    server = uvicorn.Server(uvicorn.Config(review.app, port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    need(chromium is not None, "no chromium on this machine (Debian: apt-get install chromium)")
    need(AXE.is_file() and (VENDOR / "designsystemet.css").is_file(), "the console's assets are not built (make install)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def visitor(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    context = browser.new_context(locale="nb-NO", java_script_enabled=getattr(request, "param", True))
    context.set_default_timeout(15_000)
    found = Visitor(context, address)
    yield found
    context.close()
    assert found.problems == []


@pytest.mark.requirement("R-42")
def test_a_coordinator_comes_from_login_to_a_decision_in_the_log(visitor: Visitor, review: Review) -> None:
    case, page = review.add_case(), visitor.page
    visitor.go("/")
    visitor.check_accessible()
    visitor.log_in("koordinator-9901", "demo-koordinator")
    assert page.url.endswith("/queue")
    visitor.check_accessible()

    page.get_by_role("link", name=f"Sak {review.row(case).reference}").click()
    page.get_by_role("button", name="Ta saken").click()
    visitor.check_accessible()
    page.get_by_label("Tjenstlig behov").fill("kort")
    page.get_by_role("button", name="Åpne saken").click()
    page.get_by_role("alert").get_by_role("link", name="Teksten er 4 tegn. Skriv minst 10.").wait_for()
    visitor.check_accessible()
    page.get_by_label("Tjenstlig behov").fill(NEED)
    page.get_by_role("button", name="Åpne saken").click()

    assert page.get_by_text("Dette trakk opp").count() == 0
    visitor.check_accessible()
    page.get_by_label("Hva kjenner du til?").fill(VIEW["text"])
    page.get_by_label("Jeg er usikker").check()
    page.get_by_role("button", name="Lagre og vis forslaget").click()

    page.get_by_role("heading", name="Dette trakk opp").wait_for()
    visitor.check_accessible()
    page.get_by_label("Begrunnelse").fill(REASON)
    page.get_by_role("button", name="Lagre beslutningen").click()
    page.get_by_role("link", name="Velg en beslutning.").wait_for()
    visitor.check_accessible()
    page.get_by_label("Ikke behov").check()
    page.get_by_role("button", name="Lagre beslutningen").click()

    page.get_by_role("heading", name="Beslutning").wait_for()
    assert page.locator("blockquote").first.inner_text() == REASON
    visitor.check_accessible()
    with review.database.reading() as session:
        entries = "".join(session.scalars(select(LogRow.entry).where(LogRow.case_id == case).order_by(LogRow.seq)))
    events = ["case.assigned", "case.opened", "case.own_view_saved", "case.decided"]
    assert sorted(events, key=entries.index) == events
    assert REASON not in entries


@pytest.mark.parametrize("visitor", [False], indirect=True, ids=["without_javascript"])
def test_the_whole_path_works_without_javascript(visitor: Visitor, review: Review) -> None:
    case, page = review.add_case(), visitor.page
    visitor.log_in("koordinator-9901", "demo-koordinator")
    visitor.go(f"/cases/{case}")
    page.get_by_role("button", name="Ta saken").click()
    page.get_by_label("Tjenstlig behov").fill(NEED)
    page.get_by_role("button", name="Åpne saken").click()
    page.get_by_label("Hva kjenner du til?").fill(VIEW["text"])
    page.get_by_label("Jeg er usikker").check()
    page.get_by_role("button", name="Lagre og vis forslaget").click()
    page.get_by_text("Sier ungdommen eller familien nei?").click()
    page.get_by_label("Hva sa de? (valgfritt)").fill("Vil ikke.")
    page.get_by_role("button", name="Registrer og stans saken").click()
    page.get_by_text("Stanset").first.wait_for()
    assert review.row(case).state == "STANSET"


@pytest.mark.requirement("R-42")
def test_a_case_is_opened_with_the_keyboard_alone(visitor: Visitor, review: Review) -> None:
    case, page = review.add_case(), visitor.page
    visitor.log_in("koordinator-9901", "demo-koordinator")
    visitor.go(f"/cases/{case}")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Hopp til innholdet")
    assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().height > 20")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    _tab_to(page, "Ta saken")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_label("Tjenstlig behov").wait_for()
    page.keyboard.press("Tab")
    _tab_to(page, "", tag="TEXTAREA")
    page.keyboard.type(NEED)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Din egen vurdering først").wait_for()


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("modellforvalter", ["/models", f"/models/{MODEL}", "/about"]),
        ("fairness-revisor", ["/monitoring", "/monitoring/incidents", "/purposes"]),
        ("dataansvarlig", ["/permissions"]),
        ("personvernombud", ["/protection", "/audit-log", "/audit-log/verification", "/queue", "/no-such-page"]),
    ],
)
def test_pages_of_the_other_roles_are_accessible(visitor: Visitor, login: str, paths: list[str]) -> None:
    visitor.log_in(login, f"demo-{login}")
    for path in paths:
        visitor.go(path)
        visitor.check_accessible()


@pytest.mark.requirement("R-42")
def test_a_month_s_groups_are_chosen_without_script_and_their_table_is_accessible(visitor: Visitor, review: Review) -> None:
    write_month(review.project.var / "reports", month="2026-06", matured=True)
    visitor.log_in("fairness-revisor", "demo-fairness-revisor")
    visitor.go(f"/monitoring/{MODEL}/2026-06/fairness")
    visitor.page.get_by_label("Velg inndeling").select_option("born")
    visitor.page.get_by_role("button", name="Vis").click()
    visitor.page.get_by_role("heading", name="Fordelt på: Fødeland").wait_for()
    visitor.check_accessible(TWO_VIEWS)


@pytest.mark.proof
@pytest.mark.requirement("R-42")
def test_every_part_of_a_month_is_accessible(visitor: Visitor, review: Review) -> None:
    write_month(review.project.var / "reports", month="2026-06", matured=True)
    visitor.log_in("fairness-revisor", "demo-fairness-revisor")
    for part in ("", "/together", "/over-time", "/drift", "/reviewers", "/performance", "/sign-off"):
        visitor.go(f"/monitoring/{MODEL}/2026-06{part}")
        visitor.check_accessible()


@pytest.mark.proof
@pytest.mark.requirement("R-42")
def test_an_incident_and_a_purpose_are_accessible_with_their_errors(visitor: Visitor, review: Review) -> None:
    visitor.log_in("dataansvarlig", "demo-dataansvarlig")
    visitor.go("/monitoring/incidents")
    visitor.page.get_by_role("button", name="Åpne hendelsen").click()
    visitor.page.get_by_role("alert").wait_for()
    visitor.check_accessible(TWO_VIEWS)
    visitor.page.get_by_role("radio").first.check()
    visitor.page.get_by_label("Hva er galt?").fill("Fravær mangler fra to skoler siden mandag.")
    visitor.page.get_by_role("button", name="Åpne hendelsen").click()
    visitor.page.get_by_role("heading", name="Vurder hendelsen").wait_for()
    visitor.check_accessible()
    visitor.go("/purposes")
    visitor.page.get_by_role("link", name="Les og godkjenn").first.click()
    visitor.check_accessible()


def _states(review: Review) -> dict[str, str]:
    """Bring a case to each place of the review's second half, over the API: name -> path of its page."""
    first, second = review.caller("koordinator-9901"), review.caller("andreleser-9901")
    cases = {name: review.add_case() for name in ("views", "wrong", "wondering", "talk", "consent", "handover", "followed")}
    to_second_view(first, second, cases["views"])
    first.to_review(cases["wrong"])
    decide(first, cases["wrong"], "decide_wrong_basis")
    to_wondering(first, cases["wondering"])
    to_wondering(first, cases["talk"])
    ok(first.step(cases["talk"], "talk", talk()))
    to_family(first, cases["consent"])
    to_consent(first, cases["handover"])
    to_consent(first, cases["followed"])
    ok(first.step(cases["followed"], "bti/2", handover()), 201)
    return {name: f"/cases/{case}" for name, case in cases.items()}


@pytest.mark.proof
@pytest.mark.requirement("R-42")
def test_every_step_of_the_second_half_is_accessible(visitor: Visitor, review: Review) -> None:
    visitor.log_in("koordinator-9901", "demo-koordinator")
    paths = _states(review)
    for path in (*paths.values(), f"{paths['followed']}/access-requests", f"{paths['followed']}/person-report"):
        visitor.go(path)
        visitor.check_accessible()


@pytest.mark.requirement("R-42")
def test_the_consent_form_is_accessible_with_its_errors_and_the_summary_has_the_focus(visitor: Visitor, review: Review) -> None:
    case, page = review.add_case(), visitor.page
    to_family(review.caller("koordinator-9901"), case)
    visitor.log_in("koordinator-9901", "demo-koordinator")
    visitor.go(f"/cases/{case}")
    page.get_by_role("button", name="Lagre samtykket").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.className") == "ds-error-summary"
    visitor.check_accessible(TWO_VIEWS)
    page.get_by_role("alert").get_by_role("link", name="Hvem samtykket: Velg ett svar.").click()
    assert page.evaluate("document.activeElement.id") == "given_by"


@pytest.mark.requirement("R-42")
def test_a_talk_is_planned_with_the_keyboard_alone(visitor: Visitor, review: Review) -> None:
    case, page = review.add_case(), visitor.page
    to_wondering(review.caller("koordinator-9901"), case)
    visitor.log_in("koordinator-9901", "demo-koordinator")
    visitor.go(f"/cases/{case}")
    page.locator("#planned_on").focus()
    page.keyboard.type("12122026")  # whichever of day and month the field begins with
    _tab_to(page, "", tag="INPUT", identity="talks")
    page.keyboard.type("Kontaktlærer")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    _tab_to(page, "", tag="TEXTAREA")
    page.keyboard.type("Hvordan hverdagen er.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Samtalen og det familien fikk vite").wait_for()
    assert review.row(case).state == "SAMTALE_PLANLAGT"


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("koordinator-9901", ["/calendar", "/cohorts", f"/cohorts/{'5' * 32}"]),
        ("andreleser-9901", ["/second-readings"]),
        ("stafettholder-9901", ["/handovers"]),
        ("leder-9901", ["/leader", "/suspensions", "/planning"]),
        ("skjermet-saksbehandler", ["/overdue"]),
        ("personvernombud", ["/alarms", "/access-requests", "/reconstruction"]),
        ("innbygger", ["/my-page", "/my-page/objection", "/my-report", "/family-sheet"]),
    ],
)
def test_the_pages_of_those_who_work_beside_the_coordinator_are_accessible(visitor: Visitor, login: str, paths: list[str]) -> None:
    role = login.rpartition("-")[0] if login[-4:].isdigit() else login
    visitor.log_in(login, f"demo-{role}")
    for path in paths:
        visitor.go(path)
        visitor.check_accessible(TWO_VIEWS)


@pytest.mark.requirement("R-42")
def test_the_page_that_passes_a_case_on_is_accessible_with_its_errors(visitor: Visitor, review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    with review.database.transaction() as session:
        session.execute(update(CaseRow).where(CaseRow.id == case).values(due_on=review.clock().date() - timedelta(days=1)))
    review.new_coordinator("9901")
    visitor.log_in("leder-9901", "demo-leder")
    visitor.go("/leader")
    visitor.page.locator(f'a[href="/overdue/{case}"]').click()
    visitor.check_accessible(TWO_VIEWS)
    visitor.page.get_by_role("button", name="Gi saken videre").click()
    visitor.page.get_by_role("alert").wait_for()
    visitor.check_accessible(TWO_VIEWS)


def test_the_familys_sheet_prints_with_lines_to_fill_in(visitor: Visitor) -> None:
    visitor.go("/family-sheet")
    visitor.page.emulate_media(media="print")
    assert not visitor.page.get_by_text("Skriv ut arket").is_visible()
    assert visitor.page.get_by_text("Den dere snakket med").is_visible()
    assert visitor.page.get_by_text("Programmet bestemmer ingenting").is_visible()


@pytest.mark.parametrize("language", ["nn", "en"])
def test_the_login_page_is_accessible_in_the_other_languages(visitor: Visitor, language: str) -> None:
    visitor.go(f"/login?lang={language}")
    assert visitor.page.locator("html").get_attribute("lang") == language
    visitor.check_accessible()


def test_a_case_prints_without_menus_and_forms(visitor: Visitor, review: Review, tmp_path: Path) -> None:
    case = review.add_case()
    visitor.log_in("koordinator-9901", "demo-koordinator")
    visitor.go(f"/cases/{case}")
    visitor.page.emulate_media(media="print", color_scheme="dark")
    assert not visitor.page.get_by_role("button", name="Ta saken").is_visible()
    assert not visitor.page.get_by_role("navigation", name="Hovedmeny").is_visible()
    assert visitor.page.get_by_text("SYNTETISK").is_visible()
    colour = visitor.page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert colour == "rgb(36, 31, 26)", "printed in dark ink also where the screen is dark"


def _tab_to(page: Page, name: str, *, tag: str = "BUTTON", identity: str | None = None) -> None:
    for _ in range(30):
        here = page.evaluate("[document.activeElement.tagName, document.activeElement.textContent.trim(), document.activeElement.id]")
        if here[:2] == [tag, name] and identity in (None, here[2]):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {name or tag}")


@pytest.mark.requirement("R-31")
def test_a_version_is_planned_compared_signed_and_let_serve(visitor: Visitor, review: Review) -> None:
    place_challenger(review.project)
    page = visitor.page
    visitor.log_in("modellforvalter", "demo-modellforvalter")
    visitor.go(f"/models/{MODEL}/planner")
    page.get_by_label("Hvor mange av 100 unge skal vurderes?").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Når 16 av 100 vurderes").wait_for()
    visitor.check_accessible(ONE_VIEW)
    visitor.go(f"/models/{MODEL}")
    page.get_by_role("link", name="Sammenlign med versjon 2").click()
    visitor.check_accessible(ONE_VIEW)
    page.get_by_role("link", name="Se hva som signeres").click()
    page.get_by_label("Begrunnelse").fill(REASON)
    page.get_by_role("button", name="Signer (simulert)").click()
    page.get_by_role("alert").get_by_role("link", name="Les tabellen").wait_for()
    visitor.check_accessible(ONE_VIEW)
    page.get_by_label("Ja, jeg har lest tabellen").check()
    page.get_by_role("button", name="Signer (simulert)").click()
    page.get_by_text("Du har signert.").wait_for()
    page.get_by_role("button", name="Logg ut").click()

    visitor.log_in("leder-9901", "demo-leder")
    page.get_by_role("link", name="Versjon 2").click()
    page.get_by_label("Ja, jeg har lest tabellen").check()
    page.get_by_role("button", name="Signer (simulert)").click()
    page.get_by_role("button", name="Ta i bruk versjon 2").click()
    page.get_by_role("heading", name="Funnet og oversett").wait_for()
    champion = find_champion(review.project, MODEL)
    assert champion is not None
    assert champion.version == "2"
    visitor.check_accessible(ONE_VIEW)
