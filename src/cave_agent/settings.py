"""The options of an agent that its runs need."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of an agent that its runs need; see `CaveAgent` for what they mean.

    Raises:
        TypeError: One is of the wrong type.
        ValueError: A limit allows nothing, or the block identifier is no word.
    """

    max_steps: int
    max_history: int
    max_exec_output: int
    max_exec_timeout: float | None
    max_total_steps: int | None
    context_window: int | None
    python_block_identifier: str

    def __post_init__(self) -> None:
        for name in ("max_steps", "max_history", "max_exec_output"):
            _check_limit(name, getattr(self, name))
        for name in ("max_total_steps", "context_window"):
            if getattr(self, name) is not None:
                _check_limit(name, getattr(self, name))
        if self.max_exec_timeout is not None and not self.max_exec_timeout > 0:
            message = f"max_exec_timeout={self.max_exec_timeout!r}: use seconds above 0, or None."
            raise ValueError(message)
        _check_identifier(self.python_block_identifier)


def check_type(name: str, value: object, *types: type) -> None:
    """Check an argument.

    Args:
        name: What it is called.
        value: What was given.
        *types: What it may be.

    Raises:
        TypeError: It is none of these.
    """
    if not isinstance(value, types):
        wanted = " or ".join(kind.__name__ for kind in types)
        message = f"{name}={value!r} is of the wrong type: use {wanted}."
        raise TypeError(message)


def _check_limit(name: str, limit: int) -> None:
    check_type(name, limit, int)
    if limit < 1:
        message = f"{name}={limit!r} allows nothing: use 1 or more."
        raise ValueError(message)


def _check_identifier(identifier: str) -> None:
    check_type("python_block_identifier", identifier, str)
    if not re.fullmatch(r"\w[\w+.-]*", identifier):
        message = (
            f"python_block_identifier={identifier!r} cannot label a code block: use a word such "
            "as 'python'."
        )
        raise ValueError(message)
