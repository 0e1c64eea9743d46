"""Data libraries without their files: what takes a path or an open file takes open files only."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from os import PathLike
from types import FunctionType, ModuleType
from typing import Any

from cave_agent.errors import SecurityError
from cave_agent.results import SecurityViolation
from cave_agent.security.allowed import INTROSPECTION
from cave_agent.security.rule import SecurityRule
from cave_agent.security.syntax import attributes_in_format

_LIBRARIES = frozenset({"matplotlib", "mpl_toolkits", "numpy", "pandas", "PIL"})

_FUNCTIONS = {
    **{f"pandas.{name}": (0, "filepath_or_buffer") for name in ("read_csv", "read_table")},
    "pandas.read_fwf": (0, "filepath_or_buffer"),
    "pandas.read_json": (0, "path_or_buf"),
    "pandas.read_html": (0, "io"),
    "pandas.read_excel": (0, "io"),
    "pandas.read_xml": (0, "path_or_buffer"),
    "pandas.read_parquet": (0, "path"),
    **{f"pandas.{name}": (1, "con") for name in ("read_sql", "read_sql_query", "read_sql_table")},
    "numpy.loadtxt": (0, "fname"),
    "numpy.genfromtxt": (0, "fname"),
    "numpy.savetxt": (0, "fname"),
    "numpy.save": (0, "file"),
    "matplotlib.pyplot.savefig": (0, "fname"),
    "matplotlib.pyplot.imread": (0, "fname"),
    "matplotlib.pyplot.imsave": (0, "fname"),
}
"""Where a function takes a path: position and keyword."""

_METHODS = {
    **dict.fromkeys(("to_csv", "to_json", "to_hdf"), (0, "path_or_buf")),
    **dict.fromkeys(("to_html", "to_string", "to_markdown", "to_latex"), (0, "buf")),
    **dict.fromkeys(("to_parquet", "to_feather", "to_orc", "to_pickle"), (0, "path")),
    "to_stata": (0, "path"),
    "to_xml": (0, "path_or_buffer"),
    "to_excel": (0, "excel_writer"),
    "to_sql": (1, "con"),
    "tofile": (0, "fid"),
    "dump": (0, "file"),
    "savefig": (0, "fname"),
    **{f"print_{name}": (0, "filename") for name in ("figure", "png", "svg", "pdf", "ps", "eps")},
    **{f"print_{name}": (0, "filename") for name in ("jpg", "jpeg", "tif", "webp", "raw", "rgba")},
    "save": (0, "fp"),
}
"""Where a method of an object of these libraries takes a path."""

_FORMATTER_SETTERS = frozenset({"set_major_formatter", "set_minor_formatter"})
_SETTERS = frozenset({"set", "setp", "update", "colorbar"})
"""What sets formatters of matplotlib by name, or from a text."""

_MOST_OF_WRAPS = 2
_ATTRIBUTE_OF_VARIABLE = re.compile(r"@[\s(]*\w+[\s)]*[.\[(]")
_INTERNAL = re.compile(rf"\.\s*(?:_|(?:{'|'.join(sorted(INTROSPECTION))})\b)")
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*\s*\.\s*[A-Za-z_]")


class FilesRule(SecurityRule):
    """Lets cells read and write open files (`StringIO`, `BytesIO`) with pandas and the like only.

    It also looks at what pandas runs as code, or calls by a name in a text.
    """

    def check_cell(self, source: str, tree: object) -> Iterable[SecurityViolation]:
        """Find nothing: what a call is given shows while it runs."""
        return ()

    def refuses_attribute(self, name: str, owner: object) -> bool:
        """Whether an attribute leads from a styled table to templates, which read attributes."""
        if name not in ("env", "loader") and not name.startswith("template_"):
            return False
        cls: Any = owner if issubclass(type(owner), type) else type(owner)
        return any(base.__module__ == "pandas.io.formats.style_render" for base in cls.__mro__)

    def replacement(self, owner: object, name: str, value: Any) -> Any:
        """Return a function that looks at its arguments, for one that can take a path."""
        if issubclass(type(owner), ModuleType):
            return self._of_module(vars(owner)["__name__"], name, value)
        cls: Any = owner if issubclass(type(owner), type) else type(owner)
        if cls is super:
            cls = vars(super)["__self_class__"].__get__(owner)
        tops = {str(base.__module__).partition(".")[0] for base in cls.__mro__}
        if not tops & _LIBRARIES:
            return value
        if "matplotlib" in tops and name in _FORMATTER_SETTERS:
            return _formatting(value)
        if "matplotlib" in tops and name in _SETTERS:
            return _checked(value, _sets_no_formatter)
        shift = 1 if owner is cls else 0  # `DataFrame.to_csv(df, path)`
        if name in _METHODS:
            position, keyword = _METHODS[name]
            return _checked(value, _takes_no_path(position + shift, keyword))
        check = _PANDAS_METHODS.get(name) if "pandas" in tops else None
        return _checked(value, check) if check is not None else value

    def _of_module(self, module: str, name: str, value: Any) -> Any:
        path = f"{module}.{name}"
        if path in _FUNCTIONS:
            return _checked(value, _takes_no_path(*_FUNCTIONS[path]))
        if path in _CHECKED:
            return _checked(value, _CHECKED[path])
        if module == "contextlib" and name.startswith("redirect_"):
            # No class, which could be extended to redirect more.
            return lambda target: value(target)  # noqa: PLW0108
        return value


Check = Callable[[tuple[Any, ...], dict[str, Any]], None]


def _checked(function: Any, check: Check) -> Any:
    def checked(*arguments: Any, **named: Any) -> Any:
        check(arguments, named)
        if check in (_reads_no_variables, _reads_no_attributes):
            # Pandas looks for variables so many frames out; the guard calls this for the cell.
            named["level"] = named.get("level", 0) + 2
        return function(*arguments, **named)

    checked.__name__ = getattr(function, "__name__", "checked")
    checked.__doc__ = getattr(function, "__doc__", None)
    return checked


def _formatting(function: Any) -> Any:
    """Return what sets a formatter: for a text a function, as the text would read attributes."""

    def set_formatter(*arguments: Any, **named: Any) -> Any:
        _formats_plainly(arguments, named)
        return function(
            *map(_as_function, arguments), **{key: _as_function(named[key]) for key in named}
        )

    return set_formatter


def _as_function(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    plain = str.__str__(text)
    return lambda x, pos=None: plain.format(x=x, pos=pos)


def _sets_no_formatter(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    keys = [key for each in (named, *arguments) if isinstance(each, dict) for key in each]
    texts = [*_texts((keys, *arguments), named)]
    sets = any(text == "format" or text.endswith("_formatter") for text in texts)
    if sets and any("{" in text for text in texts):
        message = "give format texts with braces to `axis.set_major_formatter(…)` only."
        raise SecurityError(message)


def _takes_no_path(position: int, keyword: str) -> Check:
    def check(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        given = arguments[position] if len(arguments) > position else named.get(keyword)
        if isinstance(given, str | bytes | PathLike | int):
            message = (
                f"{given!r} names a file or an address, and cells may use neither. Use the data "
                "that is given, or an io.StringIO or io.BytesIO."
            )
            raise SecurityError(message)

    return check


def _refuse_all(*_: object) -> None:
    message = "this leaves the runtime, which cells may not. Put results into variables."
    raise SecurityError(message)


def _texts(arguments: tuple[Any, ...], named: dict[str, Any]) -> Iterable[str]:
    pending: list[Any] = [*arguments, *named.values()]
    while pending:
        value = pending.pop()
        if isinstance(value, str):  # as Python reads names; a class of its own may hide its text
            yield unicodedata.normalize("NFKC", str.__str__(value))
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list | tuple | set):
            pending += value


def _reads_no_variables(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for text in _texts(arguments, named):
        if "__" in text or _ATTRIBUTE_OF_VARIABLE.search(text) or _INTERNAL.search(text):
            _refuse_expression(text)


def _reads_no_attributes(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for text in _texts(arguments, named):
        if "__" in text or _ATTRIBUTE.search(text):
            _refuse_expression(text)


def _formats_plainly(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for text in _texts(arguments, named):
        if any(attributes_in_format(text)):
            message = f"{text!r} reads attributes, which format texts may not. Format in code."
            raise SecurityError(message)


def _refuse_expression(text: str) -> None:
    message = (
        f"the expression {text!r} reads attributes of variables, which cells may not do in texts. "
        "Write it as code, with columns of the table."
    )
    raise SecurityError(message)


def _wraps_as_usual(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    if named or len(arguments) > _MOST_OF_WRAPS or type(arguments[0]) is not FunctionType:
        message = (
            "wrap plain functions with functools.wraps(function) only, without more arguments."
        )
        raise SecurityError(message)


def _names_no_writer(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for text in _texts(arguments[:1], named):
        if text.startswith(("to_", "_")) or text in ("eval", "query", "pipe"):
            message = f"the method {text!r} may not be called by its name in a text. Call it."
            raise SecurityError(message)


def _names_no_file(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    for text in _texts(arguments, named):
        if not re.fullmatch(r"[\w-]+", text):
            message = f"{text!r} is no name of a style: use one of `plt.style.available`."
            raise SecurityError(message)


_CHECKED: dict[str, Check] = {
    "pandas.eval": _reads_no_attributes,
    **dict.fromkeys(("matplotlib.style.use", "matplotlib.use"), _names_no_file),
    **dict.fromkeys(("functools.update_wrapper", "functools.wraps"), _wraps_as_usual),
    **dict.fromkeys(("matplotlib.pyplot.setp", "matplotlib.pyplot.colorbar"), _sets_no_formatter),
}
_PANDAS_METHODS: dict[str, Check] = {
    **dict.fromkeys(("query", "eval"), _reads_no_variables),
    **dict.fromkeys(("agg", "aggregate", "apply", "transform", "pipe", "map"), _names_no_writer),
    **dict.fromkeys(("format", "format_index", "relabel_index"), _formats_plainly),
    **dict.fromkeys(("to_clipboard", "to_gbq"), _refuse_all),
}
