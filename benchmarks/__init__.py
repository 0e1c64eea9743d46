"""What cave-agent costs, beside bare Python and two peers: run `python -m benchmarks`."""
