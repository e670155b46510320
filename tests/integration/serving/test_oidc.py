"""Login through an identity provider, end to end over HTTP: the way there, the way back, and out from both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select

from serving.storage.tables import AccountRow, LoginAttemptRow, LogRow, SessionRow
from tests.support.databases import lent_url
from tests.support.oidc_provider import CLIENT, OidcProvider, key, oidc_provider
from tests.support.provider_login import Town, town
from tests.support.review import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> Iterator[OidcProvider]:
    with oidc_provider(clock) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def here(request: pytest.FixtureRequest, tmp_path: Path, provider: OidcProvider, clock: Clock) -> Iterator[Town]:
    """Give a service whose people log in through the provider."""
    with lent_url(request) as url, town(tmp_path / "project", provider, clock, url=url) as running:
        yield running


@pytest.fixture
def one(tmp_path: Path, provider: OidcProvider, clock: Clock) -> Iterator[Town]:
    """The same on SQLite alone, for what does not touch the database."""
    with town(tmp_path / "project", provider, clock) as running:
        yield running


def accounts(here: Town) -> list[AccountRow]:
    with here.review.database.reading() as session:
        return list(session.scalars(select(AccountRow).where(AccountRow.issuer.is_not(None))))


def open_sessions(here: Town) -> int:
    with here.review.database.reading() as session:
        return len(session.scalars(select(SessionRow).where(SessionRow.ended_at.is_(None))).all())


def is_refused(answer: httpx.Response, code: str, status: int = 403) -> bool:
    return answer.status_code == status and code in answer.text


@pytest.mark.requirement("R-29")
def test_a_login_makes_an_account_of_the_claims_and_opens_a_session(here: Town) -> None:
    with here.browser() as browser:
        answer = here.log_in(browser, sub="kari", groups=["x", "coordinators"], name="Kari Nordmann")

    me = answer.json()["data"]
    assert (me["role"], me["municipality"]) == ("koordinator", "9901")
    assert me["login"].startswith("Kari Nordmann (")
    [row] = accounts(here)
    assert (row.issuer, row.external_id, row.password_hash) == (here.provider.issuer, "kari", "")
    [asked] = here.provider.asked
    assert (asked["acr_values"], asked["redirect_uri"]) == ("high", f"{here.address}/login/oidc/callback")
    with here.review.database.reading() as session:
        entries = " ".join(session.scalars(select(LogRow.entry)))
        assert session.scalars(select(LoginAttemptRow)).all() == []
    assert '"account.created"' in entries
    assert '"session.opened"' in entries
    assert "Kari" not in entries


def test_who_somebody_is_comes_from_the_claim_and_never_from_name_or_e_mail(here: Town) -> None:
    for sub in ("kari", "another-kari", "kari"):
        with here.browser() as browser:
            here.log_in(browser, sub=sub, groups=["coordinators"], name="Kari", email="kari@kommune.example")

    assert sorted(str(row.external_id) for row in accounts(here)) == ["another-kari", "kari"]


def test_another_role_at_the_provider_is_another_role_here_and_ends_what_was_open(here: Town) -> None:
    with here.browser() as first, here.browser() as second:
        here.log_in(first, sub="kari", groups=["coordinators"])
        now = here.log_in(second, sub="kari", groups=["leaders"])

        assert now.json()["data"]["role"] == "leder"
        assert first.get("/api/v1/session").status_code == 401
    assert [row.role for row in accounts(here)] == ["leder"]


@pytest.mark.requirement("R-28")
def test_who_has_no_role_in_the_claims_stays_outside(here: Town) -> None:
    with here.browser() as first, here.browser() as second:
        here.log_in(first, sub="kari", groups=["coordinators"])
        answer = here.log_in(second, sub="kari", groups=["gardeners"])

        assert is_refused(answer, "TID733")
        assert first.get("/api/v1/session").status_code == 401  # and what they had open is over
    assert open_sessions(here) == 0


@pytest.mark.requirement("R-28")
def test_nobody_is_leader_and_officer_whatever_the_claims_say(here: Town) -> None:
    with here.browser() as browser:
        assert is_refused(here.log_in(browser, sub="kari", groups=["leaders", "officers"]), "TID717", 409)
    assert accounts(here) == []


@pytest.mark.requirement("R-28")
def test_who_may_no_longer_come_in_loses_what_was_open(here: Town) -> None:
    with here.browser() as first, here.browser() as second:
        here.log_in(first, sub="kari", groups=["leaders"])

        assert is_refused(here.log_in(second, sub="kari", groups=["leaders", "officers"]), "TID717", 409)
        assert first.get("/api/v1/session").status_code == 401
    assert open_sessions(here) == 0


@pytest.mark.requirement("R-17")
def test_a_second_reader_whose_claims_changed_leaves_the_reading_to_another_at_once(here: Town) -> None:
    review = here.review
    with here.browser() as browser:
        here.log_in(browser, sub="kari", groups=["readers"])
        [kari] = accounts(here)
        review.create_demo_account("koordinator-9901")
        first = review.account_id("koordinator-9901")
        case = review.add_case(state="ANDRE_EGEN_VURDERING", assignee_id=first, second_reader_id=kari.id)
        here.log_in(browser)
        assert review.row(case).state == "ANDRE_EGEN_VURDERING"

        here.log_in(browser, sub="kari", groups=["coordinators"])

    assert (review.row(case).state, review.row(case).second_reader_id) == ("TRENGER_ANDRELESER", None)


@pytest.mark.requirement("R-28")
def test_a_coordinator_whose_claims_changed_leaves_undecided_cases_to_others_at_once(here: Town) -> None:
    review = here.review
    with here.browser() as browser:
        here.log_in(browser, sub="kari", groups=["coordinators"])
        [kari] = accounts(here)
        undecided = review.add_case(state="UNDER_VURDERING", assignee_id=kari.id)
        decided = review.add_case(state="SAMTALE_PLANLAGT", assignee_id=kari.id)
        here.log_in(browser)
        assert review.row(undecided).assignee_id == kari.id

        here.log_in(browser, sub="kari", groups=["readers"])

    assert (review.row(undecided).state, review.row(undecided).assignee_id) == ("NY", None)
    assert (review.row(decided).state, review.row(decided).assignee_id) == ("SAMTALE_PLANLAGT", kari.id)


def test_a_closed_account_is_not_opened_again_by_a_login(here: Town) -> None:
    with here.browser() as browser:
        here.log_in(browser, sub="kari", groups=["coordinators"])
        with here.review.database.transaction() as session:
            session.scalars(select(AccountRow)).one().closed_at = here.review.clock()

        assert is_refused(here.log_in(browser), "TID733")


def test_the_answer_counts_in_the_browser_that_asked_once_and_within_ten_minutes(here: Town) -> None:
    with here.browser() as browser, here.browser() as other:
        answer = here.log_in(browser, sub="kari", groups=["coordinators"])
        back = str(answer.history[-1].url)
        assert is_refused(browser.get(back), "TID730")  # used before
        sent = browser.get("/login/oidc", follow_redirects=False).headers["location"]
        came_back = browser.get(sent, follow_redirects=False).headers["location"]
        assert is_refused(other.get(came_back), "TID730")  # another browser
        here.review.clock.forward(minutes=11)
        assert is_refused(browser.get(came_back), "TID730")  # too late
        assert is_refused(browser.get("/login/oidc/callback"), "TID730")  # out of nowhere


def test_a_session_that_was_planted_ends_at_login(here: Town) -> None:
    with here.browser() as browser, here.browser() as planter:
        here.log_in(planter, sub="ola", groups=["coordinators"])
        browser.cookies.update(planter.cookies)
        here.log_in(browser, sub="kari", groups=["coordinators"])

        assert planter.get("/api/v1/session").status_code == 401
        assert browser.get("/api/v1/session").status_code == 200


def test_after_the_login_nobody_is_led_away_from_here(one: Town) -> None:
    with one.browser() as browser:
        answer = browser.get("/login/oidc", params={"next": "https://elsewhere.example/"})

    assert urlsplit(str(answer.url)).netloc == urlsplit(one.address).netloc


def test_a_refusal_of_the_provider_is_one(one: Town) -> None:
    with one.browser() as browser:
        sent = browser.get("/login/oidc", follow_redirects=False).headers["location"]
        state = parse_qs(urlsplit(sent).query)["state"][0]

        assert is_refused(browser.get("/login/oidc/callback", params={"state": state, "error": "access_denied"}), "TID731")
        assert is_refused(browser.get("/login/oidc/callback", params={"state": state, "code": "x"}), "TID730")


def test_an_answer_of_another_issuer_is_refused(one: Town) -> None:
    with one.browser() as browser:
        sent = browser.get("/login/oidc", follow_redirects=False).headers["location"]
        back = browser.get(sent, follow_redirects=False).headers["location"]
        mixed_up = back.replace("iss=http", "iss=https")

        assert mixed_up != back
        assert is_refused(browser.get(mixed_up), "TID731")


BENT: dict[str, Any] = {
    "another issuer": lambda c: c | {"iss": "https://elsewhere.example"},
    "another client": lambda c: c | {"aud": "another"},
    "several audiences and no party": lambda c: c | {"aud": [CLIENT, "another"]},
    "another party": lambda c: c | {"azp": "another"},
    "another login's nonce": lambda c: c | {"nonce": "kept from before"},
    "no nonce": lambda c: {k: v for k, v in c.items() if k != "nonce"},
    "expired": lambda c: c | {"exp": c["iat"] - 61},
    "no end": lambda c: {k: v for k, v in c.items() if k != "exp"},
    "never ends": lambda c: c | {"exp": float("nan")},
    "from the future": lambda c: c | {"iat": c["iat"] + 120},
    "old": lambda c: c | {"iat": c["iat"] - 700},
    "not sure enough": lambda c: c | {"acr": "substantial"},
    "says nothing of how sure": lambda c: {k: v for k, v in c.items() if k != "acr"},
    "nobody": lambda c: {k: v for k, v in c.items() if k != "sub"},
    "a national identity number": lambda c: c | {"sub": "13097248022"},
}


@pytest.mark.requirement("R-29")
def test_an_id_token_that_is_not_for_this_login_logs_nobody_in(one: Town) -> None:
    for what, bend in BENT.items():
        one.provider.tamper = bend
        with one.browser() as browser:
            assert is_refused(one.log_in(browser), "TID731"), what
    one.provider.tamper = lambda claims: claims
    one.provider.signs_with = key(9)
    with one.browser() as browser:
        assert is_refused(one.log_in(browser), "TID731"), "another's key"
    assert accounts(one) == []


def test_more_than_what_was_asked_for_is_enough(tmp_path: Path, provider: OidcProvider, clock: Clock) -> None:
    with (
        town(tmp_path / "project", provider, clock, oidc_acr_values="", oidc_preset="ansattporten", access=RAR) as here,
        here.browser() as b,
    ):
        answer = here.log_in(b, sub="kari", acr="high", authorization_details=[REPRESENTS])

    assert provider.asked[-1]["acr_values"] == "substantial high"
    assert '"resource"' in provider.asked[-1]["authorization_details"]
    assert answer.json()["data"]["role"] == "koordinator"


def test_conditions_hold_within_one_object_and_not_across_two(tmp_path: Path, provider: OidcProvider, clock: Clock) -> None:
    elsewhere = [{**REPRESENTS, "reportees": [{"ID": "0192:000000000"}]}, {**REPRESENTS, "resource": "urn:altinn:resource:other"}]
    with town(tmp_path / "project", provider, clock, oidc_preset="ansattporten", access=RAR) as here, here.browser() as browser:
        assert is_refused(here.log_in(browser, sub="kari", authorization_details=elsewhere), "TID733")


REPRESENTS = {"type": "ansattporten:altinn:service", "resource": "urn:altinn:resource:2480:40", "reportees": [{"ID": "0192:999888777"}]}
RAR = """
[[authorization_details]]
type = "ansattporten:altinn:service"
resource = "urn:altinn:resource:2480:40"

[[grant]]
when = { resource = "urn:altinn:resource:2480:40", "reportees.ID" = "0192:999888777" }
role = "koordinator"
municipality = "9901"
"""


def test_a_client_may_prove_itself_with_a_key_instead_of_a_secret(tmp_path: Path, provider: OidcProvider, clock: Clock) -> None:
    file = tmp_path / "client.pem"
    file.write_bytes(key(5).as_pem(private=True))
    provider.public_client_key = key(5)

    with town(tmp_path / "project", provider, clock, oidc_client_secret=None, oidc_private_key_file=file) as here, here.browser() as b:
        assert here.log_in(b).json()["data"]["role"] == "koordinator"


def test_new_keys_of_the_provider_are_found_and_withdrawn_ones_forgotten(one: Town) -> None:
    with one.browser() as browser:
        assert one.log_in(browser).status_code == 200
        one.provider.rotate()
        one.review.clock.forward(minutes=2)
        assert one.log_in(browser).status_code == 200
        one.provider.signs_with = key(1)  # the one that was withdrawn
        assert is_refused(one.log_in(browser), "TID731")


def test_unknown_keys_do_not_make_the_provider_be_asked_again_and_again(one: Town) -> None:
    with one.browser() as browser:
        one.log_in(browser)
        one.provider.signs_with = key(9)
        for _ in range(4):
            one.log_in(browser)

    assert one.provider.key_calls == 1


def test_a_provider_that_is_down_is_said_to_be(tmp_path: Path, clock: Clock) -> None:
    with oidc_provider(clock) as gone:
        pass
    with town(tmp_path / "project", gone, clock) as here, here.browser() as browser:
        assert browser.get("/login/oidc").status_code == 503
        assert browser.get("/health/ready").status_code == 200


def test_logging_out_here_leads_to_logging_out_there(one: Town) -> None:
    with one.browser() as browser:
        one.log_in(browser)
        csrf = browser.get("/api/v1/session").json()["data"]["csrf"]
        page = browser.post("/logout", data={"csrf": csrf})
        refresh = page.headers["refresh"]

        assert browser.get("/api/v1/session").status_code == 401
        assert browser.get(refresh.removeprefix("0; url=")).url == f"{one.address}/login"
    assert one.provider.ended == [{"client_id": CLIENT, "post_logout_redirect_uri": f"{one.address}/login"}]


def test_the_provider_ends_a_login_and_every_session_that_came_of_it(here: Town) -> None:
    with here.browser() as browser, here.browser() as another_s, httpx.Client(base_url=here.address, timeout=60) as back_channel:
        here.log_in(browser, sub="kari", groups=["coordinators"])
        here.provider.sid = "session-2"
        here.log_in(another_s, sub="ola", groups=["coordinators"])
        here.provider.sid = "session-1"

        answer = back_channel.post("/logout/backchannel", data={"logout_token": here.provider.logout_token()})

        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert browser.get("/api/v1/session").status_code == 401
        assert another_s.get("/api/v1/session").status_code == 200
        by_person = here.provider.logout_token(sid=None, sub="ola")
        assert back_channel.post("/logout/backchannel", data={"logout_token": by_person}).status_code == 200
        assert another_s.get("/api/v1/session").status_code == 401


def test_a_logout_token_counts_once_and_only_as_one(here: Town) -> None:
    with here.browser() as browser, httpx.Client(base_url=here.address, timeout=60) as back_channel:
        here.log_in(browser, sub="kari", groups=["coordinators"])

        def sends(token: str) -> tuple[int, str]:
            answer = back_channel.post("/logout/backchannel", data={"logout_token": token})
            return answer.status_code, answer.json()["code"]

        make = here.provider.logout_token
        bad = [
            make(nonce="x"),
            make(events={}),
            make(events=None),
            make(sid=None),
            make(aud="another"),
            make(iss="https://elsewhere.example"),
            make(exp=1),
            make(jti=None),
            make(iat=int(here.review.clock().timestamp()) - 800),
            here.provider.sign(here.provider.claims(sub="kari", nonce="x", sid="session-1")),  # an ID token
            here.provider.access_token(),
            make()[:-8] + "AAAAAAAA",
            jwt.encode({"alg": "HS256", "kid": "key-1"}, here.provider.claims(), OctKey.import_key(b"k" * 32), algorithms=["HS256"]),
            "",
        ]
        assert {sends(token) for token in bad} == {(400, "TID737")}
        assert browser.get("/api/v1/session").status_code == 200

        once = make()
        assert back_channel.post("/logout/backchannel", data={"logout_token": once}).status_code == 200
        here.log_in(browser)
        assert sends(once) == (400, "TID737")
        assert browser.get("/api/v1/session").status_code == 200


def test_a_person_of_the_provider_has_no_password(here: Town) -> None:
    with here.browser() as browser:
        login = here.log_in(browser).json()["data"]["login"]
        browser.cookies.clear()
        answers = [browser.post("/api/v1/session", json={"login": login, "password": word}) for word in ("", "x")]

    assert {a.status_code for a in answers} == {401}


def test_what_the_provider_leads_through_carries_the_headers_of_every_page(one: Town) -> None:
    with one.browser() as browser:
        answers = [
            browser.get("/login/oidc", follow_redirects=False),
            browser.get("/login/oidc/callback", follow_redirects=False),
            browser.post("/logout/backchannel"),
            browser.get("/login"),
        ]

    for answer in answers:
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
    assert "httponly" in answers[0].headers["set-cookie"].lower()
