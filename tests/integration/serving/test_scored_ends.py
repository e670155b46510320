"""What a screening said of everybody ends when its purpose does, in a running service and in numbers alone (R-25)."""

from __future__ import annotations

import pytest

from features.scored import read_scored
from serving.auditing import log
from serving.operation.timer import look
from tests.support.review import Review


@pytest.mark.requirement("R-25")
def test_a_running_service_removes_scores_whose_purpose_is_over_and_logs_how_many(screened: Review) -> None:
    n_rows = len(read_scored(screened.project))
    look(screened.database, screened.project, screened.clock, screened.app.state.metrics)
    assert len(read_scored(screened.project)) == n_rows > 0

    screened.clock.forward(days=366 * 5)  # past the audit purpose's last day, and the month for renewing it
    look(screened.database, screened.project, screened.clock, screened.app.state.metrics)

    assert read_scored(screened.project).empty
    with screened.database.reading() as session:
        lines = log.read_page(session, before=None, limit=500).lines
    assert [line.details for line in lines if line.action == "scored.purged"] == [{"n_screenings": 1, "n_rows": n_rows}]
