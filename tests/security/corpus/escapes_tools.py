"""Escapes: modules that are loaded already, and functions that take code or names as text."""

from tests.security.corpus.records import Escape, Goal

LOADED = "modules that are loaded already"
CODE_TOOLS = "tools that run code in strings"
LOOKUP_TOOLS = "tools that look names up in strings"

CELLS = (
    Escape(
        "sys-modules", LOADED, Goal.RUN_PROCESS, "import sys\nsys.modules['os'].system('$PROGRAM')"
    ),
    Escape(
        "sys-modules-get",
        LOADED,
        Goal.READ_FILE,
        "from sys import modules\nprint(modules.get('io').open('$CANARY').read())",
    ),
    Escape(
        "sys-modules-searched",
        LOADED,
        Goal.RUN_PROCESS,
        """
import sys
for module in list(sys.modules.values()):
    if hasattr(module, "system") and hasattr(module, "environ"):
        module.system("$PROGRAM")
        break
""",
    ),
    Escape(
        "main-module",
        LOADED,
        Goal.READ_HOST,
        "import sys\nprint(sys.modules['__main__'].child.host.API_KEY)",
    ),
    Escape(
        "module-of-a-class",
        LOADED,
        Goal.READ_HOST,
        """
import sys
module = sys.modules[type(light).__module__]
print(module.API_KEY)
""",
    ),
    Escape(
        "inspect-getmodule",
        LOADED,
        Goal.READ_HOST,
        "import inspect\nprint(inspect.getmodule(type(light)).VAULT.key)",
    ),
    Escape(
        "timeit",
        CODE_TOOLS,
        Goal.WRITE_FILE,
        'import timeit\ntimeit.timeit(\'open("$TARGET", "w").close()\', number=1)',
    ),
    Escape(
        "timeit-setup",
        CODE_TOOLS,
        Goal.RUN_PROCESS,
        """
from timeit import repeat
repeat("pass", "import os; os.system('$PROGRAM')", number=1, repeat=1)
""",
    ),
    Escape(
        "interactive-interpreter",
        CODE_TOOLS,
        Goal.WRITE_FILE,
        'import code\ncode.InteractiveInterpreter().runsource(\'open("$TARGET", "w").close()\')',
    ),
    Escape(
        "profiler",
        CODE_TOOLS,
        Goal.WRITE_FILE,
        'import cProfile\ncProfile.run(\'open("$TARGET", "w").close()\')',
    ),
    Escape(
        "debugger",
        CODE_TOOLS,
        Goal.RUN_PROCESS,
        """
import bdb

class Quiet(bdb.Bdb):
    def user_line(self, frame):
        self.set_continue()

Quiet().run("import os; os.system('$PROGRAM')", {})
""",
    ),
    Escape(
        "doctest",
        CODE_TOOLS,
        Goal.RUN_PROCESS,
        '''
import doctest

def documented():
    """
    >>> import os
    >>> os.system("$PROGRAM")
    0
    """

doctest.run_docstring_examples(documented, {})
''',
    ),
    Escape(
        "run-a-path",
        CODE_TOOLS,
        Goal.RUN_PROCESS,
        """
import pandas as pd, runpy
pd.Series(["import os", "os.system('$PROGRAM')"]).to_csv("step.py", index=False, header=False)
runpy.run_path("step.py")
""",
    ),
    Escape(
        "trace",
        CODE_TOOLS,
        Goal.WRITE_FILE,
        'import trace\ntrace.Trace(count=0, trace=0).run(\'open("$TARGET", "w")\')',
    ),
    Escape(
        "sub-interpreter-of-the-library",
        CODE_TOOLS,
        Goal.RUN_PROCESS,
        """
from cave_agent.runtime import PythonRuntime
await PythonRuntime().execute("import os; os.system('$PROGRAM')")
""",
    ),
    Escape(
        "resolve-name",
        LOOKUP_TOOLS,
        Goal.RUN_PROCESS,
        "import pkgutil\npkgutil.resolve_name('os:system')('$PROGRAM')",
    ),
    Escape(
        "pydoc-locate",
        LOOKUP_TOOLS,
        Goal.READ_FILE,
        "import pydoc\nprint(pydoc.locate('io.open')('$CANARY').read())",
    ),
    Escape(
        "mock-patch",
        LOOKUP_TOOLS,
        Goal.RUN_PROCESS,
        "from unittest import mock\nmock.patch('os.anything').getter().system('$PROGRAM')",
    ),
    Escape(
        "logging-configuration",
        LOOKUP_TOOLS,
        Goal.RUN_PROCESS,
        """
import logging.config
handler = {"()": "os.system", "command": "$PROGRAM"}
try:
    logging.config.dictConfig({"version": 1, "handlers": {"h": handler}})
except (ValueError, AttributeError):
    print("not a handler")
""",
    ),
    Escape(
        "logging-external",
        LOOKUP_TOOLS,
        Goal.READ_HOST,
        """
import logging.config
configurator = logging.config.BaseConfigurator({})
print(configurator.convert("ext://tests.security.host.API_KEY"))
""",
    ),
    Escape(
        "unittest-loader",
        LOOKUP_TOOLS,
        Goal.READ_HOST,
        """
import unittest
unittest.TestLoader().loadTestsFromName("tests.security.host.API_KEY")
""",
    ),
    Escape(
        "pydantic-import-string",
        LOOKUP_TOOLS,
        Goal.RUN_PROCESS,
        """
from pydantic import ImportString, TypeAdapter
TypeAdapter(ImportString).validate_python("os.system")("$PROGRAM")
""",
    ),
)
