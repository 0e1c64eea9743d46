"""The command `cave-agent`."""
