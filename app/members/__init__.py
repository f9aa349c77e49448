"""The roster: participants and their codes. Nobody here sees an answer."""
