"""Recording and replaying."""

import asyncio
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cave_agent.errors import (
    CassetteMismatchError,
    ModelServerError,
    ScriptExhaustedError,
    TestingError,
)
from cave_agent.models import Model, ModelResponse, ModelStream, RetryPolicy, TokenUsage
from cave_agent.models.base import ProviderMessages
from cave_agent.testing import RecordingModel, ReplayModel, ScriptedModel

HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "cassette.jsonl"


def ask(model: Model, messages: ProviderMessages = HELLO) -> ModelResponse:
    return asyncio.run(model.call(messages))


def read(model: Model, messages: ProviderMessages = HELLO, *, stop_after: int = 99) -> list[str]:
    async def reading() -> list[str]:
        stream = cast("ModelStream", model.stream(messages))
        received: list[str] = []
        async for piece in stream:
            received.append(piece)
            if len(received) == stop_after:
                break
        await stream.aclose()
        return received

    return asyncio.run(reading())


def test_what_is_recorded_is_replayed(cassette: Path) -> None:
    replies = [
        ModelResponse("Grüße\n```python\nx = 1\n```\n", TokenUsage(9, 4), "stop"),
        ModelResponse("cut", TokenUsage(3, 1, estimated=True), "length"),
        ModelResponse("", TokenUsage(1, 0, estimated=True), None),
    ]
    recorder = RecordingModel(ScriptedModel(replies), cassette)
    assert [ask(recorder) for _ in replies] == replies

    replay = ReplayModel(cassette)
    assert replay.remaining == 3
    assert [ask(replay) for _ in replies] == replies
    assert replay.remaining == 0


def test_a_recording_model_has_the_window_of_the_other_one(cassette: Path) -> None:
    model = ScriptedModel([])
    assert RecordingModel(model, cassette).context_window is None
    model.context_window = 8_000
    assert RecordingModel(model, cassette).context_window == 8_000


def test_pieces_are_replayed_as_they_came(cassette: Path) -> None:
    read(RecordingModel(ScriptedModel(["abcdefgh"], chunk_size=3), cassette))
    assert read(ReplayModel(cassette)) == ["abc", "def", "gh"]


def test_reply_that_was_closed_early_is_recorded_so_far(cassette: Path) -> None:
    recorder = RecordingModel(ScriptedModel(["abcdefgh"], chunk_size=3), cassette)
    assert read(recorder, stop_after=2) == ["abc", "def"]

    line = json.loads(cassette.read_text(encoding="utf-8"))
    assert (line["reply"], line["finish_reason"], line["usage"]) == ("abcdef", None, None)
    assert read(ReplayModel(cassette)) == ["abc", "def"]


def test_failed_and_cancelled_calls_are_not_recorded(cassette: Path) -> None:
    async def never(_: ProviderMessages) -> str:
        await asyncio.Event().wait()
        return "never"

    async def cancel() -> None:
        task = asyncio.create_task(RecordingModel(ScriptedModel(never), cassette).call(HELLO))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel())
    retry = RetryPolicy(attempts=2, first_delay=0.0)
    ask(RecordingModel(ScriptedModel([ModelServerError("down"), "up"], retry=retry), cassette))

    assert ask(ReplayModel(cassette)).content == "up"
    assert ReplayModel(cassette).remaining == 1


def test_line_in_the_file(cassette: Path) -> None:
    ask(RecordingModel(ScriptedModel([ModelResponse("hé", TokenUsage(5, 1), "stop")]), cassette))
    assert cassette.read_bytes().decode() == (
        '{"messages": [{"role": "system", "content": "Be brief."}, '
        '{"role": "user", "content": "Hello"}], "reply": "hé", "finish_reason": "stop", '
        '"usage": {"prompt_tokens": 5, "completion_tokens": 1, "estimated": false}, '
        '"pieces": [2]}\n'
    )


def test_line_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "by-hand.jsonl"
    path.write_text('\n{"messages": [], "reply": "hello"}\n\n', encoding="utf-8")
    assert ask(ReplayModel(path), []) == ModelResponse("hello", TokenUsage(), None)


def test_model_that_defines_only_call_can_be_recorded(cassette: Path) -> None:
    class OnlyCall(Model):
        async def call(self, messages: ProviderMessages) -> ModelResponse:
            return ModelResponse("hello", TokenUsage(len(messages), 1), "stop")

    ask(RecordingModel(OnlyCall(), cassette))
    assert ask(ReplayModel(cassette)) == ModelResponse("hello", TokenUsage(2, 1), "stop")


def test_path_as_text_and_as_resource(cassette: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(RecordingModel(ScriptedModel(["hello"]), str(cassette)))
    assert ask(ReplayModel(str(cassette))).content == "hello"

    package = cassette.parent / "a_package_with_a_cassette"
    package.mkdir()
    (package / "__init__.py").touch()
    cassette.rename(package / "cassette.jsonl")
    monkeypatch.syspath_prepend(str(package.parent))
    resource = resources.files("a_package_with_a_cassette") / "cassette.jsonl"
    assert ask(ReplayModel(resource)).content == "hello"


def test_recording_at_once(cassette: Path) -> None:
    recorder = RecordingModel(ScriptedModel(lambda m: m[0]["content"] * 5000), cassette)

    async def many() -> None:
        await asyncio.gather(
            *(recorder.call([{"role": "user", "content": str(n)}]) for n in range(20))
        )

    asyncio.run(many())
    assert ReplayModel(cassette).remaining == 20


def test_different_request_shows_the_difference(cassette: Path) -> None:
    ask(RecordingModel(ScriptedModel(["hello"]), cassette))
    changed = [HELLO[0], {"role": "user", "content": "Hello\nWorld"}]
    replay = ReplayModel(cassette)

    with pytest.raises(CassetteMismatchError) as caught:
        ask(replay, changed)

    header, _, difference = str(caught.value).partition("\n")
    assert header.startswith(f"Request 1 differs from {cassette}")
    assert difference.split("\n") == [
        "--- recorded",
        "+++ this request",
        "@@ -2,3 +2,4 @@",
        " Be brief.",
        " [user]",
        " Hello",
        "+World",
    ]
    assert ask(replay).content == "hello", "the mismatch used up the reply"


@pytest.mark.parametrize("content", ["Hello\n", "Hello\r", " Hello"])
def test_difference_in_white_space_is_one(cassette: Path, content: str) -> None:
    ask(RecordingModel(ScriptedModel(["hello"]), cassette))
    with pytest.raises(CassetteMismatchError, match=r"\n\+"):
        ask(ReplayModel(cassette), [HELLO[0], {"role": "user", "content": content}])


def test_running_out(cassette: Path) -> None:
    ask(RecordingModel(ScriptedModel(["hello"]), cassette))
    replay = ReplayModel(cassette)
    ask(replay)
    with pytest.raises(ScriptExhaustedError, match=r"holds 1 requests.*user: 'Hello'"):
        ask(replay)


GOOD_LINE = '{"messages": [], "reply": ""}'


@pytest.mark.parametrize(
    "line",
    [
        '{"messages": [',
        "[]",
        "null",
        '{"reply": "no messages"}',
        '{"messages": [], "no": "reply"}',
        '{"messages": ["text"], "reply": ""}',
        '{"messages": [{"role": "user"}], "reply": ""}',
        '{"messages": [], "reply": 5}',
        '{"messages": [], "reply": "abc", "pieces": [1, 1]}',
        '{"messages": [], "reply": "abc", "usage": {"tokens": 1}}',
    ],
)
def test_broken_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(f"{GOOD_LINE}\n{line}\n", encoding="utf-8")
    with pytest.raises(TestingError, match=r"Line 2 of the cassette .*broken\.jsonl is broken"):
        ReplayModel(path)


def test_missing_cassette(tmp_path: Path) -> None:
    with pytest.raises(TestingError, match="cannot be read"):
        ReplayModel(tmp_path / "none.jsonl")


def test_keys_are_not_recorded(cassette: Path) -> None:
    class Keyed(ScriptedModel):
        api_key = "sk-a-key-that-nobody-may-see"

    recorder = RecordingModel(Keyed(["hello"]), cassette)
    ask(recorder)
    assert Keyed.api_key not in cassette.read_text(encoding="utf-8") + repr(recorder)


def test_half_a_surrogate_pair(cassette: Path) -> None:
    request = [{"role": "user", "content": "\ud83d\r\u2028"}]
    ask(RecordingModel(ScriptedModel(["\ude00\x85"]), cassette), request)
    assert ask(ReplayModel(cassette), request).content == "\ude00\x85"


messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]), "content": st.text()}
    )
)
responses = st.builds(
    ModelResponse,
    st.text(),
    st.builds(TokenUsage, st.integers(1, 9), st.integers(0, 9), estimated=st.booleans()),
    st.sampled_from([None, "stop", "length"]),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@given(
    exchanges=st.lists(st.tuples(messages, responses), max_size=4),
    chunk_size=st.none() | st.integers(1, 5),
)
def test_anything_round_trips(
    folder: Path, exchanges: list[tuple[ProviderMessages, ModelResponse]], chunk_size: int | None
) -> None:
    path = folder / "round-trip.jsonl"
    path.write_bytes(b"")
    scripted = ScriptedModel([reply for _, reply in exchanges], chunk_size=chunk_size)
    recorder = RecordingModel(scripted, path)
    for asked, _ in exchanges:
        ask(recorder, asked)

    replay = ReplayModel(path)
    assert [ask(replay, asked) for asked, _ in exchanges] == [reply for _, reply in exchanges]
