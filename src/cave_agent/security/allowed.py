"""What cells may use under `SecurityChecker.strict()`."""

import builtins
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Members:
    """Which members of a module cells may use.

    Attributes:
        only: These and no others; `None` for all public ones.
        never: Not these.
    """

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _only(names: str) -> Members:
    return Members(only=_names(names))


def _all_but(names: str) -> Members:
    return Members(never=_names(names))


_WHOLE = """
__future__ abc array binascii bisect cmath collections collections.abc colorsys copy csv
datetime decimal difflib fractions graphlib heapq hmac html itertools json
json.decoder keyword math numbers operator pprint random re reprlib statistics string struct
textwrap time unicodedata urllib.parse zlib
dateutil dateutil.parser dateutil.relativedelta
matplotlib.axes matplotlib.cm matplotlib.colors matplotlib.dates matplotlib.figure
matplotlib.collections matplotlib.gridspec matplotlib.lines matplotlib.patches matplotlib.style
numpy.char numpy.exceptions numpy.fft numpy.linalg numpy.ma numpy.polynomial numpy.random
numpy.typing pandas.api pandas.api.types pandas.errors pandas.plotting
pandas.testing pandas.tseries pandas.tseries.offsets
"""

MODULES: dict[str, Members] = {
    **{name: Members() for name in _WHOLE.split()},
    # What reads texts as code, or opens files and connections, is left out.
    "asyncio": _only(
        "sleep gather wait wait_for timeout create_task as_completed run TaskGroup Queue Event "
        "Lock Semaphore Condition CancelledError TimeoutError FIRST_COMPLETED ALL_COMPLETED "
        "FIRST_EXCEPTION to_thread iscoroutinefunction"
    ),
    "ast": _only("literal_eval"),
    "contextlib": _all_but("chdir"),
    "dataclasses": _all_but("make_dataclass"),
    "enum": _all_but("global_enum global_enum_repr global_flag_repr"),
    "matplotlib.ticker": _all_but("StrMethodFormatter"),
    "numpy.testing": _only("assert_allclose assert_array_equal assert_equal"),
    "numpy.lib": _only("stride_tricks"),
    "numpy.lib.stride_tricks": _only("sliding_window_view"),
    "base64": _all_but("main encode decode"),
    "calendar": _all_but("main"),
    "functools": _all_but("singledispatch singledispatchmethod"),
    "hashlib": _all_but("file_digest"),
    "io": _only("StringIO BytesIO TextIOWrapper BufferedReader SEEK_SET SEEK_CUR SEEK_END"),
    "pathlib": _only("PurePath PurePosixPath PureWindowsPath"),
    "sys": _only(
        "maxsize maxunicode version version_info float_info int_info byteorder platform getsizeof"
    ),
    "traceback": _only("format_exc print_exc format_exception format_exception_only"),
    "types": _only("SimpleNamespace MappingProxyType NoneType EllipsisType GenericAlias UnionType"),
    "typing": _all_but("get_type_hints ForwardRef"),
    "urllib": _only("parse"),
    "uuid": _only("UUID uuid3 uuid4 uuid5 NAMESPACE_DNS NAMESPACE_URL"),
    "warnings": _only("warn simplefilter filterwarnings catch_warnings"),
    "zoneinfo": _only("ZoneInfo ZoneInfoNotFoundError"),
    "numpy": _all_but(
        "load fromfile fromregex memmap DataSource test savez savez_compressed get_include"
    ),
    "pandas": _all_but(
        "read_pickle to_pickle read_hdf read_sas read_spss read_stata read_orc read_feather "
        "read_clipboard read_gbq HDFStore ExcelFile ExcelWriter test"
    ),
    "matplotlib": _all_but("rc_file rc_params_from_file test"),
    "matplotlib.pyplot": _all_but("switch_backend install_repl_displayhook"),
}

_REFUSED_BUILTINS = _names(
    "open eval exec compile input breakpoint globals locals copyright credits license "
    "__loader__ __spec__"
)
BUILTINS = frozenset(vars(builtins)) - _REFUSED_BUILTINS
"""Names that need no import: all but those that read files, run texts, or list what there is."""

DUNDERS = frozenset(
    f"__{name}__"
    for name in _names("""
    main name doc version class dict qualname all slots members match_args hash init new post_init
    cause context notes typename setattr
    repr str len bool int float index eq ne lt le gt ge contains iter next reversed call enter exit
    aenter aexit aiter anext await add radd iadd sub rsub isub mul rmul imul truediv rtruediv
    itruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul neg pos abs invert and rand or ror
    xor rxor lshift rshift round floor ceil trunc divmod getitem setitem delitem missing format
    array copy deepcopy set_name init_subclass class_getitem get set delete future debug
    """)
)
"""Names that begin and end with two underscores and that cells may read."""

INTROSPECTION = _names(
    """
    gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await cr_origin ag_frame ag_code ag_await
    f_back f_globals f_locals f_builtins f_code f_trace tb_frame tb_next co_consts co_names
    func_globals get_loop get_coro get_stack get_context print_stack mro ctypes
    """
)
"""Names of attributes that lead from an object to the machinery around it."""

_NAMEDTUPLES = frozenset({"_asdict", "_replace", "_fields", "_make", "_field_defaults"})


def is_public(name: str) -> bool:
    """Whether a name with an underscore is public all the same: those of named tuples.

    Example:
        >>> is_public("_asdict"), is_public("_1"), is_public("_hidden")
        (True, True, False)
    """
    return name in _NAMEDTUPLES or name[1:].isdecimal()
