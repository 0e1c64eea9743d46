"""Escapes: memory, and the interpreter's own books and hooks."""

from tests.security.corpus.records import Escape, Goal

COLLECTOR = "the garbage collector's lists"
FOREIGN = "foreign functions and raw memory"
HOOKS = "hooks of the interpreter"

CELLS = (
    Escape(
        "all-objects",
        COLLECTOR,
        Goal.READ_HOST,
        """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == "Shop":
        print(thing.other.retrieve("ledger"))
        break
""",
    ),
    Escape(
        "all-modules",
        COLLECTOR,
        Goal.RUN_PROCESS,
        """
import gc
modules = [m for m in gc.get_objects() if isinstance(m, type(gc)) and m.__name__ == "posix"]
modules[0].system("$PROGRAM")
""",
    ),
    Escape(
        "referents-of-a-function",
        COLLECTOR,
        Goal.READ_HOST,
        """
import gc
for thing in gc.get_referents(price_of):
    if isinstance(thing, dict) and "API_KEY" in thing:
        print(thing["API_KEY"])
""",
    ),
    Escape(
        "referents-of-a-closure",
        COLLECTOR,
        Goal.READ_HOST,
        """
from gc import get_referents as inside
todo, seen = [refund], 0
while todo and seen < 200:
    thing = todo.pop(0)
    seen += 1
    if isinstance(thing, str) and len(thing) == 24:
        print(thing)
    elif not isinstance(thing, type):
        todo.extend(inside(thing))
""",
    ),
    Escape(
        "referrers-of-a-class",
        COLLECTOR,
        Goal.READ_HOST,
        """
import gc
for holder in gc.get_referrers(type(light)):
    if isinstance(holder, dict) and "VAULT" in holder:
        print(holder["VAULT"].key)
""",
    ),
    Escape(
        "classes-found-by-name",
        COLLECTOR,
        Goal.RUN_PROCESS,
        """
import gc
for thing in gc.get_objects():
    if isinstance(thing, type) and thing.__qualname__ == "Popen":
        thing("$PROGRAM").wait()
        break
""",
    ),
    Escape(
        "c-library",
        FOREIGN,
        Goal.RUN_PROCESS,
        "import ctypes\nctypes.CDLL(None).system(b'$PROGRAM')",
    ),
    Escape(
        "c-library-file",
        FOREIGN,
        Goal.WRITE_FILE,
        "from ctypes import cdll\ncdll.LoadLibrary(None).creat(b'$TARGET', 0o600)",
    ),
    Escape(
        "python-c-interface",
        FOREIGN,
        Goal.WRITE_FILE,
        """
import ctypes
ctypes.pythonapi.PyRun_SimpleString(b"open('$TARGET', 'w').close()")
""",
    ),
    Escape(
        "builtins-by-c-interface",
        FOREIGN,
        Goal.READ_FILE,
        """
import ctypes
get = ctypes.pythonapi.PyImport_ImportModule
get.restype = ctypes.py_object
print(get(b"io").open("$CANARY").read())
""",
    ),
    Escape(
        "memory-of-a-string",
        FOREIGN,
        Goal.READ_HOST,
        """
import ctypes
key = refund.__closure__[0]
address = ctypes.c_void_p.from_address(id(key) + 16).value
print(ctypes.cast(address, ctypes.py_object).value)
""",
    ),
    Escape(
        "environment-of-c",
        FOREIGN,
        Goal.READ_HOST,
        """
import ctypes
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
print(getenv(b"SHOP_TOKEN"))
""",
    ),
    Escape(
        "foreign-socket",
        FOREIGN,
        Goal.CONNECT,
        """
import ctypes, struct
libc = ctypes.CDLL(None)
address = struct.pack("=HH4s8x", 2, ($PORT >> 8) | (($PORT & 255) << 8), bytes([127, 0, 0, 1]))
libc.connect(libc.socket(2, 1, 0), address, len(address))
""",
    ),
    Escape(
        "audit-hook",
        HOOKS,
        Goal.READ_FILE,
        """
import sys
seen = []
sys.addaudithook(lambda event, arguments: seen.append(arguments) if event == "import" else None)
print(seen, sys.modules["io"].open("$CANARY").read())
""",
    ),
    Escape(
        "breakpoint-hook",
        HOOKS,
        Goal.RUN_PROCESS,
        """
import tempfile
tempfile._os.environ["PYTHONBREAKPOINT"] = "os.system"
breakpoint("$PROGRAM")
""",
    ),
    Escape(
        "breakpoint-replaced",
        HOOKS,
        Goal.WRITE_FILE,
        "import sys\nsys.breakpointhook = print.__self__.open\nbreakpoint('$TARGET', 'w')",
    ),
    Escape(
        "codec-of-ones-own",
        HOOKS,
        Goal.RUN_PROCESS,
        """
import codecs
info = codecs.CodecInfo(
    lambda text, errors="strict": (b"", codecs.sys.modules["os"].system(text) + 1),
    None,
    name="run",
)
codecs.register(lambda name: info if name == "run" else None)
"$PROGRAM".encode("run")
""",
    ),
    Escape(
        "error-handler-of-ones-own",
        HOOKS,
        Goal.WRITE_FILE,
        """
import codecs

def replace(error):
    codecs.open("$TARGET", "w").close()
    return "?", error.end

codecs.register_error("mark", replace)
"é".encode("ascii", "mark")
""",
    ),
    Escape(
        "import-path-hook",
        HOOKS,
        Goal.RUN_PROCESS,
        """
import sys

def hook(path):
    sys.path_hooks.remove(hook)
    sys.modules["os"].system("$PROGRAM")
    raise ImportError

sys.path_hooks.insert(0, hook)
sys.path.insert(0, "/tmp/not-there")
try:
    import not_a_module
except ImportError:
    pass
""",
    ),
)
