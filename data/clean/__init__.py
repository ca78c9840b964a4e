"""From a source as it was read to a layer with fixed columns: one module per role."""
