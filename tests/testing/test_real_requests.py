"""The ban on real requests."""

import pytest

from cave_agent.errors import RealRequestError
from cave_agent.models.real_requests import SWITCH, check_real_request
from cave_agent.testing import forbid_real_requests


@pytest.fixture(autouse=True)
def _without_the_ban_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SWITCH, "_bans", 0)


def test_a_block() -> None:
    with forbid_real_requests(), pytest.raises(RealRequestError, match=r"'my model'.*real request"):
        check_real_request("my model", None)
    check_real_request("my model", None)


def test_a_plain_call_holds_until_lifted() -> None:
    ban = forbid_real_requests()
    with pytest.raises(RealRequestError):
        check_real_request("my model", "https://models.example/v1")
    ban.lift()
    ban.lift()  # a second time changes nothing
    check_real_request("my model", "https://models.example/v1")


def test_a_block_within_a_ban_does_not_lift_it() -> None:
    ban = forbid_real_requests()
    with forbid_real_requests():
        pass
    with pytest.raises(RealRequestError):
        check_real_request("my model", None)
    ban.lift()


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1",
        "http://127.0.0.1:8000/v1",
        "http://127.3.2.1",
        "https://[::1]:8000/v1",
        "http://user:word@LOCALHOST/v1",
    ],
)
def test_this_machine_is_allowed(url: str) -> None:
    with forbid_real_requests():
        check_real_request("my model", url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://api.openai.com/v1",
        "http://localhost.models.example/v1",
        "http://localhost@models.example/v1",
        "http://10.0.0.1/v1",
        "http://[::2]/v1",
        "http://[broken/v1",
        "127.0.0.1:8000",
    ],
)
def test_everything_else_is_not(url: str | None) -> None:
    with forbid_real_requests(), pytest.raises(RealRequestError):
        check_real_request("my model", url)
