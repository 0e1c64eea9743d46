"""Language models: the seam, and the providers."""

from cave_agent.models.base import Model, ModelResponse, ModelStream
from cave_agent.models.litellm import LiteLLMModel
from cave_agent.models.openai import OpenAIServerModel
from cave_agent.models.retry import RetryPolicy
from cave_agent.usage import TokenUsage

__all__ = [
    "LiteLLMModel",
    "Model",
    "ModelResponse",
    "ModelStream",
    "OpenAIServerModel",
    "RetryPolicy",
    "TokenUsage",
]
