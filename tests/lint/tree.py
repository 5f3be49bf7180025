"""The tree that a lint looks at, and what all lints share.

A check is a function (Tree) -> iterable of Finding, registered under its name by @check. It never prints. A finding is a
place and a sentence. Self-tests build small trees of their own, so nothing here assumes this project's files beyond the
names of its folders.
"""

import collections
import os
import pathlib
import subprocess

Finding = collections.namedtuple("Finding", "path line text")

# Lowest floor first; folders of one floor do not include each other.
FLOORS = (("base",), ("protocol", "config", "schema"), ("sql",), ("expect",), ("guard",), ("proxy",), ("cli",))
HOUSE = tuple(folder for floor in FLOORS for folder in floor)

CHECKS = {}


def check(name, on_demand=False):
    """Registers a check. on_demand: only when asked for by name."""

    def register(function):
        CHECKS[name] = function
        function.on_demand = on_demand
        return function

    return register


class Tree:
    """A folder with sources. build_dir, if given, is where it was built."""

    def __init__(self, root, build_dir=None):
        self.root = pathlib.Path(root).resolve()
        self.build_dir = pathlib.Path(build_dir).resolve() if build_dir else None
        self._files = None
        self._texts = {}

    def files(self, *suffixes):
        """Paths relative to the root: what git tracks or would track, sorted. All files where there is no git."""
        if self._files is None:
            self._files = sorted(p for p in self._list() if (self.root / p).is_file())
        return [p for p in self._files if not suffixes or p.endswith(suffixes)]

    def _list(self):
        if (self.root / ".git").exists():
            command = ["git", "-c", "safe.directory=*", "-C", str(self.root), "ls-files", "-z", "--cached", "--others",
                       "--exclude-standard"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            return {name for name in done.stdout.split("\0") if name}
        found = set()
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in (".git", "build", "node_modules", "__pycache__")]
            found |= {os.path.relpath(os.path.join(folder, name), self.root) for name in names}
        return found

    def c_files(self):
        return self.files(".c", ".h")

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def lines(self, path):
        return self.text(path).splitlines()


def floor_of(path):
    """The floor of a file, its unit tests counting as its folder; None outside the house."""
    parts = pathlib.PurePath(path).parts
    folder = parts[2] if parts[:2] == ("tests", "unit") and len(parts) > 2 else parts[0]
    for number, folders in enumerate(FLOORS):
        if folder in folders:
            return number, folder
    return None


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
