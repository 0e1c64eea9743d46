"""Escapes: text that libraries evaluate."""

from tests.security.corpus.records import Escape, Goal

EVALUATED = "expressions that data libraries evaluate"
METHOD_NAMES = "methods that data libraries call by name"
ANNOTATIONS = "annotations that are evaluated"

CELLS = (
    Escape(
        "pandas-eval",
        EVALUATED,
        Goal.RUN_PROCESS,
        """
import pandas as pd, random
pd.eval("random._os.system('$PROGRAM')", engine="python")
""",
    ),
    Escape(
        "query-with-a-local",
        EVALUATED,
        Goal.WRITE_FILE,
        """
import pandas as pd
tool = print.__self__
df = pd.DataFrame({"a": [1]})
df.query("a == @tool.open('$TARGET', 'w').close()", engine="python")
""",
    ),
    Escape(
        "query-that-walks",
        EVALUATED,
        Goal.READ_HOST,
        """
import pandas as pd
kept = []
df = pd.DataFrame({"a": [1]})
df.query("a == @kept.append(@price_of.__globals__)", engine="python")
print(kept[0]["API_KEY"])
""",
    ),
    Escape(
        "eval-of-a-column",
        EVALUATED,
        Goal.RUN_PROCESS,
        """
import pandas as pd
df = pd.DataFrame({"path": [1, 2]})
df.eval("b = @pd.io.common.os.system('$PROGRAM')", engine="python")
""",
    ),
    Escape(
        "eval-with-resolvers",
        EVALUATED,
        Goal.READ_FILE,
        """
import pandas as pd
names = {"tool": print}
answer = pd.eval("tool.__self__.open('$CANARY').read()", local_dict=names, engine="python")
""",
    ),
    Escape(
        "expression-from-parts",
        EVALUATED,
        Goal.RUN_PROCESS,
        """
import pandas as pd
parts = ["pd", "compat", "sys", "modules", "get('os')", "system('$PROGRAM')"]
pd.eval(".".join(parts), engine="python")
""",
    ),
    Escape(
        "method-by-name",
        METHOD_NAMES,
        Goal.WRITE_FILE,
        "import pandas as pd\npd.Series([1]).agg('to_csv', path_or_buf='$TARGET')",
    ),
    Escape(
        "apply-by-name",
        METHOD_NAMES,
        Goal.WRITE_FILE,
        "import pandas as pd\npd.DataFrame({'a': [1]}).apply('to_pickle', path='$TARGET')",
    ),
    Escape(
        "pipe-by-name",
        METHOD_NAMES,
        Goal.WRITE_FILE,
        """
import pandas as pd
save = getattr(pd.DataFrame, "to" + "_json")
pd.DataFrame({"a": [1]}).pipe((save, "self"), path_or_buf="$TARGET")
""",
    ),
    Escape(
        "vectorised-builtin",
        METHOD_NAMES,
        Goal.WRITE_FILE,
        """
import numpy as np
np.vectorize(eval)(np.array(["open('$TARGET', 'w').close()"]))
""",
    ),
    Escape(
        "function-from-python",
        METHOD_NAMES,
        Goal.WRITE_FILE,
        """
import numpy as np
np.frompyfunc(print.__self__.open, 2, 1)(np.array(["$TARGET"], dtype=object), "w")
""",
    ),
    Escape(
        "apply-along-an-axis",
        METHOD_NAMES,
        Goal.RUN_PROCESS,
        """
import numpy as np
run = np.testing._private.utils.os.system
np.apply_along_axis(lambda row: run(row[0]), 0, np.array(["$PROGRAM"]))
""",
    ),
    Escape(
        "strings-mapped",
        METHOD_NAMES,
        Goal.RUN_PROCESS,
        """
import pandas as pd
pd.Series(["$PROGRAM"]).map(pd.io.common.os.system)
""",
    ),
    Escape(
        "type-hints",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        """
from typing import get_type_hints

def total(x: "open('$TARGET', 'w').close()"): ...

get_type_hints(total)
""",
    ),
    Escape(
        "type-hints-of-a-dictionary",
        ANNOTATIONS,
        Goal.RUN_PROCESS,
        """
import typing

class Row:
    __annotations__ = {"a": "__import__('os').system('$PROGRAM') and int"}

try:
    typing.get_type_hints(Row)
except TypeError:
    print("no type")
""",
    ),
    Escape(
        "annotation-itself",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        "size: open('$TARGET', 'w').close() = 3",
    ),
    Escape(
        "inspect-annotations",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        """
import inspect

def total(x: "exec('open(\\"$TARGET\\", \\"w\\").close()')"): ...

inspect.get_annotations(total, eval_str=True)
""",
    ),
    Escape(
        "signature-of-strings",
        ANNOTATIONS,
        Goal.RUN_PROCESS,
        """
from inspect import signature

def total(x: "__import__('subprocess').call('$PROGRAM')"): ...

signature(total, eval_str=True)
""",
    ),
    Escape(
        "dispatch-on-an-annotation",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        """
from functools import singledispatch

@singledispatch
def show(value): ...

@show.register
def _(value: "(open('$TARGET', 'w'), int)[1]"): ...
""",
    ),
    Escape(
        "model-fields",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        """
import pydantic

class Row(pydantic.BaseModel):
    n: "(open('$TARGET', 'w'), int)[1]"
""",
    ),
    Escape(
        "dataclass-field-names",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        """
from dataclasses import dataclass

@dataclass(init=False)
class Row:
    def own(self): ...

    __annotations__ = {"own.__globals__['__builtins__']['open']('$TARGET', 'w')": int}

print(Row())
""",
    ),
    Escape(
        "forward-reference",
        ANNOTATIONS,
        Goal.WRITE_FILE,
        """
import typing

class Row(typing.TypedDict):
    n: "list[open('$TARGET', 'w')]"

typing.get_type_hints(Row)
""",
    ),
)
