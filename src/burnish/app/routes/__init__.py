"""The endpoints, a module per topic: each asks the workspace and gives a document."""
