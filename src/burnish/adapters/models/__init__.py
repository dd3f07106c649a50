"""What a measurement trains."""
