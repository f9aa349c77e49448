"""Reports: a researcher asks for an analysis, watches it, reads it; open texts are judged."""
