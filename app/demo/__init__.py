"""The demo: a simulated community, loaded and shown through the house's own doors."""
