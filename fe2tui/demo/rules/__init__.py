"""EC2's operations, a file a resource."""
