"""Objects out, checked: what a run is to leave in the runtime, and whether it is there."""

from cave_agent.returns.handover import Handover
from cave_agent.returns.request import Request, read_request

__all__ = ["Handover", "Request", "read_request"]
