"""One bar over several steps."""

from __future__ import annotations

import pytest

from features.command_line import Drawn
from features.progress import Silent, counted
from tests.support.noted_progress import Noting


def test_each_step_moves_the_whole_once_whatever_happens_inside() -> None:
    noting = Noting()
    with counted(noting, "all", total=2) as progress:
        with progress.step("first", total=3) as step, progress.step("inside the first"):
            step.advance()
        with progress.step("second"):
            assert noting.moves["all"] == [1]
    assert noting.moves == {"all": [1, 1], "first": [1], "inside the first": [], "second": []}


def test_a_step_that_fails_is_not_counted_as_done() -> None:
    noting = Noting()
    with pytest.raises(ValueError, match="broken"), counted(noting, "all", total=1) as progress, progress.step("first"):
        raise ValueError("broken")
    assert noting.moves["all"] == []


def test_drawn_steps_lie_below_the_whole_and_leave_nothing_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with counted(Drawn(), "Training 2 models", total=2) as progress:
        for name in ("one", "two"):
            with progress.step(name, total=5) as step:
                step.advance(5)
    with Drawn().step("reading", total=10_000_000) as step:
        step.advance(10)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Training 2 models" in shown.err
    assert "2 of 2" in shown.err
    assert "100 %" in shown.err


def test_nothing_is_drawn_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with counted(Silent(), "all", total=1) as progress, progress.step("one") as step:
        step.advance()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")
