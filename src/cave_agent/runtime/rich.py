"""Values as people see them: MIME bundles, as in a notebook, and bounded plain text."""

import base64
import reprlib
from collections import deque
from itertools import islice
from typing import Any

from cave_agent.results import RichOutput

_METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "application/json": "_repr_json_",
}

_MOST_SHOWN = 20_000
_MOST_IN_LINE = 100
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)


class _Short(reprlib.Repr):
    """Shortens what is huge, at every level and on the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 8
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 100
        self.maxdict = self.maxdeque = self.maxarray = 100
        self.maxstring = self.maxother = 4_000
        self.maxlong = 200
        self._room = _MOST_SHOWN

    def repr1(self, x: Any, level: int) -> str:
        if self._room <= 0:
            return "..."
        text = super().repr1(x, level)
        if type(x) not in _CONTAINERS:
            self._room -= len(text)
        return text

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # Python refuses to convert so many digits
            return f"<int of {x.bit_length():,} bits>"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """Keep the order of keys, which the base class sorts."""
        if not x or level <= 0:
            return "{...}" if x else "{}"
        items = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        if len(x) > self.maxdict:
            items.append("...")
        return "{" + ", ".join(items) + "}"


def bounded_repr(value: object) -> str:
    """Return `repr(value)`, shortened where it is huge; it never raises an `Exception`.

    Example:
        >>> len(bounded_repr(list(range(1_000_000)))) < 1_000
        True
    """
    try:
        text = _Short().repr(value)
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__} object whose repr raised {type(error).__name__}>"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def one_line(value: object) -> str:
    """Return a value's `repr` within a line of source code."""
    text = " ".join(bounded_repr(value).split())
    return text if len(text) <= _MOST_IN_LINE else f"{text[:_MOST_IN_LINE]}..."


def mime_bundle(value: object) -> RichOutput | None:
    """Return the value's rich form, or `None` where it has plain text only.

    Args:
        value: Any object; the `_repr_*_` methods that notebooks use are asked, on its class.
    """
    if issubclass(type(value), type):
        return None
    data: dict[str, str] = {}
    bundle = _ask(value, "_repr_mimebundle_")
    if isinstance(bundle, tuple):
        bundle = bundle[0]
    if isinstance(bundle, dict):
        data.update({kind: _as_text(content) for kind, content in bundle.items()})
    for kind, method in _METHODS.items():
        content = _ask(value, method)
        if isinstance(content, tuple):
            content = content[0]
        if content is not None and kind not in data:
            data[kind] = _as_text(content)
    if not data.keys() - {"text/plain"}:
        return None
    data.setdefault("text/plain", bounded_repr(value))
    return RichOutput(data)


def image(data: bytes, description: str) -> RichOutput:
    """Return a PNG picture as a rich output.

    Args:
        data: The file's bytes.
        description: One line for readers of text.
    """
    return RichOutput({"image/png": _as_text(data), "text/plain": description})


def _ask(value: object, method: str) -> Any:
    """Call a display method; one that fails counts as absent, as in a notebook."""
    if not hasattr(type(value), method):
        return None
    try:
        return getattr(value, method)()
    except Exception:  # noqa: BLE001 - a display method may raise anything
        return None


def _as_text(content: object) -> str:
    if isinstance(content, bytes):
        return base64.b64encode(content).decode("ascii")
    return content if isinstance(content, str) else repr(content)
