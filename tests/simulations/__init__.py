"""What the specification promises, found by simulation with a known truth.

``make simulate`` runs every study in full and writes ``docs/manual/simulations.md``; the test
suite runs a tenth of the draws. The statistics are the product's own functions: a study draws
answers, asks the product, and compares with what was put in.
"""
