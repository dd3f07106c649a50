"""Write the files of a run; they appear whole or not at all."""

from burnish.adapters.sinks.folder import FolderSink
from burnish.adapters.sinks.json_text import json_text

__all__ = ["FolderSink", "json_text"]
