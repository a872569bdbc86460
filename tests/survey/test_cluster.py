"""A Dask cluster tells the same as this machine alone, also where a worker is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rf_viz import ModelError
from rf_viz.survey import survey

pytestmark = pytest.mark.slow

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_cluster_tells_the_same_to_the_last_bit(
    net: Path, pictures: Path, tmp_path: Path, cluster: distributed.LocalCluster
) -> None:
    killed = []

    def kill_one(done: int, count: int) -> None:
        if done and not killed:
            with distributed.Client(cluster, set_as_default=False) as client:
                pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    layers = ["conv", "cat", "head"]
    options: dict[str, Any] = {"chunk": 4, "fields": 3}
    alone = survey(net, pictures, layers, tmp_path / "alone", workers=1, **options)
    options["scheduler"] = cluster.scheduler_address
    both = survey(net, pictures, layers, tmp_path / "both", **options)
    assert contents(both.folder) == contents(alone.folder)
    lost = survey(net, pictures, layers, tmp_path / "lost", progress=kill_one, **options)
    assert killed
    assert contents(lost.folder) == contents(alone.folder)


def test_an_address_where_nobody_listens_is_told(
    net: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rf_viz.survey.cluster._PATIENCE", 1)
    with pytest.raises(ModelError, match="there is no Dask scheduler with a worker at tcp"):
        survey(net, pictures, ["conv"], tmp_path / "out", scheduler="tcp://127.0.0.1:9")
