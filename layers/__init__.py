"""Meaning: services, spaces, people and their need, and what a plan says about them."""
