"""Figures of matplotlib that cells leave open: collected as pictures, as a notebook does.

Where matplotlib is first imported by a cell it gets this package's own backend, which draws off
screen. Where the host has imported it before, the host's backend stays, and `plt.show()` is silent
in cells. Either way each figure knows which execution made it.
"""

import functools
import importlib
import io
import sys
import threading
from collections.abc import Callable
from typing import Any

from cave_agent.results import RichOutput
from cave_agent.runtime.execution import Execution, current_execution
from cave_agent.runtime.rich import image

_BACKEND = "module://cave_agent.runtime.matplotlib_backend"


class _BeforePyplot:
    """Import finder that finds nothing, but sees `matplotlib.pyplot` come."""

    def find_spec(self, name: str, *_: object) -> None:
        """Choose the off-screen backend, unless the user chose one, when a cell imports pyplot."""
        if name == "matplotlib.pyplot" and current_execution() is not None:
            matplotlib = sys.modules["matplotlib"]
            # Reading the setting the usual way would make matplotlib choose a backend.
            if not isinstance(dict.__getitem__(matplotlib.rcParams, "backend"), str):
                matplotlib.use(_BACKEND)
            _hooks.note_owners()


class _Hooks:
    """What is changed in matplotlib and in the import system while cells run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finder = _BeforePyplot()
        self._waits_for_pyplot = False
        self._put_back: list[Callable[[], None]] = []

    def put_in_place(self) -> None:
        """Make the changes, when the first cell begins."""
        if "matplotlib.pyplot" in sys.modules:
            self.note_owners()
            self._silence_show(sys.modules["matplotlib.pyplot"])
        elif not self._waits_for_pyplot:
            self._waits_for_pyplot = True
            sys.meta_path.insert(0, self._finder)

    def take_back(self) -> None:
        """Undo them, when the last cell has ended; the finder waits on, doing nothing for a host.

        It leaves when pyplot has come. To take it back after each cell would cost as much as to
        route the streams.
        """
        while self._put_back:
            self._put_back.pop()()
        if self._waits_for_pyplot and "matplotlib.pyplot" in sys.modules:
            self._waits_for_pyplot = False
            if self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)

    def note_owners(self) -> None:
        """Make each figure know from now on which execution made it."""
        with self._lock:
            if not self._put_back:
                self._put_back.append(self._noting_owners())

    def _noting_owners(self) -> Callable[[], None]:
        manager: Any = importlib.import_module("matplotlib.backend_bases").FigureManagerBase
        init = manager.__init__

        @functools.wraps(init)
        def init_and_note(self: Any, *args: Any, **kwargs: Any) -> None:
            init(self, *args, **kwargs)
            self.cave_agent_execution = current_execution()

        manager.__init__ = init_and_note
        return lambda: setattr(manager, "__init__", init)

    def _silence_show(self, pyplot: Any) -> None:
        show = pyplot.show

        @functools.wraps(show)
        def show_for_host(*args: Any, **kwargs: Any) -> Any:
            return show(*args, **kwargs) if current_execution() is None else None

        pyplot.show = show_for_host
        self._put_back.append(lambda: setattr(pyplot, "show", show))


_hooks = _Hooks()
put_in_place, take_back = _hooks.put_in_place, _hooks.take_back


def close_left(execution: Execution) -> None:
    """Close the figures that an execution has open."""
    for manager in _managers_of(execution):
        sys.modules["matplotlib.pyplot"].close(manager.num)


def collect(execution: Execution) -> None:
    """Keep pictures of the figures that an execution has open."""
    for manager in _managers_of(execution):
        picture = figure_image(manager.canvas.figure)
        if picture is not None:
            execution.capture.write(f"{picture.description}\n")
            execution.capture.rich_outputs.append(picture)


def figure_image(value: object) -> RichOutput | None:
    """Return the picture of a matplotlib figure, `None` for anything else."""
    module = sys.modules.get("matplotlib.figure")
    # Not `isinstance`, for which an object that stands for another one may have to look that up.
    if module is None or not issubclass(type(value), module.Figure):
        return None
    figure: Any = value
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    data = buffer.getvalue()
    # The header of a PNG file holds width and height in its bytes 16 to 24.
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return image(data, f"[figure shown: {width}×{height} pixels]")


def _managers_of(execution: Execution) -> list[Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return []
    managers = helpers.Gcf.get_all_fig_managers()
    return [m for m in managers if getattr(m, "cave_agent_execution", None) is execution]
