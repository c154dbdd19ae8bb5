#!/usr/bin/env python3
"""The code in the README is the example that is built, and the Python of the README runs."""
import os
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
text = (root / "README.md").read_text()
blocks = dict(re.findall(r"```(cpp|python)\n(.*?)```", text, re.S))
assert blocks["cpp"] == (root / "examples/attention.cpp").read_text(), "README and examples/attention.cpp differ"
for link in re.findall(r"\]\(([^)#]+)\)", text):
    assert (root / link).exists(), f"README links to {link}, which is absent"
library = os.environ.get("REGARD_LIBRARY", str(root / "build/lib/libregard.so"))
if not pathlib.Path(library).exists():
    print(f"skipped: {library} is not built")
    sys.exit(77)
exec(blocks["python"].replace("build/lib/libregard.so", library))
assert y.shape == (2, 4, 100, 16) and q.grad is not None  # noqa: F821
print("1 passed, 0 failed")
