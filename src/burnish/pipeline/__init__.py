"""What must run and in which order, what the findings change, and what the change did."""
