"""Scorecards: what a closed wave says, for the chair, and back to the members."""
