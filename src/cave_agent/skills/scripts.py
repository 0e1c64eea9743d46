"""Running a script of a skill as a process, with limits of time and output."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cave_agent.errors import SkillError
from cave_agent.skills.containment import open_inside
from cave_agent.skills.files import as_text

TIMEOUT = 60.0
"""Seconds that a script may run unless the call says otherwise."""
MOST_OUTPUT = 100_000
"""Bytes of each stream that are kept, half of them from its beginning and half from its end."""

# Keys and tokens of the host are in other variables.
_PASSED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "LANG", "LANGUAGE"),
    *("TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "COMSPEC", "PATHEXT"),
)
_SHELLS = {".sh": ("bash", "sh"), ".bash": ("bash",)}
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """What a script did; printed, it looks as in a terminal."""

    stdout: str
    stderr: str
    exit_code: int | None
    timed_out: bool = False

    def __str__(self) -> str:
        parts = [self.stdout.rstrip("\n")]
        if self.stderr.strip():
            parts += ["[stderr]", self.stderr.rstrip("\n")]
        if self.timed_out:
            parts.append("[stopped at the time limit]")
        elif self.exit_code:
            parts.append(f"[exit code {self.exit_code}]")
        return "\n".join(filter(None, parts)) or "[no output, exit code 0]"

    __repr__ = __str__


def run_script(
    directory: Path, path: str, arguments: tuple[object, ...], timeout: float = TIMEOUT
) -> ScriptResult:
    """Run a script and wait for its end, at most for the time given.

    Its working directory is the skill's, its standard input is empty, and of the environment it is
    given only what programs need to find their way. What it started ends with it.

    Args:
        directory: The skill's directory.
        path: The script's path relative to it.
        arguments: Texts, numbers or paths.
        timeout: Seconds.

    Raises:
        SkillError: The path leads out of the directory, or nothing is known to run it with, or
            `timeout` is no time.
    """
    path = as_text(path)
    if not isinstance(timeout, int | float) or not timeout > 0:
        message = f"timeout={timeout!r} is no time: use seconds above 0."
        raise SkillError(message)
    descriptor, script = open_inside(directory, path)
    try:
        head = os.read(descriptor, 256)
    finally:
        os.close(descriptor)
    command = [*_interpreter(script, head), str(script), *map(_argument, arguments)]
    try:
        process = subprocess.Popen(  # noqa: S603 - a list, no shell; running it is what is asked for
            command,
            cwd=directory,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        message = f"{path!r} could not be started: {error}. Mind its first line and its arguments."
        raise SkillError(message) from error
    return _wait(process, timeout)


def _wait(process: "subprocess.Popen[bytes]", timeout: float) -> ScriptResult:
    outputs = [_Output(stream) for stream in (process.stdout, process.stderr) if stream]
    timed_out = False
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:  # also where the cell is stopped
        _kill(process)
    stdout, stderr = (output.text() for output in outputs)
    return ScriptResult(stdout, stderr, None if timed_out else process.returncode, timed_out)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Output:
    """Reads a stream to its end in a thread, and keeps its head and its tail."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head = b""
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._left_out = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return what was kept, once the stream has ended."""
        # A process that took leave of its group may hold the stream open for ever.
        self._thread.join(1.0)
        with self._lock:
            head, tail = self._head, b"".join(self._tail)
            cut = max(0, len(tail) - MOST_OUTPUT // 2)
            left_out = self._left_out + cut
        note = f"\n[… {left_out:,} bytes left out …]\n".encode() if left_out else b""
        return (head + note + tail[cut:]).decode(errors="replace")

    def _read(self) -> None:
        with self._stream:
            while piece := os.read(self._stream.fileno(), _PIECE):
                with self._lock:
                    room = MOST_OUTPUT // 2 - len(self._head)
                    self._head += piece[:room]
                    self._keep_tail(piece[room:])

    def _keep_tail(self, piece: bytes) -> None:
        if not piece:
            return
        self._tail.append(piece)
        self._tail_size += len(piece)
        while self._tail_size - len(self._tail[0]) >= MOST_OUTPUT // 2:
            oldest = self._tail.popleft()
            self._tail_size -= len(oldest)
            self._left_out += len(oldest)


def _interpreter(script: Path, head: bytes) -> list[str]:
    """Return what runs a script: by its suffix, its executable bit, or its first line."""
    import shutil  # noqa: PLC0415 - few need it

    suffix = script.suffix.lower()
    if suffix == ".py":
        return [sys.executable]
    for shell in _SHELLS.get(suffix, ()):
        if found := shutil.which(shell):
            return [found]
    if os.access(script, os.X_OK):
        return []
    if head.startswith(b"#!"):
        return head[2:].partition(b"\n")[0].decode(errors="replace").split()
    message = (
        f"Nothing is known to run {script.name!r} with: it is neither a .py nor a .sh file, is not "
        "executable and has no #! line. Read it instead."
    )
    raise SkillError(message)


def _argument(argument: object) -> str:
    if isinstance(argument, str | int | float | os.PathLike):
        return str(argument)
    message = (
        f"An argument of type {type(argument).__name__} cannot be given to a script: give text, "
        "numbers or paths; write larger data to a file first."
    )
    raise SkillError(message)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.startswith("LC_")
    }
