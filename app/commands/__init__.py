"""Commands of `guyub` by subject; `app.cli` gathers them."""
