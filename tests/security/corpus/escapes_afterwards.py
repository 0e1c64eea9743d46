"""Escapes: what happens when the cell has ended."""

from tests.security.corpus.records import Escape, Goal

AFTERWARDS = "what acts after the cell"
HANDED_BACK = "objects handed back to the host"

CELLS = (
    Escape(
        "thread",
        AFTERWARDS,
        Goal.RUN_PROCESS,
        """
import threading, random

def later(pause, run):
    pause.wait(0.05)
    run("$PROGRAM")

threading.Thread(target=later, args=(threading.Event(), random._os.system)).start()
""",
    ),
    Escape(
        "timer",
        AFTERWARDS,
        Goal.WRITE_FILE,
        """
import threading
threading.Timer(0.05, open, ("$TARGET", "w")).start()
""",
    ),
    Escape(
        "at-exit",
        AFTERWARDS,
        Goal.WRITE_FILE,
        "import atexit\natexit.register(open, '$TARGET', 'w')",
    ),
    Escape(
        "finalizer",
        AFTERWARDS,
        Goal.WRITE_FILE,
        """
import weakref

class Row: ...

row = Row()
weakref.finalize(row, open, "$TARGET", "w")
""",
    ),
    Escape(
        "destructor",
        AFTERWARDS,
        Goal.RUN_PROCESS,
        """
import glob

class Row:
    def __del__(self, run=glob.os.system):
        run("$PROGRAM")

row = Row()
""",
    ),
    Escape(
        "generator-that-ends",
        AFTERWARDS,
        Goal.WRITE_FILE,
        """
def rows(save=open):
    try:
        yield 1
    finally:
        save("$TARGET", "w").close()

kept = rows()
next(kept)
""",
    ),
    Escape(
        "task",
        AFTERWARDS,
        Goal.CONNECT,
        """
import asyncio

async def later():
    await asyncio.sleep(0)
    await asyncio.open_connection("127.0.0.1", $PORT)

asyncio.get_running_loop().create_task(later())
""",
    ),
    Escape(
        "callback-of-the-loop",
        AFTERWARDS,
        Goal.WRITE_FILE,
        """
import asyncio
asyncio.get_running_loop().call_soon(open, "$TARGET", "w")
""",
    ),
    Escape(
        "collector-callback",
        AFTERWARDS,
        Goal.WRITE_FILE,
        """
import gc
gc.callbacks.append(lambda phase, info: open("$TARGET", "w").close())
""",
    ),
    Escape(
        "executor",
        AFTERWARDS,
        Goal.RUN_PROCESS,
        """
import asyncio, tempfile
asyncio.get_running_loop().run_in_executor(None, tempfile._os.system, "$PROGRAM")
""",
    ),
    Escape(
        "text-of-the-answer",
        HANDED_BACK,
        Goal.WRITE_FILE,
        """
class Answer:
    def __str__(self):
        open("$TARGET", "w").close()
        return "42"

answer = Answer()
""",
    ),
    Escape(
        "object-in-a-list",
        HANDED_BACK,
        Goal.READ_HOST,
        """
class Row:
    def __repr__(self, tool=price_of):
        return tool.__globals__["API_KEY"]

answer = [Row()]
""",
    ),
    Escape(
        "object-in-a-table",
        HANDED_BACK,
        Goal.READ_FILE,
        """
import pandas as pd

class Cell:
    def __str__(self, load=open):
        return load("$CANARY").read()

answer = pd.DataFrame({"cell": [Cell()]})
""",
    ),
    Escape(
        "host-frames-from-the-answer",
        HANDED_BACK,
        Goal.READ_HOST,
        """
import sys

class Answer(dict):
    def __repr__(self):
        frame = sys._getframe()
        while "shop" not in frame.f_locals:
            frame = frame.f_back
        return str(frame.f_locals["shop"].other.retrieve("ledger"))

answer = Answer()
""",
    ),
    Escape(
        "lazy-answer",
        HANDED_BACK,
        Goal.READ_FILE,
        """
class Answer:
    def __format__(self, spec):
        return print.__self__.open("$CANARY").read()

answer = Answer()
""",
    ),
    Escape(
        "subclass-of-str",
        HANDED_BACK,
        Goal.RUN_PROCESS,
        """
import random

class Text(str):
    def __format__(self, spec):
        random._os.system("$PROGRAM")
        return "fine"

answer = Text("fine")
""",
    ),
)
