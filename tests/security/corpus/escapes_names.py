"""Escapes: plain imports, and names that rules would know, spelt or reached in other ways."""

from tests.security.corpus.records import Escape, Goal

PLAIN = "plain imports"
ALIASES = "builtins as values"
COMPUTED = "names computed at run time"
SPELLING = "names spelt in other characters"
SELF = "modules behind `__self__`"
NAMESPACE = "the namespace as a dictionary"

CELLS = (
    Escape("import-os", PLAIN, Goal.RUN_PROCESS, "import os\nos.system('$PROGRAM')"),
    Escape(
        "import-submodule",
        PLAIN,
        Goal.RUN_PROCESS,
        "import os.path as p\np.os.posix_spawn('$PROGRAM', ['p'], {})",
    ),
    Escape(
        "from-import-as",
        PLAIN,
        Goal.READ_HOST,
        "from os import environ as settings\nprint(settings['SHOP_TOKEN'])",
    ),
    Escape(
        "star-import",
        PLAIN,
        Goal.RUN_PROCESS,
        "from posix import *\nsystem('$PROGRAM')",
    ),
    Escape(
        "import-in-a-function",
        PLAIN,
        Goal.RUN_PROCESS,
        """
def load_data():
    if True:
        import subprocess as helpers
    return helpers.check_output("$PROGRAM")

load_data()
""",
    ),
    Escape(
        "import-after-a-semicolon",
        PLAIN,
        Goal.CONNECT,
        "x = 1; import socket; socket.create_connection(('127.0.0.1', $PORT)).close()",
    ),
    Escape(
        "import-of-the-host-program",
        PLAIN,
        Goal.READ_HOST,
        "from tests.security import host as settings\nsettings.API_KEY",
    ),
    Escape(
        "dunder-import",
        PLAIN,
        Goal.RUN_PROCESS,
        "__import__('subprocess').run(['$PROGRAM'])",
    ),
    Escape(
        "call-under-a-new-name", ALIASES, Goal.READ_FILE, "o = open\nprint(o('$CANARY').read())"
    ),
    Escape(
        "mapped-over-a-list",
        ALIASES,
        Goal.READ_FILE,
        "print([f.read() for f in map(open, ['$CANARY'])])",
    ),
    Escape(
        "key-of-a-sort",
        ALIASES,
        Goal.WRITE_FILE,
        'sorted([\'open("$TARGET", "w").close()\'], key=eval)',
    ),
    Escape(
        "default-of-a-parameter",
        ALIASES,
        Goal.READ_FILE,
        "def load(path, how=open):\n    return how(path).read()\n\nprint(load('$CANARY'))",
    ),
    Escape(
        "in-a-container",
        ALIASES,
        Goal.RUN_PROCESS,
        """
steps = {"parse": len, "load": __import__}
steps["load"]("os").system("$PROGRAM")
""",
    ),
    Escape(
        "unpacked-with-a-star",
        ALIASES,
        Goal.WRITE_FILE,
        'first, *rest = (len, exec)\nrest[0](\'open("$TARGET", "w")\')',
    ),
    Escape(
        "class-attribute",
        ALIASES,
        Goal.READ_FILE,
        """
class Loader:
    load = open

print(Loader().load("$CANARY").read())
""",
    ),
    Escape(
        "partial",
        ALIASES,
        Goal.WRITE_FILE,
        "from functools import partial\npartial(open, mode='w')('$TARGET').close()",
    ),
    Escape(
        "chosen-by-a-condition",
        ALIASES,
        Goal.READ_FILE,
        "(read := (None or open)) and print(*read('$CANARY'))",
    ),
    Escape(
        "name-from-numbers",
        COMPUTED,
        Goal.WRITE_FILE,
        """
name = "".join(map(chr, [111, 112, 101, 110]))
__builtins__[name]("$TARGET", "w").close()
""",
    ),
    Escape(
        "name-from-halves",
        COMPUTED,
        Goal.WRITE_FILE,
        """
import builtins
getattr(builtins, "ev" + "al")("open('$TARGET', 'w')")
""",
    ),
    Escape(
        "name-backwards",
        COMPUTED,
        Goal.READ_FILE,
        "import builtins\nprint(vars(builtins)['nepo'[::-1]]('$CANARY').read())",
    ),
    Escape(
        "name-by-rotation",
        COMPUTED,
        Goal.RUN_PROCESS,
        """
import codecs
module = __import__(codecs.decode("fhocebprff", "rot13"))
getattr(module, codecs.decode("pnyy", "rot13"))(["$PROGRAM"])
""",
    ),
    Escape(
        "name-by-translation",
        COMPUTED,
        Goal.RUN_PROCESS,
        """
table = str.maketrans("12", "os")
getattr(__import__("12".translate(table)), "2y2tem".translate(table))("$PROGRAM")
""",
    ),
    Escape(
        "name-from-base64",
        COMPUTED,
        Goal.WRITE_FILE,
        """
import base64
code = base64.b64decode("b3Blbigi").decode() + '$TARGET", "w").close()'
__builtins__[base64.b64decode("ZXhlYw==").decode()](code)
""",
    ),
    Escape(
        "name-from-a-docstring",
        COMPUTED,
        Goal.READ_HOST,
        """
text = max.__doc__ + dir.__doc__
name = "".join(text[text.index(letter)] for letter in "os")
print(getattr(__import__(name), "get" + "env")("SHOP_TOKEN"))
""",
    ),
    Escape(
        "name-found-by-search",
        COMPUTED,
        Goal.READ_FILE,
        """
import builtins
for name in dir(builtins):
    if len(name) == 4 and name.startswith("o") and name.endswith("n"):
        print(getattr(builtins, name)("$CANARY").read())
""",
    ),
    Escape(
        "name-from-bytes",
        COMPUTED,
        Goal.RUN_PROCESS,
        """
from importlib import import_module
import_module(bytes.fromhex("6f73").decode()).system("$PROGRAM")
""",
    ),
    Escape(
        "mathematical-letters",
        SPELLING,
        Goal.WRITE_FILE,
        '𝐞𝐱𝐞𝐜(\'𝐨𝐩𝐞𝐧("$TARGET", "w")\')',
    ),
    Escape("full-width-letters", SPELLING, Goal.READ_FILE, "print(ｏｐｅｎ('$CANARY').read())"),
    Escape(
        "italic-import",
        SPELLING,
        Goal.RUN_PROCESS,
        "import 𝘰𝘴\nｏｓ.𝘴𝘺𝘴𝘵𝘦𝘮('$PROGRAM')",
    ),
    Escape(
        "italic-attribute",
        SPELLING,
        Goal.READ_HOST,
        "print(refund.__𝘨𝘭𝘰𝘣𝘢𝘭𝘴__['API_KEY'])",
    ),
    Escape(
        "broken-over-lines",
        SPELLING,
        Goal.RUN_PROCESS,
        "import \\\n  os \\\n  as \\\n  o\n(o\n .\n system)(\n'$PROGRAM'\n)",
    ),
    Escape(
        "escapes-in-strings",
        SPELLING,
        Goal.READ_FILE,
        "import builtins\nprint(getattr(builtins, '\\x6fpe\\156')('$CANARY').read())",
    ),
    Escape(
        "builtins-of-print", SELF, Goal.READ_FILE, "print(print.__self__.open('$CANARY').read())"
    ),
    Escape(
        "builtins-of-len",
        SELF,
        Goal.RUN_PROCESS,
        "len.__self__.__dict__['__import__']('os').system('$PROGRAM')",
    ),
    Escape(
        "module-of-a-function",
        SELF,
        Goal.WRITE_FILE,
        "import io\nio.open.__self__.FileIO('$TARGET', 'w').close()",
    ),
    Escape(
        "self-of-a-sorted-key",
        SELF,
        Goal.WRITE_FILE,
        """
def module_of(function):
    return function.__self__

module = next(iter(map(module_of, (sorted,))))
module.eval("open('$TARGET', 'w')", {})
""",
    ),
    Escape(
        "self-by-name",
        SELF,
        Goal.RUN_PROCESS,
        """
name = "__" + "self" + "__"
getattr(getattr(hash, name), "__import__")("posix").system("$PROGRAM")
""",
    ),
    Escape(
        "self-of-a-c-function",
        SELF,
        Goal.WRITE_FILE,
        """
import time
loader = time.time.__self__.__loader__
loader.load_module("posix").open("$TARGET", 0o101)
""",
    ),
    Escape(
        "subscript-of-builtins",
        NAMESPACE,
        Goal.READ_FILE,
        "print(__builtins__['open']('$CANARY').read())",
    ),
    Escape(
        "builtins-from-globals",
        NAMESPACE,
        Goal.WRITE_FILE,
        "globals()['__builtins__']['exec']('open(\"$TARGET\", \"w\")')",
    ),
    Escape(
        "builtins-from-vars",
        NAMESPACE,
        Goal.RUN_PROCESS,
        "vars().get('__builtins__').get('__import__')('os').system('$PROGRAM')",
    ),
    Escape(
        "globals-of-an-own-function",
        NAMESPACE,
        Goal.READ_FILE,
        """
def own(): ...

print(own.__builtins__["open"]("$CANARY").read())
""",
    ),
    Escape(
        "values-of-builtins",
        NAMESPACE,
        Goal.READ_FILE,
        """
for tool in list(__builtins__.values()):
    if getattr(tool, "__name__", "") == "open":
        print(tool("$CANARY").read())
""",
    ),
    Escape(
        "builtins-of-another-module",
        NAMESPACE,
        Goal.WRITE_FILE,
        "import textwrap\ntextwrap.__builtins__['open']('$TARGET', 'w').close()",
    ),
)
