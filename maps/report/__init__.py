"""The report of a plan for a council: one page in both languages, and the same on paper as a PDF."""
