"""Ordinary cells: the objects that the host has given, and the small things around the work."""

from tests.security.corpus.records import Benign

CELLS = (
    Benign(
        "use-the-light",
        """
message = light.set(40)
before = light.level
light.level = 70
try:
    light.level = 200
except ValueError as error:
    problem = str(error)
print(message, light.room, light.is_on)
""",
        check="before == 40 and light.level == 70 and '200' in problem",
        stdout="kitchen: 40 % kitchen True\n",
    ),
    Benign(
        "type-of-the-light",
        """
other = type(light)("hall")
other.set(10)
kinds = [type(thing).__name__ for thing in (light, tasks, 1.5)]
same = isinstance(other, Light)
""",
        check="kinds == ['Light', 'list', 'float'] and same and other.level == 10",
    ),
    Benign(
        "work-on-tasks",
        """
tasks.append({"title": "paint hall", "done": False, "hours": 6})
for task in tasks:
    if "lamps" in task["title"]:
        task["done"] = True
open_hours = sum(task["hours"] for task in tasks if not task["done"])
by_hours = sorted(tasks, key=lambda task: -task["hours"])
""",
        check="open_hours == 6 and by_hours[0]['title'] == 'paint hall' and tasks[0]['done']",
    ),
    Benign(
        "tasks-as-a-table",
        """
import pandas as pd

board = pd.DataFrame(tasks)
board["cost"] = board["hours"] * price_of("bulb")
answer = board.loc[0, "cost"]
board
""",
        check="round(answer, 2) == 9.52",
    ),
    Benign(
        "call-injected-functions",
        """
prices = {name: price_of(name) for name in ("lamp", "bulb")}
reduced = price_of("bulb", rate="reduced")
try:
    price_of("sofa")
except KeyError as error:
    unknown = error.args[0]
receipt = refund(17)
help_text = price_of.__doc__
""",
        check="prices == {'lamp': 23.8, 'bulb': 4.76} and unknown == 'sofa' and '17' in receipt",
    ),
    Benign(
        "look-at-an-object",
        """
class Sensor:
    \"\"\"Measures.\"\"\"

    def __init__(self):
        self.unit = "C"
        self.values = [20.5]

sensor = Sensor()
public = [name for name in dir(light) if not name.startswith("_")]
methods = [name for name in public if callable(getattr(light, name))]
fields = {**vars(sensor), "doc": sensor.__doc__, "class": sensor.__class__.__name__}
""",
        check="methods == ['set'] and fields['unit'] == 'C' and fields['class'] == 'Sensor'",
    ),
    Benign(
        "warnings-and-options",
        """
import warnings
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
pd.set_option("display.max_columns", None)
pd.options.display.float_format = "{:.2f}".format
np.set_printoptions(precision=2, suppress=True)
text = pd.DataFrame({"x": [1 / 3]}).to_string(index=False)
""",
        check="text.split() == ['x', '0.33']",
    ),
    Benign(
        "time-and-log",
        """
import logging
import time

logger = logging.getLogger("analysis")
logger.setLevel(logging.INFO)
started = time.perf_counter()
logger.info("loaded %d rows", 3)
time.sleep(0.001)
elapsed = time.perf_counter() - started
stamp = time.strftime("%Y-%m-%d", time.gmtime(0))
""",
        check="elapsed > 0 and stamp == '1970-01-01' and logger.isEnabledFor(20)",
    ),
    Benign(
        "print-a-traceback",
        """
import traceback

try:
    [1, 2][5]
except IndexError as error:
    report = traceback.format_exc()
    kind, message = type(error).__name__, str(error)
print(kind, message)
""",
        check="'IndexError' in report",
        stdout="IndexError list index out of range\n",
    ),
    Benign(
        "path-names",
        """
from pathlib import PurePosixPath

path = PurePosixPath("data") / "2024" / "sales.csv"
stem, suffix = path.stem, path.suffix
sizes = sorted(["10 MB", "2 MB"], key=lambda text: int(text.split()[0]))
""",
        check="str(path) == 'data/2024/sales.csv' and (stem, suffix) == ('sales', '.csv')",
    ),
    Benign(
        "infinity-and-sizes",
        """
import sys

smallest = sys.maxsize
for n in (5, 3, 8):
    smallest = min(smallest, n)
version = sys.version_info[:2]
""",
        check="smallest == 3 and version >= (3, 11)",
    ),
)
