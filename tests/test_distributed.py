"""Sums over processes: the same function, the same runs, and what happens when one is lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

import distributed_worker as worker
import pytest
import torch
import torch.distributed as dist

from steepest import derivatives, distributed, methods, minimize, problems
from steepest.distributed import group as joining
from steepest.state import State

WORKER = Path(worker.__file__)
LAUNCHED = [2, 4]


def torchrun(size, task, folder, timeout, *options):
    """Start the worker in `size` processes, with nothing that listens beyond this machine."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        # The store of torchrun itself would listen on every interface.
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    }
    command = [
        *(sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={size}"),
        *("--rdzv-backend=c10d", "--rdzv-conf=store_type=file"),
        *(f"--rdzv-endpoint={folder / 'store'}", "--local-addr=127.0.0.1", *options),
        *(str(WORKER), task, str(folder), str(timeout)),
    ]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return run.returncode, run.stdout + run.stderr


def from_all(folder, task, size):
    return [torch.load(folder / f"{task}-{rank}.pt") for rank in range(size)]


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """Return what each process found, for a number of processes: one launch serves all tests."""
    found = {}

    def results(size):
        if size not in found:
            folder = tmp_path_factory.mktemp(f"processes-{size}")
            code, said = torchrun(size, "everything", folder, 60)
            assert code == 0, said
            found[size] = from_all(folder, "everything", size)
        return found[size]

    return results


@pytest.fixture
def alone():
    with distributed.processes(device="cpu") as group:
        yield group


def reference(problem):
    A, b = worker.table()
    return lambda x: worker.PROBLEMS[problem](x, (A, b))


def shards_added(name, size):
    return lambda x: sum(worker.LOSSES[name](x, rank) for rank in range(size))


# --- several processes, and one ------------------------------------------------------------------


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
@pytest.mark.parametrize("method", worker.METHODS)
@pytest.mark.parametrize("problem", worker.PROBLEMS)
def test_iterates_are_those_of_one_process(launched, problem, method, size):
    found = [one[problem, method] for one in launched(size)]
    run = minimize(reference(problem), worker.X0, worker.METHODS[method](), max_iter=worker.STEPS)
    torch.testing.assert_close(found[0]["x"], run.history.x, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found[0]["fun"], run.history.fun, rtol=1e-12, atol=1e-12)
    assert found[0]["nfev"] == run.nfev
    # not to rounding but to the bit: all take the same steps
    for other in found[1:]:
        assert torch.equal(other["x"], found[0]["x"])
        assert torch.equal(other["fun"], found[0]["fun"])


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
@pytest.mark.parametrize("name", worker.LOSSES)
def test_derivatives_are_those_of_the_sum(launched, name, size):
    right = worker.parts(shards_added(name, size), worker.X0)
    for found in launched(size):
        torch.testing.assert_close(found[name], right, rtol=1e-12, atol=1e-12)


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
def test_a_plain_sum_has_the_right_value_and_the_wrong_gradient(launched, size):
    value, gradient = derivatives.value_and_grad(shards_added("alike", size), worker.X0)
    for rank, found in enumerate(launched(size)):
        mine = derivatives.value_and_grad(lambda x, r=rank: worker.LOSSES["alike"](x, r), worker.X0)
        torch.testing.assert_close(found["one-sided"], (value, mine[1]), rtol=1e-12, atol=1e-12)
        assert not torch.allclose(mine[1], gradient)


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
def test_two_sums_in_one_function(launched, size):
    first, second = shards_added("all affine", size), shards_added("alike", size)
    right = worker.parts(lambda x: first(x) * second(x) + (x**2).sum(), worker.X0)
    for found in launched(size):
        torch.testing.assert_close(found["two sums"], right, rtol=1e-12, atol=1e-12)


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
@pytest.mark.parametrize("problem", worker.PROBLEMS)
def test_gradient_check_and_many_starts(launched, problem, size):
    right = worker.many(reference(problem))
    for found in launched(size):
        assert found[problem, "error"] < 1e-8
        torch.testing.assert_close(found[problem, "many"], right, rtol=1e-12, atol=1e-12)


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
def test_rows_are_shared_out(launched, size):
    ends = [found["rows"] for found in launched(size)]
    assert ends[0][0] == 0
    assert ends[-1][1] == worker.ROWS
    assert [stop for _, stop in ends[:-1]] == [start for start, _ in ends[1:]]
    assert {stop - start for start, stop in ends} == {worker.ROWS // size, worker.ROWS // size + 1}


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
def test_fewer_rows_than_processes(launched, size):
    A, b = worker.table(3)
    run = minimize(lambda x: worker.squares(x, (A, b)), worker.X0, methods.newton_cg(), max_iter=4)
    for found in launched(size):
        torch.testing.assert_close(found["few rows"], run.x, rtol=1e-9, atol=1e-9)
        assert found["float32"].dtype == torch.float32
        assert torch.equal(found["float32"], launched(size)[0]["float32"])


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
def test_what_travels(launched, size):
    n = worker.WIDTH
    value, gradient, product, hessian = 32, 32 + 8 * n, 32 + 16 * n, 32 + 8 * n + 8 * n * n
    for found in launched(size):
        assert found["traffic"] == [(1, value), (2, gradient), (3, product), (3, hessian)]


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("shape", r"ValueError: data_sum: .* process 0 has x of shape \(3,\), .*shape \(4,\)"),
        ("dtype", "ValueError: data_sum: .* torch.float64 on cpu.* torch.float32 on cpu"),
        ("loss", "ValueError: data_sum: .* loss of torch.float64; .* loss of torch.float32"),
        ("start", "ValueError: data_sum: the processes hold different x"),
        ("last bit", "ValueError: data_sum: the processes hold different x"),
        ("nan", "ValueError: minimize: fun or its gradient is not finite at the start"),
        ("cut", "ValueError: minimize: no graph connects the result to x"),
        ("cut, forward", "ValueError: jvp: no graph connects the result to x"),
        ("at once", "RuntimeError: processes: a process group is started already"),
    ],
)
def test_faults_are_told_on_every_process(launched, fault, message, size):
    for found in launched(size):
        assert re.match(message, found[fault]), found[fault]
        assert torch.isnan(found["value of nan"])


@pytest.mark.processes
@pytest.mark.parametrize("size", LAUNCHED)
def test_a_process_that_stops_alone(launched, size):
    first, *others = (found["drift"] for found in launched(size))
    assert first == "nothing"
    for said in others:
        assert said.startswith("ProcessLostError: data_sum: process ")
        assert "it ended, made a different call, or took longer" in said
        assert "No checkpoint was made" in said


@pytest.mark.processes
def test_a_lost_process_ends_the_run_which_then_goes_on(tmp_path):
    options = ("--max-restarts=1", "--monitor-interval=2")
    code, said = torchrun(2, "lost", tmp_path, 60, *options)
    assert code == 0, said
    message = (tmp_path / "lost-0-0.txt").read_text()
    assert message.startswith("data_sum: process 0 of 2 (counted from 0) lost another one while")
    assert f"state=resume({str(tmp_path / 'lbfgs.pt')!r})" in message
    for found in from_all(tmp_path, "lost", 2):
        # The first run had ended; the second one lost process 1 in its 7th step.
        assert (found["newton_cg", "resumed at"], found["lbfgs", "resumed at"]) == (worker.LAST, 6)
        for name in ("newton_cg", "lbfgs"):
            method = worker.METHODS[name]()
            run = minimize(reference("logistic"), worker.X0, method, max_iter=worker.LAST)
            torch.testing.assert_close(found[name], run.x, rtol=1e-11, atol=1e-11)


# --- one process --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", worker.LOSSES)
def test_one_process_alone(alone, name):
    fun = distributed.data_sum(worker.LOSSES[name], 0)
    right = worker.parts(shards_added(name, 1), worker.X0)
    torch.testing.assert_close(worker.parts(fun, worker.X0), right, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0,)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_any_shape_and_dtype(alone, shape, dtype):
    x = torch.ones(shape, dtype=dtype)
    value, gradient = derivatives.value_and_grad(
        distributed.data_sum(lambda x, t: (t * x**2).sum(), 3.0), x
    )
    assert (value.dtype, gradient.dtype, gradient.shape) == (dtype, dtype, x.shape)
    assert torch.equal(gradient, 6 * x)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("count", [0, 1, 3, 8, 1000])
def test_every_row_belongs_to_one_process(monkeypatch, alone, count, size):
    monkeypatch.setattr(dist, "get_world_size", lambda: size)
    rows = []
    for rank in range(size):
        monkeypatch.setattr(dist, "get_rank", lambda rank=rank: rank)
        rows.append(range(count)[distributed.local_rows(count)])
    monkeypatch.undo()
    assert [row for part in rows for row in part] == list(range(count))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1


def test_the_environment_is_left_as_it_was(alone):
    before = dict(os.environ)
    dist.destroy_process_group()
    with distributed.processes(device="cpu"):
        assert dict(os.environ) == before
    assert not dist.is_initialized()
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)


NO_GROUP = "no process group is started.*torchrun --nproc-per-node"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: distributed.data_sum(worker.squares, None), RuntimeError, NO_GROUP),
        (lambda: distributed.local_rows(3), RuntimeError, NO_GROUP),
        (lambda: distributed.data_sum(3, None), TypeError, r"data_sum: loss must be .* got int"),
        (lambda: distributed.local_rows(2.0), TypeError, "local_rows: count must be an int"),
        (lambda: distributed.local_rows(True), TypeError, "local_rows: count must be an int"),
        (lambda: distributed.local_rows(-1), ValueError, "local_rows: count must be at least 0"),
        (lambda: distributed.checkpoint("x", every=0), ValueError, "every must be at least 1"),
        (lambda: distributed.checkpoint("x", every=1.5), TypeError, "every must be an int"),
        (
            lambda: distributed.processes(device="tpu").__enter__(),
            ValueError,
            'processes: device must be "cpu", "cuda" or None, got \'tpu\'',
        ),
        (
            lambda: distributed.processes(device="cpu", timeout=0).__enter__(),
            ValueError,
            "processes: timeout must be positive",
        ),
        (
            lambda: distributed.processes(device="cpu", timeout="5").__enter__(),
            TypeError,
            "processes: timeout must be a number of seconds, got '5'",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (lambda x, shard: 3.0, TypeError, "data_sum: loss must return a tensor, got float"),
        (lambda x, shard: x, ValueError, r"scalar of shape \(\), got \(2,\) of torch.float32"),
        (lambda x, shard: x.sum().long(), ValueError, r"got \(\) of torch.int64"),
        (lambda x, shard: x.sum().to("meta"), ValueError, "on the device of x, cpu; got meta"),
    ],
)
def test_bad_losses(alone, loss, error, message):
    fun = distributed.data_sum(loss, None)
    with pytest.raises(error, match=message):
        fun(torch.ones(2))


def test_a_function_outlives_its_group_but_says_so():
    with distributed.processes(device="cpu"):
        fun = distributed.data_sum(lambda x, shard: x.sum(), None)
    with pytest.raises(RuntimeError, match=NO_GROUP):
        fun(torch.ones(2))


def test_more_processes_than_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert joining._device("cuda", {"LOCAL_RANK": "1"}) == torch.device("cuda", 1)
    with pytest.raises(ValueError, match="there being 2; start at most 2 with --nproc-per-node"):
        joining._device("cuda", {"LOCAL_RANK": "2"})


@pytest.mark.gpu
def test_nccl_with_one_process():
    with distributed.processes() as group:
        assert dist.get_backend_config() == "cpu:gloo,cuda:nccl"
        one = torch.ones(1, device=group.device)
        dist.all_reduce(one)  # a function of one process has no need to
        assert one.item() == 1
        A, b = (t.to(group.device) for t in worker.table())
        fun = distributed.data_sum(worker.logistic, (A, b))
        x0 = worker.X0.to(group.device)
        for name in worker.METHODS:
            run = minimize(fun, x0, worker.METHODS[name](), max_iter=worker.STEPS)
            right = minimize(
                reference("logistic"), worker.X0, worker.METHODS[name](), max_iter=worker.STEPS
            )
            torch.testing.assert_close(run.x.cpu(), right.x, rtol=1e-9, atol=1e-9)


# --- checkpoints --------------------------------------------------------------------------------

VALLEY = problems.rosenbrock(4)


SLOW = {
    "gradient_descent": lambda: methods.gradient_descent(1e-2),
    "heavy_ball": lambda: methods.heavy_ball(1e-2, 0.5),
    "nesterov": lambda: methods.nesterov(1e-2),
    "coordinate_descent": lambda: methods.coordinate_descent(),
    "SGD": lambda: methods.from_torch(torch.optim.SGD, lr=1e-2, momentum=0.5),
    "Adam": lambda: methods.from_torch(torch.optim.Adam, lr=0.1),
    "LBFGS": lambda: methods.from_torch(torch.optim.LBFGS, lr=0.1, max_iter=3),
}
KEPT = worker.METHODS | SLOW


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_resumed_run_is_one_that_never_stopped(tmp_path, name, dtype):
    def fun(x):
        return VALLEY.fun(x) / 100

    x0, path = VALLEY.x0.to(dtype), tmp_path / "run.pt"
    whole = minimize(fun, x0, KEPT[name](), max_iter=12)
    save = distributed.checkpoint(path, every=5)
    minimize(fun, x0, KEPT[name](), max_iter=8, callback=save)
    state = distributed.resume(path)
    assert isinstance(state, State)
    assert state.nit == 5
    rest = minimize(fun, None, KEPT[name](), max_iter=7, state=state)
    assert torch.equal(rest.history.x, whole.history.x[5:])
    assert rest.x.dtype == dtype
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_no_checkpoint_yet(tmp_path):
    assert distributed.resume(tmp_path / "run.pt") is None


def test_another_method_cannot_go_on(tmp_path):
    save = distributed.checkpoint(tmp_path / "run.pt")
    minimize(VALLEY.fun, VALLEY.x0, methods.bfgs(), max_iter=2, callback=save)
    state = distributed.resume(tmp_path / "run.pt")
    with pytest.raises(ValueError, match="state comes from BFGS and cannot go on with L-BFGS"):
        minimize(VALLEY.fun, None, methods.lbfgs(), state=state)
    with pytest.raises(RuntimeError, match="resume: a checkpoint holds no function"):
        state.oracle.value_and_grad(state.x)


def test_a_file_that_is_none_of_ours(tmp_path):
    noise, dictionary = tmp_path / "noise.pt", tmp_path / "dictionary.pt"
    noise.write_bytes(b"no checkpoint at all")
    torch.save({"format": "of somebody else"}, dictionary)
    for path in (noise, dictionary):
        with pytest.raises(ValueError, match=r"resume: .*\.pt is not a file that checkpoint wrote"):
            distributed.resume(path)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_nothing_in_a_file_is_executed(tmp_path):
    torch.save({"format": "steepest state 1", "x": Trap(str(tmp_path / "sprung"))}, tmp_path / "t")
    with pytest.raises(ValueError, match="is not a file that checkpoint wrote"):
        distributed.resume(tmp_path / "t")
    assert not (tmp_path / "sprung").exists()
    # The same file does spring without weights_only: the trap is a real one.
    torch.load(tmp_path / "t", weights_only=False)["x"].close()
    assert (tmp_path / "sprung").exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    save = distributed.checkpoint(path)
    state = minimize(VALLEY.fun, VALLEY.x0, methods.bfgs(), max_iter=1, callback=save).state
    before = path.read_bytes()

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        minimize(VALLEY.fun, None, methods.bfgs(), max_iter=1, callback=save, state=state)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_a_carry_that_cannot_be_stored(tmp_path):
    state = minimize(VALLEY.fun, VALLEY.x0, methods.bfgs(), max_iter=1).state
    with pytest.raises(TypeError, match="checkpoint: the direction remembers a object"):
        distributed.checkpoint(tmp_path / "run.pt")(
            State(state.x, state.fun, state.grad, state.oracle, carry=object())
        )
