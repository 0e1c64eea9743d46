"""Escapes: texts of which libraries make calls, walks and imports."""

from tests.security.corpus.records import Escape, Goal

TEXTS = "texts that libraries run or call"

CELLS = (
    Escape(
        "query-that-calls-a-method",
        TEXTS,
        Goal.WRITE_FILE,
        """
import pandas as pd
df = pd.DataFrame({"a": [1]})
df.query("a.to_csv('$TARGET')", engine="python")
""",
    ),
    Escape(
        "eval-that-calls-a-method",
        TEXTS,
        Goal.WRITE_FILE,
        """
import pandas as pd
df = pd.DataFrame({"a": [1]})
df.eval("a.to_csv('$TARGET')", engine="python")
""",
    ),
    Escape(
        "eval-that-walks-frames",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
df = pd.DataFrame({"a": [1]})

def walk():
    frame = df.eval("(@walker).gi_frame", engine="python")
    for _ in range(60):
        table = df.eval("(@frame).f_globals", engine="python")
        if "VAULT" in table:
            print(table.get("API_KEY"))
            break
        host = table.get("host")
        if host is not None:
            print(df.eval("(@host).API_KEY", engine="python"))
            break
        frame = df.eval("(@frame).f_back", engine="python")
    yield

walker = walk()
next(walker)
""",
    ),
    Escape(
        "tick-format",
        TEXTS,
        Goal.READ_HOST,
        """
from matplotlib.ticker import StrMethodFormatter
print(StrMethodFormatter("".join(["{x.__glo", "bals__[API_KEY]}"]))(price_of))
""",
    ),
    Escape(
        "style-format",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
df = pd.DataFrame({"a": pd.Series([price_of], dtype=object)})
print(df.style.format("".join(["{.__glo", "bals__[API_KEY]}"])).to_html())
""",
    ),
    Escape(
        "style-template",
        TEXTS,
        Goal.READ_FILE,
        """
import pandas as pd
df = pd.DataFrame({"a": [1]})
folder, _, name = "$CANARY".rpartition("/")
Styled = df.style.from_custom_template(folder, html_table=name)
print(Styled(df).to_html())
""",
    ),
    Escape(
        "drawing-module-by-name",
        TEXTS,
        Goal.TAMPER_HOST,
        """
import matplotlib
matplotlib.use("module://wsgiref.simple_server")
""",
        probe="'wsgiref.simple_server' in sys.modules",
    ),
    Escape(
        "plotting-module-by-name",
        TEXTS,
        Goal.TAMPER_HOST,
        """
import pandas as pd
try:
    pd.DataFrame({"a": [1]}).plot(backend="wsgiref.simple_server")
except Exception as error:
    print(error)
""",
        probe="'wsgiref.simple_server' in sys.modules",
    ),
)
