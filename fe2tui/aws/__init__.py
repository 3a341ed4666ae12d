"""The only room that calls AWS. Importing a module of it imports nothing of AWS's: that comes with the first call."""
