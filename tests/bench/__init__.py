"""`make bench`: our server beside a bare floor of the same shape, in one run."""
