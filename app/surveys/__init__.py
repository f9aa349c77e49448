"""What a member meets: consent, nine short sections, a receipt.

``routes`` is thin, ``forms`` reads what comes in, ``service`` holds the verbs, ``plan``
says what is asked in which order, ``document`` fills the one page that holds it all,
``views`` turns results into pages, ``contexts`` is what templates may see.
"""
