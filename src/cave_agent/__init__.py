"""A language model that works on live Python objects in a persistent runtime."""

from cave_agent.agent import CaveAgent
from cave_agent.display import LogLevel
from cave_agent.errors import (
    AgentNestingError,
    CaveAgentError,
    ContextWindowExceededError,
    MissingExtraError,
    MissingObjectError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelServerError,
    ModelStreamError,
    ModelUnavailableError,
    RuntimeBusyError,
    RuntimeClosedError,
    RuntimeUnusableError,
    SecurityError,
    SkillError,
)
from cave_agent.events import Event, EventType
from cave_agent.messages import (
    AssistantMessage,
    CodeExecutionMessage,
    ExecutionResultMessage,
    Message,
    MessageRole,
    ReminderMessage,
    SystemMessage,
    UserMessage,
)
from cave_agent.results import AgentResponse, CellRun, ExecutionResult, ExecutionStatus
from cave_agent.usage import TokenUsage

__version__ = "0.1.0"

__all__ = [
    "AgentNestingError",
    "AgentResponse",
    "AssistantMessage",
    "CaveAgent",
    "CaveAgentError",
    "CellRun",
    "CodeExecutionMessage",
    "ContextWindowExceededError",
    "Event",
    "EventType",
    "ExecutionResult",
    "ExecutionResultMessage",
    "ExecutionStatus",
    "LogLevel",
    "Message",
    "MessageRole",
    "MissingExtraError",
    "MissingObjectError",
    "ModelAuthenticationError",
    "ModelConnectionError",
    "ModelError",
    "ModelRateLimitError",
    "ModelRequestError",
    "ModelServerError",
    "ModelStreamError",
    "ModelUnavailableError",
    "ReminderMessage",
    "RuntimeBusyError",
    "RuntimeClosedError",
    "RuntimeUnusableError",
    "SecurityError",
    "SkillError",
    "SystemMessage",
    "TokenUsage",
    "UserMessage",
]
