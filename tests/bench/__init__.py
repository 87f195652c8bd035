"""Benchmarks: our bot beside the stock SDK and a bare handler, on loopback, bounded in count and time."""
