"""The interface of runtimes, and what they have in common: what was injected, and the names."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Self

from cave_agent.results import ExecutionResult, OutputChunk
from cave_agent.runtime.cell_builtins import ANSWER
from cave_agent.runtime.checking import refusal
from cave_agent.runtime.nested import classes_under
from cave_agent.runtime.resources import Function, Type, Variable, classes_in, held_by
from cave_agent.runtime.rich import bounded_repr
from cave_agent.security import SecurityChecker

_MOST_NAMES_LISTED = 50
_DEFINITIONS = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


class Runtime(ABC):
    """A persistent namespace that cells run in; the host puts objects in and takes them out.

    Args:
        functions: What the model may call.
        variables: What it works on.
        types: Classes that it may use.
        security_checker: Rules that each cell is checked against before it runs.

    Raises:
        TypeError: `security_checker` is no `SecurityChecker`.
    """

    def __init__(
        self,
        functions: Iterable[Function] | None = None,
        variables: Iterable[Variable] | None = None,
        types: Iterable[Type] | None = None,
        security_checker: SecurityChecker | None = None,
    ) -> None:
        if not isinstance(security_checker, SecurityChecker | None):
            message = f"{security_checker!r} is no checker: use SecurityChecker([…rules…])."
            raise TypeError(message)
        self._security_checker = security_checker
        self._functions: dict[str, Function] = {}
        self._variables: dict[str, Variable] = {}
        self._types: dict[str, Type] = {}
        self._injected: list[Function | Variable | Type | str] = []
        for declared in types or ():
            self.inject_type(declared)
        for function in functions or ():
            self.inject_function(function)
        for variable in variables or ():
            self.inject_variable(variable)

    def inject_function(self, function: Function) -> None:
        """Let cells call a function.

        Raises:
            ValueError: Something was injected under that name before.
        """
        _check_kind(function, Function, "Function(func)")
        self.require_free(function.name)
        self._bind_function(function)
        self._functions[function.name] = function
        self._injected.append(function)

    def inject_variable(self, variable: Variable) -> None:
        """Give cells a variable.

        Raises:
            ValueError: Something was injected under that name before.
        """
        _check_kind(variable, Variable, "Variable(name, value)")
        self.require_free(variable.name)
        self._bind_variable(variable)
        self._variables[variable.name] = variable
        self._injected.append(variable)

    def inject_type(self, declared: Type) -> None:
        """Let cells use a class, and describe it to the model.

        Raises:
            ValueError: Something was injected under that name before.
        """
        _check_kind(declared, Type, "Type(cls)")
        self.require_free(declared.name)
        self._bind(declared.name, declared.value)
        self._types[declared.name] = declared
        self._injected.append(declared)

    def _now(self, variable: Variable) -> Variable:
        """Return a variable with the value that it has now; that it was given where it is gone."""
        try:
            value = self._lookup(variable.name)
        except KeyError:
            return variable
        return Variable(variable.name, value, variable.description, private=variable.private)

    def require_free(self, name: str) -> None:
        """Check that something can be injected under a name.

        Raises:
            ValueError: Something was injected under that name before.
        """
        for kind, taken in (
            ("variable", self._variables),
            ("function", self._functions),
            ("type", self._types),
        ):
            if name in taken:
                message = (
                    f"{name!r} was injected before, as a {kind}: choose another name, or use "
                    "update_variable(name, value) to change a value."
                )
                raise ValueError(message)

    def tell(self, text: str) -> None:
        """Tell something to the models that work here, along with the next message of each.

        It comes in order with the descriptions of what is injected. A conversation that begins
        later is told it, too.
        """
        self._injected.append(text)

    def update_variable(self, name: str, value: Any) -> None:
        """Bind a variable that exists, injected or made by a cell, to another object.

        Raises:
            KeyError: There is no such variable; the message lists those that there are.
        """
        self.retrieve(name)
        self._bind(name, value)
        self._bind_classes(classes_in(type(value)))

    def retrieve(self, name: str) -> Any:
        """Return the object that a name stands for, whoever bound it: the very object, no copy.

        Raises:
            KeyError: There is no such name; the message lists those that there are.
        """
        try:
            return self._lookup(name)
        except KeyError:
            names = self.names()
            listed = ", ".join(names[:_MOST_NAMES_LISTED]) or "none"
            more = len(names) - _MOST_NAMES_LISTED
            rest = f" and {more:,} more" if more > 0 else ""
            message = f"There is no {name!r} in the runtime. There are: {listed}{rest}."
            raise KeyError(message) from None

    def provide_classes(self, classes: Iterable[type]) -> None:
        """Let cells use classes by their names, where those are free; the model is told nothing.

        Args:
            classes: The classes.
        """
        self._bind_classes(classes)

    def keep_answer(self, name: str) -> None:
        """Bind a name to what the last cell has answered with.

        Raises:
            KeyError: It has answered nothing.
        """
        self._bind(name, self._lookup(ANSWER))

    def name_of(self, value: object) -> str | None:
        """Return what cells call an object that is an injected variable or stands in one."""
        for name, variable in self._variables.items():
            held = self._now(variable).value
            if held is value:
                return name
            for key, each in held_by(held):
                if each is value:
                    return f"{name}[{key!r}]"
        return None

    def is_injected(self, name: str) -> bool:
        """Whether something was injected under a name."""
        return any(name in taken for taken in (self._variables, self._functions, self._types))

    def describe_functions(self) -> str:
        """Return what the model reads about the injected functions."""
        return self._described([self._functions.values()])[0]

    def describe_variables(self) -> str:
        """Return what the model reads about the injected variables."""
        return self._described([self._variables.values()])[0]

    def data_names(self) -> list[str]:
        """Return the public names that stand for data: not for a function, a class or a module."""
        names = [name for name in self.names() if name.isidentifier()]
        kinds = {name: type(self._now(Variable(name)).value) for name in names}
        return [name for name, kind in kinds.items() if not issubclass(kind, _DEFINITIONS)]

    def describe_names(self, names: Iterable[str]) -> str:
        """Return a line or more for each of these names, injected or made by cells."""
        known = [self._variables.get(name) or Variable(name) for name in names]
        return self.mask_private(self._described([known])[0])

    def outline(self) -> str:
        """Return a line for each injected variable and function, for readers from outside."""
        from cave_agent.runtime.variables import outline  # noqa: PLC0415 - digests are many

        return outline(map(self._now, self._variables.values()), self._functions.values())

    @property
    def has_private(self) -> bool:
        """Whether something is private in the injected variables."""
        return any(variable.private for variable in self._variables.values())

    def mask_private(self, text: str) -> str:
        """Return a text in which `[private]` stands for what is private in the injected variables.

        It is for what a model is told; `docs/digests.md` says what it cannot find.

        Args:
            text: Any text.
        """
        values: list[tuple[Any, bool | tuple[str, ...]]] = []
        for name, variable in self._variables.items():
            if variable.private:
                values.append((variable.value, variable.private))
                if name in self.names():
                    values.append((self._lookup(name), variable.private))
        if not values:
            return text
        from cave_agent.runtime.privacy import mask_private  # noqa: PLC0415 - digests are many

        return mask_private(text, values)

    def describe_types(self) -> str:
        """Return what the model reads about the injected types."""
        return self._described([self._types.values()])[0]

    def descriptions(self, budget: int | None = None) -> dict[str, str]:
        """Return what the model reads about the injected `functions`, `variables` and `types`.

        Args:
            budget: Tokens, estimated, for all of them together. What does not fit loses its
                documentation first, then types and defaults; then it is named, at last counted.
        """
        injected = (self._functions, self._variables, self._types)
        texts = self._described([list(each.values()) for each in injected], budget=budget)
        return dict(zip(("functions", "variables", "types"), texts, strict=True))

    def injected(self) -> list[Function | Variable | Type]:
        """Return what was injected, in order."""
        return [thing for thing in self._injected if not isinstance(thing, str)]

    @property
    def injections(self) -> int:
        """How many things were injected, and texts told, so far."""
        return len(self._injected)

    @property
    def told(self) -> str:
        """All texts that were told so far."""
        return "\n".join(text for text in self._injected if isinstance(text, str))

    def describe_injected_since(self, count: int, told: str = "", budget: int | None = None) -> str:
        """Describe what was injected, and repeat what was told, after the first `count` of both.

        An agent that has briefed its model tells it later additions in the next message, so
        that the system message stays as it is.

        Args:
            count: How many to leave out.
            told: A text that the model has; what stands in it, line for line, is left out.
            budget: Tokens for the descriptions; see `descriptions`.
        """
        return self._described([self._injected[count:]], told, budget)[0]

    def reset(self) -> None:
        """Forget what cells made; what was injected is bound again as it was given."""
        self._clear()
        for declared in self._types.values():
            self._bind(declared.name, declared.value)
        for function in self._functions.values():
            self._bind_function(function)
        for variable in self._variables.values():
            self._bind_variable(variable)

    async def execute(
        self,
        code: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it must stop code that never awaits
        max_output: int | None = None,
        on_output: Callable[[OutputChunk], None] | None = None,
    ) -> ExecutionResult:
        """Run a cell and return what it did; a cell that fails is a result, not an exception.

        A cell that the security rules refuse does not begin: the result has its `violations`.

        Args:
            code: The cell: any Python, `await` at the top level included.
            timeout: Seconds after which it is stopped; `None` for no limit.
            max_output: Characters of output beyond which the whole is kept in a variable,
                whose name is the result's `output_name`.
            on_output: Called with each line that the cell prints, as it prints it, in the thread
                that prints.

        Raises:
            RuntimeUnusableError: The runtime is closed, or an earlier cell cannot be stopped.
            ValueError: `timeout` is not positive.
            TypeError: `timeout` is no number.
        """
        if self._security_checker is not None:
            refused = refusal(code, self._security_checker)
            if refused is not None:
                return refused
        return await self._execute(code, timeout, max_output, on_output)

    @abstractmethod
    async def _execute(
        self,
        code: str,
        timeout: float | None,  # noqa: ASYNC109 - it must stop code that never awaits
        max_output: int | None,
        on_output: Callable[[OutputChunk], None] | None,
    ) -> ExecutionResult:
        """Run a cell that no rule refuses; see `execute`."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return the public names that cells can use, sorted, injected or made by cells."""

    @abstractmethod
    def close(self) -> None:
        """Free what the runtime holds; it cannot be used afterwards. Closing twice is fine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abstractmethod
    def _bind(self, name: str, value: Any) -> None:
        """Bind a name in the namespace."""

    @abstractmethod
    def _bind_class(self, cls: type) -> None:
        """Bind a class under its own name unless that name is taken."""

    @abstractmethod
    def _lookup(self, name: str) -> Any:
        """Return what a name is bound to.

        Raises:
            KeyError: It is not bound.
        """

    @abstractmethod
    def _clear(self) -> None:
        """Forget every name."""

    def _bind_classes(self, classes: Iterable[type]) -> None:
        for cls in classes:
            self._bind_class(cls)

    def _bind_function(self, function: Function) -> None:
        self._bind(function.name, function.func)
        for hint in function.annotations().values():
            self._bind_classes(classes_under(hint))

    def _bind_variable(self, variable: Variable) -> None:
        self._bind(variable.name, variable.value)
        self._bind_classes(classes_in(type(variable.value)))

    def _described(
        self,
        sections: Sequence[Collection[Function | Variable | Type | str]],
        told: str = "",
        budget: int | None = None,
    ) -> list[str]:
        """Return the descriptions of what was injected, section by section; see `descriptions`."""
        if not any(sections):
            return [""] * len(sections)
        from cave_agent.runtime.parts import described  # noqa: PLC0415 - it takes long to load

        types, variables = self._types.values(), self._variables.values()
        return described(sections, types, variables, self._now, self, told, budget)


def _check_kind(value: object, kind: type, form: str) -> None:
    if not isinstance(value, kind):
        message = f"{bounded_repr(value)} cannot be injected as it is: wrap it with {form}."
        raise TypeError(message)
