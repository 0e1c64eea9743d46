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
    Escape(
        "wide-letters-pd-eval",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
print(dict(pd.eval("ｐｄ.ｉｏ.ｃｏｍｍｏｎ.ｏｓ.ｅnviron", engine="python")))
""",
    ),
    Escape(
        "wide-letters-df-eval",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
def walk():
    frame = pd.DataFrame({"a": [walker]}).eval("a.iloc[0].ｇi_frame", engine="python")
    for _ in range(60):
        df = pd.DataFrame({"a": [frame]})
        table = df.eval("a.iloc[0].ｆ_globals", engine="python")
        if "API_KEY" in table:
            print(table["API_KEY"])
            break
        host = table.get("host")
        if host is not None:
            print(host.API_KEY)
            break
        frame = df.eval("a.iloc[0].ｆ_back", engine="python")
    yield
walker = walk()
next(walker)
""",
    ),
    Escape(
        "axis-formatter-text",
        TEXTS,
        Goal.READ_HOST,
        """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.xaxis.set_major_formatter("".join(["{x.__glo", "bals__[API_KEY]}"]))
print(ax.xaxis.get_major_formatter()(price_of))
plt.close(fig)
""",
    ),
    Escape(
        "axis-formatter-by-set",
        TEXTS,
        Goal.READ_HOST,
        """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.xaxis.set(major_formatter="".join(["{x.__glo", "bals__[API_KEY]}"]))
print(ax.xaxis.get_major_formatter()(price_of))
plt.close(fig)
""",
    ),
    Escape(
        "axis-formatter-by-setp",
        TEXTS,
        Goal.READ_HOST,
        """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
plt.setp(ax.xaxis, major_formatter="".join(["{x.__glo", "bals__[API_KEY]}"]))
print(ax.xaxis.get_major_formatter()(price_of))
plt.close(fig)
""",
    ),
    Escape(
        "colorbar-format",
        TEXTS,
        Goal.READ_HOST,
        """
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
bar = fig.colorbar(ax.imshow([[1, 2]]), format="{x.imag}")
bar.formatter.fmt = "".join(["{x.__glo", "bals__[API_KEY]}"])
print(bar.formatter(price_of))
plt.close(fig)
""",
    ),
    Escape(
        "template-environment",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
env = pd.DataFrame({"a": [1]}).style.env
print(env.from_string("".join(["{{ f.__glo", "bals__.API_KEY }}"])).render(f=price_of))
""",
    ),
    Escape(
        "template-of-a-template",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
env = pd.DataFrame({"a": [1]}).style.template_html.environment
print(env.from_string("".join(["{{ f.__glo", "bals__.API_KEY }}"])).render(f=price_of))
""",
    ),
    Escape(
        "eval-of-a-text-of-its-own-class",
        TEXTS,
        Goal.READ_HOST,
        """
import pandas as pd
class T(str):
    def __contains__(self, x): return False
print(pd.eval(T("".join(["price_of.__glo", "bals__['API_KEY']"])), engine="python"))
""",
    ),
)
