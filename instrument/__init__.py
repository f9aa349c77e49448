"""What is asked and how it is scored; knows no web, no database, no numeric library."""
