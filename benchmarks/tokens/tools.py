"""The tools of a world as each kind of agent has them: methods, flat functions, JSON schemas."""

import copy
import functools
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field, create_model

from benchmarks.tokens.gold import World

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])

_SECTION = re.compile(r"^(Args|Returns|Raises):$")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOURNAL: list[Any] = []


def recorded(function: F) -> F:
    """Note each result of a tool, whichever arm calls it."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        _JOURNAL.append(copy.deepcopy(result))
        return result

    return wrapper  # type: ignore[return-value]


def toolbox(cls: C) -> C:
    """Make the public methods of a class tools."""
    for name, member in list(vars(cls).items()):
        if inspect.isfunction(member) and not name.startswith("_"):
            setattr(cls, name, recorded(member))
    cls.__is_toolbox__ = True  # type: ignore[attr-defined]
    return cls


def take_results() -> list[Any]:
    """Return the results that were noted since the last time."""
    taken = list(_JOURNAL)
    _JOURNAL.clear()
    return taken


def toolboxes(world: World) -> dict[type, list[str]]:
    """Return the classes whose methods are tools, each with the names of its objects."""
    found: dict[type, list[str]] = {}
    for name, value in world.objects.items():
        if hasattr(type(value), "__is_toolbox__"):
            found.setdefault(type(value), []).append(name)
    return found


@dataclass(frozen=True)
class Tool:
    """A tool as a flat function: what a method works on is its first argument.

    Attributes:
        name: Its name.
        function: What is called; a method takes the object first.
        targets: The objects by name, where it is a method of several.
        target: The parameter that names the object, where there are several.
    """

    name: str
    function: Callable[..., Any]
    targets: Mapping[str, Any]
    target: str | None = None

    def parameters(self) -> list[inspect.Parameter]:
        """Return its parameters as a caller sees them."""
        signature = inspect.signature(self.function, eval_str=True)
        own = [value for name, value in signature.parameters.items() if name != "self"]
        if self.target is None:
            return own
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return [inspect.Parameter(self.target, kind, annotation=str), *own]

    def run(self, *positional: Any, **arguments: Any) -> Any:
        """Call it."""
        names = (parameter.name for parameter in self.parameters())
        arguments |= dict(zip(names, positional, strict=False))
        if not self.targets:
            return self.function(**arguments)
        name = arguments.pop(self.target) if self.target else next(iter(self.targets))
        return self.function(self.targets[name], **arguments)

    def documentation(self) -> tuple[str, dict[str, str]]:
        """Return what its docstring says of it, and of each parameter."""
        text, arguments, section, last = [], {}, None, ""
        for line in (inspect.getdoc(self.function) or "").splitlines():
            if heading := _SECTION.match(line):
                section = heading[1]
            elif section is None:
                text.append(line)
            elif section == "Args" and ": " in line and not line.startswith("        "):
                last, _, arguments[last] = line.strip().partition(": ")
                arguments[last.strip()] = arguments.pop(last)
            elif section == "Args" and line.strip():
                arguments[last] += " " + line.strip()
        return "\n".join(text).strip(), arguments

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema that pydantic makes of its signature, without the titles."""
        described, arguments = self.documentation()
        fields: dict[str, Any] = {}
        for parameter in self.parameters():
            missing = parameter.default is inspect.Parameter.empty
            default = ... if missing else parameter.default
            field = Field(default, description=arguments.get(parameter.name))
            fields[parameter.name] = (parameter.annotation, field)
        parameters = _untitled(create_model(self.name, **fields).model_json_schema())
        return {"name": self.name, "description": described, "parameters": parameters}

    def stub(self) -> str:
        """Return its definition as a code agent is usually told it."""
        described, arguments = self.documentation()
        shown = ", ".join(str(parameter).replace("typing.", "") for parameter in self.parameters())
        lines = [f"def {self.name}({shown}):", f'    """{described}']
        if arguments:
            lines += ["", "    Args:"]
            lines += [f"        {name}: {text}" for name, text in arguments.items()]
            return "\n".join([*lines, '    """'])
        return "\n".join(lines) + '"""'


def tools_of(world: World) -> dict[str, Tool]:
    """Return the flat tools of a world, by the names that actions call them.

    A method of the only toolbox keeps its name; of several, the class comes before it.
    """
    boxes = toolboxes(world)
    found: dict[str, Tool] = {}
    for cls, names in boxes.items():
        kind = _CASE.sub("_", cls.__name__).lower()
        prefix = f"{kind}_" if len(boxes) > 1 else ""
        targets = {name: world.objects[name] for name in names}
        target = kind if len(names) > 1 else None
        for method, member in vars(cls).items():
            if inspect.isfunction(member) and not method.startswith("_"):
                tool = Tool(prefix + method, member, targets, target)
                found |= {f"{name}.{method}": tool for name in names}
    found |= {f.__name__: Tool(f.__name__, f, {}) for f in world.functions}
    return found


def flat_arguments(tool: Tool, called: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call of `object.method` as those of the flat tool."""
    head = {tool.target: called.partition(".")[0]} if tool.target else {}
    return {**head, **arguments}


def compact(value: Any) -> str:
    """Return a value as JSON without blanks; a text as it is."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def typescript(schema: Mapping[str, Any]) -> str:
    """Return a tool as OpenAI's published `harmony` format shows it to its models."""
    lines = [f"// {line}" for line in schema["description"].splitlines()]
    parameters = schema["parameters"]
    definitions = parameters.get("$defs", {})
    if not parameters.get("properties"):
        return "\n".join([*lines, f"type {schema['name']} = () => any;", ""])
    lines.append(f"type {schema['name']} = (_: {{")
    required = parameters.get("required", [])
    for name, kind in parameters["properties"].items():
        if "description" in kind:
            lines.append(f"// {kind['description']}")
        mark = "" if name in required else "?"
        default = f" // default: {compact(kind['default'])}" if kind.get("default") else ""
        lines.append(f"{name}{mark}: {_script_type(kind, definitions)},{default}")
    return "\n".join([*lines, "}) => any;", ""])


def _script_type(kind: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in kind:
        return _script_type(definitions[kind["$ref"].rpartition("/")[2]], definitions)
    if "enum" in kind:
        return " | ".join(json.dumps(value) for value in kind["enum"])
    if "anyOf" in kind:
        return " | ".join(_script_type(each, definitions) for each in kind["anyOf"])
    if kind.get("type") == "array":
        return _script_type(kind.get("items", {}), definitions) + "[]"
    if kind.get("type") == "object" and "properties" in kind:
        inner = (f"{k}: {_script_type(v, definitions)}" for k, v in kind["properties"].items())
        return f"{{ {', '.join(inner)} }}"
    return {"integer": "number"}.get(kind.get("type", "any"), str(kind.get("type", "any")))


def _untitled(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _untitled(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
