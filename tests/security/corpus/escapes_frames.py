"""Escapes: frames, wherever they can be had."""

from tests.security.corpus.records import Escape, Goal

FRAMES = "frames"
TRACEBACKS = "tracebacks"
SUSPENDED = "frames of generators and coroutines"

CELLS = (
    Escape(
        "caller-frames",
        FRAMES,
        Goal.READ_HOST,
        """
import sys
frame = sys._getframe()
while frame:
    if "shop" in frame.f_locals:
        print(frame.f_locals["shop"].other.retrieve("ledger"))
        break
    frame = frame.f_back
""",
    ),
    Escape(
        "current-frame",
        FRAMES,
        Goal.READ_FILE,
        "import inspect\nprint(inspect.currentframe().f_back.f_builtins['open']('$CANARY').read())",
    ),
    Escape(
        "stack",
        FRAMES,
        Goal.READ_HOST,
        """
import inspect
for info in inspect.stack():
    request = info.frame.f_locals.get("request")
    if request is not None:
        print(request.secret)
        break
""",
    ),
    Escape(
        "frames-of-threads",
        FRAMES,
        Goal.RUN_PROCESS,
        """
import sys
for frame in sys._current_frames().values():
    while frame.f_back and "os" not in frame.f_globals:
        frame = frame.f_back
    frame.f_globals["os"].system("$PROGRAM")
""",
    ),
    Escape(
        "frames-in-a-log-record",
        FRAMES,
        Goal.RUN_PROCESS,
        """
import logging
frame = logging.currentframe()
while "os" not in frame.f_globals:
    frame = frame.f_back
frame.f_globals["os"].system("$PROGRAM")
""",
    ),
    Escape(
        "frames-of-tasks",
        FRAMES,
        Goal.READ_HOST,
        """
import asyncio
for task in asyncio.all_tasks():
    for frame in task.get_stack():
        if "request" in frame.f_locals:
            print(frame.f_locals["request"].secret)
""",
    ),
    Escape(
        "walk-of-the-stack",
        FRAMES,
        Goal.READ_HOST,
        """
import traceback
for frame, _ in traceback.walk_stack(None):
    if "request" in frame.f_locals:
        print(frame.f_locals["request"].secret)
        break
""",
    ),
    Escape(
        "trace-function",
        FRAMES,
        Goal.RUN_PROCESS,
        """
import sys

def watch(frame, event, argument):
    while frame and "os" not in frame.f_globals:
        frame = frame.f_back
    sys.setprofile(None)
    frame.f_globals["os"].system("$PROGRAM")

sys.setprofile(watch)
len("x")
""",
    ),
    Escape(
        "traceback-of-an-error",
        TRACEBACKS,
        Goal.READ_FILE,
        """
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame.f_back
print(frame.f_builtins["open"]("$CANARY").read())
""",
    ),
    Escape(
        "traceback-into-the-host",
        TRACEBACKS,
        Goal.READ_HOST,
        """
try:
    price_of("sofa")
except KeyError as error:
    print(error.__traceback__.tb_next.tb_frame.f_globals["API_KEY"])
""",
    ),
    Escape(
        "traceback-of-a-library",
        TRACEBACKS,
        Goal.RUN_PROCESS,
        """
import pandas as pd
try:
    pd.read_csv("not-there.csv")
except OSError as error:
    step = error.__traceback__
    while step:
        tools = step.tb_frame.f_globals
        if "os" in tools:
            tools["os"].system("$PROGRAM")
            break
        step = step.tb_next
""",
    ),
    Escape(
        "traceback-by-format",
        TRACEBACKS,
        Goal.READ_HOST,
        """
try:
    price_of("sofa")
except KeyError as error:
    print("{0.__traceback__.tb_next.tb_frame.f_globals[API_KEY]}".format(error))
""",
    ),
    Escape(
        "traceback-given-to-exit",
        TRACEBACKS,
        Goal.READ_HOST,
        """
class Look:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        print(trace.tb_next.tb_frame.f_globals["VAULT"].key)
        return True

with Look():
    light.level = 1000
""",
    ),
    Escape(
        "traceback-of-the-system",
        TRACEBACKS,
        Goal.READ_HOST,
        """
import sys
try:
    price_of("sofa")
except KeyError:
    print(sys.exc_info()[2].tb_next.tb_frame.f_globals["API_KEY"])
""",
    ),
    Escape(
        "walk-of-a-traceback",
        TRACEBACKS,
        Goal.READ_FILE,
        """
import traceback
try:
    price_of("sofa")
except KeyError as error:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    print(frames[-1].f_builtins["open"]("$CANARY").read())
""",
    ),
    Escape(
        "error-in-a-format",
        TRACEBACKS,
        Goal.READ_HOST,
        """
class Probe(BaseException): ...

def fall(_):
    raise Probe

try:
    sorted([1], key=fall)
except Probe as probe:
    match probe:
        case BaseException(__traceback__=object(tb_frame=frame)):
            pass
while frame and "host" not in frame.f_globals:
    match frame:
        case object(f_back=outer):
            frame = outer
print(frame.f_globals["host"].API_KEY)
""",
    ),
    Escape(
        "generator-frame",
        SUSPENDED,
        Goal.READ_FILE,
        """
numbers = (n for n in [1])
print(numbers.gi_frame.f_builtins["open"]("$CANARY").read())
""",
    ),
    Escape(
        "frame-behind-a-generator",
        SUSPENDED,
        Goal.READ_HOST,
        """
def look():
    yield generator.gi_frame.f_back

generator = look()
frame = [each for each in generator][0]
while "host" not in frame.f_globals:
    frame = frame.f_back
print(frame.f_globals["host"].API_KEY)
""",
    ),
    Escape(
        "generator-frame-by-name",
        SUSPENDED,
        Goal.WRITE_FILE,
        """
numbers = (n for n in "x")
tools = getattr(getattr(numbers, "gi_" + "frame"), "f_" + "builtins")
tools["open"]("$TARGET", "w").close()
""",
    ),
    Escape(
        "coroutine-frame",
        SUSPENDED,
        Goal.READ_FILE,
        """
async def wait(): ...

waiting = wait()
print(waiting.cr_frame.f_builtins["open"]("$CANARY").read())
waiting.close()
""",
    ),
    Escape(
        "coroutine-of-the-task",
        SUSPENDED,
        Goal.READ_HOST,
        """
import asyncio
coroutine = asyncio.current_task().get_coro()
print(coroutine.cr_frame.f_locals["request"].secret)
""",
    ),
    Escape(
        "asynchronous-generator",
        SUSPENDED,
        Goal.WRITE_FILE,
        """
async def numbers():
    yield 1

several = numbers()
several.ag_frame.f_builtins["open"]("$TARGET", "w").close()
""",
    ),
    Escape(
        "awaiting-chain",
        SUSPENDED,
        Goal.READ_HOST,
        """
import asyncio
for task in asyncio.all_tasks():
    step = task.get_coro()
    while step is not None and getattr(step, "cr_frame", None):
        if "request" in step.cr_frame.f_locals:
            print(step.cr_frame.f_locals["request"].secret)
        step = step.cr_await
""",
    ),
)
