"""Choice: location problems, exact solving, verification."""
