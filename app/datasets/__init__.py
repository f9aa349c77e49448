"""Data sets: a wave's scored rows with codebook and manifest."""
