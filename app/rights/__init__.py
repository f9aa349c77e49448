"""What everybody may do about their own data, and what the law asks of whoever keeps it.

``routes`` is thin; ``door`` says whose code or receipt it is; ``own`` reads what is stored
of one person; ``erasing`` and ``choices`` change it; ``requests`` is the inbox; ``retention``
deletes what is due; ``breach`` writes the report nobody wants to need.
"""
