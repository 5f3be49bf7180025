#!/usr/bin/python3
"""The subcommands beside `run`: explain, snapshot, and what the program says of itself."""

import json
import unittest

from cluster import Cluster
from test_config import driftguard

SCHEMA = """
CREATE TABLE leads (id int PRIMARY KEY, contact_email text NOT NULL, source text);
ALTER TABLE leads DROP COLUMN source;
CREATE VIEW v AS SELECT id FROM leads;
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE SCHEMA other; CREATE TABLE other.hidden (a int);
CREATE ROLE nobody LOGIN;
"""


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql(SCHEMA)

    def explain(self, sql, *words):
        return driftguard("explain", "--database", self.cluster.url, *words, sql)

    def test_explain_prints_references_and_exits_0_where_all_is_found(self):
        done = self.explain("SELECT l.contact_email FROM leads l WHERE l.id = 1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("public.leads", done.stdout)
        self.assertIn("contact_email", done.stdout)

    def test_explain_prints_the_prediction_and_exits_2_where_something_is_missing(self):
        done = self.explain("SELECT user_email FROM leads WHERE user_email = 'x'")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('42703: column "user_email" does not exist', done.stdout)
        self.assertIn("character 8", done.stdout)

    def test_what_explain_predicts_is_what_the_server_says(self):
        for sql in ("SELECT nope FROM leads", "SELECT l.nope FROM leads l", "INSERT INTO leads (nope) VALUES (1)",
                    "UPDATE leads SET nope = 1", "DELETE FROM leads WHERE nope", "SELECT * FROM nope", "SELECT a FROM hidden",
                    "SELECT leads.id FROM leads l", "SELECT id FROM leads JOIN v USING (nope)",
                    "INSERT INTO leads VALUES (1) RETURNING source", "WITH c AS (SELECT id FROM leads) SELECT nope FROM c",
                    "SELECT nope(id) FROM leads", "SELECT id::nope FROM leads", "SELECT nope.nope(1)", "SELECT 'odd'::mood",
                    "SELECT id FROM leads a, leads b", "INSERT INTO leads (id) VALUES (1)",
                    "INSERT INTO leads VALUES (1, 'x') ON CONFLICT (contact_email) DO NOTHING"):
            with self.subTest(sql):
                done = self.explain(sql, "--format", "json")
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                finding = json.loads(done.stdout)["statements"][0]["findings"][0]
                with self.cluster.connect() as connection:
                    with self.assertRaises(Exception) as caught:
                        connection.execute(sql)
                diag = caught.exception.diag
                self.assertEqual((finding["sqlstate"], finding["message"], str(finding["position"])),
                                 (diag.sqlstate, diag.message_primary, diag.statement_position or "0"))

    def test_explain_tells_what_only_running_the_statement_shows(self):
        done = self.explain("INSERT INTO leads (id) VALUES (1)")
        self.assertIn("PostgreSQL refuses it when it runs it", done.stdout)
        done = self.explain("INSERT INTO leads (id) VALUES (1)", "--format", "json")
        self.assertEqual(json.loads(done.stdout)["statements"][0]["findings"][0]["raised_at"], "execution")

    def test_explain_is_json_whatever_bytes_a_name_has(self):
        self.cluster.psql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        self.cluster.psql(r"""DO $$ DECLARE name text := convert_from('\x67e9', 'SQL_ASCII'); BEGIN
            EXECUTE format('CREATE SCHEMA %I; CREATE TABLE %I.t (id int)', name, name);
            EXECUTE format('ALTER DATABASE ascii SET search_path = %I', name); END $$""", database="ascii")
        done = driftguard("explain", "--format", "json", "--database", self.cluster.url_of("ascii"), "SELECT id FROM t")
        schemas = {reference["schema"] for reference in json.loads(done.stdout)["statements"][0]["references"]}
        self.assertEqual(schemas, {"g\ufffd"})

    def test_explain_exits_1_where_it_cannot_say(self):
        self.assertEqual(self.explain("SELEC 1").returncode, 1)
        done = driftguard("explain", "--database", "postgres://127.0.0.1:1/x", "SELECT 1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1", done.stderr)

    def test_explain_without_a_statement_exits_64(self):
        self.assertEqual(driftguard("explain", "--database", self.cluster.url).returncode, 64)

    def test_explain_honours_database_url(self):
        done = driftguard("explain", "SELECT nope FROM leads", DATABASE_URL=self.cluster.url)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_explain_follows_the_search_path_that_is_given(self):
        self.assertEqual(self.explain("SELECT a FROM hidden", "--search-path", "other, public").returncode, 0)

    def test_snapshot_is_json_with_the_live_schema(self):
        done = driftguard("snapshot", "--database", self.cluster.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIsInstance(json.loads(done.stdout), dict)
        for word in ("leads", "contact_email", "hidden", "mood", "sad"):
            self.assertIn(f'"{word}"', done.stdout)
        self.assertNotIn('"source"', done.stdout, "a dropped column has no name")

    def test_a_role_that_owns_nothing_reads_the_same_schema(self):
        words = ["snapshot", "--database"]
        mine = json.loads(driftguard(*words, self.cluster.url).stdout)
        theirs = json.loads(driftguard(*words, self.cluster.url_of("postgres", "nobody")).stdout)
        self.assertEqual(mine["schemas"], theirs["schemas"])

    def test_version_and_help_go_to_standard_output_and_exit_0(self):
        self.assertRegex(driftguard("--version").stdout, r"^driftguard \d+\.\d+\.\d+\n$")
        done = driftguard("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("run", "explain", "snapshot", "config", "--upstream", "repeat_ttl_ms"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
