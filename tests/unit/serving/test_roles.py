"""Roles that answer for a model are roles of the service under the same names: one person is called one thing everywhere."""

import pytest

from features.roles import ANSWERABLE, AUDITORS, Responsible
from serving.access.permissions import MATRIX
from serving.roles import ROLES, Role

pytestmark = pytest.mark.requirement("R-41")


def test_who_answers_for_an_incident_is_a_role_that_people_log_in_with_and_that_may_do_something():
    for role in Responsible:
        assert Role[role.name] == role.value
        assert ROLES[Role[role.name]].logs_in
        assert MATRIX[Role[role.name]]


def test_nobody_who_keeps_or_uses_a_model_audits_it():
    assert not AUDITORS & (ANSWERABLE | {Responsible.MODEL_KEEPER})
