"""The services beside EC2 that the demo cloud answers itself, one a module; each puts its actions into the table."""
