"""What commands do, apart from how they are typed: imported when a command runs, not for Tab or ``--help``."""
