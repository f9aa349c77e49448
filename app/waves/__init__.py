"""Communities and their waves: who is asked, when, under which promises."""
