"""The matplotlib backend of cells, which draws off screen.

Matplotlib loads it by name; see `figures.py`.
"""

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg


class FigureManager(FigureManagerBase):
    """Shows nothing."""

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Show nothing: what a cell leaves open is collected when the cell ends."""


class FigureCanvas(FigureCanvasAgg):
    """Draws off screen."""

    manager_class = FigureManager
