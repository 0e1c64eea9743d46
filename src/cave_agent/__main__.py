"""`python -m cave_agent` is the command `cave-agent`."""

import sys

from cave_agent.cli.main import main

sys.exit(main())
