#!/usr/bin/python3
"""The oracles in a bounded form, for every test run: a sample of each, in a few seconds. `./dev oracle` runs them whole.

    test_oracles.py PROBE
"""

import contextlib
import io
import shutil
import sys
import unittest

import compare
import contracts
import mutate_cases
import orm
import run
import schema_changes
import smith
import tally
from cluster import Cluster
from judge import Probe, Server, judge

PROBE = None
FOREIGN = """
create table t (id int, "\u00e9" int not null, plain int);
create table "caf\u00e9" (id int);
create type m as enum ('\u00e9', 'ok');
create table u (m m);
create schema "s\u00e9";
create function "f\u00e9"(int) returns int language sql as 'select 1';
"""
FOREIGN_STATEMENTS = (
    ("select id, plain from t", "agree"),
    ("select nope from t", "foreseen"),
    ("select id, 'x', t.nope from t", "foreseen"),
    ("select * from t join u using (nope)", "foreseen"),
    ("insert into t (id) values (1)", "otherwise"),
    ("insert into u values ('nope')", "otherwise"),
    ("insert into u values ('ok')", "agree"),
    ("select s.nope(1)", "otherwise"))


class Oracles(unittest.TestCase):
    def play(self, module, n_at_least, **size):
        """Runs one; what the server contradicted is the failure's text."""
        parser = module.parser() if hasattr(module, "parser") else compare.parser(module.__doc__)
        options = parser.parse_args([PROBE])
        for name, value in size.items():
            setattr(options, name, value)
        tallies = module.run(options)
        found = [item for one in tallies for item in one.disagreements]
        self.assertEqual(found, [], tally.table(tallies))
        self.assertGreaterEqual(sum(one.n_statements for one in tallies), n_at_least)
        return tallies

    def test_the_case_files_mutated(self):
        _, mutated = self.play(mutate_cases, 1000, mutations=1)
        self.assert_foreseen(mutated)

    def test_what_mappers_send_is_decided_and_then_mutated(self):
        written, mutated = self.play(orm, 1000, mutations=2)
        self.assertEqual(written.n_accepted, written.n_statements, written.codes)
        self.assertLess(written.kinds["unknown"], 3)
        self.assert_foreseen(mutated)

    def test_the_schema_changes_under_the_statements(self):
        self.play(schema_changes, 1000, rounds=1, steps=1, generated=20)

    def test_random_writes_are_refused_as_foreseen(self):
        written, = self.play(contracts, 1200, statements=1200)
        for code in ("23502", "428C9", "42P10", "22P02"):
            self.assertGreaterEqual(written.codes[code]["same code"], 5, code)

    @unittest.skipUnless(shutil.which("sqlsmith"), "sqlsmith is not installed: ./dev oracle installs it")
    def test_what_sqlsmith_makes(self):
        written, mutated = self.play(smith, 60, valid=50, mutations=1)
        self.assertEqual(written.n_accepted, 50)
        self.assert_foreseen(mutated)

    def test_databases_of_other_encodings(self):
        for encoding in run.OTHERS:  # their snapshots and positions; more of it in run.py
            self.play(orm, 300, mutations=1, encoding=encoding)

    def test_names_in_bytes_of_another_encoding_do_no_harm(self):
        with Cluster() as cluster:
            for encoding in run.OTHERS:
                url = compare.create_database(cluster, f"foreign_{encoding.lower()}", encoding)
                with Server(url) as owner:
                    owner.script(f"SET client_encoding TO '{encoding}'")
                    self.assertEqual(owner.connection.exec_(FOREIGN.encode("latin-1")).error_message, b"")
                with Probe(PROBE, url) as probe, Server(url) as server:
                    probe.load()
                    for text, wanted in FOREIGN_STATEMENTS:
                        analysis = probe.analyze(text)
                        verdict = judge(analysis, server.answer(text, analysis))
                        self.assertEqual(verdict.kind, wanted, f"{text} in {encoding}: {verdict}")

    def test_one_oracle_that_breaks_does_not_take_the_others_with_it(self):
        with contextlib.redirect_stderr(io.StringIO()) as words:
            broken, = run.play("application", "/nowhere/dg_sql_probe", "1", 0, 1)
        self.assertIn("Traceback", words.getvalue())
        self.assertTrue(broken.disagreements)

    def assert_foreseen(self, one):
        foreseen, raised = one.foreseen_of_missing()
        self.assertGreaterEqual(foreseen, 0.97 * raised, one.name)


if __name__ == "__main__":
    PROBE = sys.argv.pop(1)
    unittest.main()
