"""The sheets by which quarters answer a plan, and what their answers changed."""
