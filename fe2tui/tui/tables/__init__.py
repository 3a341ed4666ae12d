"""The table of actions, a part a group."""
