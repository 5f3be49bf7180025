"""Checks that run a tool: the compiler, clang-format, clang-tidy, the built program, the Dockerfile's steps."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import dockerfile
from tree import HOUSE, Finding, check

# Sections whose objects can be written to after start-up; .data.rel.ro is constant by then.
MUTABLE_SECTIONS = re.compile(r"^(?:\.data|\.bss|\.tdata|\.tbss|\*COM\*)(?!\.rel\.ro)")
SYMBOL = re.compile(r"^[0-9a-f]+ (?P<flags>.{7}) (?P<section>\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(?P<name>\S+)$")
# What sanitizers and the linker add to an object.
COMPILERS_OWN = re.compile(r"^(?:\.L|__|_ub_)")
GENERATED = {"docs/config.md": ("config", "markdown"), "docs/metrics.md": ("config", "metrics-markdown")}


def _run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)


def _each(function, items):
    """function over the items, two at a time, in their order."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))


def _first_line(text):
    return next((line for line in text.splitlines() if "error" in line or "warning" in line), text.strip()[:200])


@check("headers")
def headers(tree):
    """Each header compiles alone: it includes what it uses."""
    include_dirs = _run(["pkg-config", "--cflags-only-I", "libcjson", "libpq", "libevent"]).stdout.split()

    def compile_alone(path):
        return path, _run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                           f"-I{tree.root}", *include_dirs, "-include", tree.root / path, "-x", "c", os.devnull])

    house = [p for p in tree.files(".h") if p.startswith(tuple(f + "/" for f in HOUSE)) and p != "base/banned.h"]
    for path, done in _each(compile_alone, house):
        if done.returncode != 0:
            yield Finding(path, 1, f"does not compile alone: {_first_line(done.stderr)}")


@check("format")
def formatting(tree):
    """clang-format finds nothing to change."""
    files = tree.c_files()
    if not files:
        return
    done = _run(["clang-format", "--dry-run", "-Werror", "--ferror-limit=1", *files], cwd=tree.root)
    for match in re.finditer(r"^(.+?):(\d+):\d+: error: (.*)", done.stderr, re.MULTILINE):
        yield Finding(match.group(1), int(match.group(2)), "clang-format -i would change this")
    if done.returncode != 0 and "error:" not in done.stderr:
        yield Finding(".clang-format", 1, done.stderr.strip())


@check("globals")
def mutable_globals(tree):
    """Nothing in the built libraries lies where it could be written to after start-up."""
    if not tree.build_dir:
        return
    archives = sorted(tree.build_dir.glob("*/libdg_*.a"))
    if not archives:
        yield Finding(str(tree.build_dir), 1, "holds no libdg_*.a: build first")
    for archive in archives:
        for line in _run(["objdump", "-t", archive]).stdout.splitlines():
            match = SYMBOL.match(line)
            # "d" are the sections' own symbols and "F" functions; thread-local objects carry no "O".
            if not match or set("dF") & set(match["flags"]) or not MUTABLE_SECTIONS.match(match["section"]):
                continue
            if not COMPILERS_OWN.match(match["name"]):
                yield Finding(str(archive.relative_to(tree.build_dir)), 1, f"{match['name']} is a mutable global")


@check("docs")
def docs(tree):
    """Generated documents equal what the program prints; the sample configuration is one it accepts."""
    if not tree.build_dir:
        return
    program = tree.build_dir / "driftguard"
    if not program.exists():
        yield Finding(str(program), 1, "is not built")
        return
    for path, words in GENERATED.items():
        done = _run([program, *words])
        file = tree.root / path
        if done.returncode != 0:
            yield Finding(path, 1, f"driftguard {' '.join(words)} ended with {done.returncode}")
        elif not file.exists() or file.read_text() != done.stdout:
            yield Finding(path, 1, f"is out of date: driftguard {' '.join(words)} > {path}")
    sample = tree.root / "docker/driftguard.json"
    done = _run([program, "config", "check", sample])
    if done.returncode != 0:
        yield Finding("docker/driftguard.json", 1, f"is refused: {(done.stderr or done.stdout).strip()}")


@check("docker")
def docker(tree):
    """The Dockerfile's build steps, in their order, in a copy of the tree without a container."""
    path = "docker/Dockerfile"
    stages = dockerfile.parse(tree.text(path))
    yield from (Finding(path, line, text) for line, text in dockerfile.check_packages(stages, tree.root))
    with tempfile.TemporaryDirectory(prefix="driftguard-docker.", dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        copy = pathlib.Path(folder) / "src"
        for name in tree.files():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree.root / name, copy / name)
        yield from (Finding(path, line, text) for line, text in dockerfile.run_build(stages, copy))


@check("tidy", on_demand=True)
def tidy(tree):
    """clang-tidy over every source that the build knows."""
    sources = [p for p in tree.files(".c") if p.startswith(tuple(f + "/" for f in HOUSE))]

    def look_at(path):
        return _run(["clang-tidy", "-p", tree.build_dir, "--quiet", "--warnings-as-errors=*", tree.root / path])

    for path, done in zip(sources, _each(look_at, sources)):
        for match in re.finditer(r"^(.+?):(\d+):\d+: (?:error|warning): (.*)", done.stdout, re.MULTILINE):
            yield Finding(os.path.relpath(match.group(1), tree.root), int(match.group(2)), match.group(3))
        if done.returncode != 0 and not done.stdout.strip():
            yield Finding(path, 1, _first_line(done.stderr))
