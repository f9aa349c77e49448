"""What the answers say: counts and frames in, frozen results out. No web, no database."""
