"""What turns rows into vectors."""
