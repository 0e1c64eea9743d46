"""Escapes: modules that hand out other modules, and the import system."""

from tests.security.corpus.records import Escape, Goal

REEXPORTS = "modules that hand out others"
DATA = "data libraries that hand out modules"
IMPORTLIB = "the import system"

CELLS = (
    Escape(
        "os-of-random", REEXPORTS, Goal.RUN_PROCESS, "import random\nrandom._os.system('$PROGRAM')"
    ),
    Escape(
        "os-of-logging",
        REEXPORTS,
        Goal.READ_HOST,
        "import logging\nprint(logging.os.environ['SHOP_TOKEN'])",
    ),
    Escape(
        "from-import-of-a-re-export",
        REEXPORTS,
        Goal.RUN_PROCESS,
        "from mimetypes import os as types\ntypes.posix_spawn('$PROGRAM', ['p'], {})",
    ),
    Escape(
        "builtins-of-reprlib",
        REEXPORTS,
        Goal.READ_FILE,
        "from reprlib import builtins as tools\nprint(tools.open('$CANARY').read())",
    ),
    Escape(
        "builtins-of-enum",
        REEXPORTS,
        Goal.WRITE_FILE,
        'import enum\nenum.bltns.exec(\'open("$TARGET", "w")\')',
    ),
    Escape(
        "open-of-json",
        REEXPORTS,
        Goal.READ_FILE,
        "import json\nprint(json.codecs.open('$CANARY', encoding='utf-8').read())",
    ),
    Escape(
        "modules-of-collections",
        REEXPORTS,
        Goal.RUN_PROCESS,
        "from collections import _sys as s\ns.modules['posix'].system('$PROGRAM')",
    ),
    Escape(
        "modules-of-statistics",
        REEXPORTS,
        Goal.WRITE_FILE,
        "import statistics as st\nst.sys.modules['io'].open('$TARGET', 'w').close()",
    ),
    Escape(
        "modules-of-typing",
        REEXPORTS,
        Goal.READ_HOST,
        "import typing\nprint(typing.sys.modules['tests.security.host'].VAULT.key)",
    ),
    Escape(
        "two-steps",
        REEXPORTS,
        Goal.READ_FILE,
        "import traceback\nprint(traceback.linecache.getline('$CANARY', 1))",
    ),
    Escape(
        "open-of-tokenize",
        REEXPORTS,
        Goal.READ_FILE,
        "import inspect\nprint(inspect.tokenize.open('$CANARY').read())",
    ),
    Escape(
        "events-of-asyncio",
        REEXPORTS,
        Goal.RUN_PROCESS,
        "import asyncio\nasyncio.events.subprocess.call(['$PROGRAM'])",
    ),
    Escape(
        "os-of-matplotlib",
        DATA,
        Goal.RUN_PROCESS,
        "import matplotlib as mpl\nmpl.os.system('$PROGRAM')",
    ),
    Escape(
        "subprocess-of-cbook",
        DATA,
        Goal.RUN_PROCESS,
        "from matplotlib import cbook\ncbook.subprocess.run('$PROGRAM')",
    ),
    Escape(
        "modules-of-pyplot",
        DATA,
        Goal.READ_HOST,
        """
import matplotlib.pyplot as plt
print(plt.sys.modules["os"].environ["SHOP_TOKEN"])
""",
    ),
    Escape(
        "os-of-pandas-io",
        DATA,
        Goal.READ_HOST,
        "import pandas as pd\nprint(pd.io.common.os.getenv('SHOP_TOKEN'))",
    ),
    Escape(
        "codecs-of-pandas-io",
        DATA,
        Goal.READ_FILE,
        "import pandas as pd\nprint(pd.io.common.codecs.open('$CANARY').read())",
    ),
    Escape(
        "builtins-of-pandas-common",
        DATA,
        Goal.READ_FILE,
        "import pandas.core.common as com\nprint(com.builtins.open('$CANARY').read())",
    ),
    Escape(
        "pickle-of-pandas",
        DATA,
        Goal.RUN_PROCESS,
        """
import pandas as pd
pd.io.pickle.pickle.loads(b"cposix\\nsystem\\n(S'$PROGRAM'\\ntR.")
""",
    ),
    Escape(
        "ctypes-of-numpy",
        DATA,
        Goal.RUN_PROCESS,
        "import numpy as np\nnp.ctypeslib.ctypes.CDLL(None).system(b'$PROGRAM')",
    ),
    Escape(
        "modules-of-numpy",
        DATA,
        Goal.RUN_PROCESS,
        """
import numpy as np
np.testing._private.utils.os.system("$PROGRAM")
""",
    ),
    Escape(
        "builtins-of-numpy-random",
        DATA,
        Goal.WRITE_FILE,
        "import numpy as np\nnp.random.mtrand.__builtins__.open('$TARGET', 'w').close()",
    ),
    Escape(
        "builtins-of-pillow",
        DATA,
        Goal.READ_FILE,
        "from PIL import Image\nprint(Image.builtins.open('$CANARY').read())",
    ),
    Escape(
        "os-of-dateutil",
        DATA,
        Goal.WRITE_FILE,
        "import dateutil.tz as tz\ntz.tz.os.mkdir('$TARGET')",
    ),
    Escape(
        "import-module",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        "import importlib\nimportlib.import_module('os').system('$PROGRAM')",
    ),
    Escape(
        "import-module-by-name",
        IMPORTLIB,
        Goal.CONNECT,
        """
from importlib import import_module as get
get("_" + "socket").socket().connect(("127.0.0.1", $PORT))
""",
    ),
    Escape(
        "bootstrap-import",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        "import importlib as i\ni._bootstrap._gcd_import('os').system('$PROGRAM')",
    ),
    Escape(
        "own-loader",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        """
import re
path = re.__file__.replace("re/__init__", "subprocess")
type(re.__loader__)("helpers", path).load_module().run("$PROGRAM")
""",
    ),
    Escape(
        "data-of-a-loader",
        IMPORTLIB,
        Goal.READ_FILE,
        "import json\nprint(json.__loader__.get_data('$CANARY'))",
    ),
    Escape(
        "loader-of-builtins",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        "import sys\nsys.__loader__.load_module('posix').system('$PROGRAM')",
    ),
    Escape(
        "finders",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        """
import sys
for finder in sys.meta_path:
    spec = finder.find_spec("posix", None)
    if spec is not None:
        spec.loader.load_module("posix").system("$PROGRAM")
        break
""",
    ),
    Escape(
        "package-data",
        IMPORTLIB,
        Goal.READ_FILE,
        """
import pkgutil
up = "/".join([".."] * 20)
print(pkgutil.get_data("json", f"{up}$CANARY"))
""",
    ),
    Escape(
        "entry-point",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        """
from importlib.metadata import EntryPoint
EntryPoint("run", "os:system", "tools").load()("$PROGRAM")
""",
    ),
    Escape(
        "module-written-and-imported",
        IMPORTLIB,
        Goal.RUN_PROCESS,
        """
import numpy as np, sys
np.savetxt("plugin.py", ["import os; os.system('$PROGRAM')"], fmt="%s")
sys.path.insert(0, "")
import plugin
""",
    ),
)
