"""The read API of researchers' programs: waves, codebook, data sets, results. Tokens only."""
