"""The host program of the corpora: a small shop that lets cells work on objects of its own.

Its secrets are empty until a run fills them in, so that a process that merely imports this module
holds none.
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cave_agent.runtime import Function, Variable
from cave_agent.runtime.base import Runtime

API_KEY = ""
RATES = {"standard": 0.19, "reduced": 0.07}


class Vault:
    """Keeps a key that no cell is given."""

    def __init__(self) -> None:
        self.key = ""


VAULT = Vault()


class Light:
    """A lamp that cells may switch and dim."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.is_on = False
        self._level = 0

    @property
    def level(self) -> int:
        """Brightness from 0 to 100."""
        return self._level

    @level.setter
    def level(self, value: int) -> None:
        if not 0 <= value <= 100:
            message = f"level must be from 0 to 100, not {value}"
            raise ValueError(message)
        self._level = value
        self.is_on = value > 0

    def set(self, level: int) -> str:
        """Dim the lamp."""
        self.level = level
        return f"{self.room}: {self.level} %"


def price_of(article: str, *, rate: str = "standard") -> float:
    """Return the price of an article with tax."""
    return round({"lamp": 20.0, "bulb": 4.0}[article] * (1 + RATES[rate]), 2)


def make_refund(key: str) -> Callable[[int], str]:
    """Return a function that signs refunds with a key."""

    def refund(order: int) -> str:
        """Refund an order."""
        return f"refunded {order}" if key else "no key"

    return refund


@dataclass(frozen=True, slots=True)
class Shop:
    """The host program while it runs.

    Attributes:
        runtime: The runtime that cells run in.
        other: A runtime of somebody else's, with a secret in its variable `ledger`.
    """

    runtime: Runtime
    other: Runtime


def open_shop(factory: str, secret: str) -> Shop:
    """Fill in the secrets and make the runtimes.

    Args:
        factory: What makes a runtime, as `"module:function"`; see `tests.security.runtimes`.
        secret: What no cell is to see.
    """
    global API_KEY  # noqa: PLW0603 - a program's module-level setting, as programs have them
    API_KEY = VAULT.key = secret
    os.environ["SHOP_TOKEN"] = secret
    module, _, name = factory.partition(":")
    make: Callable[..., Any] = getattr(importlib.import_module(module), name)
    other = make(variables=[Variable("ledger", [secret])])
    runtime = make(
        functions=[Function(price_of), Function(make_refund(secret))],
        variables=[
            Variable("light", Light("kitchen")),
            Variable("tasks", [{"title": "order lamps", "done": False, "hours": 2}]),
        ],
    )
    return Shop(runtime, other)
