"""Asking the rules of a checker while cells run, and telling the host what they refuse."""

from collections.abc import Callable
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, NoReturn

from cave_agent.errors import SecurityError
from cave_agent.results import SecurityViolation
from cave_agent.runtime.execution import current_execution
from cave_agent.runtime.tracebacks import place_in_cell
from cave_agent.security import SecurityRule
from cave_agent.security.rule import NEVER_CAUGHT, described, name_of, shortened, words_of

_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)


class Rules:
    """The rules that the cells of a runtime are held to while they run.

    Attributes:
        all: They.
    """

    all: tuple[SecurityRule, ...] = ()

    def check_attribute(self, owner: Any, name: str) -> None:
        """Raise where rules refuse an attribute of an object, or what a descriptor reads."""
        if type(owner) in _DESCRIPTORS and name in ("__get__", "__set__", "__delete__"):
            self.check_attribute(owner.__objclass__, owner.__name__)
        if (rule := self.refusing("refuses_attribute", name, owner)) is not None:
            self.forbid(rule, f"the attribute `{name}` is not allowed. Use public methods.")

    def check_change(self, owner: Any, name: str) -> None:
        """Raise where rules refuse that an attribute of an object is set or deleted."""
        if (rule := self.refusing("refuses_change", owner, name)) is not None:
            what = f"`{type(owner).__name__} {getattr(owner, '__name__', '')}".strip() + "`"
            self.forbid(rule, f"{what} may not be changed. Keep values in variables instead.")

    def check_module(self, name: str) -> None:
        """Raise where rules refuse a module."""
        if (rule := self.refusing("refuses_module", name)) is not None:
            self.forbid(
                rule, f"the module `{name}` is not allowed. Use what is given instead of it."
            )

    def check_member(self, module: str, name: str) -> None:
        """Raise where rules refuse a member of a module."""
        if (rule := self.refusing("refuses_member", module, name)) is not None:
            self.forbid(
                rule, f"`{name}` of `{module}` is not allowed. Use what is given instead of it."
            )

    def refusing(self, question: str, *about: Any) -> SecurityRule | None:
        """Return the first rule that refuses; one that breaks refuses, too."""
        for rule in self.all:
            try:
                if getattr(rule, question)(*about):
                    return rule
            except NEVER_CAUGHT:
                raise
            except BaseException as error:  # noqa: BLE001 - a rule may raise anything
                self._refuse_broken(rule, error)
        return None

    def replacement(self, owner: Any, name: str, value: Any) -> Any:
        """Return what rules give cells in place of an attribute that can be called."""
        for rule in self.all:
            try:
                given = rule.replacement(owner, name, value)
            except NEVER_CAUGHT:
                raise
            except BaseException as error:  # noqa: BLE001 - as in `refusing`
                self._refuse_broken(rule, error)
            value = given if given is value else self._telling(rule, given)
        return value

    def forbid(self, rule: SecurityRule, message: str) -> NoReturn:
        """Refuse something in the words of the rule, or those of the message if it has none."""
        self.refuse(rule, words_of(rule, message))

    def refuse(self, rule: SecurityRule, message: str) -> NoReturn:
        """Raise on behalf of a rule, and tell the host, also if the cell catches it."""
        name = name_of(rule)
        if (execution := current_execution()) is not None:
            line, source = place_in_cell()
            violation = SecurityViolation(message, name, line, None, shortened(source))
            execution.violations += (violation,)
        refusal = SecurityError(f"{message} ({name})")
        refusal.is_told = True
        raise refusal

    def _telling(self, rule: SecurityRule, function: Any) -> Any:
        """Return a function of a rule's so that the host is told what it refuses."""

        def telling(*arguments: Any, **named: Any) -> Any:
            try:
                return function(*arguments, **named)
            except SecurityError as error:
                if error.is_told:  # it is of something that the function called
                    raise
                message = str(error)
            return self.refuse(rule, message)

        telling.__name__ = getattr(function, "__name__", "telling")
        telling.__doc__ = getattr(function, "__doc__", None)
        return telling

    def _refuse_broken(self, rule: SecurityRule, error: BaseException) -> NoReturn:
        message = (
            f"the rule could not be asked ({described(error)}), so this is refused. Its author "
            "must mend the rule."
        )
        self.refuse(rule, message)

    def refuser(self, rule: SecurityRule, name: str) -> Callable[..., NoReturn]:
        """Return what stands in place of a function that a rule refuses."""

        def refused(*_: object, **__: object) -> NoReturn:
            self.forbid(rule, f"the function `{name}` is not allowed. Use ordinary code.")

        return refused
