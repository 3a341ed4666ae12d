"""The modal forms: each gets all it shows through its constructor and answers with what was chosen, or None."""
