"""The web service and the command line: the only place with I/O."""
