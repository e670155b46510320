"""The units in docs/systemd, as systemd itself reads them."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.commands.monitor import app

UNITS = Path(__file__).parents[2] / "docs" / "systemd"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze on this machine")


def started() -> list[str]:
    """What the service starts, word by word."""
    lines = (UNITS / "tidlig-monitor.service").read_text(encoding="utf-8").splitlines()
    return shlex.split(next(line for line in lines if line.startswith("ExecStart=")).removeprefix("ExecStart="))


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there on every machine."""
    for path in UNITS.iterdir():
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace(started()[0], str(shutil.which("true"))), encoding="utf-8")
    return tmp_path


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ANALYZE), *words], capture_output=True, text=True, check=False, timeout=60)


@needs_systemd
def test_systemd_finds_nothing_wrong_with_them(units: Path) -> None:
    done = analyze("verify", "--man=no", *(str(path) for path in sorted(units.iterdir())))
    assert done.returncode == 0, done.stderr
    assert str(units) not in done.stderr


@needs_systemd
def test_the_service_may_do_little_on_its_machine(units: Path) -> None:
    """systemd's own measure of exposure: 0 is nothing, 10 everything; 2.0 is asked for."""
    done = analyze("security", "--offline=yes", "--threshold=20", "--no-pager", str(units / "tidlig-monitor.service"))
    assert done.returncode == 0, done.stdout[-400:]


def test_what_the_service_starts_is_a_command_that_there_is() -> None:
    assert Path(started()[0]).name == "tidlig"
    done = CliRunner().invoke(app, [*started()[1:], "--help"])
    assert done.exit_code == 0, done.output
    assert "--prometheus" in done.output
