"""Every script, straight to PostgreSQL and through the guard: the replies are the same bytes.

Each is played three ways: as written, with all its steps in one segment, and one byte a segment. Where the guard explains
errors, an error may also be the server's with the guard's words behind its own (wire.is_explained). "held" is no mode: the
puppet makes each statement and each error wait for a moment, which must change nothing.
"""

import unittest

import scripts
import scripts_copy
import scripts_drift
import scripts_start
from cluster import Cluster
from guard import Guard
from puppet import Puppet
from wire import is_explained, play

SHAPES = ("written", "glued", "bytes")
MODES = ("off", "observe", "annotate", "enforce", "held")
EXPLAINING = ("annotate", "enforce")
ALL = scripts.SIMPLE + scripts.EXTENDED + scripts_copy.COPY + scripts_start.START + scripts_drift.DRIFTING


def shortened(messages):
    return [found if len(found) < 300 else found[:150] + b"..." + str(len(found)).encode() for found in messages]


class ScriptsCase(unittest.TestCase):
    """Filled below: a test a script and mode."""

    maxDiff = 4000
    direct = {}  # (script, shape): what the server answers

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql(scripts_drift.SCHEMA)
        cls.guards = {mode: cls.enterClassContext(Guard(cls.cluster, mode, ["schema.poll_ms=0"])) for mode in MODES[:-1]}
        cls.guards["held"] = cls.enterClassContext(Puppet(cls.cluster.port, orders="hold 1 linger 1"))
        cls.cluster.psql(scripts_drift.DRIFT)

    def answers(self, script, shape):
        if (script.name, shape) not in self.direct:
            self.direct[script.name, shape] = play(script, self.cluster.port, shape)
        return self.direct[script.name, shape]

    def check(self, script, mode):
        n_explained = 0
        for shape in SHAPES:
            with self.subTest(shape=shape):
                expected = self.answers(script, shape)
                got = play(script, self.guards[mode].port, shape)
                if mode in EXPLAINING and len(got) == len(expected):
                    explained = [got[i] != expected[i] and is_explained(got[i], expected[i]) for i in range(len(got))]
                    n_explained += sum(explained)
                    got = [expected[i] if explained[i] else got[i] for i in range(len(got))]
                if got != expected:
                    self.assertEqual(shortened(got), shortened(expected))
                    self.fail("long messages differ")
        return n_explained

    def test_errors_are_explained_at_all(self):
        for mode in EXPLAINING:
            for script in scripts_drift.DRIFTING[:3]:
                self.assertGreaterEqual(self.check(script, mode), 2 * len(SHAPES), script.name)


def add_tests():
    for mode in MODES:
        for script in ALL:
            name = f"test_{mode}_{script.name.replace(' ', '_').replace(',', '')}"
            assert not hasattr(ScriptsCase, name), name
            setattr(ScriptsCase, name, lambda self, script=script, mode=mode: self.check(script, mode))


add_tests()

if __name__ == "__main__":
    unittest.main()
