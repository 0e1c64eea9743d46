"""Escapes: programs and connections, by the many tools that there are for them."""

from tests.security.corpus.records import Escape, Goal

PROGRAMS = "programs with the standard library"
SETTINGS = "programs and files named in settings"
NETWORK = "connections"

CELLS = (
    Escape("system", PROGRAMS, Goal.RUN_PROCESS, "from os import system\nsystem('$PROGRAM')"),
    Escape("popen", PROGRAMS, Goal.RUN_PROCESS, "import os\nos.popen('$PROGRAM').read()"),
    Escape(
        "subprocess-pipe",
        PROGRAMS,
        Goal.RUN_PROCESS,
        "import subprocess as sp\nsp.Popen('$PROGRAM', stdout=sp.PIPE).communicate()",
    ),
    Escape(
        "get-output",
        PROGRAMS,
        Goal.RUN_PROCESS,
        "from subprocess import getoutput\ngetoutput('$PROGRAM')",
    ),
    Escape(
        "fork-and-exec",
        PROGRAMS,
        Goal.RUN_PROCESS,
        """
import os
if os.fork() == 0:
    os.execv("$PROGRAM", ["program"])
os.wait()
""",
    ),
    Escape("terminal", PROGRAMS, Goal.RUN_PROCESS, "import pty\npty.spawn('$PROGRAM')"),
    Escape(
        "worker-process",
        PROGRAMS,
        Goal.RUN_PROCESS,
        """
import multiprocessing, os
worker = multiprocessing.get_context("fork").Process(target=os.system, args=("$PROGRAM",))
worker.start()
worker.join()
""",
    ),
    Escape(
        "asyncio-shell",
        PROGRAMS,
        Goal.RUN_PROCESS,
        """
import asyncio
process = await asyncio.create_subprocess_shell("$PROGRAM")
await process.wait()
""",
    ),
    Escape(
        "loop-subprocess",
        PROGRAMS,
        Goal.RUN_PROCESS,
        """
import asyncio
loop = asyncio.get_running_loop()
transport, _ = await loop.subprocess_exec(asyncio.SubprocessProtocol, "$PROGRAM")
await transport._wait()
transport.close()
""",
    ),
    Escape(
        "spawn-by-number",
        PROGRAMS,
        Goal.RUN_PROCESS,
        "import os\nos.spawnv(os.P_WAIT, '$PROGRAM', ['program'])",
    ),
    Escape(
        "browser",
        SETTINGS,
        Goal.RUN_PROCESS,
        "import webbrowser\nwebbrowser.GenericBrowser(['$PROGRAM', '%s']).open('x')",
    ),
    Escape(
        "pager",
        SETTINGS,
        Goal.RUN_PROCESS,
        "import pydoc\npydoc.pipepager('text', '$PROGRAM')",
    ),
    Escape(
        "animation-writer",
        SETTINGS,
        Goal.RUN_PROCESS,
        """
import matplotlib.pyplot as plt
from matplotlib.animation import FFMpegFileWriter
plt.rcParams["animation.ffmpeg_path"] = "$PROGRAM"
writer = FFMpegFileWriter()
try:
    with writer.saving(plt.figure(figsize=(1, 1)), "film.mp4", 10):
        writer.grab_frame()
except Exception as error:
    print(type(error))
""",
    ),
    Escape(
        "style-sheet",
        SETTINGS,
        Goal.READ_FILE,
        """
import logging, io
import matplotlib.style as style
heard = io.StringIO()
logging.getLogger("matplotlib").addHandler(logging.StreamHandler(heard))
style.use("$CANARY")
print(heard.getvalue())
""",
    ),
    Escape(
        "profile-output",
        SETTINGS,
        Goal.WRITE_FILE,
        "import cProfile\ncProfile.Profile().dump_stats('$TARGET')",
    ),
    Escape(
        "log-configuration",
        SETTINGS,
        Goal.WRITE_FILE,
        """
from logging.config import dictConfig
handler = {"class": "logging.FileHandler", "filename": "$TARGET"}
dictConfig({"version": 1, "handlers": {"h": handler}, "root": {"handlers": ["h"]}})
""",
    ),
    Escape(
        "socket",
        NETWORK,
        Goal.CONNECT,
        """
import socket
with socket.socket() as client:
    client.connect(("127.0.0.1", $PORT))
""",
    ),
    Escape(
        "datagram",
        NETWORK,
        Goal.CONNECT,
        """
import _socket
_socket.socket(2, 2).sendto(b"x", ("127.0.0.1", $PORT))
""",
    ),
    Escape(
        "address-opened",
        NETWORK,
        Goal.CONNECT,
        "import urllib.request as web\nweb.urlopen('http://127.0.0.1:$PORT/', timeout=5).read()",
    ),
    Escape(
        "http-client",
        NETWORK,
        Goal.CONNECT,
        """
from http.client import HTTPConnection
HTTPConnection("127.0.0.1", $PORT, timeout=5).request("GET", "/")
""",
    ),
    Escape(
        "table-by-address",
        NETWORK,
        Goal.CONNECT,
        "import pandas as pd\npd.read_csv('http://127.0.0.1:$PORT/table.csv')",
    ),
    Escape(
        "asyncio-connection",
        NETWORK,
        Goal.CONNECT,
        """
import asyncio
reader, writer = await asyncio.open_connection("127.0.0.1", $PORT)
writer.close()
""",
    ),
    Escape(
        "mail",
        NETWORK,
        Goal.CONNECT,
        """
import smtplib
try:
    smtplib.SMTP("127.0.0.1", $PORT, timeout=5)
except smtplib.SMTPException:
    print("no mail server")
""",
    ),
    Escape(
        "log-to-a-socket",
        NETWORK,
        Goal.CONNECT,
        """
import logging.handlers
handler = logging.handlers.DatagramHandler("127.0.0.1", $PORT)
handler.emit(logging.makeLogRecord({"msg": "x"}))
""",
    ),
    Escape(
        "remote-procedure",
        NETWORK,
        Goal.CONNECT,
        """
from xmlrpc.client import ServerProxy
try:
    ServerProxy("http://127.0.0.1:$PORT").add(1)
except Exception as error:
    print(type(error))
""",
    ),
    Escape(
        "process-connection",
        NETWORK,
        Goal.CONNECT,
        """
from multiprocessing.connection import Client
try:
    Client(("127.0.0.1", $PORT))
except (OSError, EOFError):
    print("closed")
""",
    ),
    Escape(
        "http-package",
        NETWORK,
        Goal.CONNECT,
        "import httpx\nhttpx.get('http://127.0.0.1:$PORT/', timeout=5, trust_env=False)",
    ),
)
