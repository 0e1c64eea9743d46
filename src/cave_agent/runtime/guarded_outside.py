"""Holding cells to the rules about what is outside of the process."""

import sys
from collections.abc import Callable, Sequence
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from cave_agent.runtime import audit
from cave_agent.runtime.responsible import doing_of_host, on_behalf_of_host
from cave_agent.runtime.rich import one_line
from cave_agent.security import SecurityRule


class Outside:
    """Asks rules about audit events of cells, and knows what the host gave to work outside.

    Args:
        runtime_name: The runtime whose cells it holds.
        refusing: Returns the rule that answers a question with yes, if any.
        refuse: Raises, on behalf of a rule, with a message.
    """

    def __init__(
        self,
        runtime_name: str,
        refusing: Callable[..., SecurityRule | None],
        refuse: Callable[[SecurityRule, str], Any],
    ) -> None:
        self._runtime_name = runtime_name
        self._refusing = refusing
        self._refuse = refuse
        self._given: list[type] = []
        self._origins: frozenset[str] = frozenset()
        self._is_watched = False

    def give(self, value: Any) -> None:
        """Note that the host gave cells an object: the library that it is of works for the host.

        A client of a database that was given may make connections, which cells may not.
        """
        self._given.append(value if isinstance(value, type) else type(value))
        if self._is_watched:
            self._note_origins()

    def begin(self, rules: Sequence[SecurityRule]) -> None:
        """Take part in audit events if one of the rules is about them."""
        if any(type(rule).refuses_event is not SecurityRule.refuses_event for rule in rules):
            self._is_watched = True
            audit.watch(self._runtime_name, self)
            self._note_origins()

    def check_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse what the interpreter tells that a cell does, if a rule does."""
        if (rule := self._refusing("refuses_event", event, arguments)) is not None:
            shown = ", ".join(one_line(each) for each in arguments[:1])
            message = (
                f"`{event}` ({shown}) reaches outside of the runtime, which is not allowed. Use "
                "what is given, and files in memory such as io.StringIO."
            )
            self._refuse(rule, message)

    def is_given(self, value: Any) -> bool:
        """Whether an object is of a library that cells have only by what the host gave."""
        return bool(self._origins) and _origin(value) in self._origins

    def read(self, owner: Any, name: str) -> Any:
        """Return an attribute of what the host gave; what it does is the host's doing."""
        value = on_behalf_of_host(getattr, owner, name)
        if type(value) in (MethodType, FunctionType, BuiltinMethodType):
            return doing_of_host(value)
        return value

    def _note_origins(self) -> None:
        self._origins = frozenset(
            origin
            for origin in map(_origin, self._given)
            if origin not in sys.stdlib_module_names
            and self._refusing("refuses_module", origin) is not None
        )


def _origin(value: Any) -> str:
    """Return the name of the library that an object is of."""
    cls: Any = value if issubclass(type(value), type) else type(value)
    return str(cls.__module__).partition(".")[0]
