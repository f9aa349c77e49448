"""Copies of the store that are known to be good, and the way back that forgets whom it must.

``census`` counts and hashes every table; ``sqlite`` and ``postgres`` copy a snapshot while
members write; ``service`` holds the two verbs of the command line.
"""
