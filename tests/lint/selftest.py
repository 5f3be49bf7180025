#!/usr/bin/python3
"""The lint of the lints: each check meets a tree that it must complain about and one that it must leave alone.

A case is {path: text} laid over a small tree that every check accepts.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import build_checks  # noqa: F401 - importing registers the checks
import c_source
import dockerfile
import source_checks  # noqa: F401
import tree_checks  # noqa: F401
from tree import CHECKS, Tree

HERE = pathlib.Path(__file__).resolve().parent

GOOD = {
    "base/README.md": "# base\n\n- `add` adds, `metrics` counts.\n",
    "base/add.h": "#ifndef DG_BASE_ADD_H\n#define DG_BASE_ADD_H\n\n#include <stddef.h>\n\n"
                  "size_t dg_add(size_t a, size_t b);\n\n#endif\n",
    "base/add.c": '#include "base/add.h"\n\nsize_t dg_add(size_t a, size_t b)\n{\n    return a + b;\n}\n',
    "base/metrics.def": 'DG_FAMILY(SESSIONS, "driftguard_sessions", GAUGE, "", "open sessions")\n',
    "docker/README.md": "# docker\n",
    "docker/alerts.yaml": "expr: driftguard_sessions > 0\n",
    "docker/Dockerfile": "FROM debian AS build\nRUN apt-get update && apt-get install -y one \\\n    two\nWORKDIR /src\n"
                         "COPY . .\nRUN mkdir out && cp base/add.c out/\nFROM debian\nCOPY --from=build /src/out/add.c /\n",
    "scripts/packages.sh": "BUILD_PACKAGES=(one two)\n",
    ".clang-format": (HERE.parents[1] / ".clang-format").read_text(),
}


def c_function(n_lines, name="dg_long"):
    return f"int {name}(void)\n{{\n" + "    ;\n" * (n_lines - 4) + "    return 0;\n}\n"


# check -> [(what is wrong, files laid over GOOD, what the finding says)]
BAD = {
    "sizes": [
        ("a function of 101 lines", {"base/add.c": c_function(101)}, "dg_long has 101 lines"),
        ("a file of 801 lines", {"base/add.c": "// line\n" * 801}, "801 lines"),
    ],
    "layers": [
        ("an arrow upwards", {"base/add.c": '#include "sql/parse.h"\n', "sql/parse.h": ""}, "base may not know of sql"),
        ("an arrow across", {"config/a.c": '#include "schema/b.h"\n', "schema/b.h": ""}, "config may not know of schema"),
        ("a unit test's arrow upwards", {"tests/unit/base/t.c": '#include "cli/a.h"\n', "cli/a.h": ""},
         "base may not know of cli"),
        ("an include that is not rooted", {"base/add.c": '#include "add.h"\n'}, "includes are rooted"),
        ("the parser outside sql/", {"guard/a.c": "#include <pg_query.h>\n"}, "only sql/ includes pg_query.h"),
        ("libpq outside schema/", {"tests/t.c": "#include <libpq-fe.h>\n"}, "only schema/ includes libpq-fe.h"),
    ],
    "banned": [
        ("a call", {"base/add.c": "void dg_f(char *a)\n{\n    strcpy(a, a);\n}\n"}, "strcpy is banned"),
        ("a call that is not compiled", {"base/add.c": "#if 0\nint x = atoi(y);\n#endif\n"}, "atoi is banned"),
        ("a function pointer", {"base/add.c": "int (*f)(char *, const char *, ...) = sprintf;\n"}, "sprintf is banned"),
        ("a call in a macro", {"base/add.h": "#define RUN(x) \\\n    system(x)\n"}, "system is banned"),
    ],
    "names": [("an exported name without dg_", {"base/add.c": "int pg_add(void)\n{\n    return 0;\n}\n"}, "pg_add")],
    "readmes": [
        ("a folder without README", {"base/README.md": None}, "is missing"),
        ("a README of 26 lines", {"base/README.md": "add\n" * 26}, "longer than 25 lines"),
        ("a file that it does not name", {"base/sub.c": ""}, "does not name sub"),
    ],
    "private": [
        ("a machine's path", {"base/add.c": "// see /" + "work/shared\n"}, "a path of one machine"),
        ("a home", {"scripts/a.sh": "cp /" + "root/x .\n"}, "a path of one machine"),
        ("where a package came from", {"p.json": '"resolved"' + ': "https://example.org/x.tgz"'}, "packages came from"),
        ("a registry's host", {".npmrc": "registry=https://registry." + "npmjs.org\n"}, "a registry's host"),
    ],
    "alerts": [("a metric that is none", {"docker/alerts.yaml": "expr: driftguard_session > 0\n"}, "stands not in")],
    "shell": [
        ("a script that does not parse", {"scripts/a.sh": "if true; then\n"}, "syntax error"),
        ("a script that goes on after a failure", {"a": "#!/usr/bin/env bash\ntrue\n"}, "set -euo pipefail"),
    ],
    "links": [("a link to nowhere", {"base/README.md": "metrics add [x](sub.md#y)"}, "sub.md is not there")],
    "cases": [("a test that is not there", {"docs/x.md": "`wire/x.py: one`", "tests/wire/x.py": 'Script("two")\n'}, "has no test 'one'"),
              ("a file that is not there", {"docs/x.md": "`wire/y.c: one`"}, "tests/wire/y.c is not there")],
    "headers": [("a header that needs another", {"base/sub.h": "size_t dg_sub(void);\n"}, "size_t")],
    "format": [("two spaces", {"base/add.c": "int  x;\n"}, "clang-format -i")],
    "docker": [
        ("a package too few", {"scripts/packages.sh": "BUILD_PACKAGES=(one two three)\n"}, "lacks three"),
        ("a package too many", {"scripts/packages.sh": "BUILD_PACKAGES=(one)\n"}, "installs two"),
        ("a step that fails", {"base/add.c": None}, "ended with 1"),
        ("a file that is not built", {"docker/Dockerfile": GOOD["docker/Dockerfile"].replace("out/add.c /", "out/x /")},
         "leaves no /src/out/x"),
    ],
}


def write(folder, files):
    for path, text in files.items():
        target = pathlib.Path(folder) / path
        if text is None:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


class LintTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="driftguard-lint.")
        self.addCleanup(shutil.rmtree, self.folder)
        write(self.folder, GOOD)

    def findings(self, name, build_dir=None):
        return [finding.text for finding in CHECKS[name](Tree(self.folder, build_dir))]

    def built(self, source):
        """A build folder with one library, made of the source."""
        build = pathlib.Path(self.folder) / "build"
        write(build, {"base/x.c": source})
        subprocess.run(["gcc", "-fPIC", "-c", "x.c", "-o", "x.o"], cwd=build / "base", check=True)
        subprocess.run(["ar", "rc", "libdg_base.a", "x.o"], cwd=build / "base", check=True)
        return build

    def program(self, script):
        """A build folder whose driftguard is a shell script."""
        build = pathlib.Path(self.folder) / "build"
        write(build, {"driftguard": f"#!/bin/sh\n{script}\n"})
        (build / "driftguard").chmod(0o755)
        return build

    def test_a_good_tree_has_no_findings(self):
        for name in BAD:
            with self.subTest(name):
                self.assertEqual([], self.findings(name))

    def test_each_bad_example_is_found(self):
        for name, cases in BAD.items():
            for what, files, expected in cases:
                with self.subTest(f"{name}: {what}"):
                    shutil.rmtree(self.folder)
                    write(self.folder, {**GOOD, **{p: t for p, t in files.items() if t is not None}})
                    write(self.folder, {p: t for p, t in files.items() if t is None})
                    texts = self.findings(name)
                    self.assertTrue(any(expected in text for text in texts), texts)

    def test_globals_finds_what_can_be_written_to(self):
        constant = 'const int dg_a = 1;\nstatic const char *const words[] = {"a"};\nconst void *dg_b(void);\n' \
                   "const void *dg_b(void) { return words; }\n"
        self.assertEqual([], self.findings("globals", self.built(constant)))
        for source in ("int dg_counter;", "int dg_counter = 3;", "int *dg_f(void);"
                       "int *dg_f(void) { static int dg_counter; return &dg_counter; }", "_Thread_local int dg_counter;"):
            with self.subTest(source):
                texts = self.findings("globals", self.built(source))
                self.assertTrue(any("dg_counter" in text for text in texts), texts)

    def test_globals_wants_a_build(self):
        self.assertIn("build first", self.findings("globals", self.folder)[0])

    def test_docs_compares_what_the_program_prints(self):
        write(self.folder, {"docs/config.md": "config markdown\n", "docs/metrics.md": "config metrics-markdown\n",
                            "docker/driftguard.json": "{}"})
        self.assertEqual([], self.findings("docs", self.program('echo "$@"')))
        write(self.folder, {"docs/metrics.md": "old\n"})
        self.assertEqual(["is out of date: driftguard config metrics-markdown > docs/metrics.md"],
                         self.findings("docs", self.program('echo "$@"')))
        refused = self.findings("docs", self.program("echo no >&2; exit 64"))
        self.assertIn("is refused: no", refused)
        self.assertIn("driftguard config markdown ended with 64", refused)

    def test_docker_wants_the_programs_libraries_in_the_last_stage(self):
        write(self.folder, {"docker/Dockerfile": GOOD["docker/Dockerfile"].replace(
            "cp base/add.c out/", "cp /bin/bash out/add.c")})
        self.assertTrue(any("the program needs libtinfo6" in text for text in self.findings("docker")))

    def test_tidy_finds_what_clang_tidy_finds(self):
        write(self.folder, {"base/add.c": "int dg_f(void);\nint dg_f(void)\n{\n    int a;\n    return a;\n}\n",
                            ".clang-tidy": "Checks: 'clang-analyzer-*'\n",
                            "build/compile_commands.json": "[]"})
        write(pathlib.Path(self.folder) / "build", {"compile_commands.json": (
            f'[{{"directory": "{self.folder}", "command": "gcc -c base/add.c", "file": "base/add.c"}}]')})
        texts = self.findings("tidy", pathlib.Path(self.folder) / "build")
        self.assertTrue(any("ndefined" in text or "garbage" in text for text in texts), texts)

    def test_every_check_has_a_bad_example_and_a_place_in_ctest(self):
        shown = set(BAD) | {name for name in CHECKS if any(f"test_{name}_" in method for method in dir(self))}
        self.assertEqual(set(CHECKS), shown)
        registered = re.search(r"foreach\(name (.*?)\)", (HERE / "CMakeLists.txt").read_text()).group(1).split()
        self.assertEqual({name for name, function in CHECKS.items() if not function.on_demand}, set(registered))


class SourceTest(unittest.TestCase):
    def test_functions_are_told_from_tables_and_types(self):
        text = ("struct dg_a {\n    int b;\n};\nstatic const int t[] = {1, 2};\n#define M(x) { x }\n"
                "static int\none(int a, void (*f)(int))\n{\n    if (a) {\n        f(a);\n    }\n    return '{';\n}\n"
                "/* int no(void) { */\nvoid dg_two(void) __attribute__((cold));\nvoid dg_two(void)\n{\n}\n")
        found = [(f.name, f.line, f.last_line, f.is_static) for f in c_source.functions(text)]
        self.assertEqual([("one", 7, 13, True), ("dg_two", 16, 18, False)], found)

    def test_blank_keeps_lines_and_offsets(self):
        text = 'a /* x\n y */ "s\\"t" \'"\' // z\nb'
        self.assertEqual(len(text), len(c_source.blank(text)))
        self.assertEqual(["a", "b"], c_source.blank(text).split())

    def test_dockerfile_steps_continue_over_lines(self):
        stages = dockerfile.parse("# x\nFROM a AS build\nRUN one && \\\n    two\nFROM b\n")
        self.assertEqual([("build", 2), ("", 1)], [(stage.name, len(stage.steps)) for stage in stages])
        self.assertEqual((3, "RUN", "one && two"), tuple(stages[0].steps[1]))


if __name__ == "__main__":
    unittest.main()
