"""Digests: a line that tells a model what a value is, never the bulk of it."""

from cave_agent.runtime.digests import (  # noqa: F401 - each registers the digests in it
    arrays,
    containers,
    databases,
    definitions,
    frames,
    instances,
    libraries,
    plain,
    streams,
)
from cave_agent.runtime.digests.registry import Digest, digest, has_own_digest

__all__ = ["Digest", "digest", "has_own_digest"]
