"""Figures of matplotlib that cells leave open: collected as pictures, as a notebook does.

Where matplotlib is first imported by a cell it gets this package's own backend, which draws off
screen. Where the host has imported it before, the host's backend stays, and `plt.show()` is silent
in cells. Either way each execution, and the host, has figures and a current figure of its own.
"""

import functools
import importlib
import io
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from cave_agent.results import RichOutput
from cave_agent.runtime.execution import Execution, current_execution
from cave_agent.runtime.rich import image

_BACKEND = "module://cave_agent.runtime.matplotlib_backend"


class _Registry:
    """Stands in for `Gcf.figs`, the open figures that pyplot knows, while cells run.

    As a descriptor it is read anew at each access, so pyplot handles real dictionaries: the one of
    the execution that the calling code belongs to.

    Args:
        gcf: Where pyplot looks its figures up.
    """

    def __init__(self, gcf: Any) -> None:
        self._gcf = gcf
        self._hosts: OrderedDict[Any, Any] = gcf.figs
        self._of_cells: dict[Execution, _Figures] = {}

    def __get__(self, instance: object, owner: type) -> OrderedDict[Any, Any]:
        execution = current_execution()
        if execution is None:
            return self._hosts
        # Threads of one cell may come here at the same time.
        return self._of_cells.setdefault(execution, _Figures(self))

    def put_in_place(self) -> None:
        """Separate the figures of executions and host."""
        self._gcf.figs = self

    def take_back(self) -> None:
        """Leave the host with its own figures."""
        self._gcf.figs = self._hosts
        self.close_ended()

    def managers_of(self, execution: Execution) -> list[Any]:
        """Return the figures that only this execution has open."""
        figures = self._of_cells.get(execution)
        if figures is None:
            return []
        return [each for each in list(figures.values()) if not self.is_of_others(each, figures)]

    def is_of_others(self, manager: Any, figures: object) -> bool:
        """Whether a figure, such as one made current that was handed to the cell, is others'."""
        everyone = (self._hosts, *tuple(self._of_cells.values()))
        return any(
            others is not figures and others.get(manager.num) is manager for others in everyone
        )

    def close_ended(self) -> None:
        """Close what ended executions have left open: a cancelled one does not see to it itself."""
        for execution in tuple(self._of_cells):
            if not execution.running:
                managers = self.managers_of(execution)
                self._of_cells.pop(execution, None)
                for manager in managers:
                    self._gcf.destroy(manager)


class _Figures(OrderedDict[Any, Any]):
    """The open figures of one execution, by number."""

    def __init__(self, registry: _Registry) -> None:
        super().__init__()
        self._registry = registry

    def __setitem__(self, number: Any, manager: Any) -> None:
        """Take in a figure; one made elsewhere may have the number of one of these."""
        displaced = self.get(number, manager)
        if displaced is not manager and not self._registry.is_of_others(displaced, self):
            displaced.num = displaced.canvas.figure._number = max(self) + 1  # noqa: SLF001
            super().__setitem__(displaced.num, displaced)
        super().__setitem__(number, manager)


class _BeforePyplot:
    """Import finder that finds nothing, but sees `matplotlib.pyplot` come."""

    def find_spec(self, name: str, *_: object) -> None:
        """Choose the off-screen backend, unless the user chose one, when a cell imports pyplot."""
        if name != "matplotlib.pyplot":
            return
        if current_execution() is not None:
            matplotlib = sys.modules["matplotlib"]
            # Reading the setting the usual way would make matplotlib choose a backend.
            if not isinstance(dict.__getitem__(matplotlib.rcParams, "backend"), str):
                matplotlib.use(_BACKEND)
        _hooks.pyplot_comes()


class _Hooks:
    """What is changed in matplotlib and in the import system while cells run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finder = _BeforePyplot()
        self._waits_for_pyplot = False
        self._cells_run = False
        self._put_back: list[Callable[[], None]] = []
        self.registry: _Registry | None = None

    def put_in_place(self) -> None:
        """Make the changes, when the first cell begins."""
        self._cells_run = True
        if "matplotlib.pyplot" in sys.modules:
            self.pyplot_comes()
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
        with self._lock:
            self._cells_run = False
            registry, self.registry = self.registry, None
        if registry is not None:
            registry.take_back()
        if self._waits_for_pyplot and "matplotlib.pyplot" in sys.modules:
            self._waits_for_pyplot = False
            if self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)

    def pyplot_comes(self) -> None:
        """Separate the figures if cells run, whoever imports pyplot."""
        with self._lock:
            if self._cells_run and self.registry is None:
                helpers = importlib.import_module("matplotlib._pylab_helpers")
                self.registry = _Registry(helpers.Gcf)
                self.registry.put_in_place()

    def _silence_show(self, pyplot: Any) -> None:
        show = pyplot.show

        @functools.wraps(show)
        def show_for_host(*args: Any, **kwargs: Any) -> Any:
            return show(*args, **kwargs) if current_execution() is None else None

        pyplot.show = show_for_host
        self._put_back.append(lambda: setattr(pyplot, "show", show))


_hooks = _Hooks()
put_in_place, take_back = _hooks.put_in_place, _hooks.take_back


def close_left(_: Execution) -> None:
    """Close the figures that an execution that has ended, and any other such one, left open."""
    if _hooks.registry is not None:
        _hooks.registry.close_ended()


def collect(execution: Execution) -> None:
    """Keep pictures of the figures that an execution has open."""
    if _hooks.registry is None:
        return
    for manager in _hooks.registry.managers_of(execution):
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
