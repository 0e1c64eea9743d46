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
from cave_agent.runtime.digests.masking import is_secret_name
from cave_agent.runtime.digests.registry import Digest, digest, digested_by_fields, has_own_digest

__all__ = ["Digest", "digest", "digested_by_fields", "has_own_digest", "is_secret_name"]
