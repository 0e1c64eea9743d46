"""The options of an agent that its runs need."""

from dataclasses import dataclass

from cave_agent.options import check_label, check_limit, check_seconds


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
    describe_budget: int | None
    python_block_identifier: str

    def __post_init__(self) -> None:
        for name in ("max_steps", "max_history", "max_exec_output"):
            check_limit(name, getattr(self, name))
        for name in ("max_total_steps", "context_window", "describe_budget"):
            check_limit(name, getattr(self, name), None)
        check_seconds("max_exec_timeout", self.max_exec_timeout)
        check_label("python_block_identifier", self.python_block_identifier)
