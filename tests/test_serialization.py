"""Events and messages go to JSON and back."""

import asyncio
import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cave_agent import CaveAgent, Event, Message
from cave_agent.serialization import (
    event_from_json,
    event_to_json,
    message_from_json,
    message_to_json,
)
from cave_agent.testing import ScriptedModel

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
MESSAGES = st.one_of(*(st.builds(kind, TEXT) for kind in get_args(Message)))


@given(MESSAGES)
def test_every_message_comes_back(message: Message) -> None:
    assert message_from_json(message_to_json(message)) == message


def test_every_event_of_a_run_comes_back() -> None:
    async def collect() -> list[Event]:
        replies = ["I will look.", "So:\n```python\nprint('a' * 99)\ndisplay(1)\n1/0\n```", "Bye."]
        agent = CaveAgent(ScriptedModel(replies), max_exec_output=10)
        return [event async for event in agent.stream_events("Go")]

    events = asyncio.run(collect())
    assert len({event.type for event in events}) >= 8
    for event in events:
        text = event_to_json(event)
        assert json.loads(text)["type"] == event.type.value
        assert event_from_json(text) == event


@pytest.mark.parametrize("text", ["", "{}", '{"type":"text"}', '{"type":"nonsense","content":""}'])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"error|discriminator|tag|EOF"):
        event_from_json(text)
