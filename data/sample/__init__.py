"""A small city that is generated, not real: its table of facts, its sources, its recipe and a scenario."""
