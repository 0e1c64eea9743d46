"""Where the observer can work."""

import sys

if sys.platform != "linux":
    # It becomes the parent of what cells leave behind, which other systems have no call for.
    collect_ignore = ["test_corpus.py", "test_harness.py"]
