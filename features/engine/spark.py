"""Build the parts of a table on Spark: the same kernel on executors, for what one machine can't hold.

Spark spreads the rows' keys by part; each executor reads the records of its parts from the store's own files, computes them with the kernel
and writes them where the local engine would. No record passes through the driver, and nothing is computed in another way.

The project folder has to lie on storage that every executor sees under the same path, and the executors need this very version of
``tidlig[spark]`` on their Python (docs/spark.md).
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features import errors
from features.engine.local import one_thread_each
from features.engine.parts import BuiltPart, PartWork, keys_by_part
from features.engine.table import KEY_SCHEMA
from features.errors import DataError, ScreeningError
from features.progress import Progress
from features.records import PERSONS_PER_PART

BUILT_SCHEMA = pa.schema([("name", pa.string()), ("n_rows", pa.int64())])
"""What comes back to the driver about a part: no key and no value."""

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
"""The UI would show paths and plans to whoever reaches its port."""

LOCAL_SETTINGS = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


@dataclass(frozen=True)
class SparkCluster:
    """The executors of a Spark session; stopping it stays with whoever started it."""

    session: Any
    """A `pyspark.sql.SparkSession` of the classic kind, not of Spark Connect."""

    def build(self, work: PartWork, keys: pa.Table, progress: Progress) -> Iterator[BuiltPart]:
        """Build every part and yield it, in ascending order.

        Raises
        ------
        DataError
            What an executor was refused, such as TID404 of a part that does not read; TID440 when it does not see the table's folder,
            TID439 when the job failed otherwise.
        """
        with progress.step("Building features on Spark"), _written_keys(work.folder.parent / "keys", keys) as path:
            built = self._run(work, path, n_parts=len(set(keys["person"].to_numpy() // PERSONS_PER_PART)))
        for left in work.folder.glob(".attempt-*"):
            shutil.rmtree(left)  # of a try that was killed
        yield from sorted(built, key=lambda part: part.name)

    def map_numbers(self, work: Callable[[int], NDArray[np.float64]], n: int) -> list[NDArray[np.float64]]:
        """Do the work for each number from 0 on some executor, and give back what it came to, in order; float64, one-dimensional.

        Raises
        ------
        DataError, ModelError
            What an executor was refused; TID439 when the job failed otherwise.
        """
        numbers = self.session.range(n).repartitionByRange(max(n, 1), "id")
        rows = self._collect(numbers, partial(_map_batches, map_number=work), schema="id long, found binary")
        return [np.frombuffer(row["found"], dtype=np.float64) for row in sorted(rows, key=itemgetter("id"))]

    def _run(self, work: PartWork, keys: Path, *, n_parts: int) -> list[BuiltPart]:
        by_part = self.session.read.parquet(keys.absolute().as_uri()).selectExpr("*", f"person div {PERSONS_PER_PART} AS part")
        spread = by_part.repartitionByRange(n_parts, "part").sortWithinPartitions("person", "as_of")
        rows = self._collect(spread, partial(_build_attempt, work=work), schema="name string, n_rows long")
        return [BuiltPart(row["name"], row["n_rows"]) for row in rows]

    def _collect(self, frame: Any, function: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], *, schema: str) -> list[Any]:
        """Run a function over a frame's partitions on the executors; what it carries is sent to each of them once."""
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        sent = self.session.sparkContext.broadcast(function)

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return sent.value(batches)  # type: ignore[no-any-return]

        try:
            return list(frame.mapInArrow(run, schema).collect())
        except (PySparkException, Py4JError) as error:
            raise refusal(str(error)) from None  # Spark's own text repeats the code of every frame on both sides
        finally:
            sent.destroy()


def build_batches(batches: Iterable[pa.RecordBatch], work: PartWork, *, attempt: int) -> Iterator[pa.RecordBatch]:
    """Build every part that these keys belong to; what an executor does with its partition.

    Parameters
    ----------
    batches
        Keys, all of a part's and sorted by person and as-of date, in batches of any size: a part may reach over several.
    attempt
        Number of this try. Spark may try a part again while an earlier try still runs, so each writes in a folder of its own and puts the
        finished file into its place, where equal bytes replace each other.

    Raises
    ------
    DataError
        TID440 when the table's folder is not there.
    """
    if not work.folder.is_dir():
        raise DataError(
            "TID440",
            f"an executor does not see {work.folder}. The project folder has to lie on storage that the driver and every executor reach "
            "under the same path.",
        )
    desk = work.folder / f".attempt-{attempt}"
    desk.mkdir()
    try:
        with one_thread_each():
            for part, keys in _whole_parts(batches):
                built = replace(work, folder=desk).build(part, keys)
                (desk / built.name).replace(work.folder / built.name)
                yield pa.RecordBatch.from_pylist([{"name": built.name, "n_rows": built.n_rows}], schema=BUILT_SCHEMA)
    finally:
        shutil.rmtree(desk, ignore_errors=True)


@contextmanager
def spark_cluster(master: str, *, environ: MutableMapping[str, str]) -> Iterator[SparkCluster]:
    """Start Spark on a master, such as ``local[2]``, ``spark://host:7077``, ``yarn`` or ``k8s://…``, and stop it at the end.

    Parameters
    ----------
    environ
        The process's own environment, which Spark's processes inherit: with a local master they use this interpreter and the loopback
        address unless it says otherwise.

    Raises
    ------
    DataError
        TID436 without the extra, TID437 without Java, TID438 when Spark does not start.
    """
    check_installed(environ)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    settings = dict(SETTINGS)
    if master.startswith("local"):
        environ.setdefault("PYSPARK_PYTHON", sys.executable)
        environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        settings |= LOCAL_SETTINGS
    try:
        session = SparkSession.builder.master(master).appName("tidlig").config(map=settings).getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise DataError(
            "TID438",
            f"Spark did not start on {master!r}. Expected a master that answers and Java 17 or 21 (Spark 4); what Spark said stands above.",
        ) from error
    try:
        yield SparkCluster(session)
    finally:
        session.stop()


def check_installed(environ: Mapping[str, str]) -> None:
    """Check that Spark and a Java for it are here.

    Raises
    ------
    DataError
        TID436 without the extra, TID437 without Java.
    """
    if find_spec("pyspark") is None:
        raise DataError("TID436", "Spark is not installed. Install it with `pip install 'tidlig[spark]'`, or leave out `--engine spark`.")
    home = environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home) / "bin") if home else environ.get("PATH", "")) is None:
        raise DataError(
            "TID437",
            f"Spark needs Java 17 or 21, and there is none {'below JAVA_HOME' if home else 'on the PATH'}. Install it (Debian: "
            "`apt-get install openjdk-17-jre-headless`) or set JAVA_HOME.",
        )


def refusal(text: str) -> ScreeningError:
    """Find what an executor was refused in what Spark says of it; of any other fault only the name, since its words may be anybody's."""
    if found := re.search(r"^features\.errors\.(\w+): (TID\d{3}): (.+)$", text, re.MULTILINE):
        kind: type[ScreeningError] = getattr(errors, found[1])
        return kind(found[2], found[3])
    names = re.findall(r"^([\w.]*(?:Error|Exception))\b", text, re.MULTILINE)
    return DataError(
        "TID439",
        f"the Spark job failed ({names[-1] if names else 'it said no more'}). Nothing was kept. Expected executors with this version of "
        "`tidlig[spark]` and enough memory for one part each; the log of the executor says where it stopped.",
    )


def _map_batches(batches: Iterator[pa.RecordBatch], *, map_number: Callable[[int], NDArray[np.float64]]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([("id", pa.int64()), ("found", pa.binary())])
    for number in chain.from_iterable(batch["id"].to_pylist() for batch in batches):
        yield pa.RecordBatch.from_pylist([{"id": number, "found": map_number(number).tobytes()}], schema=schema)


def _build_attempt(batches: Iterator[pa.RecordBatch], *, work: PartWork) -> Iterator[pa.RecordBatch]:
    return build_batches(batches, work, attempt=_attempt())


def _attempt() -> int:
    from pyspark import TaskContext

    return int(TaskContext.get().taskAttemptId())


def _whole_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.Table]]:
    slices = chain.from_iterable(keys_by_part(_as_keys(batch)) for batch in batches)
    for part, pieces in groupby(slices, key=itemgetter(0)):
        yield part, pa.concat_tables([keys for _, keys in pieces])


def _as_keys(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch]).select(KEY_SCHEMA.names).cast(KEY_SCHEMA)


@contextmanager
def _written_keys(path: Path, keys: pa.Table) -> Iterator[Path]:
    """Give the keys to the executors as a file beside the table, rather than through the driver's memory."""
    pq.write_table(keys, path, write_statistics=False)
    try:
        yield path
    finally:
        path.unlink()
