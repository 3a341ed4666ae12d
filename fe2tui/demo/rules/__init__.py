"""EC2's rules, one subject a module; each puts its actions into the table of `dispatch`."""
