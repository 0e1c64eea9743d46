"""The rules of `SecurityChecker.standard()`: few, for honest mistakes."""

from cave_agent.security.rule import SecurityRule
from cave_agent.security.rules import AttributeRule, FunctionRule, ImportRule


def standard_rules() -> list[SecurityRule]:
    """Return the rules."""
    return [
        # Other programs: a model reaches for them to install packages or to delete files.
        ImportRule({"subprocess", "multiprocessing", "pty", "pip", "ensurepip", "ctypes"}),
        FunctionRule(
            {
                # What waits for a person, or for ever.
                "breakpoint",
                "input",
                # Texts as code: what they do cannot be read in the cell.
                "eval",
                "exec",
                # What ends, replaces or starts processes.
                *(f"os.{name}" for name in ("system", "popen", "fork", "kill", "_exit", "abort")),
                # What cannot be undone.
                *(f"os.{name}" for name in ("remove", "unlink", "rmdir", "removedirs", "truncate")),
                "shutil.rmtree",
                "shutil.move",
            }
        ),
        # The names behind a function are the host's.
        AttributeRule({"__globals__", "__builtins__", "__code__", "__closure__"}),
    ]
