"""Put the demo's real output into the README: `burnish demo | python scripts/readme_demo.py`."""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    output = "\n".join(line.rstrip() for line in sys.stdin.read().splitlines())
    block = f"<!-- demo:begin -->\n```text\n{output}\n```\n<!-- demo:end -->"
    text = README.read_text(encoding="utf-8")
    README.write_text(
        re.sub(r"<!-- demo:begin -->.*<!-- demo:end -->", lambda _: block, text, flags=re.S), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
