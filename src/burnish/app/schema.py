"""The OpenAPI schema as a file, from which the page's types are generated: `python -m burnish.app.schema FILE`."""

import json
import sys
from pathlib import Path
from typing import Any

from burnish.app.server import make_app


def schema() -> dict[str, Any]:
    """Give the OpenAPI document of the server."""
    return make_app(None).openapi()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(schema(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
