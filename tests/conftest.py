"""What every test shares: where the real data is, and silence towards the network."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # how fast a busy machine is says nothing of what is tested
settings.load_profile("untimed")

os.environ["DO_NOT_TRACK"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

ROOT = Path(__file__).parent.parent


def realdata_root() -> Path:
    """Folder with the public data sets: TIDLIG_REALDATA, else beside the checkout."""
    return Path(os.environ.get("TIDLIG_REALDATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(autouse=True, scope="module")
def _mlflow_stays_in_its_module() -> Iterator[None]:
    """Undo what MLflow keeps in the process and exports to the environment, so that one module's store is not another's."""
    yield
    if "mlflow" in sys.modules:
        import mlflow

        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def password_cost() -> Iterator[int]:
    """Hash passwords at the least that scrypt takes, since a login would cost each test a tenth of a second; give the real cost."""
    from serving.access import accounts

    cost = accounts.SCRYPT_N
    accounts.SCRYPT_N = 2
    yield cost
    accounts.SCRYPT_N = cost


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give a real PostgreSQL, started once for all tests."""
    from tests.support.postgres import postgres_server

    with postgres_server() as url:
        yield url


@pytest.fixture
def realdata(request: pytest.FixtureRequest) -> Path:
    """Folder of the data set that the test's ``realdata`` marker names.

    Skips with a reason where the folder is absent; under CI that is a failure, unless TIDLIG_REALDATA=skip says it is meant.
    """
    marker = request.node.get_closest_marker("realdata")
    assert marker is not None, "a test that asks for `realdata` names its folder: @pytest.mark.realdata('oulad')"
    folder = realdata_root() / marker.args[0]
    if folder.is_dir():
        return folder
    reason = f"no folder {marker.args[0]} under TIDLIG_REALDATA"
    if os.environ.get("CI") and os.environ.get("TIDLIG_REALDATA") != "skip":
        pytest.fail(f"{reason}, and this is CI: provide the data or set TIDLIG_REALDATA=skip")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny project after its first ingest; read it, and change what `root` gives."""
    from tests.support.ingesting import ingest_tiny
    from tests.support.projects import tiny_project

    folder = tiny_project(tmp_path_factory.mktemp("ingested") / "project")
    ingest_tiny(folder)
    return folder


@pytest.fixture
def root(ingested: Path, tmp_path: Path) -> Path:
    """Folder of the tiny project after its first ingest, the test's own."""
    return Path(shutil.copytree(ingested, tmp_path / "project"))
