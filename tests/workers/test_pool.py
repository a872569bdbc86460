"""What workers do for the app: the same answers, under limits, and nothing that outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from rf_viz.errors import SizeUnknownError
from rf_viz.workers import EndedError, Limits, Pool, Source, WorkerModel, processes
from rf_viz.workers.loaders import load_file
from tests.models.hungry import endless, gigabytes, vast

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "assets" / "models").glob("*.onnx"))
FEED = np.ones((1, 3, 32, 32), np.float32)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(Limits(seconds=3, memory_mb=900, workers=3))
    yield pool
    pool.close()


def model(pool: Pool, content: bytes | Path, name: str = "net.onnx") -> WorkerModel:
    return WorkerModel(pool, Source(name, load_file, (content, name, None, False)), "light")


def _read(path: Path) -> bytes:
    """What Linux tells of a process; nothing where it has just ended."""
    with suppress(OSError):
        return path.read_bytes()
    return b""


def descendants(process: int) -> list[int]:
    """The processes that a process has started, and what these have started."""
    stats = [text for path in Path("/proc").glob("[0-9]*/stat") if (text := _read(path))]
    pairs = [(int(s.split()[0]), int(s.rpartition(b")")[2].split()[1])) for s in stats]
    family = [process]
    for parent in family:
        family += [child for child, its_parent in pairs if its_parent == parent]
    return family[1:]


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_network_from_a_worker_is_the_one_that_the_library_traces(pool: Pool, path: Path) -> None:
    here, there = rf_viz.load(path), model(pool, path)
    assert there.facts.inputs == here.inputs
    assert there.facts.remarks == here.remarks
    net, other = here.trace(cut_global=True), there.trace(cut_global=True)
    assert [layer.name for layer in other.layers] == [layer.name for layer in net.layers]
    assert dict(other.parameters) == dict(net.parameters)
    assert other.shapes == net.shapes
    for layer, same in zip(net.layers, other.layers, strict=True):
        assert same.settings == layer.settings
        assert same.receptive_field == layer.receptive_field
        assert same.reasons == layer.reasons
        cell = tuple(n // 2 for n in layer.extents)
        assert same.region(cell) == layer.region(cell)
        assert (same.mask(cell) == layer.mask(cell)).all()


def test_values_from_a_worker_are_those_of_the_library(pool: Pool) -> None:
    path = SAMPLES[0]
    here, there = rf_viz.load(path), model(pool, path)
    tensor = np.random.default_rng(0).random(here.trace().input.shape, np.float32)
    names = [layer.name for layer in here.trace().layers[:3]]
    values, others = here.activations(tensor, names), there.activations(tensor, names)
    for name in names:
        assert (values[name] == others[name]).all()


def test_what_the_library_says_of_a_file_a_worker_says_too(pool: Pool) -> None:
    with pytest.raises(rf_viz.ModelError) as here:
        rf_viz.load(b"\x08\x08broken", "net.onnx")
    with pytest.raises(rf_viz.ModelError) as there:
        model(pool, b"\x08\x08broken")
    assert str(there.value) == str(here.value)


def test_errors_keep_what_they_carry_on_the_way() -> None:
    import pickle

    error = SizeUnknownError("it is open", "x", (None, 3), ("n", ""))
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.problem, copy.input, copy.shape, copy.symbols) == (
        SizeUnknownError, str(error), "it is open", "x", (None, 3), ("n", ""),
    )  # fmt: skip


def test_a_run_without_end_is_ended_and_named_while_others_go_on(pool: Pool) -> None:
    hungry, honest = model(pool, endless(), "loop.onnx"), model(pool, SAMPLES[0])
    errors: list[rf_viz.ModelError] = []

    def run() -> None:
        with pytest.raises(EndedError) as ended:
            hungry.activations(FEED, ["y"])
        errors.append(ended.value)

    thread = threading.Thread(target=run)
    thread.start()
    for _ in range(3):
        honest.trace(cut_global=True)
        assert thread.is_alive()
    thread.join()
    assert "loop.onnx" in str(errors[0])
    assert "3 seconds" in str(errors[0])


def test_what_was_ended_is_not_begun_again_unasked(pool: Pool) -> None:
    hungry = model(pool, endless())
    with pytest.raises(EndedError, match="3 seconds"):
        hungry.activations(FEED, ["y"])
    before = of_pool()
    with pytest.raises(EndedError, match="3 seconds"):
        hungry.activations(FEED, ["y"])
    assert of_pool() == before  # no worker was started for it
    hungry.forgive()
    with pytest.raises(EndedError, match="3 seconds"):
        hungry.activations(FEED, ["y"])


def test_a_run_that_wants_too_much_memory_is_told_so_and_takes_nothing(pool: Pool) -> None:
    hungry = model(pool, gigabytes(), "gigabytes.onnx")
    with pytest.raises(EndedError, match=r"gigabytes\.onnx .* more than 900 MB of memory"):
        hungry.activations(FEED, ["y"])
    assert hungry.activations(FEED, ["c"])["c"].shape == (1, 4, 32, 32)


def test_an_answer_that_is_too_large_for_the_app_is_told_so(pool: Pool) -> None:
    greedy = model(pool, vast(300), "vast.onnx")
    with pytest.raises(EndedError, match=r"vast\.onnx .* takes more than 225 MB, the limit here"):
        greedy.activations(FEED, ["y"])
    assert greedy.activations(FEED, ["c"])["c"].shape == (1, 4, 32, 32)
    assert model(pool, vast(200)).activations(FEED, ["y"])["y"].nbytes == 200 * 2**20


def test_a_worker_that_is_killed_takes_only_its_answer_along(pool: Pool) -> None:
    before = set(of_pool())
    hungry, honest = model(pool, endless()), model(pool, SAMPLES[0])
    errors: list[rf_viz.ModelError] = []

    def run() -> None:
        with pytest.raises(EndedError) as ended:
            hungry.activations(FEED, ["y"])
        errors.append(ended.value)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    _, *workers = (process for process in of_pool() if process not in before)
    os.kill(max(workers, key=_processor_time), signal.SIGKILL)
    thread.join()
    assert "ended from outside" in str(errors[0])
    assert honest.trace().layers
    assert hungry.activations(FEED, ["c"])


def _processor_time(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])


def of_pool() -> list[int]:
    """The processes of all pools of this program; a warm one comes before its workers."""
    return [
        p
        for p in descendants(os.getpid())
        if b"workers.program" in _read(Path(f"/proc/{p}/cmdline"))
    ]


class _GoneError(Exception):
    pass


def test_a_run_is_ended_when_whoever_asked_for_it_has_left() -> None:
    begun = threading.Event()

    def leave() -> None:
        if begun.is_set():
            raise _GoneError

    before = set(of_pool())
    pool = Pool(Limits(seconds=600, workers=2), while_waiting=leave)
    hungry = model(pool, endless())
    begun.set()
    with pytest.raises(_GoneError):
        hungry.activations(FEED, ["y"])
    begun.clear()
    # Its only worker ends, and the warm process that it was copied from stays.
    wait_until(lambda: len(set(of_pool()) - before) <= 1)
    pool.close()


def test_who_gives_up_while_all_workers_are_busy_may_ask_again() -> None:
    patient = True

    def wait() -> None:
        if not patient and threading.current_thread() is threading.main_thread():
            raise _GoneError

    pool = Pool(Limits(seconds=8, workers=1), while_waiting=wait)
    hungry = model(pool, endless())
    source = Source("net.onnx", load_file, (SAMPLES[0], "net.onnx", None, False))

    def run() -> None:
        with pytest.raises(EndedError):
            hungry.activations(FEED, ["y"])

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    patient = False
    with pytest.raises(_GoneError):
        WorkerModel(pool, source, "light")
    time.sleep(3)  # nobody waits for it any more
    patient = True
    assert WorkerModel(pool, source, "light").facts.inputs
    thread.join()
    pool.close()


def test_no_more_workers_are_kept_than_there_may_be(pool: Pool) -> None:
    before = set(of_pool())
    models = [model(pool, SAMPLES[i % len(SAMPLES)]) for i in range(8)]
    for each in (*models, *models):
        each.trace()
    wait_until(lambda: len(set(of_pool()) - before) <= 1 + 3)  # one is the warm process


def test_workers_and_their_files_go_with_the_app(tmp_path: Path) -> None:
    """Also where it is killed while a worker computes."""
    program = f"""
import sys
from pathlib import Path
import numpy as np
from rf_viz.workers import Limits, Pool, Source, WorkerModel
from rf_viz.workers.loaders import load_file
from tests.models.hungry import endless
pool = Pool(Limits(seconds=600))
hungry = WorkerModel(pool, Source("n", load_file, (endless(), "n.onnx", None, False)), "light")
print("ready", flush=True)
hungry.activations(np.ones({FEED.shape}, np.float32), ["y"])
"""
    # ONNX Runtime would leave its reports to its maker in the user's folder.
    own = {name: str(tmp_path) for name in ("TMPDIR", "HOME")}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **own}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    app = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment, cwd=ROOT
    )
    assert app.stdout is not None
    assert app.stdout.readline() == b"ready\n"
    wait_until(lambda: len(descendants(app.pid)) == 2)
    started = descendants(app.pid)
    assert list(tmp_path.iterdir())
    app.kill()
    app.communicate()
    wait_until(lambda: not any(Path(f"/proc/{process}").exists() for process in started))
    assert list(tmp_path.iterdir()) == []


def test_where_processes_cannot_be_copied_each_worker_loads_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "CAN_COPY", False)
    pool = Pool(Limits(seconds=20, workers=2))
    hungry = model(pool, SAMPLES[0])
    assert hungry.trace().layers
    pool.close()


@pytest.mark.parametrize("text", ["0", "-1", "much", "1e12", "nan"])
def test_a_limit_that_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="RF_VIZ_SECONDS"):
        Limits.of_environment({"RF_VIZ_SECONDS": text})


def test_the_host_sets_the_limits_in_the_environment() -> None:
    limits = Limits.of_environment({"RF_VIZ_SECONDS": "2.5", "RF_VIZ_MEMORY_MB": "512"})
    assert limits == Limits(seconds=2.5, memory_mb=512)
