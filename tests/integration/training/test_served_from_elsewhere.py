"""A version that the console lets serve: its bundle lies in the project, and MLflow hears of it when a command next speaks to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import ModelError
from models.deployment import Champion, bundle_folder, deployed_bundle, find_champion
from models.placed import list_placed, load_placed
from models.promoting import finish_pointer, let_bundle_serve
from models.promotion.writing import Signed, one_step_at_a_time
from tests.support.projects import NOW
from tests.support.registering import MODEL, Registry, bundle_for, project_of
from training.registry.placing import place_challenger
from training.registry.promoting import fetch_version, promote, tell_registry
from training.registry.tracking import local_tracking
from training.registry.versions import aliases_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

WHY = "The first model of these tests."
TWO = Signed(typed=("keeper", "leader"))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Two registered versions; the second lies in the project too, as a training leaves it."""
    project = project_of(tmp_path_factory.mktemp("elsewhere") / "project")
    found = Registry(project, local_tracking(project))
    found.register(bundle_for(project))
    found.register(bundle_for(project, n=320))
    place_challenger(project, bundle_for(project, n=320), "2")
    return found


def let_serve_here(registry: Registry, version: str) -> Champion:
    """Do what the console does: no MLflow anywhere."""
    project = registry.project
    with one_step_at_a_time(project):
        finish_pointer(project, MODEL)
        bundle = load_placed(project, MODEL, version)
        folder = bundle_folder(project, MODEL, version)
        return let_bundle_serve(project, bundle, folder, version, TWO, reason=WHY, justification=None, now=NOW)


def test_what_training_placed_is_what_was_registered(registry: Registry) -> None:
    placed = load_placed(registry.project, MODEL, "2").hash

    assert fetch_version(registry.project, registry.tracking, MODEL, "2") == bundle_folder(registry.project, MODEL, "2")
    assert load_placed(registry.project, MODEL, "2").hash == placed
    with pytest.raises(ModelError, match="TID502"):
        place_challenger(registry.project, bundle_for(registry.project), "2")


def test_a_version_is_brought_and_serves_and_the_registry_follows(registry: Registry) -> None:
    with pytest.raises(ModelError, match="TID527"):
        load_placed(registry.project, MODEL, "1")
    fetch_version(registry.project, registry.tracking, MODEL, "1")
    assert [one.version for one in list_placed(registry.project, MODEL)] == ["2", "1"]
    assert find_champion(registry.project, MODEL) is None, "to lie there is not to serve"
    with pytest.raises(ModelError, match="TID520"):
        fetch_version(registry.project, registry.tracking, MODEL, "9")

    champion = let_serve_here(registry, "2")
    assert deployed_bundle(registry.project, MODEL).hash == champion.bundle_hash
    assert aliases_of(registry.tracking.client(), MODEL) == {"challenger": "2"}, "nobody has told MLflow yet"
    tell_registry(registry.project, registry.tracking)
    assert aliases_of(registry.tracking.client(), MODEL) == {"champion": "2"}

    promote(registry.project, registry.tracking, MODEL, "1", signers=("keeper", "leader"), reason=WHY, now=NOW + timedelta(hours=1))
    let_serve_here(registry, "2")
    promote(registry.project, registry.tracking, MODEL, "1", signers=("keeper", "leader"), reason=WHY, now=NOW + timedelta(hours=2))
    assert aliases_of(registry.tracking.client(), MODEL) == {"champion": "1"}


@pytest.mark.parametrize("version", ["..", "1/../2", "", "x"])
def test_only_numbers_name_a_version(registry: Registry, version: str) -> None:
    with pytest.raises(ModelError, match="TID527"):
        load_placed(registry.project, MODEL, version)
    assert not Path(bundle_folder(registry.project, MODEL, "x")).exists()
