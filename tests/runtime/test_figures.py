"""Figures of matplotlib, without a screen."""

import asyncio
import base64
import subprocess
import sys
from typing import Any

import pytest

from cave_agent.runtime import ExecutionResult, Function, PythonRuntime, Variable
from tests.runtime.cells import SOON, Mode, error_of, run, run_ok

pytest.importorskip("matplotlib", reason="the demo extra is not installed")

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n")[:10].decode()


def pictures(result: ExecutionResult) -> list[str]:
    return [rich.data["image/png"] for rich in result.rich_outputs]


@pytest.fixture(autouse=True)
def _no_figures_before() -> None:
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def open_figures() -> list[int]:
    """The host's figures, once no cell runs."""
    numbers: list[int] = sys.modules["matplotlib.pyplot"].get_fignums()
    return numbers


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The managers of figures that were closed."""
    from matplotlib.backend_bases import FigureManagerBase

    managers: list[Any] = []

    def destroy(self: FigureManagerBase) -> None:
        managers.append(self)

    monkeypatch.setattr(FigureManagerBase, "destroy", destroy)
    return managers


def test_open_figure_is_shown_and_closed(runtime: PythonRuntime) -> None:
    result = run_ok(
        runtime,
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(3, 2), dpi=100)\n"
        "line = ax.plot([1, 2])",
    )
    (picture,) = pictures(result)
    assert picture.startswith(PNG)
    assert result.output == "[figure shown: 300×200 pixels]\n"
    assert result.rich_outputs[0].description == "[figure shown: 300×200 pixels]"
    assert open_figures() == []


def test_figure_can_still_be_used_in_the_next_cell(runtime: PythonRuntime) -> None:
    run_ok(runtime, "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()")
    assert len(pictures(run_ok(runtime, "ax.set_title('later')\ndisplay(fig)"))) == 1


def test_show_is_silent(runtime: PythonRuntime) -> None:
    result = run_ok(runtime, "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nx = 1")
    assert len(pictures(result)) == 1
    assert result.stderr == ""


def test_several_figures_in_order(runtime: PythonRuntime) -> None:
    code = (
        "import matplotlib.pyplot as plt\nfor n in (1, 2, 3): plt.figure(figsize=(n, 1), dpi=100)"
    )
    assert run_ok(runtime, code).output == "".join(
        f"[figure shown: {n}00×100 pixels]\n" for n in (1, 2, 3)
    )


def test_closed_figure_is_not_shown(runtime: PythonRuntime) -> None:
    code = (
        "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.savefig(__import__('io').BytesIO())\n"
    )
    assert pictures(run_ok(runtime, code + "plt.close()")) == []


@pytest.mark.parametrize("wait", ["", "await asyncio.sleep(0)\n"], ids=["at once", "waiting"])
@pytest.mark.parametrize("end", ["1 / 0", "sys.exit()", "sys.exit('done')", "raise StopIteration"])
def test_figures_of_a_cell_that_fails_or_exits_are_shown_and_closed(
    runtime: PythonRuntime, closed: list[Any], wait: str, end: str
) -> None:
    code = (
        "import asyncio, sys\nimport matplotlib.pyplot as plt\nplt.figure(figsize=(3, 2), dpi=100)"
    )
    result = run(runtime, f"{code}\n{wait}{end}")
    assert len(pictures(result)) == 1
    assert result.output == "[figure shown: 300×200 pixels]\n"
    assert result.success == (end == "sys.exit()")
    assert len(closed) == 1
    assert open_figures() == []


def test_figure_that_cannot_be_drawn_does_not_hide_why_the_cell_failed(
    runtime: PythonRuntime,
) -> None:
    result = run(runtime, "import matplotlib.pyplot as plt\nplt.title(r'$\\frac{$')\n1 / 0")
    assert result.error is not None
    assert result.error.type == "ZeroDivisionError"
    assert result.stderr.startswith("Note: a figure cannot be shown: ValueError: ")


def test_figures_of_a_stopped_cell_are_closed(runtime: PythonRuntime, closed: list[Any]) -> None:
    run_ok(runtime, "import matplotlib.pyplot as plt")
    result = run(runtime, "plt.plot([1])\nwhile True: pass", timeout=0.3)
    assert not result.success
    assert result.rich_outputs == ()
    assert len(closed) == 1
    assert open_figures() == []


def test_figures_of_a_cancelled_cell_are_closed(runtime: PythonRuntime, closed: list[Any]) -> None:
    run_ok(runtime, "import asyncio, matplotlib.pyplot as plt")

    async def work() -> None:
        drawn = asyncio.Event()
        loop = asyncio.get_running_loop()
        runtime.inject_function(Function(lambda: loop.call_soon_threadsafe(drawn.set), name="drew"))
        cell = asyncio.create_task(
            runtime.execute("plt.plot([1])\ndrew()\nawait asyncio.sleep(60)")
        )
        await drawn.wait()
        cell.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cell

    asyncio.run(asyncio.wait_for(work(), SOON))
    run_ok(runtime, "1")
    assert len(closed) == 1
    assert open_figures() == []


def test_figure_that_cannot_be_drawn_is_the_cell_s_error(runtime: PythonRuntime) -> None:
    told = error_of(runtime, "import matplotlib.pyplot as plt\nplt.title(r'$\\frac{$')\nNone")
    assert "ParseException" in told or "ValueError" in told
    assert open_figures() == []


def test_figure_of_a_host_s_function_belongs_to_the_cell(runtime: PythonRuntime) -> None:
    import matplotlib.pyplot as plt

    def draw() -> None:
        plt.figure()

    runtime.inject_function(Function(draw))
    assert len(pictures(run_ok(runtime, "draw()"))) == 1
    assert open_figures() == []


def test_figures_of_the_host_stay_open(runtime: PythonRuntime) -> None:
    import matplotlib.pyplot as plt

    mine = plt.figure()
    runtime.inject_variable(Variable("mine", mine))
    result = run_ok(
        runtime, "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1), dpi=100)\nNone"
    )
    assert result.output == "[figure shown: 100×100 pixels]\n"
    assert plt.get_fignums() == [mine.number]
    plt.close(mine)


def test_current_figure_of_the_host_is_not_the_cell_s(runtime: PythonRuntime) -> None:
    import matplotlib.pyplot as plt

    mine = plt.figure()
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint(plt.get_fignums())"
    result = run_ok(runtime, code)
    assert result.stdout == "[1]\n[figure shown: 640×480 pixels]\n"
    assert len(pictures(result)) == 1
    assert mine.axes == []
    assert plt.gcf() is mine


def test_cell_does_not_close_figures_of_the_host(runtime: PythonRuntime, closed: list[Any]) -> None:
    import matplotlib.pyplot as plt

    mine = plt.figure()
    code = "import matplotlib.pyplot as plt\nplt.close('all'); plt.close(1); plt.close()"
    assert pictures(run_ok(runtime, code)) == []
    assert closed == []
    assert plt.gcf() is mine


def test_cell_can_draw_into_a_figure_of_the_host_that_it_is_given(
    runtime: PythonRuntime, closed: list[Any]
) -> None:
    import matplotlib.pyplot as plt

    mine = plt.figure()
    runtime.inject_variable(Variable("mine", mine))
    code = (
        "import matplotlib.pyplot as plt\nown = plt.figure(figsize=(1, 1), dpi=100)\n"
        "plt.figure(mine); line = plt.plot([1])\nprint(plt.get_fignums(), own.number)"
    )
    assert run_ok(runtime, code).stdout == "[1, 2] 2\n[figure shown: 100×100 pixels]\n"
    assert [len(axes.lines) for axes in mine.axes] == [1]
    assert [manager.canvas.figure for manager in closed] == [runtime.retrieve("own")]
    assert plt.gcf() is mine


def test_figure_of_an_earlier_cell_made_current_is_shown(runtime: PythonRuntime) -> None:
    run_ok(runtime, "import matplotlib.pyplot as plt\nfig = plt.figure()")
    assert len(pictures(run_ok(runtime, "plt.figure(fig); line = plt.plot([1])"))) == 1


def test_threads_of_a_cell_share_its_figures(runtime: PythonRuntime) -> None:
    code = (
        "import threading, matplotlib.pyplot as plt\nplt.figure()\n"
        "thread = threading.Thread(target=lambda: plt.plot([1])); thread.start(); thread.join()\n"
        "print(plt.get_fignums(), len(plt.gca().lines))"
    )
    result = run_ok(runtime, code)
    assert result.stdout.startswith("[1] 1\n")
    assert len(pictures(result)) == 1


def test_cell_inside_a_cell_has_its_own_figures(mode: Mode) -> None:
    inner, outer = PythonRuntime(run_in=mode), PythonRuntime(run_in=mode)
    results: list[ExecutionResult] = []

    async def ask() -> None:
        code = "import matplotlib.pyplot as plt\nplt.plot([1]); len(plt.gca().lines)"
        results.append(await inner.execute(code))

    with inner, outer:
        outer.inject_function(Function(ask))
        code = (
            "import matplotlib.pyplot as plt\nline = plt.plot([1])\nawait ask()\n"
            "print(plt.get_fignums(), len(plt.gca().lines))"
        )
        result = run_ok(outer, code)
    assert result.stdout.startswith("[1] 1\n")
    assert results[0].stdout.startswith("1\n")
    assert len(pictures(result)) == len(pictures(results[0])) == 1


def test_cells_side_by_side_have_a_current_figure_each(mode: Mode) -> None:
    code = (
        "import matplotlib.pyplot as plt, asyncio\nline = plt.plot([1, 2])\n"
        "await asyncio.sleep(0.1)\nprint(plt.get_fignums(), len(plt.gca().lines))"
    )

    async def work() -> list[ExecutionResult]:
        with PythonRuntime(run_in=mode) as one, PythonRuntime(run_in=mode) as other:
            return list(await asyncio.gather(one.execute(code), other.execute(code)))

    for result in asyncio.run(asyncio.wait_for(work(), SOON)):
        assert result.stdout == "[1] 1\n[figure shown: 640×480 pixels]\n"
        assert len(pictures(result)) == 1


def test_matplotlib_is_the_same_after_a_cell_as_before(runtime: PythonRuntime) -> None:
    import matplotlib.pyplot as plt
    from matplotlib._pylab_helpers import Gcf

    def state() -> tuple[Any, ...]:
        return plt.show, list(sys.meta_path), plt.get_backend()

    before, figures = state(), Gcf.figs
    run_ok(runtime, "import matplotlib.pyplot as plt\nplt.figure()\nNone")
    assert state() == before
    assert Gcf.figs is figures


def test_figures_of_runtimes_and_host_side_by_side() -> None:
    import matplotlib.pyplot as plt

    code = (
        "import asyncio, matplotlib.pyplot as plt\nfor _ in range(3):\n"
        "    plt.figure(figsize=(size, 1), dpi=100)\n    await asyncio.sleep(0.001)"
    )

    async def work() -> list[ExecutionResult]:
        runtimes = [PythonRuntime(variables=[Variable("size", size)]) for size in (1, 2, 3)]
        cells = [asyncio.create_task(runtime.execute(code)) for runtime in runtimes]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        hosts = plt.figure()
        results = await asyncio.gather(*cells)
        assert plt.get_fignums() == [hosts.number]
        plt.close(hosts)
        return results

    for size, result in enumerate(asyncio.run(asyncio.wait_for(work(), SOON)), start=1):
        assert result.output == f"[figure shown: {size}00×100 pixels]\n" * 3


PROGRAM = """
import asyncio, os, sys, warnings
warnings.simplefilter("error")
os.environ.pop("DISPLAY", None)
{setup}
from cave_agent.runtime import PythonRuntime
runtime = PythonRuntime(run_in={mode!r})
for _ in range(2):
    cell = "import matplotlib.pyplot as plt; plt.plot([1]); plt.show()"
    result = asyncio.run(runtime.execute(cell))
    assert result.success, result.error
    print(len(result.rich_outputs), result.output.strip())
import matplotlib
print(matplotlib.get_backend())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setup", "backend"),
    [
        ("", "cave_agent"),
        ("import matplotlib", "cave_agent"),
        ("import matplotlib.pyplot, matplotlib; matplotlib.use('Agg')", "agg"),
        ("import matplotlib; matplotlib.use('svg')", "svg"),
    ],
)
def test_whichever_way_matplotlib_was_imported(mode: str, setup: str, backend: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(setup=setup, mode=mode)],
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, used = done.stdout.splitlines()
    assert first == second == "1 [figure shown: 640×480 pixels]"
    assert backend in used.lower()
    assert done.stderr == ""
