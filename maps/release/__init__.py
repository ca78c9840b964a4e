"""What of a plan may be released: protected figures only, and the check that nothing can be subtracted out of them."""
