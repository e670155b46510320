"""`kill -9` in the middle of an ingest or a key rotation, at any moment: the store is the old one or the new one, and the next run repairs
what was left."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from features.declarations.project import load_project
from features.errors import DataError
from features.intake.mapping import load_mapping
from features.manifest import find_manifest
from features.store import open_store
from tests.support.projects import KEYS, tiny_project, write_people

ENVIRON = {**os.environ, **KEYS}
COMMAND = [sys.executable, "-m", "tidlig", "ingest", "--json", "--project"]


def n_records(root: Path) -> dict[str, int]:
    """Records in each store, all of which are read; 0 where there is no store yet."""
    found = {}
    for purpose in ("train", "score", "audit"):
        try:
            store = open_store(load_project(root), purpose)
        except DataError as error:
            if error.code != "TID402":
                raise
            found[purpose] = 0
        else:
            found[purpose] = sum(len(store.read_part(part).person) for part in store.parts())
    return found


def kill_after(seconds: float, root: Path) -> bool:
    """Start an ingest and kill it; return whether it was still running."""
    with subprocess.Popen([*COMMAND, str(root)], env=ENVIRON, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(seconds)
        is_running = running.poll() is None
        running.send_signal(signal.SIGKILL)
    return is_running


def run_whole(root: Path) -> float:
    """Ingest to the end; return how long it took."""
    began = time.monotonic()
    subprocess.run([*COMMAND, str(root)], env=ENVIRON, check=True, capture_output=True, timeout=300)
    return time.monotonic() - began


def check_kills(tmp_path: Path, *, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    reference = tiny_project(tmp_path / "reference")
    took = run_whole(reference)
    first = n_records(reference)
    root = tiny_project(tmp_path / "killed")
    nothing = n_records(root)
    assert set(nothing.values()) == {0}
    landed = 0
    for _ in range(kills):
        landed += kill_after(rng.uniform(0.3, 1.1) * took, root)
        assert n_records(root) in (nothing, first), "half an ingest is visible"
    assert landed, "no kill hit a running ingest: the test measures nothing"
    run_whole(root)
    assert n_records(root) == first
    write_people(root / "data", seed=2, days_later=1)
    write_people(reference / "data", seed=2, days_later=1)
    run_whole(reference)
    second = n_records(reference)
    assert second != first
    for _ in range(kills):
        kill_after(rng.uniform(0.3, 1.1) * took, root)
        assert n_records(root) in (first, second), "half a second extract is visible"
    run_whole(root)
    assert n_records(root) == second
    leftovers = [path.name for path in (root / "var" / "store").iterdir() if "tmp" in path.name]
    assert leftovers == []


def test_a_few_kills(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=2, seed=1)


@pytest.mark.proof
def test_two_hundred_kills(tmp_path: Path) -> None:
    check_kills(tmp_path, kills=100, seed=2)


ROTATION = {**ENVIRON, "TIDLIG_NEW_KEY_TRAIN": "44" * 32}
ROTATE = [sys.executable, "-m", "tidlig", "keys", "rotate", "--purpose", "train", "--json", "--project"]


def pseudonyms(root: Path) -> frozenset[str]:
    """Pseudonyms of the train purpose that a reader finds."""
    folder = root / "var" / "store"
    manifest = find_manifest(folder)
    assert manifest is not None
    return frozenset(load_mapping(folder / str(manifest.mapping)).of("train")["pseudonym"])


def check_killed_rotations(tmp_path: Path, *, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    root = tiny_project(tmp_path / "project")
    run_whole(root)
    whole = Path(shutil.copytree(root, tmp_path / "whole"))
    old, records = pseudonyms(root), n_records(root)
    began = time.monotonic()
    subprocess.run([*ROTATE, str(whole)], env=ROTATION, check=True, capture_output=True, timeout=300)
    took, new = time.monotonic() - began, pseudonyms(whole)
    assert not old & new
    for _ in range(kills):
        copy = Path(shutil.copytree(root, tmp_path / "copy"))
        with subprocess.Popen([*ROTATE, str(copy)], env=ROTATION, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            time.sleep(rng.uniform(0.4, 1.0) * took)
            running.send_signal(signal.SIGKILL)
        assert pseudonyms(copy) in (old, new), "half a rotation is visible"
        done = subprocess.run([*ROTATE, str(copy)], env=ROTATION, check=True, capture_output=True, timeout=300)
        assert json.loads(done.stdout)["matches"] == 0
        assert pseudonyms(copy) == new
        assert n_records(copy) == records
        shutil.rmtree(copy)


def test_a_killed_rotation(tmp_path: Path) -> None:
    check_killed_rotations(tmp_path, kills=1, seed=1)


@pytest.mark.proof
def test_sixty_killed_rotations(tmp_path: Path) -> None:
    check_killed_rotations(tmp_path, kills=60, seed=2)
