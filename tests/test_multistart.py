"""Many starts at once: each as it would go alone."""

import shutil

import pytest
import torch
from torch import Tensor

from steepest import directions, methods, minimize, minimize_many, problems, step_sizes
from steepest.methods import Method
from steepest.multistart import CompilationError, Statuses, compiled
from steepest.result import Status

FIXED = {
    "gradient descent": methods.gradient_descent(0.02),
    "heavy ball": methods.heavy_ball(0.02, 0.6),
    "Nesterov": methods.nesterov(0.02, 0.6),
    "Nesterov sequence": methods.nesterov(0.02),
    "inverse time": Method(directions.steepest(), step_sizes.inverse_time(0.3), "1/t"),
}
# PyTorch's own, at the first import of its compiler
quiet = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


def _bowl(x: Tensor) -> Tensor:
    """Map a start of any shape to a number, with several minima."""
    return (x**2 + torch.cos(3 * x)).sum() + x.sum() ** 2 / 4


def _starts(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.randn(3, *shape, dtype=dtype, generator=generator)


@pytest.mark.parametrize("tol", [None, 1e-4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 2)], ids=str)
@pytest.mark.parametrize("method", FIXED.values(), ids=FIXED)
def test_each_start_goes_as_it_would_alone(
    method: Method, shape: tuple[int, ...], dtype: torch.dtype, tol: float | None
) -> None:
    starts = _starts(*shape, dtype=dtype)
    for steps in (2, 25):
        run = minimize_many(_bowl, starts, method, max_iter=steps, tol=tol)
        assert run.x.shape == starts.shape
        assert run.x.dtype == run.fun.dtype == run.grad_norm.dtype == dtype
        for i, start in enumerate(starts):
            alone = minimize(_bowl, start, method, max_iter=steps, tol=tol)
            torch.testing.assert_close(run.x[i], alone.x)
            torch.testing.assert_close(run.fun[i], alone.fun)
            norm = torch.linalg.vector_norm(alone.grad)
            torch.testing.assert_close(run.grad_norm[i], norm, atol=1e-5, rtol=1e-4)
            if dtype == torch.float64:
                assert run.nit[i] == alone.nit
                assert run.status[i] is alone.status


@pytest.mark.parametrize("method", FIXED.values(), ids=FIXED)
def test_batched_functions_give_the_same(method: Method) -> None:
    starts = _starts(3)
    one = minimize_many(_bowl, starts, method, tol=1e-6)
    every = minimize_many(
        lambda x: (x**2 + torch.cos(3 * x)).sum(1) + x.sum(1) ** 2 / 4,
        starts,
        method,
        tol=1e-6,
        batched=True,
    )
    torch.testing.assert_close(one.x, every.x)
    assert torch.equal(one.nit, every.nit)
    assert list(one.status) == list(every.status)


def test_every_status_as_in_minimize() -> None:
    # by turns: arrives, diverges, needs longer, stands on the minimum
    def fun(x: Tensor) -> Tensor:
        return torch.where(x.abs() > 50, x**4, torch.where(x < -9, 1e-3, 1.0) * x**2)

    starts = torch.tensor([1.0, 60.0, -40.0, 0.0], dtype=torch.float64)
    method = methods.gradient_descent(0.25)
    run = minimize_many(fun, starts, method, max_iter=40, tol=1e-9)
    expected = ["CONVERGED", "DIVERGED", "ITERATIONS_DONE", "CONVERGED"]
    assert [status.name for status in run.status] == expected
    for i, start in enumerate(starts):
        alone = minimize(fun, start, method, max_iter=40, tol=1e-9)
        assert (run.status[i], run.nit[i]) == (alone.status, alone.nit)
        torch.testing.assert_close(run.x[i], alone.x, rtol=0, atol=0)
        torch.testing.assert_close(run.fun[i], alone.fun, rtol=0, atol=0)
    assert run.success.tolist() == [True, False, False, True]


@pytest.mark.parametrize("method", [FIXED["gradient descent"], FIXED["heavy ball"]])
def test_stalled_after_the_directions_cycle(method: Method) -> None:
    def fun(x: Tensor) -> Tensor:
        return (x - 100) ** 2 + x

    starts = torch.tensor([99.0, 101.0, 3.0])
    run = minimize_many(fun, starts, method, max_iter=3000, tol=1e-12)
    for i, start in enumerate(starts):
        alone = minimize(fun, start, method, max_iter=3000, tol=1e-12)
        assert run.status[i] is alone.status is Status.STALLED
        assert run.nit[i] == alone.nit


def test_a_start_outside_the_domain_is_diverged_at_once() -> None:
    starts = torch.tensor([2.0, -1.0], dtype=torch.float64)
    run = minimize_many(
        lambda x: x - torch.log(x), starts, methods.gradient_descent(0.1), max_iter=500, tol=1e-6
    )
    assert list(run.status) == [Status.CONVERGED, Status.DIVERGED]
    assert run.nit[1] == 0
    assert run.x[1] == -1
    assert run.best.index == 0


def test_without_a_tolerance_all_iterations_are_done() -> None:
    starts = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    run = minimize_many(problems.quartic().fun, starts, methods.gradient_descent(0.1), max_iter=20)
    assert run.nit.tolist() == [20, 20, 20]
    assert [status.name for status in run.status] == ["CONVERGED", "ITERATIONS_DONE", "DIVERGED"]
    assert not torch.isfinite(run.x[2])


@pytest.mark.parametrize("tol", [None, 1e-3])
@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)], ids=str)
def test_no_starts(shape: tuple[int, ...], batched: bool, tol: float | None) -> None:
    starts = torch.zeros(0, *shape)
    run = minimize_many(_bowl, starts, FIXED["gradient descent"], tol=tol, batched=batched)
    assert run.x.shape == (0, *shape)
    assert len(run) == len(run.status) == len(run.fun) == len(run.nit) == 0
    assert run.success.shape == (0,)
    basins = run.basins()
    assert len(basins) == 0
    assert basins.x.shape == (0, *shape)
    with pytest.raises(ValueError, match="none of the 0 starts has a finite end"):
        _ = run.best


def test_arguments_stay_as_they_are_and_the_result_owns_its_numbers() -> None:
    starts = torch.zeros(3, 2)
    for tol in (None, 1.0):
        run = minimize_many(_bowl, starts, FIXED["gradient descent"], max_iter=1, tol=tol)
        assert run.x.data_ptr() != starts.data_ptr()
    assert torch.equal(starts, torch.zeros(3, 2))
    assert not run.x.requires_grad


def test_finished_batches_stop_early() -> None:
    calls = 0

    def fun(x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return (x**2).sum(1)

    method = methods.gradient_descent(0.25)
    minimize_many(fun, torch.ones(4, 1), method, max_iter=10_000, tol=1e-3, batched=True)
    assert calls < 40


def test_best_and_basins_of_the_seven_minima() -> None:
    problem = problems.seven_minima()
    starts = torch.linspace(-4.99, 4.75, 2001, dtype=torch.float64)
    run = minimize_many(problem.fun, starts, methods.gradient_descent(0.001), max_iter=2000)
    basins = run.basins(atol=5e-3)
    assert len(basins) == 7
    assert basins.count.sum() == 2001
    order = problem.minima.argsort()
    torch.testing.assert_close(basins.x, problem.minimisers[order], atol=4e-3, rtol=0)
    assert (basins.width <= 0.01).all()
    assert (basins.fun.diff() > 0).all()
    for group in range(7):
        members = run.x[basins.label == group]
        assert len(members) == basins.count[group]
        assert (members - basins.x[group]).abs().max() <= basins.width[group]
    best = run.best
    assert best.fun == run.fun.min() == basins.fun[0]
    assert torch.equal(best.x, run.x[best.index])
    # the borders of the basins are the maxima between the minima
    borders = starts[1:][basins.label.diff() != 0]
    expected = [-3.974171, -2.433256, -0.977595, 0.453263, 1.682277, 3.200184]
    assert borders.tolist() == pytest.approx(expected, abs=5e-3)


def test_basins_in_the_plane_do_not_depend_on_the_order() -> None:
    axis = torch.linspace(-5, 5, 30, dtype=torch.float64)
    starts = torch.cartesian_prod(axis, axis)
    shuffled = torch.randperm(len(starts), generator=torch.Generator().manual_seed(0))
    method, fun = methods.gradient_descent(0.005), problems.himmelblau().fun
    first = minimize_many(fun, starts, method, max_iter=2000, tol=1e-7).basins()
    second = minimize_many(fun, starts[shuffled], method, max_iter=2000, tol=1e-7).basins()
    assert len(first) == 4
    assert sorted(first.count.tolist()) == sorted(second.count.tolist())
    groups = {(int(a), int(b)) for a, b in zip(first.label[shuffled], second.label, strict=True)}
    assert len(groups) == 4


@pytest.mark.parametrize(
    ("points", "atol", "labels"),
    [
        ([[0.0, 0.0], [0.5, 0.0], [5.0, 0.0]], 1.0, [0, 0, 1]),
        ([[0.0, 0.0], [0.5, 9.0], [1.0, 0.0]], 1.0, [0, 1, 0]),  # close in one coordinate only
        ([[0.0, 0.0], [0.9, 9.0], [1.8, 0.0]], 1.0, [0, 1, 2]),  # the link lies elsewhere
        ([[1.0, 1.0], [1.0, 1.0]], 0.0, [0, 0]),
        ([[0.0, 0.0], [torch.nan, 0.0]], 1.0, [0, -1]),
    ],
)
def test_groups(points: list[list[float]], atol: float, labels: list[int]) -> None:
    x = torch.tensor(points, dtype=torch.float64)
    run = minimize_many(
        lambda x: 0 * x.sum(), x.nan_to_num(0), FIXED["gradient descent"], max_iter=1
    )
    value = torch.arange(len(x), dtype=torch.float64)
    ends = type(run)(x, value, value, run.nit, run.status).basins(atol=atol)
    assert ends.label.tolist() == labels
    assert ends.count.tolist() == [labels.count(i) for i in range(max(labels) + 1)]


def test_statuses_are_a_sequence() -> None:
    statuses = Statuses(torch.tensor([0, 2, 2], dtype=torch.int8))
    assert list(statuses) == [Status.CONVERGED, Status.DIVERGED, Status.DIVERGED]
    assert list(statuses[1:]) == [Status.DIVERGED, Status.DIVERGED]
    assert statuses.count(Status.DIVERGED) == 2
    assert statuses.count("DIVERGED") == 0
    assert Status.STALLED not in statuses
    assert repr(statuses) == "Statuses(CONVERGED: 1, DIVERGED: 2)"


def _branches(x: Tensor) -> Tensor:
    return x if x > 0 else -x


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"fun": 3}, TypeError, r"fun must be a function of one tensor, got int"),
        ({"starts": [1.0]}, TypeError, r"starts must be a tensor, got list; write torch.stack"),
        ({"starts": torch.arange(3)}, TypeError, r"floating point, got torch.int64"),
        ({"starts": torch.tensor(1.0)}, ValueError, r"shape \(k, \*shape\).* for one start use"),
        ({"starts": torch.tensor([torch.nan])}, ValueError, r"starts must be finite"),
        ({"method": "bfgs"}, TypeError, r"method must be a Method, got str"),
        ({"method": methods.bfgs()}, ValueError, r"BFGS .* cannot serve a batch; use gradient"),
        ({"method": methods.newton()}, ValueError, r"Newton .* cannot serve a batch"),
        (
            {"method": Method(directions.steepest(), step_sizes.armijo(), "searched")},
            ValueError,
            r"Armijo .* cannot serve a batch",
        ),
        ({"max_iter": 1.5}, TypeError, r"max_iter must be an int, got 1.5"),
        ({"max_iter": 0}, ValueError, r"max_iter must be at least 1, got 0"),
        ({"tol": "small"}, TypeError, r"tol must be a number or None, got 'small'"),
        ({"tol": -1.0}, ValueError, r"tol must be finite and at least 0, got -1.0"),
        ({"fun": lambda x: 1.0}, TypeError, r"fun must return a tensor, got float"),
        ({"fun": lambda x: torch.stack([x, x])}, ValueError, r"for one start, got \(2,\)"),
        ({"fun": lambda x: x.detach()}, ValueError, r"no graph connects"),
        ({"fun": _branches}, ValueError, r"fun branches on values.* torch.where"),
        (
            {"fun": lambda x: x.sum(), "batched": True},
            ValueError,
            r"with batched=True, fun must return shape \(3,\) .* got \(\)",
        ),
    ],
)
def test_messages(call: dict[str, object], error: type[Exception], message: str) -> None:
    arguments: dict[str, object] = {
        "fun": lambda x: x**2,
        "starts": torch.ones(3),
        "method": methods.gradient_descent(0.1),
    }
    with pytest.raises(error, match=f"minimize_many: .*{message}"):
        minimize_many(**{**arguments, **call})  # type: ignore[arg-type]


def test_basins_refuse_a_negative_tolerance() -> None:
    run = minimize_many(lambda x: x**2, torch.ones(3), methods.gradient_descent(0.1))
    with pytest.raises(ValueError, match=r"basins: atol must be at least 0, got -1"):
        run.basins(atol=-1)


@quiet
@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.parametrize("tol", [None, 1e-6])
def test_compiled_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch, tol: float | None) -> None:
    monkeypatch.setattr(compiled, "BLOCK", 2)
    starts = torch.tensor([[1.0, 2.0], [0.0, 0.0], [-3.0, 9.0]], dtype=torch.float64)
    method = Method(directions.nesterov(), step_sizes.fixed(0.02), "Nesterov")

    def fun(x: Tensor) -> Tensor:
        return torch.where(x > 5, x**8, x**2).sum()  # the last start diverges

    eager = minimize_many(fun, starts, method, max_iter=60, tol=tol)
    fast = minimize_many(fun, starts, method, max_iter=60, tol=tol, compile=True)
    torch.testing.assert_close(fast.x, eager.x, equal_nan=True)
    torch.testing.assert_close(fast.fun, eager.fun, equal_nan=True)
    assert torch.equal(fast.nit, eager.nit)
    assert list(fast.status) == list(eager.status)


@quiet
def test_without_a_compiler_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch._inductor.config as config

    monkeypatch.setattr(compiled, "BLOCK", 1)
    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    monkeypatch.setattr(config, "fx_graph_cache", False)
    with pytest.raises(CompilationError, match=r"needs a C\+\+ compiler.* compile=False"):
        minimize_many(
            lambda x: 1.7 * x**2, torch.ones(3), methods.gradient_descent(0.1), compile=True
        )


@quiet
def test_what_cannot_be_compiled_is_said() -> None:
    def update(state, carry):  # type: ignore[no-untyped-def]
        return (-state.grad if state.nit < 1 or float(state.fun.sum()) else 0 * state.grad), None

    method = Method(
        directions.Direction("reader", update, batches=True), step_sizes.fixed(0.1), "reader"
    )
    with pytest.raises(CompilationError, match=r"cannot translate this function .*compile=False"):
        minimize_many(lambda x: x**2, torch.ones(3), method, compile=True)


def test_diverged_starts_are_no_basins_and_do_not_compete():
    starts = torch.linspace(-8, 8, 9, dtype=torch.float64)
    method = methods.gradient_descent(0.05)
    run = minimize_many(lambda x: x**4 / 4 - x**2 / 2, starts, method, max_iter=300, tol=1e-8)
    assert run.status.count(Status.DIVERGED) == 2
    assert run.basins().x.tolist() == pytest.approx([-1, 1, 0], abs=1e-6)
    assert run.basins().label[[0, -1]].tolist() == [-1, -1]
    falling = minimize_many(lambda x: -(x**2), starts[:3], method, max_iter=10_000, tol=1e-8)
    with pytest.raises(ValueError, match="none of the 3 starts has a finite end; try a smaller"):
        _ = falling.best
