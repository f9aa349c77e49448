"""Analyses in the background: asked for by pages, run by worker processes.

`app.jobs.runs` holds the verbs on the table (ask, claim, beat, finish, cancel, recover,
expire); `app.jobs.supervisor` starts a worker where something waits and lets go of what a
dead one held. What a worker does with a run is `app.worker`.
"""
