"""Measure one contender once, in this process: `python -m benchmarks.performance.contender KERNEL NAME CASE`.

Prints one JSON line, the last of its output: the fields of `measuring.Run`.
"""

import json
import sys
import warnings
from dataclasses import asdict

from benchmarks.performance.measuring import load_kernel, measure


def main(kernel_name: str, key: str, case: str) -> None:
    warnings.simplefilter("ignore")
    kernel = load_kernel(kernel_name)
    print("\n" + json.dumps(asdict(measure(kernel, kernel.contender(key), case))))


if __name__ == "__main__":
    main(*sys.argv[1:])
