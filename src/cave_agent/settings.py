"""The options of an agent that its loop needs."""

from dataclasses import dataclass

from cave_agent.options import check_label, check_limit, check_seconds


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of an agent that the loop needs; see `CaveAgent` for what they mean."""

    max_steps: int
    max_total_steps: int | None
    max_exec_output: int
    max_exec_timeout: float | None
    python_block_identifier: str
    describe_budget: int | None

    def __post_init__(self) -> None:
        check_limit("max_steps", self.max_steps)
        check_limit("max_total_steps", self.max_total_steps, None)
        check_limit("max_exec_output", self.max_exec_output)
        check_seconds("max_exec_timeout", self.max_exec_timeout)
        check_label("python_block_identifier", self.python_block_identifier)
        check_limit("describe_budget", self.describe_budget, None)
