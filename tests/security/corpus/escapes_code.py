"""Escapes: code objects and pickles."""

from tests.security.corpus.records import Escape, Goal

CODE_OBJECTS = "code objects"
PICKLES = "pickles and copies"

CELLS = (
    Escape("exec", CODE_OBJECTS, Goal.WRITE_FILE, 'exec(\'open("$TARGET", "w").close()\')'),
    Escape(
        "compile-and-eval",
        CODE_OBJECTS,
        Goal.WRITE_FILE,
        "eval(compile('open(\"$TARGET\", \"w\").close()', 'x', 'eval'))",
    ),
    Escape(
        "code-in-another-encoding",
        CODE_OBJECTS,
        Goal.WRITE_FILE,
        """
code = b"# coding: utf-7\\n+AG8AcABlAG4-('$TARGET', 'w').close()"
exec(code)
""",
    ),
    Escape(
        "function-of-compiled-code",
        CODE_OBJECTS,
        Goal.WRITE_FILE,
        """
import types
code = compile("open('$TARGET', 'w').close()", "x", "exec")
types.FunctionType(code, {"__builtins__": __builtins__})()
""",
    ),
    Escape(
        "names-of-code-replaced",
        CODE_OBJECTS,
        Goal.READ_FILE,
        """
def harmless():
    return print("$CANARY")

code = harmless.__code__.replace(co_names=("open",))
harmless.__code__ = code
print(harmless().read())
""",
    ),
    Escape(
        "function-with-other-builtins",
        CODE_OBJECTS,
        Goal.WRITE_FILE,
        """
def harmless():
    sorted("$TARGET", "w")

import types, textwrap
tools = dict(textwrap.__builtins__)
tools["sorted"] = tools["open"]
types.FunctionType(harmless.__code__, {"__builtins__": tools})()
""",
    ),
    Escape(
        "type-of-a-function",
        CODE_OBJECTS,
        Goal.READ_HOST,
        """
def peek():
    return VAULT.key

print(type(peek)(peek.__code__, price_of.__globals__)())
""",
    ),
    Escape(
        "code-in-place-of-the-hosts",
        CODE_OBJECTS,
        Goal.READ_HOST,
        """
def peek(article, *, rate="standard"):
    return API_KEY

price_of.__code__ = peek.__code__
print(price_of("lamp"))
""",
    ),
    Escape(
        "syntax-tree",
        CODE_OBJECTS,
        Goal.WRITE_FILE,
        """
import ast
call = ast.parse("print('$TARGET', 'w')", mode="eval")
call.body.func.id = "open"
eval(compile(ast.fix_missing_locations(call), "x", "eval"))
""",
    ),
    Escape(
        "marshalled-code",
        CODE_OBJECTS,
        Goal.WRITE_FILE,
        """
import marshal
data = marshal.dumps(compile("open('$TARGET', 'w').close()", "x", "exec"))
exec(marshal.loads(data))
""",
    ),
    Escape(
        "pickle-in-letters",
        PICKLES,
        Goal.RUN_PROCESS,
        "import pickle\npickle.loads(b\"cos\\nsystem\\n(S'$PROGRAM'\\ntR.\")",
    ),
    Escape(
        "pickle-reduce",
        PICKLES,
        Goal.WRITE_FILE,
        """
import pickle

class Row:
    def __reduce__(self):
        return exec, ("open('$TARGET', 'w').close()",)

pickle.loads(pickle.dumps(Row()))
""",
    ),
    Escape(
        "copy-of-an-object",
        PICKLES,
        Goal.RUN_PROCESS,
        """
import copy, random

class Row:
    def __reduce_ex__(self, protocol):
        return random._os.system, ("$PROGRAM",)

copy.copy(Row())
""",
    ),
    Escape(
        "numpy-load",
        PICKLES,
        Goal.RUN_PROCESS,
        """
import numpy as np, io, random

class Row:
    def __reduce__(self):
        return random._os.system, ("$PROGRAM",)

buffer = io.BytesIO()
np.save(buffer, np.array([Row(), None], dtype=object), allow_pickle=True)
buffer.seek(0)
np.load(buffer, allow_pickle=True)
""",
    ),
    Escape(
        "array-file-read-as-pickle",
        PICKLES,
        Goal.RUN_PROCESS,
        """
import numpy as np, pandas as pd
data = b"cposix\\nsystem\\n(S'$PROGRAM'\\ntR."
np.frombuffer(data, dtype=np.uint8).tofile("table.pkl")
pd.read_pickle("table.pkl")
""",
    ),
    Escape(
        "pandas-pickle-in-a-buffer",
        PICKLES,
        Goal.WRITE_FILE,
        """
import io
import pandas as pd
code = b"open('$TARGET', 'w').close()"
pd.read_pickle(io.BytesIO(b"cbuiltins\\nexec\\n(S\\"" + code + b"\\"\\ntR."))
""",
    ),
    Escape(
        "find-class",
        PICKLES,
        Goal.READ_FILE,
        """
import io, pickle
print(pickle.Unpickler(io.BytesIO()).find_class("io", "open")("$CANARY").read())
""",
    ),
    Escape(
        "deep-copy-with-a-table",
        PICKLES,
        Goal.WRITE_FILE,
        """
import copy, copyreg

class Row: ...

copyreg.pickle(Row, lambda row: (open, ("$TARGET", "w")))
copy.deepcopy(Row())
""",
    ),
    Escape(
        "shelf-entry",
        PICKLES,
        Goal.RUN_PROCESS,
        """
import shelve
with shelve.open("store", flag="n") as store:
    store.dict[b"row"] = b"cposix\\nsystem\\n(S'$PROGRAM'\\ntR."
with shelve.open("store") as store:
    store["row"]
""",
    ),
    Escape(
        "copied-getattr",
        PICKLES,
        Goal.READ_HOST,
        """
import copy
read = copy.copy(getattr)
print(read(price_of, "".join(["__glo", "bals__"]))["API_KEY"])
""",
    ),
    Escape(
        "deep-copied-getattr",
        PICKLES,
        Goal.READ_HOST,
        """
import copy
[read] = copy.deepcopy([getattr])
print(read(price_of, "".join(["__glo", "bals__"]))["API_KEY"])
""",
    ),
    Escape(
        "copied-attrgetter",
        PICKLES,
        Goal.READ_HOST,
        """
import copy, operator
print(copy.copy(operator.attrgetter("".join(["__glo", "bals__"])))(price_of)["API_KEY"])
""",
    ),
)
