"""Checks that read other files: READMEs, what must not be committed, alert rules, links, tests that are named, shell syntax."""

import pathlib
import re
import subprocess

from tree import HOUSE, Finding, check, line_of

MAX_README_LINES = 25
OTHER_FOLDERS = ("docker", "tests/lib", "tests/lint", "tests/play", "tests/integration")

# Written so that this file does not match itself.
UNWANTED = (
    (re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|farm)/", re.MULTILINE), "a path of one machine"),
    (re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:root|home/[a-z]\w*)/", re.MULTILINE), "a path of one machine"),
    (re.compile(r'"resolved"\s*:\s*"\w+:'), "an address that packages came from"),
    (re.compile(r"registry\.(?:npmjs|yarnpkg)|npm[m]irror|files\.python[h]osted", re.IGNORECASE), "a registry's host"),
)


@check("readmes")
def readmes(tree):
    """Each folder says in at most 25 lines what its files are for, a line a file."""
    files = tree.files()
    for folder in HOUSE + OTHER_FOLDERS:
        inside = [pathlib.PurePath(f) for f in files if str(pathlib.PurePath(f).parent) == folder]
        sources = [f for f in inside if f.name not in ("README.md", "CMakeLists.txt")]
        if not sources:
            continue
        readme = f"{folder}/README.md"
        if readme not in files:
            yield Finding(readme, 1, "is missing: a line a file, and where to start")
            continue
        if len(tree.lines(readme)) > MAX_README_LINES:
            yield Finding(readme, MAX_README_LINES + 1, f"is longer than {MAX_README_LINES} lines")
        if folder in HOUSE:
            for stem in sorted({f.stem for f in sources if f.suffix in (".c", ".h", ".def")}):
                if not re.search(rf"\b{re.escape(stem)}\b", tree.text(readme)):
                    yield Finding(readme, 1, f"does not name {stem}")


@check("private")
def private(tree):
    """No machine's paths and no registry's hosts in what is committed."""
    for path in tree.files():
        data = (tree.root / path).read_bytes()
        if b"\0" in data[:4096]:
            continue
        text = tree.text(path)
        for pattern, what in UNWANTED:
            for match in pattern.finditer(text):
                at = match.start() + (match.group()[:1] == "\n")
                yield Finding(path, line_of(text, at), f"{what}: {match.group().strip()}")


@check("alerts")
def alerts(tree):
    """An alert rule on a metric that does not exist never fires."""
    families = set(re.findall(r'DG_FAMILY\(\w+,\s*"(\w+)"', tree.text("base/metrics.def")))
    path = "docker/alerts.yaml"
    text = tree.text(path)
    for match in re.finditer(r"\bdriftguard_\w+", text):
        name = match.group()
        if name not in families and re.sub(r"_(bucket|sum|count)$", "", name) not in families:
            yield Finding(path, line_of(text, match.start()), f"{name} stands not in base/metrics.def")


@check("links")
def links(tree):
    """What a README or document points to is there."""
    for path in tree.files(".md"):
        text = tree.text(path)
        for match in re.finditer(r"\]\(([^)#\s]+)", text):
            if "://" not in match.group(1) and not (tree.root / path).parent.joinpath(match.group(1)).exists():
                yield Finding(path, line_of(text, match.start()), f"{match.group(1)} is not there")


@check("cases")
def cases(tree):
    """The tests that a document names as `file: name` are there."""
    files = tree.files()
    for path in (f for f in files if f.startswith("docs/") and f.endswith(".md")):
        text = tree.text(path)
        for match in re.finditer(r"`((?:\w+/)+\w+\.(?:py|c)): ([^`]+)`", text):
            test, name = f"tests/{match.group(1)}", match.group(2)
            if test not in files:
                yield Finding(path, line_of(text, match.start()), f"{test} is not there")
            elif not re.search(rf'(\bdef |["*]|\bvoid |\bbool ){re.escape(name)}', tree.text(test)):
                yield Finding(path, line_of(text, match.start()), f"{test} has no test {name!r}")


@check("shell")
def shell(tree):
    """Shell scripts parse, and stop at the first failure unless they are sourced."""
    for path in tree.files():
        if not path.endswith(".sh") and not tree.text(path).startswith("#!/usr/bin/env bash"):
            continue
        done = subprocess.run(["bash", "-n", str(tree.root / path)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield Finding(path, 1, done.stderr.strip())
        if tree.text(path).startswith("#!") and "set -euo pipefail" not in tree.text(path):
            yield Finding(path, 1, "has no set -euo pipefail")
