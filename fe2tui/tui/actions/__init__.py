"""What commands do, one file a subject: ask what has to be asked, then run a task."""
