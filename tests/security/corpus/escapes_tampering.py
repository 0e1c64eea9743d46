"""Escapes: changes to what the host program uses itself."""

from tests.security.corpus.records import Escape, Goal

TAMPERING = "modules and builtins of the host replaced"
STATE = "settings of the process changed"

CELLS = (
    Escape(
        "function-of-json",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import json\njson.dumps = lambda *_, **__: 'owned'",
        probe="sys.modules['json'].dumps({}) == 'owned'",
    ),
    Escape(
        "constant-of-math",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import math\nsetattr(math, 'pi', 3)",
        probe="sys.modules['math'].pi == 3",
    ),
    Escape(
        "builtin-replaced",
        TAMPERING,
        Goal.TAMPER_HOST,
        """
import sys
sys.modules['builtins'].len = lambda thing, count=len: count(thing) + 1
""",
        probe="len([]) == 1",
    ),
    Escape(
        "builtin-added",
        TAMPERING,
        Goal.TAMPER_HOST,
        "print.__self__.owned = True",
        probe="hasattr(__import__('builtins'), 'owned')",
    ),
    Escape(
        "module-exchanged",
        TAMPERING,
        Goal.TAMPER_HOST,
        """
import sys, types
sys.modules["csv"] = types.SimpleNamespace(owned=True)
""",
        probe="hasattr(__import__('csv'), 'owned')",
    ),
    Escape(
        "method-of-tables",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import pandas as pd\npd.DataFrame.sum = lambda self: 'owned'",
        probe="str(sys.modules['pandas'].DataFrame([1]).sum()) == 'owned'",
    ),
    Escape(
        "star-assignment",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import statistics\nfor statistics.mean in [max]:\n    pass",
        probe="__import__('statistics').mean([1, 3]) == 3",
    ),
    Escape(
        "with-target",
        TAMPERING,
        Goal.TAMPER_HOST,
        """
import contextlib, random
with contextlib.nullcontext(lambda: 0.5) as random.random:
    pass
""",
        probe="__import__('random').random() == 0.5",
    ),
    Escape(
        "attribute-deleted",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import textwrap\ndel textwrap.dedent",
        probe="not hasattr(__import__('textwrap'), 'dedent')",
    ),
    Escape(
        "dictionary-updated",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import string\nvars(string).update(digits='owned')",
        probe="__import__('string').digits == 'owned'",
    ),
    Escape(
        "through-a-mock",
        TAMPERING,
        Goal.TAMPER_HOST,
        "from unittest.mock import patch\npatch('json.loads', lambda text: 'owned').start()",
        probe="__import__('json').loads('1') == 'owned'",
    ),
    Escape(
        "class-of-the-library",
        TAMPERING,
        Goal.TAMPER_HOST,
        """
from cave_agent.runtime import PythonRuntime
PythonRuntime.retrieve = lambda self, name: "owned"
""",
        probe="shop.other.retrieve('ledger') == 'owned'",
    ),
    Escape(
        "module-of-the-host",
        TAMPERING,
        Goal.TAMPER_HOST,
        "import tests.security.host as shop\nshop.API_KEY = 'owned'",
        probe="host.API_KEY == 'owned'",
    ),
    Escape(
        "environment",
        STATE,
        Goal.TAMPER_HOST,
        "import random\nrandom._os.environ.pop('SHOP_TOKEN')",
        probe="'SHOP_TOKEN' not in host.os.environ",
    ),
    Escape(
        "working-folder",
        STATE,
        Goal.TAMPER_HOST,
        "import glob\nglob.os.chdir('/')",
        probe="host.os.getcwd() == '/'",
    ),
    Escape(
        "working-folder-as-a-context",
        STATE,
        Goal.TAMPER_HOST,
        "import contextlib\ncontextlib.chdir('/').__enter__()",
        probe="host.os.getcwd() == '/'",
    ),
    Escape(
        "search-path",
        STATE,
        Goal.TAMPER_HOST,
        "import sys\nsys.path.insert(0, 'plugins')",
        probe="sys.path[0] == 'plugins'",
    ),
    Escape(
        "recursion-limit",
        STATE,
        Goal.TAMPER_HOST,
        "import sys\nsys.setrecursionlimit(4321)",
        probe="sys.getrecursionlimit() == 4321",
    ),
    Escape(
        "signal-handler",
        STATE,
        Goal.TAMPER_HOST,
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
        probe="__import__('signal').getsignal(15) == 1",
    ),
    Escape(
        "logging-silenced",
        STATE,
        Goal.TAMPER_HOST,
        "import logging\nlogging.disable(logging.CRITICAL)",
        probe="not __import__('logging').getLogger().isEnabledFor(50)",
    ),
    Escape(
        "exception-hook",
        STATE,
        Goal.TAMPER_HOST,
        "import sys\nsys.excepthook = lambda *error: None",
        probe="sys.excepthook is not sys.__excepthook__",
    ),
    Escape(
        "collector-off",
        STATE,
        Goal.TAMPER_HOST,
        "import gc\ngc.disable()",
        probe="not __import__('gc').isenabled()",
    ),
    Escape(
        "module-forgotten",
        STATE,
        Goal.TAMPER_HOST,
        "import sys\ndel sys.modules['json']",
        probe="'json' not in sys.modules",
    ),
)
