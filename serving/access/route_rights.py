"""Every route with what it asks of who calls: the table that the page on permissions is made from and that tests hold the service to.

A route that stands here with the wrong need, or not at all, fails `tests/integration/serving/test_every_route.py`. Which cases somebody
with the right role reaches is asked beyond this, in `serving.cases.access`; what a case's state allows, in `serving.cases.policies`.
"""

from __future__ import annotations

from enum import Enum

from serving.access.permissions import MATRIX, Action
from serving.roles import ROLES, Role


class Open(Enum):
    """Routes that ask for no right of a role."""

    TO_EVERYBODY = "everybody"
    TO_WHO_LOGS_IN = "everybody who is logged in"
    TO_THE_OPERATOR = "the operator's monitoring, by a token or on the service's own machine"
    TO_THE_PROVIDER = "the identity provider, by a token that it signed"


class Machine(Enum):
    """Routes for machine clients, by bearer token alone; no logged-in person gets in."""

    SCORES = Action.SCORE_HISTORIES


Need = Open | Machine | tuple[Action, ...]
"""What a route asks for; of several actions one is enough."""

_READS_CASES = (Action.LIST_CASES, Action.SECOND_READ)
_REVIEWS = (Action.REVIEW_CASES,)

ROUTES: dict[str, Need] = {
    "GET /api/v1/openapi.json": Open.TO_EVERYBODY,
    "GET /health/live": Open.TO_EVERYBODY,
    "GET /health/ready": Open.TO_EVERYBODY,
    "GET /metrics": Open.TO_THE_OPERATOR,
    "GET /login/oidc": Open.TO_EVERYBODY,
    "GET /login/oidc/callback": Open.TO_EVERYBODY,
    "POST /logout/backchannel": Open.TO_THE_PROVIDER,
    "GET /login/citizen": Open.TO_EVERYBODY,
    "GET /login/citizen/callback": Open.TO_EVERYBODY,
    "POST /logout/citizen/backchannel": Open.TO_THE_PROVIDER,
    "POST /api/v1/session": Open.TO_EVERYBODY,
    "GET /api/v1/session": Open.TO_WHO_LOGS_IN,
    "DELETE /api/v1/session": Open.TO_WHO_LOGS_IN,
    "GET /api/v1/cases": (Action.LIST_CASES,),
    "GET /api/v1/cases/{case_id}": _READS_CASES,
    "GET /api/v1/cases/{case_id}/view": _READS_CASES,
    "POST /api/v1/cases/{case_id}/assign": (Action.TAKE_CASES,),
    "POST /api/v1/cases/{case_id}/open": _REVIEWS,
    "POST /api/v1/cases/{case_id}/own-view": _REVIEWS,
    "POST /api/v1/cases/{case_id}/decisions": _REVIEWS,
    "POST /api/v1/cases/{case_id}/close": _REVIEWS,
    "GET /api/v1/second-readings": (Action.SECOND_READ,),
    "POST /api/v1/cases/{case_id}/second-reading": (Action.SECOND_READ,),
    "POST /api/v1/cases/{case_id}/second-view": (Action.SECOND_READ,),
    "POST /api/v1/cases/{case_id}/corrections": _REVIEWS,
    "POST /api/v1/cases/{case_id}/rescore": _REVIEWS,
    "POST /api/v1/cases/{case_id}/talk": _REVIEWS,
    "POST /api/v1/cases/{case_id}/family-informed": _REVIEWS,
    "POST /api/v1/cases/{case_id}/consents": _REVIEWS,
    "POST /api/v1/cases/{case_id}/no-consent": _REVIEWS,
    "POST /api/v1/cases/{case_id}/consents/withdraw": _REVIEWS,
    "GET /api/v1/cases/{case_id}/relay-holders": _REVIEWS,
    "POST /api/v1/cases/{case_id}/bti/{level}": _REVIEWS,
    "POST /api/v1/cases/{case_id}/evaluation": _REVIEWS,
    "POST /api/v1/cases/{case_id}/resume": _REVIEWS,
    "POST /api/v1/cases/{case_id}/objections": (Action.REGISTER_OBJECTIONS,),
    "GET /api/v1/objections": (Action.ANSWER_OBJECTIONS,),
    "POST /api/v1/cases/{case_id}/objections/uphold-processing": (Action.ANSWER_OBJECTIONS,),
    "POST /api/v1/cases/{case_id}/objections/erase": (Action.ANSWER_OBJECTIONS,),
    "GET /api/v1/handovers": (Action.READ_HANDOVERS,),
    "GET /api/v1/handovers/{handover_id}": (Action.READ_HANDOVERS,),
    "GET /api/v1/overdue": (Action.PASS_ON_CASES,),
    "GET /api/v1/cases/{case_id}/successors": (Action.PASS_ON_CASES,),
    "POST /api/v1/cases/{case_id}/pass-on": (Action.PASS_ON_CASES,),
    "GET /api/v1/screenings": (Action.SEE_SCREENINGS,),
    "GET /api/v1/models": (Action.SEE_MODELS,),
    "GET /api/v1/reports": (Action.SEE_REPORTS,),
    "GET /api/v1/planning": (Action.SEE_PLANNING,),
    "GET /api/v1/audit": (Action.READ_LOG,),
    "GET /api/v1/audit/verification": (Action.VERIFY_LOG,),
    "POST /api/v1/audit/reconstructions": (Action.RECONSTRUCT,),
    "POST /api/v1/scores": Machine.SCORES,
    "GET /api/v1/suspensions": (Action.SEE_MODELS,),
    "POST /api/v1/suspensions": (Action.SUSPEND,),
    "POST /api/v1/suspensions/{suspension_id}/lift": (Action.SUSPEND,),
    "GET /api/v1/cases/{case_id}/access-requests": (Action.GIVE_PERSON_REPORT,),
    "POST /api/v1/cases/{case_id}/access-requests": (Action.GIVE_PERSON_REPORT,),
    "GET /api/v1/cases/{case_id}/person-report": (Action.GIVE_PERSON_REPORT,),
    "GET /api/v1/cases/{case_id}/person-report.html": (Action.GIVE_PERSON_REPORT,),
    "POST /api/v1/cases/{case_id}/identity": (Action.REVEAL_IDENTITY,),
    "GET /api/v1/me/report": (Action.SEE_OWN_REPORT,),
    "GET /api/v1/me/report.html": (Action.SEE_OWN_REPORT,),
    "GET /api/v1/alarms": (Action.SEE_ALARMS,),
    "POST /api/v1/alarms/{alarm_id}/seen": (Action.SEE_ALARMS,),
    "GET /reports/{model}/{month}/{file}": (Action.SEE_REPORTS,),
    "GET /": Open.TO_EVERYBODY,
    "GET /login": Open.TO_EVERYBODY,
    "POST /login": Open.TO_EVERYBODY,
    "POST /logout": Open.TO_WHO_LOGS_IN,
    "GET /about": Open.TO_EVERYBODY,
    "GET /family-sheet": Open.TO_EVERYBODY,
    "GET /family-sheet.pdf": Open.TO_EVERYBODY,
    "GET /queue": (Action.LIST_CASES,),
    "GET /calendar": _REVIEWS,
    "GET /cohorts": (Action.SEE_COHORTS,),
    "GET /cohorts/{screening_id}": (Action.SEE_COHORTS,),
    "GET /cases/{case_id}": _READS_CASES,
    "POST /cases/{case_id}/assign": (Action.TAKE_CASES,),
    "POST /cases/{case_id}/open": _REVIEWS,
    "POST /cases/{case_id}/own-view": _REVIEWS,
    "POST /cases/{case_id}/decide": _REVIEWS,
    "POST /cases/{case_id}/close": _REVIEWS,
    "POST /cases/{case_id}/objection": (Action.REGISTER_OBJECTIONS,),
    "POST /cases/{case_id}/resume": _REVIEWS,
    "POST /cases/{case_id}/correction": _REVIEWS,
    "POST /cases/{case_id}/rescore": _REVIEWS,
    "POST /cases/{case_id}/talk": _REVIEWS,
    "POST /cases/{case_id}/family": _REVIEWS,
    "POST /cases/{case_id}/consent": _REVIEWS,
    "POST /cases/{case_id}/no-consent": _REVIEWS,
    "POST /cases/{case_id}/withdrawal": _REVIEWS,
    "POST /cases/{case_id}/handover": _REVIEWS,
    "POST /cases/{case_id}/evaluation": _REVIEWS,
    "GET /second-readings": (Action.SECOND_READ,),
    "POST /cases/{case_id}/second-reading": (Action.SECOND_READ,),
    "POST /cases/{case_id}/second-view": (Action.SECOND_READ,),
    "GET /handovers": (Action.READ_HANDOVERS,),
    "GET /handovers/{handover_id}": (Action.READ_HANDOVERS,),
    "GET /cases/{case_id}/access-requests": (Action.GIVE_PERSON_REPORT,),
    "POST /cases/{case_id}/access-requests": (Action.GIVE_PERSON_REPORT,),
    "GET /cases/{case_id}/person-report": (Action.GIVE_PERSON_REPORT,),
    "GET /cases/{case_id}/person-report.pdf": (Action.GIVE_PERSON_REPORT,),
    "GET /cases/{case_id}/identity": (Action.REVEAL_IDENTITY,),
    "POST /cases/{case_id}/identity": (Action.REVEAL_IDENTITY,),
    "GET /my-page": (Action.SEE_OWN_REPORT,),
    "GET /my-page/objection": (Action.SPEAK_FOR_ONESELF,),
    "POST /my-page/objection": (Action.SPEAK_FOR_ONESELF,),
    "GET /my-page/withdrawn": (Action.SPEAK_FOR_ONESELF,),
    "POST /my-page/consents/{consent_id}/withdraw": (Action.SPEAK_FOR_ONESELF,),
    "GET /my-report": (Action.SEE_OWN_REPORT,),
    "GET /my-report.pdf": (Action.SEE_OWN_REPORT,),
    "GET /access-requests": (Action.SEE_ACCESS_REQUESTS,),
    "GET /leader": (Action.SEE_OVERDUE,),
    "GET /objections": (Action.ANSWER_OBJECTIONS,),
    "GET /objections/{case_id}": (Action.ANSWER_OBJECTIONS,),
    "POST /objections/{case_id}/uphold": (Action.ANSWER_OBJECTIONS,),
    "POST /objections/{case_id}/erase": (Action.ANSWER_OBJECTIONS,),
    "GET /overdue": (Action.PASS_ON_CASES,),
    "GET /overdue/{case_id}": (Action.PASS_ON_CASES,),
    "POST /overdue/{case_id}/pass-on": (Action.PASS_ON_CASES,),
    "GET /planning": (Action.SEE_PLANNING,),
    "GET /suspensions": (Action.SUSPEND,),
    "POST /suspensions": (Action.SUSPEND,),
    "GET /suspensions/{suspension_id}": (Action.SUSPEND,),
    "POST /suspensions/{suspension_id}/lift": (Action.SUSPEND,),
    "GET /reconstruction": (Action.RECONSTRUCT,),
    "POST /reconstruction": (Action.RECONSTRUCT,),
    "GET /alarms": (Action.SEE_ALARMS,),
    "POST /alarms/{alarm_id}/seen": (Action.SEE_ALARMS,),
    "GET /models": (Action.SEE_MODELS,),
    "GET /models/{name}": (Action.SEE_MODELS,),
    "GET /models/{name}/planner": (Action.SEE_MODELS,),
    "GET /models/{name}/papers/{version}/{paper}": (Action.SEE_MODELS,),
    "GET /models/{name}/compare/{version}": (Action.COMPARE_MODELS,),
    "GET /models/{name}/promotion/{version}": (Action.SIGN_PROMOTIONS,),
    "POST /models/{name}/promotion/{version}/statement": (Action.SIGN_PROMOTIONS,),
    "POST /models/{name}/promotion/{version}/signature": (Action.SIGN_PROMOTIONS,),
    "POST /models/{name}/promotion/{version}/login-signature": (Action.SIGN_PROMOTIONS,),
    "POST /models/{name}/promotion/{version}/promote": (Action.SIGN_PROMOTIONS,),
    "GET /protection": (Action.SEE_PROTECTION,),
    "GET /purposes": (Action.SEE_PURPOSES,),
    "GET /purposes/{digest}": (Action.APPROVE_PURPOSES,),
    "POST /purposes/{digest}/approve": (Action.APPROVE_PURPOSES,),
    "POST /purposes/{digest}/withdraw": (Action.APPROVE_PURPOSES,),
    "GET /permissions": (Action.SEE_PERMISSIONS,),
    "GET /monitoring": (Action.SEE_REPORTS,),
    "GET /monitoring/incidents": (Action.SEE_REPORTS,),
    "POST /monitoring/incidents": (Action.HANDLE_INCIDENTS,),
    "GET /monitoring/incidents/{incident}": (Action.SEE_REPORTS,),
    "POST /monitoring/incidents/{incident}/assess": (Action.HANDLE_INCIDENTS,),
    "POST /monitoring/incidents/{incident}/notify": (Action.HANDLE_INCIDENTS,),
    "POST /monitoring/incidents/{incident}/close": (Action.HANDLE_INCIDENTS,),
    "GET /monitoring/{model}/{month}": (Action.SEE_REPORTS,),
    "GET /monitoring/{model}/{month}/sign-off": (Action.SIGN_REPORTS,),
    "POST /monitoring/{model}/{month}/sign-off/statement": (Action.SIGN_REPORTS,),
    "POST /monitoring/{model}/{month}/sign-off/signature": (Action.SIGN_REPORTS,),
    "POST /monitoring/{model}/{month}/sign-off/login-signature": (Action.SIGN_REPORTS,),
    "GET /monitoring/{model}/{month}/{part}": (Action.SEE_REPORTS,),
    "GET /audit-log": (Action.READ_LOG, Action.VERIFY_LOG),
    "GET /audit-log/verification": (Action.VERIFY_LOG,),
}
"""``METHOD path`` -> what it asks for."""


def roles_for(need: Need) -> list[Role]:
    """List the roles that a route lets through; empty where it is open without one.

    Examples
    --------
    >>> [role.value for role in roles_for((Action.SEE_OVERDUE,))]
    ['leder']
    """
    if isinstance(need, Open):
        return [role for role in Role if ROLES[role].logs_in] if need is Open.TO_WHO_LOGS_IN else []
    actions = [need.value] if isinstance(need, Machine) else list(need)
    return [
        role for role in Role if any(action in MATRIX[role] for action in actions) and ROLES[role].logs_in is not isinstance(need, Machine)
    ]


def rights_table() -> list[str]:
    """Write the routes with what they ask for and who that is, as lines of a Markdown table."""
    lines = ["| route | asks for | open to |", "|---|---|---|"]
    for route, need in sorted(ROUTES.items(), key=lambda item: (item[0].partition(" ")[2], item[0])):
        who = need.value if isinstance(need, Open) else ", ".join(f"`{role.value}`" for role in roles_for(need))
        lines.append(f"| `{route}` | {_words(need)} | {who} |")
    return lines


def _words(need: Need) -> str:
    if isinstance(need, Open):
        return ""
    actions = [need.value] if isinstance(need, Machine) else list(need)
    return " or ".join(f"`{action.value}`" for action in actions)
