"""Evidently's pages on drift; the only module that imports it, since it is heavy and reaches into pandas and numpy.

What it gets is a sample, made coarse first, so that nothing it draws or keeps stands for fewer than five people. Its verdicts use
Kolmogorov-Smirnov at a level divided by the number of columns; ours, in `monitoring.drift.changes`, are the ones that signals follow.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.drift.coarsening import coarsen

with warnings.catch_warnings():
    # Evidently 0.7 patches a private name of numpy, and uses an old name of litestar, as it loads.
    warnings.filterwarnings("ignore", message=r"numpy\.core is deprecated", category=DeprecationWarning)
    warnings.filterwarnings("ignore", message="(Call to|Use of) deprecated", category=DeprecationWarning)
    from evidently import Report
    from evidently.presets import DataDriftPreset
    from evidently.ui.workspace import Workspace

Matrix = NDArray[np.float32] | NDArray[np.float64]

MAX_ROWS = 5_000
"""Rows of either sample: 60 columns x 100,000 rows take Evidently 25 CPU-seconds, and a histogram of 5,000 looks the same."""

MAX_COLUMNS = 40
MIN_ROWS = 50
"""Fewer current people make no histogram worth drawing; `monitoring.drift.changes` still tests them."""


@dataclass(frozen=True)
class DriftPages:
    """Evidently's snapshot: one self-contained HTML page, its JSON, and a place in the workspace."""

    html: str
    content: Mapping[str, Any]
    columns: tuple[str, ...]


def make_drift_pages(
    reference: Matrix,
    current: Matrix,
    names: Sequence[str],
    *,
    title: str,
    made_at: datetime,
    seed: int,
    workspace: Path | None = None,
    tags: Sequence[str] = (),
    banner: str | None = None,
) -> DriftPages | None:
    """Let Evidently compare two matrices; None when there are too few people or no column is left.

    Parameters
    ----------
    reference, current
        Shapes (n_rows, n_features), most important column first; only the first `MAX_COLUMNS` that vary are used.
    title
        Name of the run, also of its project in the workspace up to the first ``·``.
    made_at
        Written into the run.
    workspace
        Folder that ``evidently ui --workspace`` opens. A run of the same title is replaced.
    banner
        Said at the top of the page, for synthetic data (R-33).

    Notes
    -----
    Columns that are unknown throughout make Evidently fail, and constant ones say nothing: they are left out here, and named by
    `monitoring.drift.changes`.
    """
    if len(current) < MIN_ROWS or len(reference) < MIN_ROWS:
        return None
    frames = build_coarse_frames(sample_rows(reference, seed=seed), sample_rows(current, seed=seed + 1), names)
    columns = tuple(frames[0].columns)
    if not columns:
        return None
    preset = DataDriftPreset(num_method="ks", num_threshold=0.05 / len(columns))
    run = Report([preset], include_tests=True).run(
        frames[1], frames[0], timestamp=made_at.replace(tzinfo=None), name=title, tags=list(tags)
    )
    if workspace is not None:
        _keep(run, workspace, title)
    html = with_banner(run.get_html_str(as_iframe=False), banner)
    return DriftPages(html, json.loads(run.json()), columns)


def with_banner(page: str, banner: str | None) -> str:
    """Put a line of text at the top of a page's body.

    >>> page = with_banner("<html><body class='x'>…</body></html>", "SYNTETISK <1>")
    >>> page.startswith("<html><body class='x'><p role="), "SYNTETISK &lt;1&gt;</p>…" in page
    (True, True)
    """
    if banner is None:
        return page
    line = f'<p role="note" style="margin:0;padding:.5rem 1rem;font:600 1rem sans-serif;border:2px solid #1f2a30">{escape(banner)}</p>'
    return re.sub(r"<body[^>]*>", lambda found: found[0] + line, page, count=1)


def sample_rows(matrix: Matrix, *, seed: int) -> Matrix:
    """Draw at most `MAX_ROWS` rows, always the same ones for one seed."""
    if len(matrix) <= MAX_ROWS:
        return matrix
    return matrix[np.random.default_rng(seed).choice(len(matrix), MAX_ROWS, replace=False)]


def build_coarse_frames(reference: Matrix, current: Matrix, names: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make float64 frames of coarse columns that both samples know and that vary."""
    columns: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for position, name in enumerate(names):
        if len(columns) == MAX_COLUMNS:
            break
        pair = coarsen(reference[:, position].astype(np.float64), current[:, position].astype(np.float64))
        if all((~np.isnan(side)).any() for side in pair) and len(np.unique(np.concatenate(pair)[~np.isnan(np.concatenate(pair))])) > 1:
            columns[name] = pair
    return pd.DataFrame({n: c[0] for n, c in columns.items()}), pd.DataFrame({n: c[1] for n, c in columns.items()})


def _keep(run: Any, folder: Path, title: str) -> None:
    """Store the run without its data; the workspace holds aggregates only."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace.create(str(folder))
    name = title.partition("·")[0].strip()
    found = [project for project in workspace.list_projects() if project.name == name]
    project = found[0] if found else workspace.create_project(name)
    for run_id in workspace.list_runs(project.id):
        earlier = workspace.get_run(project.id, run_id)
        if earlier is not None and earlier.name == title:
            workspace.delete_run(project.id, run_id)
    workspace.add_run(project.id, run, include_data=False)
