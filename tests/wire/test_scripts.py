"""Every script of scripts.py, straight to PostgreSQL and through the guard: the replies are the same bytes.

Each is played three ways: as written, with all its steps in one segment, and one byte a segment.
"""

import unittest

import scripts
from cluster import Cluster
from guard import Guard
from wire import play

SHAPES = ("written", "glued", "bytes")
MODES = ("off", "observe", "enforce")
# Where the guard explains errors, these are explained.
EXPLAINED = ("missing names",)


def shortened(messages):
    return [found if len(found) < 300 else found[:150] + b"..." + str(len(found)).encode() for found in messages]


class ScriptsCase(unittest.TestCase):
    """Filled below: a test a script and mode."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.guards = {mode: cls.enterClassContext(Guard(cls.cluster, mode, ["schema.poll_ms=0"])) for mode in MODES}

    def check(self, script, mode):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                expected = play(script, self.cluster.port, shape)
                got = play(script, self.guards[mode].port, shape)
                if got != expected:
                    self.assertEqual(shortened(got), shortened(expected))
                    self.fail("long messages differ")


def add_tests():
    for mode in MODES:
        for script in scripts.ALL:
            if mode == "enforce" and script.name in EXPLAINED:
                continue
            name = f"test_{mode}_{script.name.replace(' ', '_').replace(',', '')}"
            assert not hasattr(ScriptsCase, name), name
            setattr(ScriptsCase, name, lambda self, script=script, mode=mode: self.check(script, mode))


add_tests()

if __name__ == "__main__":
    unittest.main()
