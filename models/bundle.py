"""A bundle: everything that serving one model takes, as text and JSON in one folder.

```
bundle.json       format, versions, schema, bands, provenance, and the SHA-256 of every other file
calibrator.json   uncertainty.json   reference.json   catalogue.json   card.json   card.md
rung/             what the rung wrote: JSON, and LightGBM's text
```

The hash of `bundle.json` is the bundle's hash: it fixes every byte. Nothing here is pickled, so loading can't run code.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.declarations.catalogue import Catalogue, SectorFile
from features.declarations.learning import Bands
from features.errors import ModelError
from models.bands import Band, BandFrequency, bands_of
from models.calibration import Calibrator, load_calibrator
from models.card import ModelCard
from models.disclosure import picture_for
from models.explanation import Contributions, explain
from models.manifest import FORMAT, check_contract, check_files, check_format, check_packages, file_hashes
from models.reasons import Reason, build_reasons
from models.reference import Reference
from models.rungs.boosted import BoostedRung
from models.rungs.ladder import get_rung
from models.rungs.rung import Matrix, Rung, read_json, write_json
from models.uncertainty import UNKNOWN, RateTable

Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from: enough to train it again, bit for bit."""

    seed: int
    data_hash: str
    """SHA-256 of the feature table and labels."""
    code_version: str
    trained_at: datetime
    """Aware, UTC."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Name -> version of what the numbers depend on."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What is served for each row, shape (n_rows,) each."""

    log_odds: Vector
    probability: Vector
    band: NDArray[np.str_]
    """Values of `models.bands.Band`."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A fitted rung with what makes it a service: calibrator, schema, reference, bands, card and provenance.

    Notes
    -----
    Matrices have the columns of `feature_names` in that order, NaN where missing; `matrix_from` brings any table there.
    """

    project: str
    outcome: str
    stage: str
    rung: Rung
    calibrator: Calibrator
    catalogue: Catalogue
    """Declarations of its indicators: words, sector, owner, confidentiality. Only those that its features need are saved."""
    reference: Reference
    bands: Bands
    frequencies: Mapping[Band, BandFrequency]
    contract_hash: str
    """`Project.contract_hash` that it was trained under."""
    card: ModelCard
    provenance: Provenance
    data: Literal["synthetic", "public", "real"]
    """What kind of people it learnt from; decides what may be shown outside a case (R-18, R-33)."""
    rate_table: RateTable = UNKNOWN
    """How sure a served probability is: cells of people, no person's row."""
    hash: str = ""
    """SHA-256 of `bundle.json`; empty until saved or loaded."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Columns of every matrix, in order."""
        return self.rung.feature_names

    @property
    def name(self) -> str:
        """Registered name: project, outcome and stage."""
        return model_name(self.project, self.outcome, self.stage)

    @property
    def is_synthetic(self) -> bool:
        """Whether every person it learnt from is invented (R-33)."""
        return self.data == "synthetic"

    def score(self, matrix: Matrix) -> Scores:
        """Score rows.

        Raises
        ------
        ModelError
            TID505 when the matrix has other columns or an infinite value.
        """
        self._check_matrix(matrix)
        return self.scores_of(self.calibrator.log_odds(self.rung.log_odds(matrix)))

    def scores_of(self, log_odds: Vector) -> Scores:
        """Give served log-odds, shape (n_rows,), their probabilities and bands."""
        probability = expit(log_odds)
        return Scores(log_odds, probability, bands_of(probability, self.bands))

    def uncertainty(self, matrix: Matrix) -> tuple[Vector, Vector]:
        """Give a lower and an upper probability for rows, shape (n_rows,) each; NaN where the bundle can't say.

        Between them lies the rate among people with much the same score, 95 times of 100. They are read off a table of cells and the served
        probability off a line, so it may lie outside its own interval, most in the two outermost cells, which are wide. Neither may be
        shown of a person as it is: `RateTable.span` gives what may be told.

        Raises
        ------
        ModelError
            TID505 when the matrix has other columns or an infinite value.
        """
        return self.rate_table.interval(self.score(matrix).log_odds)

    def explain(self, matrix: Matrix) -> Contributions:
        """Explain the served log-odds of rows; contributions add up to it within 1e-9.

        Raises
        ------
        ModelError
            TID505 when the matrix has other columns or an infinite value, TID509 when the contributions do not add up.
        """
        self._check_matrix(matrix)
        return explain(self.rung, self.calibrator, matrix)

    def as_seen(self, matrix: Matrix, *, services_of_reader: frozenset[str] = frozenset()) -> Matrix:
        """Rows as a reader of these services may know them: confidential values of others are typical ones (R-05, R-06).

        What is shown of a person, reasons, band and interval, is what the model says of these rows. Who is proposed is decided on the
        rows as they are.
        """
        return picture_for(self.catalogue, self.feature_names, matrix, self.reference, services_of_reader=services_of_reader)

    def reasons(self, matrix: Matrix) -> list[list[Reason]]:
        """Give the reasons of each row, strongest first; what of them a reader may see is `models.disclosure.visible_reasons`.

        Raises
        ------
        ModelError
            As `explain`; TID512 when a feature has no declaration.
        """
        phi = self.explain(matrix).phi
        rows = zip(phi, matrix, strict=True)
        return [build_reasons(self.catalogue, self.feature_names, one, values, self.reference) for one, values in rows]

    def matrix_from(self, names: Sequence[str], matrix: Matrix) -> Matrix:
        """Select and order this model's columns from a wider table; a column is never filled in.

        Raises
        ------
        ModelError
            TID505 naming the columns that are missing.
        """
        self.check_columns(names)
        place = {name: j for j, name in enumerate(names)}
        return matrix[:, [place[name] for name in self.feature_names]]

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse a table that lacks some of this model's columns.

        Raises
        ------
        ModelError
            TID505 naming the columns that are missing.
        """
        missing = sorted(set(self.feature_names) - set(names))
        if missing:
            raise ModelError(
                "TID505",
                f"the table lacks {len(missing)} of the {len(self.feature_names)} columns of model {self.outcome} at {self.stage}: "
                f"{', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}. "
                "Build its features with the catalogue the model was trained under.",
            )

    def _check_matrix(self, matrix: Matrix) -> None:
        if matrix.ndim != 2 or matrix.shape[1] != len(self.feature_names):
            raise ModelError("TID505", f"the matrix is {matrix.shape}, expected (rows, {len(self.feature_names)}). Use `matrix_from`.")
        if np.isinf(matrix).any():
            columns = [self.feature_names[j] for j in np.flatnonzero(np.isinf(matrix).any(axis=0))[:5]]
            raise ModelError("TID505", f"infinite values in {', '.join(columns)}. Missing is NaN; check the source.")


def model_name(project: str, outcome: str, stage: str) -> str:
    """Name of a model in folders, the registry and reports; each outcome and stage has its own (R-16).

    Examples
    --------
    >>> model_name("norway", "not_completed", "grade_10")
    'norway-not_completed-grade_10'
    """
    return f"{project}-{outcome}-{stage}"


def save_bundle(bundle: Bundle, folder: Path) -> str:
    """Write a bundle into a new folder, whole or not at all, and return its hash.

    Raises
    ------
    ModelError
        TID502 when the folder exists: versions are never overwritten.
    """
    if folder.exists():
        raise ModelError("TID502", f"{folder} exists already. A version is never overwritten: choose another folder.")
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "rung").mkdir(parents=True)
    _write_files(bundle, draft)
    write_json(draft / "bundle.json", _manifest(bundle, file_hashes(draft)))
    draft.rename(folder)
    return bundle_hash(folder)


def load_bundle(folder: Path, *, contract_hash: str | None = None, num_threads: int = 1) -> Bundle:
    """Read a bundle, refusing anything that is not exactly what was saved.

    Parameters
    ----------
    contract_hash
        The project's; None where no project is at hand (MLflow).
    num_threads
        Threads of the trees; results do not depend on it.

    Raises
    ------
    ModelError
        TID501 unreadable, TID502 another format, TID503 files added, missing or changed, TID504 another contract,
        TID510 an unknown rung or calibrator, TID511 another major version of LightGBM.
    """
    manifest = read_json(folder / "bundle.json")
    check_format(manifest, folder)
    check_files(manifest["files"], folder)
    check_contract(manifest, contract_hash, folder)
    check_packages(manifest, folder)
    rung = get_rung(manifest["rung"]).load(folder / "rung")
    if isinstance(rung, BoostedRung):
        rung = replace(rung, num_threads=num_threads)
    return Bundle(
        project=manifest["project"],
        outcome=manifest["outcome"],
        stage=manifest["stage"],
        rung=rung,
        calibrator=load_calibrator(read_json(folder / "calibrator.json")),
        rate_table=RateTable.from_json(read_json(folder / "uncertainty.json")),
        catalogue=_read_catalogue(folder / "catalogue.json"),
        reference=Reference.from_json(read_json(folder / "reference.json")),
        bands=Bands(**manifest["bands"]),
        frequencies={Band(name): BandFrequency(**values) for name, values in manifest["frequencies"].items()},
        contract_hash=manifest["contract_hash"],
        card=ModelCard.from_json(read_json(folder / "card.json")),
        provenance=_provenance(manifest["provenance"]),
        data=manifest["data"],
        hash=bundle_hash(folder),
    )


def bundle_hash(folder: Path) -> str:
    """SHA-256 of `bundle.json`, which holds the hash of every other file.

    Raises
    ------
    ModelError
        TID501 when there is no bundle.
    """
    try:
        return hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError("TID501", f"{folder} holds no bundle.json. Restore the bundle, or train again.") from error


def _write_files(bundle: Bundle, folder: Path) -> None:
    bundle.rung.save(folder / "rung")
    write_json(folder / "calibrator.json", bundle.calibrator.to_json())
    write_json(folder / "uncertainty.json", bundle.rate_table.to_json())
    write_json(folder / "reference.json", bundle.reference.to_json())
    write_json(folder / "catalogue.json", _used(bundle.catalogue, bundle.feature_names))
    write_json(folder / "card.json", bundle.card.to_json())
    (folder / "card.md").write_text(bundle.card.to_markdown(), encoding="utf-8", newline="\n")


def _used(catalogue: Catalogue, feature_names: Sequence[str]) -> dict[str, Any]:
    """Declarations of the indicators that the features need, by sector, without sources."""
    needed = {name.partition(".")[0] for name in feature_names}
    kept = [s.model_copy(update={"indicator": tuple(i for i in s.indicator if i.code in needed), "source": ()}) for s in catalogue.sectors]
    return {"sectors": [sector.model_dump(mode="json") for sector in kept if sector.indicator]}


def _read_catalogue(path: Path) -> Catalogue:
    return Catalogue(tuple(SectorFile.model_validate(sector) for sector in read_json(path)["sectors"]))


def _manifest(bundle: Bundle, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "data": bundle.data,
        "synthetic": bundle.is_synthetic,
        "project": bundle.project,
        "outcome": bundle.outcome,
        "stage": bundle.stage,
        "rung": bundle.rung.name,
        "schema": [{"name": name, "dtype": "float64", "indicator": name.partition(".")[0]} for name in bundle.feature_names],
        "bands": bundle.bands.model_dump(),
        "frequencies": {band.value: asdict(frequency) for band, frequency in bundle.frequencies.items()},
        "contract_hash": bundle.contract_hash,
        "provenance": {**asdict(bundle.provenance), "trained_at": bundle.provenance.trained_at.isoformat()},
        "files": dict(files),
    }


def _provenance(content: Mapping[str, Any]) -> Provenance:
    return Provenance(**{**content, "trained_at": datetime.fromisoformat(content["trained_at"])})
