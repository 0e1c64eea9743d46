"""Closing, cancelling and forgetting replies, in one event loop and in many."""

import asyncio
import gc
import threading
from collections.abc import Sequence
from typing import cast

import pytest

from cave_agent.errors import ModelRequestError
from cave_agent.models import Model, ModelStream
from cave_agent.models.retry import RetryingStream
from tests.models.conftest import HELLO, QUICK, MakeModel, call
from tests.servers import DONE, HOLD, ChatServer, Reply, Step, chunk, error_reply, usage

STOP = chunk(finish_reason="stop")
HELD = Reply([chunk("first"), HOLD, chunk(" second"), STOP, usage(1, 2), DONE])


def test_pieces_arrive_while_the_server_still_writes(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([HELD])

    async def read() -> list[str]:
        received = []
        async for piece in model.stream(HELLO):
            received.append(piece)
            chat_server.release()
        return received

    assert asyncio.run(read()) == ["first", " second"]


def test_closing_early_ends_the_connection(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([HELD])

    async def read_one() -> None:
        stream = cast("ModelStream", model.stream(HELLO))
        async for piece in stream:
            assert piece == "first"
            break
        await stream.aclose()
        await asyncio.to_thread(chat_server.wait_for_disconnects)

    asyncio.run(read_one())


@pytest.mark.parametrize("steps", [[HOLD], [chunk("first"), HOLD]], ids=["before text", "in text"])
def test_cancelling_ends_the_connection(
    model: Model, chat_server: ChatServer, steps: Sequence[Step]
) -> None:
    chat_server.script([Reply(steps), "again"])

    async def cancel() -> str:
        task = asyncio.create_task(model.call(HELLO))
        await asyncio.to_thread(chat_server.wait_for_requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(chat_server.wait_for_disconnects)
        return (await model.call(HELLO)).content

    assert asyncio.run(cancel()) == "again"


@pytest.mark.parametrize("retrying", [False, True])
def test_forgotten_stream_is_closed_with_its_loop(
    model: Model, chat_server: ChatServer, *, retrying: bool
) -> None:
    chat_server.script([HELD])

    async def forget() -> None:
        stream = RetryingStream(lambda: model.stream(HELLO), QUICK) if retrying else None
        async for _ in stream or model.stream(HELLO):
            return

    asyncio.run(forget())
    chat_server.wait_for_disconnects()


def test_one_model_in_many_loops(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([str(number) for number in range(6)])
    replies = [call(model)[0] for _ in range(6)]
    gc.collect()  # a ResourceWarning would be an error
    assert replies == list("012345")


def test_no_connection_outlives_its_loop(model: Model, chat_server: ChatServer) -> None:
    chat_server.script([error_reply(400), error_reply(400)])
    for _ in range(2):
        with pytest.raises(ModelRequestError):
            call(model)
    chat_server.wait_until_idle()


def test_one_model_in_loops_of_several_threads(model: Model, chat_server: ChatServer) -> None:
    chat_server.script(["x"] * 12)
    replies: list[str] = []

    def work() -> None:
        replies.extend(call(model)[0] for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert replies == ["x"] * 12


def test_a_hundred_calls_at_once(model: Model, chat_server: ChatServer) -> None:
    expected = {str(number) for number in range(100)}
    chat_server.script(sorted(expected))

    async def many() -> set[str]:
        replies = await asyncio.gather(*(model.call(HELLO) for _ in range(100)))
        return {reply.content for reply in replies}

    assert asyncio.run(many()) == expected


def test_model_that_goes_away_leaves_nothing_open(
    make_model: MakeModel, chat_server: ChatServer
) -> None:
    chat_server.script(["x"])

    async def use_and_drop() -> None:
        await make_model(chat_server.base_url).call(HELLO)

    asyncio.run(use_and_drop())
    gc.collect()
