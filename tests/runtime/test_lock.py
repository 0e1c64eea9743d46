"""Turns are given first come, first served, in whatever loop or thread one waits."""

import asyncio
import threading

import pytest

from cave_agent._lock import FairLock
from tests.runtime.cells import SOON


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_first_come_first_served() -> None:
    lock = FairLock()
    order: list[int] = []

    async def take(number: int) -> None:
        async with lock:
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    async def work() -> None:
        await asyncio.gather(*(take(n) for n in range(20)))

    asyncio.run(asyncio.wait_for(work(), SOON))
    assert order == [n for n in range(20) for _ in range(2)]


def test_one_event_loop_after_the_other() -> None:
    lock = FairLock()

    async def work() -> int:
        async with lock:
            return 1

    assert [asyncio.run(work()) for _ in range(3)] == [1, 1, 1]


def test_threads_exclude_each_other() -> None:
    lock = FairLock()
    inside = 0
    most = 0

    async def take() -> None:
        nonlocal inside, most
        for _ in range(50):
            async with lock:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=asyncio.run, args=[take()]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()
    assert most == 1


@pytest.mark.parametrize("at", ["while it waits", "as its turn comes"])
def test_cancelled_wait_hands_the_turn_on(at: str) -> None:
    async def work() -> None:
        lock = FairLock()
        held = asyncio.Event()

        async def hold() -> None:
            async with lock:
                await held.wait()

        async def take() -> str:
            async with lock:
                return "had its turn"

        holder = asyncio.create_task(hold())
        await spin()
        cancelled, next_one = asyncio.create_task(take()), asyncio.create_task(take())
        await spin()
        if at == "while it waits":
            cancelled.cancel()
            await spin()
            held.set()
        else:
            held.set()
            await holder
            cancelled.cancel()
        assert await next_one == "had its turn"
        assert cancelled.cancelled()
        assert await take() == "had its turn"

    asyncio.run(asyncio.wait_for(work(), SOON))


def test_wait_that_any_exception_ends_hands_the_turn_on() -> None:
    class Stop(BaseException):
        pass

    async def work() -> None:
        lock = FairLock()
        async with lock:
            waiting = lock.__aenter__()
            waiting.send(None)
            with pytest.raises(Stop):
                waiting.throw(Stop())
        await spin()
        async with lock:
            pass

    asyncio.run(asyncio.wait_for(work(), SOON))


def test_loop_that_was_closed_while_it_waited_is_passed_over() -> None:
    lock = FairLock()
    holding = lock.__aenter__()
    with pytest.raises(StopIteration):
        holding.send(None)

    abandoned = asyncio.new_event_loop()

    async def wait() -> None:
        await lock.__aenter__()

    task = abandoned.create_task(wait())
    abandoned.call_soon(abandoned.stop)
    abandoned.run_forever()
    abandoned.close()

    async def work() -> None:
        await lock.__aexit__()
        async with lock:
            pass

    asyncio.run(asyncio.wait_for(work(), SOON))
    task._log_destroy_pending = False  # type: ignore[attr-defined]
