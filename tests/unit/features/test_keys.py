from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.project import Project, load_project
from features.errors import PurposeError
from features.keys import create_keys, keys_folder, read_keys
from tests.support.ingesting import repeatable_bytes
from tests.support.projects import KEYS, make_real, tiny_project

pytestmark = pytest.mark.requirement("R-07")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(tiny_project(tmp_path / "project"))


def test_keys_come_from_the_environment_and_are_never_shown(project: Project) -> None:
    keys = read_keys(project, environ=KEYS)
    assert keys.get_key("train") == bytes.fromhex("11" * 32)
    assert "1111" not in repr(keys)
    assert "1111" not in str(keys)
    assert keys.key_id("train") in repr(keys)


def test_made_keys_are_read_back_and_kept(project: Project, tmp_path: Path) -> None:
    environ = {"TIDLIG_KEYS_DIR": str(tmp_path / "keys")}
    folder = create_keys(project, environ=environ, token_bytes=repeatable_bytes())
    assert {path.name: oct(path.stat().st_mode)[-3:] for path in folder.iterdir()} == {
        f"{p}.key": "600" for p in ("train", "score", "audit")
    }
    before = read_keys(project, environ=environ)
    create_keys(project, environ=environ, token_bytes=repeatable_bytes("other"))
    assert read_keys(project, environ=environ) == before
    assert len({before.get_key("train"), before.get_key("score"), before.get_key("audit")}) == 3


def test_two_projects_of_one_id_have_folders_of_their_own(tmp_path: Path) -> None:
    one, other = (load_project(tiny_project(tmp_path / name)) for name in ("one", "other"))
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert keys_folder(one, environ=environ) != keys_folder(other, environ=environ)


def test_never_beside_the_data(project: Project) -> None:
    with pytest.raises(PurposeError, match=r"TID204.*never lie beside the data"):
        read_keys(project, environ={"TIDLIG_KEYS_DIR": str(project.root / "keys")})


@pytest.mark.parametrize("target", ["folder", "file"])
def test_a_key_that_others_can_read_is_refused(project: Project, tmp_path: Path, target: str) -> None:
    environ = {"TIDLIG_KEYS_DIR": str(tmp_path / "keys")}
    folder = create_keys(project, environ=environ, token_bytes=repeatable_bytes())
    (folder if target == "folder" else folder / "train.key").chmod(0o755)
    with pytest.raises(PurposeError, match=r"TID205.*chmod go="):
        read_keys(project, environ=environ)


def test_a_missing_key_says_where_it_is_looked_for(project: Project, tmp_path: Path) -> None:
    keys = read_keys(project, environ={"TIDLIG_KEYS_DIR": str(tmp_path / "nowhere")})
    with pytest.raises(PurposeError, match=r"TID203.*'score'.*nowhere.*TIDLIG_KEY_SCORE"):
        keys.get_key("score")


@pytest.mark.parametrize("text", ["abc", "zz" * 32, "11" * 31])
def test_what_is_no_key_is_refused_without_repeating_it(project: Project, text: str) -> None:
    with pytest.raises(PurposeError, match="TID206") as caught:
        read_keys(project, environ={**KEYS, "TIDLIG_KEY_AUDIT": text})
    assert text not in str(caught.value)


def test_keys_for_real_data_are_not_made_here(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    make_real(root)
    with pytest.raises(PurposeError, match="TID207"):
        create_keys(load_project(root), environ={"TIDLIG_KEYS_DIR": str(tmp_path / "keys")}, token_bytes=repeatable_bytes())
