"""Output is kept in order, and a flood of it is bounded."""

import pytest

from cave_agent.runtime import OutputChunk, PythonRuntime, capture
from tests.runtime.cells import run_ok


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MAX_KEPT", 1_000)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    "code",
    [
        "for n in range(100_000): print(n)",
        "print('\\n'.join(str(n) for n in range(100_000)))",
        "import sys\nfor n in range(100_000): sys.stderr.write(f'{n}\\n') and None",
        "print(0)\nprint(1)\nprint(2)\nprint('x' * 1_000_000)\nprint(99999)",
    ],
)
def test_flood_of_output_keeps_head_and_tail(runtime: PythonRuntime, code: str) -> None:
    result = run_ok(runtime, code)
    assert len(result.output) < 1_100
    assert result.output.startswith("0\n1\n2\n")
    assert result.output.endswith("99999\n")
    assert "characters were not kept …]" in result.output


@pytest.mark.usefixtures("_small")
def test_number_of_dropped_characters_is_exact() -> None:
    result = run_ok(PythonRuntime(), "for n in range(3000): print('é', end='')")
    assert result.output == "é" * 500 + "\n[… 2,000 characters were not kept …]\n" + "é" * 500


@pytest.mark.usefixtures("_small")
def test_output_within_the_bound_is_whole() -> None:
    result = run_ok(PythonRuntime(), "print('x' * 400)\nprint('y' * 500)\nprint('z' * 50)")
    assert result.output == "x" * 400 + "\n" + "y" * 500 + "\n" + "z" * 50 + "\n"


@pytest.mark.usefixtures("_small")
def test_flood_still_arrives_as_it_is_printed() -> None:
    told: list[OutputChunk] = []
    run_ok(PythonRuntime(), "for n in range(2000): print(n)", on_output=told.append)
    assert "".join(chunk.text for chunk in told) == "".join(f"{n}\n" for n in range(2000))


def test_many_small_pieces_are_joined() -> None:
    code = "import sys\nfor n in range(5000): sys.stdout.write('a'); sys.stdout.write('')"
    assert run_ok(PythonRuntime(), code).chunks == (OutputChunk("a" * 5000),)


def test_changing_streams_keep_their_order_over_many_pieces() -> None:
    code = "import sys\nfor n in range(3000): print(n, file=sys.stderr if n % 2 else sys.stdout)"
    result = run_ok(PythonRuntime(), code)
    assert result.output == "".join(f"{n}\n" for n in range(3000))
    assert len(result.chunks) == 3000


def test_threads_that_print_at_once_lose_nothing(runtime: PythonRuntime) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\ndef f(k):\n"
        "    for n in range(2000): print(f'{k}.{n}\\n', end='')\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(f, range(4)))"
    )
    lines = run_ok(runtime, code).output.splitlines()
    assert sorted(lines) == sorted(f"{k}.{n}" for k in range(4) for n in range(2000))


@pytest.mark.parametrize(
    "value",
    [
        "list(range(10 ** 6))",
        "'x' * 10 ** 7",
        "b'x' * 10 ** 7",
        "{n: n for n in range(10 ** 5)}",
        "set(range(10 ** 5))",
        "[[[[0] * 100] * 100] * 100] * 100",
        "{n: 'x' * 10_000 for n in range(10_000)}",
        "10 ** 3000",
        "10 ** 100_000",
        "[10 ** 100_000]",
        "__import__('collections').deque(range(10 ** 6))",
        "(lambda a: (a.append(a), a)[1])([])",
        "(lambda a: (a.update(a=a), a)[1])({})",
        "type('Big', (), {'__repr__': lambda self: 'x' * 10 ** 6})()",
        "type('Bad', (), {'__repr__': lambda self: 1 / 0})()",
        "type('Bad', (), {'__repr__': lambda self: 5})()",
        "type('Bad', (list,), {'__len__': lambda self: 1 / 0})()",
        "type('Bad', (), {'__getattr__': lambda self, name: 1 / 0})()",
        "type('array', (), {})()",
    ],
)
def test_echo_of_any_value_is_bounded(value: str) -> None:
    result = run_ok(PythonRuntime(), value)
    assert 0 < len(result.stdout) < 30_000


def test_echo_names_what_a_repr_raised() -> None:
    code = "class Bad(list):\n    def __repr__(self): raise ValueError('no')\nBad()"
    assert "Bad" in run_ok(PythonRuntime(), code).stdout
