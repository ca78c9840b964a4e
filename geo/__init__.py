"""Space: CRS, grid, areal interpolation, street network, travel times."""
