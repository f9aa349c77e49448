"""What the chair and the members are told of one wave: one frozen card, made behind the gate.

`making.make` reads data sets and the event log, asks `analysis.disclosure` for everything it
shows, and gives a `Card`. A card is plain data: pages, PDF, picture and API render it and
never compute a figure. Importing this package loads no numeric library; `making` does.
"""
