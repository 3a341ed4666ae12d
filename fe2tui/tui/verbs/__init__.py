"""What the keys that act on instances and places do: ask what has to be asked, then start a task."""
