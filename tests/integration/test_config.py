#!/usr/bin/python3
"""Configuration from the outside: what a wrong file is answered with, which rule a session gets, and what SIGHUP does."""

import json
import os
import subprocess
import tempfile
import unittest

import psycopg

import environment
from cluster import Cluster
from guard import Guard
from support import await_snapshot

NOPE = "SELECT nope FROM t"


def driftguard(*words, **variables):
    """The program run to its end."""
    return subprocess.run([str(environment.binary()), *words], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **variables}, stdin=subprocess.DEVNULL)


class ConfigCase(unittest.TestCase):
    def write(self, text):
        descriptor, path = tempfile.mkstemp(suffix=".json", dir=environment.run_dir())
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        self.addCleanup(os.unlink, path)
        return path


class WrongFiles(ConfigCase):
    """{what is wrong: (file, words that the error has to contain)}; the line is the one where it stands."""

    cases = {
        "an unknown key": ('{"mode": "observe",\n "log": {\n   "levle": "debug"}}', ["3:", "log.levle", "log.level"]),
        "an unknown key at the top": ('{\n"mdoe": "observe"}', ["2:", "mdoe", "mode"]),
        "a duplicate key": ('{"mode": "observe",\n\n "mode": "enforce"}', ["3:", "mode"]),
        "a wrong type": ('{"workers":\n "two"}', ["2:", "workers"]),
        "a number out of range": ('{"workers": 1,\n "enforce": {"repeat_ttl_ms": 5000}}',
                                  ["2:", "enforce.repeat_ttl_ms", "1000"]),
        "a mode that does not exist": ('{\n\n"mode": "anotate"}', ["3:", "mode", "annotate"]),
        "wrong case": ('{"Mode": "observe"}', ["1:", "Mode", "mode"]),
        "text behind the end": ('{"mode": "observe"}\n{}', ["2:"]),
        "no JSON": ('{"mode": ', ["1:"]),
        "an unknown key of a rule": ('{"rules": [\n {"databse": "x", "mode": "off"}]}', ["2:", "databse", "database"]),
        "an unknown key of an environment": ('{"environments": {"live": {\n"wrokers": 2}}}', ["2:", "wrokers", "workers"]),
        "an environment that is not there": ('{"environment": "live", "environments": {"liev": {}}}', ["live", "liev"]),
    }

    def test_each_is_an_error_with_its_line_and_the_nearest_key_and_exit_64(self):
        for name, (text, words) in self.cases.items():
            path = self.write(text)
            for command in (["config", "check", path], ["run", "--config", path, "--upstream", "postgres://127.0.0.1:1"]):
                with self.subTest(name, command=command[0]):
                    done = driftguard(*command)
                    self.assertEqual(done.returncode, 64, done.stderr)
                    message = done.stderr.replace(path, "FILE")
                    for word in words:
                        self.assertIn(word, message)

    def test_a_good_file_passes_with_comments(self):
        path = self.write('{ // the mode\n "mode": "observe", /* more */ "environments": {"live": {"mode": "annotate"}}}')
        done = driftguard("config", "check", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_file_that_is_not_there_is_an_error(self):
        done = driftguard("config", "check", "/nowhere/at/all.json")
        self.assertEqual(done.returncode, 64)
        self.assertIn("/nowhere/at/all.json", done.stderr)

    def test_wrong_flags_exit_64(self):
        for words in (["run"], ["run", "--mode", "loud", "--upstream", "postgres://127.0.0.1:1"],
                      ["run", "--upstrem", "x"], ["run", "--upstream", "mysql://127.0.0.1:1"],
                      ["run", "--upstream", "postgres://127.0.0.1:1", "--set", "workers=0"],
                      ["run", "--upstream", "postgres://127.0.0.1:1", "--set", "wrokers=1"], ["nonsense"], []):
            with self.subTest(words):
                self.assertEqual(driftguard(*words).returncode, 64)

    def test_the_password_of_a_wrong_url_is_not_shown(self):
        done = driftguard("run", "--upstream", "postgres://me:hunter2@127.0.0.1:notaport/db")
        self.assertEqual(done.returncode, 64)
        self.assertNotIn("hunter2", done.stdout + done.stderr)


class Ports(unittest.TestCase):
    def test_a_taken_port_is_an_error_that_names_it_and_exit_1(self):
        with Cluster() as cluster, Guard(cluster) as guard:
            for option, port in (("--listen", guard.port), ("--admin", guard.admin), ("--listen", cluster.port)):
                other = "--admin" if option == "--listen" else "--listen"
                done = driftguard("run", "--upstream", cluster.url, option, f"127.0.0.1:{port}",
                                  other, f"127.0.0.1:{environment.free_port()}")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"127.0.0.1:{port}", done.stderr)
            self.assertEqual(guard.psql("SELECT 1").stdout, "1\n")

    def test_an_upstream_that_is_its_own_listener_is_refused(self):
        port = environment.free_port()
        done = driftguard("run", "--upstream", f"postgres://127.0.0.1:{port}", "--listen", f"127.0.0.1:{port}",
                          "--admin", "")
        self.assertIn(done.returncode, (1, 64), done.stderr)
        self.assertIn(str(port), done.stderr)

    def test_run_ignores_the_applications_own_variables(self):
        """Beside an application DATABASE_URL names the guard itself, and PG* the application's database."""
        hostile = {"DATABASE_URL": "postgres://127.0.0.1:1/x", "PGHOST": "/nowhere", "PGPORT": "1", "PGUSER": "nobody",
                   "PGHOSTADDR": "127.0.0.2", "PGDATABASE": "nowhere", "PGSSLMODE": "require", "PGSERVICE": "none",
                   "PGOPTIONS": "-c default_transaction_read_only=nonsense", "PGREQUIREAUTH": "scram-sha-256",
                   "PGTARGETSESSIONATTRS": "standby", "PGCHANNELBINDING": "require", "PGCLIENTENCODING": "nonsense"}
        with Cluster() as cluster:
            for name, value in hostile.items():
                with self.subTest(name), Guard(cluster, variables={name: value}) as guard:
                    await_snapshot(guard, "postgres")


class Rules(ConfigCase):
    """Which mode a session has shows in whether its error is explained."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql("CREATE TABLE t (a int); CREATE ROLE guest LOGIN; CREATE DATABASE calm; GRANT ALL ON t TO guest")
        cls.cluster.psql("CREATE TABLE t (a int)", "calm")

    def start(self, config, **options):
        path = self.write(json.dumps(config))
        guard = self.enterContext(Guard(self.cluster, options.pop("mode", None), arguments=["--config", path], **options))
        for database in ("postgres", "calm"):
            with guard.connect(database):
                await_snapshot(guard, database)
        return guard, path

    def explained(self, guard, connection=None, **options):
        """Whether the error is explained, on a new connection or on one that is there."""
        connection = connection or self.enterContext(guard.connect(**options))
        with self.assertRaises(psycopg.errors.UndefinedColumn) as caught:
            connection.execute(NOPE)
        return "driftguard: " in (caught.exception.diag.message_detail or "")

    def test_the_first_rule_that_matches_decides(self):
        guard, _ = self.start({"mode": "annotate", "rules": [
            {"application_name": "batch*", "mode": "observe"},
            {"user": "guest", "mode": "off"},
            {"database": "calm", "application_name": "loud", "mode": "annotate"},
            {"database": "calm", "mode": "observe"}]})
        self.assertTrue(self.explained(guard, application_name="web"))
        self.assertFalse(self.explained(guard, application_name="batch-7"))
        self.assertFalse(self.explained(guard, user="guest"))
        self.assertFalse(self.explained(guard, database="calm"))
        self.assertTrue(self.explained(guard, database="calm", application_name="loud"))

    def test_an_application_name_that_is_set_later_counts_from_then_on(self):
        guard, _ = self.start({"mode": "annotate", "rules": [{"application_name": "batch*", "mode": "observe"}]})
        connection = self.enterContext(guard.connect(application_name="web"))
        self.assertTrue(self.explained(guard, connection))
        connection.execute("SET application_name = 'batch-8'")
        self.assertFalse(self.explained(guard, connection))

    def test_brief_details_leave_sql_out(self):
        guard, _ = self.start({"mode": "annotate", "rules": [{"application_name": "public", "detail": "brief"}]})
        connection = self.enterContext(guard.connect(application_name="public"))
        with self.assertRaises(psycopg.Error) as caught:
            connection.execute(NOPE)
        self.assertIn("driftguard: ", caught.exception.diag.message_detail)
        self.assertNotIn("ALTER TABLE", caught.exception.diag.message_hint)

    def test_the_ceiling_caps_flags_and_rules(self):
        guard, _ = self.start({"mode_ceiling": "observe", "rules": [{"database": "*", "mode": "enforce"}]},
                              mode="annotate")
        self.assertFalse(self.explained(guard))

    def test_flags_beat_variables_beat_the_environment_beats_the_file(self):
        config = {"mode": "observe", "environments": {"live": {"mode": "annotate"}}}
        self.assertFalse(self.explained(self.start(config)[0]))
        self.assertTrue(self.explained(self.start(config, variables={"DRIFTGUARD_ENV": "live"})[0]))
        variables = {"DRIFTGUARD_ENV": "live", "DRIFTGUARD_MODE": "observe"}
        self.assertFalse(self.explained(self.start(config, variables=variables)[0]))
        self.assertTrue(self.explained(self.start(config, variables=variables, mode="annotate")[0]))

    def test_sighup_lowers_the_mode_of_a_session_that_is_open(self):
        guard, path = self.start({"mode": "annotate"})
        connection = self.enterContext(guard.connect())
        self.assertTrue(self.explained(guard, connection))
        self.rewrite(path, '{"mode": "annotate", "mode_ceiling": "observe"}')
        guard.reload()
        guard.wait_until(lambda: not self.explained(guard, connection), "the lower mode")
        self.rewrite(path, '{"mode": "annotate"}')
        guard.reload()
        guard.wait_until(lambda: self.explained(guard, connection), "the higher mode")

    def test_sighup_with_a_bad_file_keeps_the_running_config_and_says_so(self):
        guard, path = self.start({"mode": "annotate"})
        connection = self.enterContext(guard.connect())
        self.rewrite(path, '{"mode": "observe",\n "mdoe": "off"}')
        guard.reload()
        guard.wait_until(lambda: "mdoe" in guard.log(), "the error in the log")
        line = next(line for line in guard.log().splitlines() if "mdoe" in line)
        self.assertIn(":2:", line)
        self.assertTrue(self.explained(guard, connection))
        self.assertEqual(guard.metric("driftguard_mode", mode="annotate"), 1)

    def test_sighup_names_an_option_that_needs_a_restart(self):
        guard, path = self.start({"mode": "annotate"})
        self.rewrite(path, '{"mode": "annotate", "workers": 3}')
        guard.reload()
        guard.wait_until(lambda: "workers" in guard.log().split("driftguard listens")[-1].partition("\n")[2],
                         "the option in the log")

    def rewrite(self, path, text):
        with open(path, "w") as file:
            file.write(text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
