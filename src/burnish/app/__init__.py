"""The local web app: HTTP around the workspace, no logic of its own."""
