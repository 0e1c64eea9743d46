"""What is to be done in a set, said once: turns of actions, from which each arm acts."""

import functools
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_FORMATTER = string.Formatter()


@dataclass(frozen=True, slots=True)
class Ref:
    """A value within the result of an earlier call.

    A JSON arm writes the value, as a model copies it; code writes the expression.

    Args:
        name: What the result is called.
        path: Keys and places that lead to the value.
        each: Whether it is one of all values of a list that code loops over.
    """

    name: str
    path: tuple[str | int, ...] = ()
    each: bool = False

    def value(self, results: Mapping[str, Any]) -> Any:
        """Return the value."""
        return functools.reduce(lambda held, key: held[key], self.path, results[self.name])

    def expression(self) -> str:
        """Return the Python that says it."""
        return self.name + "".join(f"[{key!r}]" for key in self.path)


def ref(name: str, *path: str | int) -> Ref:
    """Return a reference to a value within an earlier result."""
    return Ref(name, path)


@dataclass(frozen=True, slots=True)
class Call:
    """One action.

    Attributes:
        tool: `name` of a function or `object.method`.
        arguments: Its arguments by name.
        name: What its result is called, where something refers to it.
    """

    tool: str
    arguments: Mapping[str, Any]
    name: str | None = None

    def refs(self) -> list[Ref]:
        """Return what it needs of earlier results."""
        return [found for value in self.arguments.values() for found in _refs_in(value)]

    def lists(self) -> dict[str, Ref]:
        """Return the lists that code loops over for its arguments, by their names."""
        return {
            name: Ref(value.name, value.path[:-1])
            for name, value in self.arguments.items()
            if isinstance(value, Ref) and value.each
        }

    def values(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """Return its arguments with the values of earlier results in them."""
        return {name: _resolved(value, results) for name, value in self.arguments.items()}


def call(tool: str, name: str | None = None, /, **arguments: Any) -> Call:
    """Return an action; `name` is what its result is called."""
    return Call(tool, arguments, name)


def call_each(tool: str, argument: str, values: Ref, number: int) -> tuple[Call, ...]:
    """Return an action for each value of a list in an earlier result.

    Code loops over the list and need not know how long it is.

    Args:
        tool: `name` of a function or `object.method`.
        argument: The parameter that takes the value.
        values: The list.
        number: How long it is.
    """
    places = (Ref(values.name, (*values.path, place), each=True) for place in range(number))
    return tuple(Call(tool, {argument: place}) for place in places)


@dataclass(frozen=True, slots=True)
class Turn:
    """A query of the user, and all that answers it.

    Attributes:
        query: The user's words.
        steps: Groups of actions. Between two groups the model has to look at results before it
            can know what to do; what is within one group follows from what is known before it.
        reply: The final words. `{name[key]}` is a value of a result, as in `str.format`.
        hands_over: Names of results that the user is given whole, as objects or as text.
        looks: Whether the reply weighs what was found, so that no cell can give it: the model has
            to look at the output first.
    """

    query: str
    steps: tuple[tuple[Call, ...], ...]
    reply: str
    hands_over: tuple[str, ...] = ()
    looks: bool = False

    def reply_text(self, results: Mapping[str, Any]) -> str:
        """Return the final words with the values in them."""
        return _FORMATTER.vformat(self.reply, (), results)

    def reply_code(self, fields: Mapping[str, str]) -> str:
        """Return the Python string literal that says them, computed from the results."""
        parts = list(_FORMATTER.parse(self.reply))
        if all(name is None for _, name, _, _ in parts):
            return _quoted(self.reply.replace("{{", "{").replace("}}", "}"))
        written = "".join(
            _escaped(text)
            + (f"{{{_expression(name, fields)}{f':{spec}' if spec else ''}}}" if name else "")
            for text, name, spec, _ in parts
        )
        return f'f"{written}"'


@dataclass(frozen=True)
class World:
    """Fresh real objects that actions work on.

    Attributes:
        objects: Variables by name; the methods of those with `is_toolbox` are tools.
        functions: Tools that belong to no object.
        state: Returns what there is in the end, comparable with `==`. It is given the names in
            the namespace of an arm that works with objects.
    """

    objects: Mapping[str, Any]
    functions: Sequence[Callable[..., Any]] = ()
    state: Callable[[Mapping[str, Any]], Any] = lambda names: names


@dataclass(frozen=True)
class GoldSet:
    """A set of conversations over fresh worlds.

    Attributes:
        name: One word.
        title: What the table calls it.
        role: What the agent is told that it is, and its policies.
        make_world: Makes fresh objects for one conversation.
        conversations: The turns of each.
        code: For a tool, the Python that does the same where objects are at hand, with the
            placeholders `{out}` and its arguments; of all others code is a call.
        show: What a cell prints of the result of a tool, or under an empty name of any other.
        whole: The text that a result is handed over as, where it is not handed over as an object.
        fields: The Python for a key of a result, where results are objects and have no keys.
        described: What agents are told of variables.
        handed: Types of the results that are handed over.
        kept: Variables that belong to the state in the end.
    """

    name: str
    title: str
    role: str
    make_world: Callable[[], World]
    conversations: tuple[tuple[Turn, ...], ...]
    code: Mapping[str, str] = field(default_factory=dict)
    show: Mapping[str, str] = field(default_factory=lambda: {"": "print({out})"})
    whole: str = "{out}"
    fields: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, str] = field(default_factory=dict)
    handed: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()

    def as_text(self, value: Any) -> str:
        """Return the text that an object is handed over as, where it is not handed over itself."""
        return str(eval(self.whole.format(out="value"), {"value": value}))


def written(value: Any) -> str:
    """Return the Python that says an argument."""
    if isinstance(value, Ref):
        return value.expression()
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return repr(value)


def names_used(turn: Turn) -> set[str]:
    """Return the results that the reply of a turn speaks of."""
    fields = (name for _, name, _, _ in _FORMATTER.parse(turn.reply) if name)
    return {name.partition("[")[0].partition(".")[0] for name in fields}


def levels(calls: Sequence[Call]) -> Iterator[list[Call]]:
    """Yield what can be called at once: calls that need no result of another of the same group."""
    made = {call.name for call in calls if call.name}
    left = list(calls)
    done: set[str] = set()
    while left:
        ready = [call for call in left if not (_needs(call) & made) - done]
        if not ready:
            message = f"These actions wait for each other: {left}. Order them so that they do not."
            raise ValueError(message)
        yield ready
        done |= {call.name for call in ready if call.name}
        left = [call for call in left if call not in ready]


def _needs(call: Call) -> set[str]:
    """Return the results that an action needs, also those that it names in words, as a table."""
    named = {value for value in call.arguments.values() if isinstance(value, str)}
    return ({ref.name for ref in call.refs()} | named) - {call.name or ""}


def _refs_in(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _refs_in(each)


def _resolved(value: Any, results: Mapping[str, Any]) -> Any:
    if isinstance(value, Ref):
        return value.value(results)
    return [_resolved(each, results) for each in value] if isinstance(value, list) else value


def _expression(name: str, fields: Mapping[str, str]) -> str:
    head, *keys = name.replace("]", "").split("[")
    if keys and keys[-1] in fields:
        return fields[keys[-1]].format(out=head)
    return head + "".join(f"[{key if key.isdigit() else repr(key)}]" for key in keys)


def _escaped(text: str) -> str:
    return (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("{", "{{")
    ).replace("}", "}}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
