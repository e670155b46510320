"""The registry against a real `mlflow server`, its artifacts through itself: nothing of it depends on the embedded store."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.store.entities.paged_list import PagedList
from typer.testing import CliRunner

from features.errors import ModelError
from models.deployment import deployed_bundle
from models.promotion.ledger import verify_promotions
from tests.support.mlflow_processes import free_port, tracking_server
from tests.support.projects import NOW
from tests.support.registering import MODEL, Registry, bundle_for, project_of
from training.commands import app
from training.registry.promoting import promote, rollback
from training.registry.tracking import Tracking, check_answers
from training.registry.versions import all_pages, list_models

pytestmark = [pytest.mark.filterwarnings("ignore::FutureWarning")]

TYPED = ("data-scientist", "leader")
WHY = "The first model of the server."


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("server")
    with tracking_server(folder / "mlflow") as address:
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        yield Registry(project_of(folder / "project"), Tracking(address, None))


def test_a_model_is_logged_registered_promoted_rolled_back_and_listed(registry: Registry) -> None:
    project, tracking = registry.project, registry.tracking
    versions = [registry.register(bundle_for(project, n=n)) for n in (300, 310)]
    assert versions == ["1", "2"]
    for version in versions:
        promote(project, tracking, MODEL, version, signers=TYPED, reason=WHY, now=NOW)
    assert {one.version: one.aliases for one in list_models(project, tracking)} == {"1": (), "2": ("champion",)}
    rollback(project, tracking, MODEL, signer="leader", reason="Too many in vain.", now=NOW)
    assert {one.version: one.aliases for one in list_models(project, tracking)} == {"1": ("champion",), "2": ()}
    assert deployed_bundle(project, MODEL).card.data["rows"] == 300
    assert verify_promotions(project).count == 3
    assert not (project.var / "mlflow.db").exists()
    assert not (project.var / "mlartifacts").exists()


def test_the_run_and_its_model_lie_on_the_server(registry: Registry) -> None:
    """The server keeps the files, and the model is loaded from it by alias."""
    import mlflow

    client = registry.tracking.client()
    version = client.get_model_version_by_alias(MODEL, "champion")
    run = client.get_run(version.run_id or "")
    assert run.info.artifact_uri.startswith("mlflow-artifacts:")
    assert {"card.md", "report.json"} <= {one.path for one in client.list_artifacts(run.info.run_id)}
    model = mlflow.pyfunc.load_model(f"models:/{MODEL}@champion")
    assert model.metadata.get_input_schema() is not None


def test_the_command_lists_what_is_on_the_server(registry: Registry) -> None:
    found = CliRunner().invoke(
        app,
        ["models", "list", "--project", str(registry.project.root), "--tracking-uri", registry.tracking.uri],
        catch_exceptions=False,
    )
    assert found.exit_code == 0
    assert re.search(r"2 .*challenger|challenger", found.stdout) is None
    assert "champion" in found.stdout


def test_other_projects_models_on_the_same_server_are_not_listed(registry: Registry) -> None:
    registry.tracking.client().create_registered_model("other-model", tags={"project": "another"})
    assert {one.name for one in list_models(registry.project, registry.tracking)} == {MODEL}


def test_a_search_is_read_to_its_last_page() -> None:
    pages = {None: PagedList([1, 2], "a"), "a": PagedList([3], "b"), "b": PagedList([], None)}
    assert all_pages(lambda token: pages[token]) == [1, 2, 3]


def test_a_server_that_does_not_answer_is_said_before_any_work(registry: Registry) -> None:
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
    with pytest.raises(ModelError, match=r"TID524: MLflow at http://127.0.0.1:\d+ does not answer"):
        check_answers(Tracking(f"http://user:secret@127.0.0.1:{free_port()}", None))
    del os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]


def test_files_that_the_server_lost_are_said_plainly(registry: Registry, tmp_path: Path) -> None:
    project = registry.project
    version = registry.register(bundle_for(project, n=320))
    files = project.root.parent / "mlflow" / "files"
    newest = max(files.rglob("MLmodel"), key=lambda path: path.stat().st_mtime_ns)
    newest.parent.rename(tmp_path / "lost")
    with pytest.raises(ModelError, match="TID523"):
        promote(project, registry.tracking, MODEL, version, signers=TYPED, reason=WHY, now=NOW)
