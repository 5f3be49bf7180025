"""docker/Dockerfile, read and obeyed as far as that goes without a container.

FROM opens a stage, COPY and WORKDIR are looked at, RUN is split at &&. Package commands are compared with
scripts/packages.sh rather than run; every other command of the build stage runs in a copy of the tree, in its order.
"""

import collections
import re
import shlex
import subprocess

Step = collections.namedtuple("Step", "line word argument")
Stage = collections.namedtuple("Stage", "name steps")

PACKAGE_COMMAND = re.compile(r"^(?:apt-get|rm -rf /var/lib/apt)\b")


def parse(text):
    """The stages, each with its steps; a backslash at a line's end continues it."""
    stages, pending, start = [], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (line.strip() or pending):
            continue
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        word, _, argument = (pending + line).strip().partition(" ")
        if word.upper() == "FROM":
            match = re.search(r"\bAS\s+(\S+)", argument, re.IGNORECASE)
            stages.append(Stage(match.group(1) if match else "", []))
        if stages:
            stages[-1].steps.append(Step(start, word.upper(), " ".join(argument.split())))
        pending, start = "", 0
    return stages


def _commands(stage):
    """(line, command) of each RUN, split at &&."""
    for step in stage.steps:
        if step.word == "RUN":
            for command in step.argument.split(" && "):
                yield step.line, command.strip()


def _installed(stage):
    """{package: line} of the stage's apt-get install commands."""
    found = {}
    for line, command in _commands(stage):
        words = shlex.split(command)
        if words[:1] == ["apt-get"] and "install" in words:
            for word in words[words.index("install") + 1:]:
                if not word.startswith("-"):
                    found[word] = line
    return found


def _named(root, variable):
    script = f'source scripts/packages.sh && printf "%s\\n" "${{{variable}[@]}}"'
    done = subprocess.run(["bash", "-c", script], cwd=root, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def check_packages(stages, root):
    """The build stage installs exactly BUILD_PACKAGES."""
    stage = _stage(stages, "build")
    if not stage:
        yield 1, "has no stage named build"
        return
    installed, wanted = _installed(stage), _named(root, "BUILD_PACKAGES")
    for name in sorted(wanted - set(installed)):
        yield stage.steps[0].line, f"the build stage lacks {name} of scripts/packages.sh"
    for name in sorted(set(installed) - wanted):
        yield installed[name], f"the build stage installs {name}, which scripts/packages.sh does not name"


def _stage(stages, name):
    return next((stage for stage in stages if stage.name == name), None)


def run_build(stages, copy):
    """Runs the build stage in the copy; then the other stages' COPY --from=build must find what they take, and the
    last stage must install the libraries that it was linked with."""
    stage = _stage(stages, "build")
    if not stage:
        return
    workdir = next((step.argument for step in stage.steps if step.word == "WORKDIR"), "/")
    for line, command in _commands(stage):
        if PACKAGE_COMMAND.match(command):
            continue
        done = subprocess.run(["bash", "-euc", command], cwd=copy, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            yield line, f"{command!r} ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:].strip()}"
            return
    for other in stages:
        for step in other.steps:
            if step.word == "COPY" and step.argument.startswith("--from=build "):
                yield from _check_taken(step, workdir, copy, _installed(other))


def _check_taken(step, workdir, copy, installed):
    source = step.argument.split()[1]
    path = copy / source.removeprefix(workdir).lstrip("/")
    if not path.exists():
        yield step.line, f"the build leaves no {source}"
        return
    for package in sorted(_packages_of_libraries(path) - {"libc6"} - set(installed)):
        yield step.line, f"the program needs {package}, which its stage does not install"


def _packages_of_libraries(program):
    """Debian packages of the libraries that the program itself names; empty where that cannot be told."""
    dynamic = subprocess.run(["objdump", "-p", str(program)], capture_output=True, text=True, check=False).stdout
    needed = set(re.findall(r"^\s*NEEDED\s+(\S+)", dynamic, re.MULTILINE))
    loaded = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
    packages = set()
    for name, path in re.findall(r"(\S+) => (/\S+)", loaded):
        if name in needed:
            packages |= _packages_of(path)
    return packages


def _packages_of(path):
    """Where /lib is a link to /usr/lib, dpkg knows a file by either name."""
    for name in (path, path.removeprefix("/usr"), f"/usr{path}"):
        owner = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True, check=False)
        if owner.returncode == 0:
            return {line.split(":")[0] for line in owner.stdout.splitlines() if not line.startswith("diversion")}
    return set()
