"""What starting the service leaves for later: it is what everybody waits for after an upgrade or a crash."""

from __future__ import annotations

import ssl
import subprocess
import sys

from serving.oidc import setup
from serving.settings import Settings

LEARNING = {"lightgbm", "sklearn", "scipy.optimize", "scipy.stats", "mlflow"}


def test_what_answers_imports_nothing_of_what_learns() -> None:
    program = "import sys, models.bundle, features.suppression; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "models.rungs.boosted" in imported
    assert LEARNING & set(imported) == set()


def test_a_service_that_asks_no_issuer_trusts_nobody() -> None:
    nobody = setup._trust(Settings())
    assert isinstance(nobody, ssl.SSLContext)
    assert nobody.verify_mode == ssl.CERT_REQUIRED
    assert nobody.check_hostname
    assert nobody.get_ca_certs() == []


def test_a_service_that_asks_an_issuer_trusts_whom_the_machine_trusts() -> None:
    assert setup._trust(Settings(oidc_issuer="https://login.example")) is True
    assert setup._trust(Settings(machine_issuer="https://machines.example")) is True
    assert setup._trust(Settings(citizen_issuer="https://idporten.example")) is True
