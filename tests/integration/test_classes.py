#!/usr/bin/python3
"""Each class of drift beside the missing column and table: a database drifts, a statement fails, and the client reads why.

What the guard adds is asked for word by word but for the time; code, message, position and routine are the server's.
"""

import unittest

import psycopg

import clients
from cluster import Cluster
from guard import Guard
from support import WHEN, ErrorCase, await_snapshot

SCHEMA = """
CREATE TYPE status AS ENUM ('new', 'paid', 'it''s shipped');
CREATE TABLE orders (id int PRIMARY KEY, state status, total numeric(10, 2), note text);
CREATE TABLE customers (id int PRIMARY KEY, email text, tenant int, name text);
CREATE UNIQUE INDEX ON customers (tenant, lower(email));
CREATE UNIQUE INDEX ON customers (name) WHERE tenant = 1;
CREATE FUNCTION fee(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION fee(numeric[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SCHEMA billing;
CREATE FUNCTION billing.tax(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE billing.currency AS ENUM ('EUR');
CREATE TABLE typed (amount text, code varchar(20), other text);
CREATE TABLE prepared (a int, b text);
CREATE TABLE filled (id int, state text NOT NULL DEFAULT 'x', code text NOT NULL DEFAULT 'y');
CREATE TABLE computed (id int, number int);
"""
NO_RETRY = " Retrying will not help."

# What is there, the statement, its code, and what is added. Nothing has changed: the code was never right here.
STANDING = (
    ("enum label", "INSERT INTO orders (id, state) VALUES (1, 'refunded')", "22P02",
     r"Type public\.status has no such label in the live schema: 'new', 'paid', 'it''s shipped'\.",
     r"Apply the migration that adds the label \(ALTER TYPE public\.status ADD VALUE \.\.\.\), or deploy code"),
    ("conflict target", "INSERT INTO customers (id) VALUES (1) ON CONFLICT (email) DO NOTHING", "42P10",
     r"public\.customers has no unique index or constraint on these columns in the live schema; "
     r"unique are \(id\), \(tenant, an expression\), \(name\) of some rows\.",
     r"CREATE UNIQUE INDEX ON public\.customers"),
    ("function with other arguments", "SELECT fee(1, 2, 3)", "42883",
     r"No function fee of the live schema takes these arguments; there is public\.fee\(\w+(\[\])?(, text)?\), "
     r"public\.fee\(\w+(\[\])?(, text)?\)\.", "or deploy code that calls it as it is"),
    ("function that is nowhere", "SELECT 1 FROM orders WHERE public.rebate(id) > 1", "42883",
     r"There is no function public\.rebate in the live schema\.", "the extension that brings it"),
    ("function of another schema", "SELECT tax(1)", "42883",
     r"Function tax exists in schema billing, which is not in this session's search path\.",
     r"Write billing\.tax, or set search_path so that it contains billing\."),
    ("type that is nowhere", "SELECT NULL::money_amount", "42704",
     r"There is no type money_amount in the live schema\.", "Apply the migration that creates money_amount"),
    ("type of another schema", "SELECT 'EUR'::currency", "42704",
     r"Type currency exists in schema billing, which is not in this session's search path\.", r"Write billing\.currency"),
    ("schema", "SELECT biling.tax(1)", "3F000",
     r"There is no schema biling in the live database; nearest: billing\.", "Apply the migration that creates biling"),
    ("an explicit NULL", "INSERT INTO filled (id, state) VALUES (1, NULL)", "23502",
     r'public\.filled\."state" is NOT NULL, and this INSERT gives it NULL\.', "or leaves it to its default"),
)

# The change, made beside the guard; whether the guard has to hear of it first; then as above.
CHANGES = (
    ("required column", "ALTER TABLE orders ADD COLUMN tenant int NOT NULL", False,
     "INSERT INTO orders (id) VALUES (7)", "23502",
     rf'public\.orders\."tenant" is NOT NULL and has no default, and this INSERT gives it no value\. It was added {WHEN}\.',
     r"give it a default \(ALTER TABLE public\.orders ALTER COLUMN tenant SET DEFAULT \.\.\.\)\."),
    ("column that became NOT NULL", "ALTER TABLE customers ALTER COLUMN name SET NOT NULL", False,
     "INSERT INTO customers (id) VALUES (7)", "23502",
     rf'public\.customers\."name" is NOT NULL and has no default, and this INSERT gives it no value\. It became NOT NULL {WHEN}\.',
     "Deploy code that sets name"),
    ("default that was dropped", "ALTER TABLE filled ALTER COLUMN code DROP DEFAULT", True,
     "INSERT INTO filled (id) VALUES (7)", "23502",
     rf'public\.filled\."code" is NOT NULL and has no default, and this INSERT gives it no value\. It lost its default {WHEN}\.',
     "Deploy code that sets code"),
    ("generated column", "ALTER TABLE computed DROP COLUMN number, "
     "ADD COLUMN number int GENERATED ALWAYS AS (id * 2) STORED", True,
     "INSERT INTO computed (id, number) VALUES (1, 2)", "428C9",
     rf'public\.computed\."number" gets its values from the database alone\. It was dropped and added again {WHEN}\.', "Deploy code that does not set number"),
    ("ambiguous column", "ALTER TABLE customers ADD COLUMN note text", True,
     "SELECT note FROM orders JOIN customers USING (id)", "42702",
     rf'"note" is a column of public\.orders and public\.customers\. That of public\.customers is the youngest\. It was added {WHEN}\.',
     "writes the table's name or alias before note"),
    ("type that changed, an operator", "ALTER TABLE typed ALTER COLUMN amount TYPE int USING 1", True,
     "SELECT 1 FROM typed WHERE amount = 'x'::text", "42883",
     rf'public\.typed\."amount" was changed from text to integer {WHEN}\.', "deploy code that treats amount as integer"),
    ("type that changed, a value", None, True, "INSERT INTO typed (amount) VALUES ('twelve')", "22P02",
     rf'public\.typed\."amount" was changed from text to integer {WHEN}\.', "deploy code that treats amount as integer"),
    ("type that became shorter", "ALTER TABLE typed ALTER COLUMN code TYPE varchar(3)", True,
     "INSERT INTO typed (code) VALUES ('abcdef')", "22001",
     rf'public\.typed\."code" was changed from character varying\(20\) to character varying\(3\) {WHEN}\.', "deploy code that treats"),
)

# A change under a statement that was prepared, and what its next execution hears.
STALE = (
    ("ALTER TABLE prepared ADD COLUMN c int", rf'was prepared before public\.prepared\."c" was added {WHEN}, and returns'),
    ("ALTER TABLE prepared RENAME COLUMN c TO d", rf'before public\.prepared\."c" was renamed to "d" {WHEN}, and'),
    ("ALTER TABLE prepared ALTER COLUMN d TYPE text",
     rf'before public\.prepared\."d" was changed from integer to text {WHEN}, and'),
    ("ALTER TABLE prepared DROP COLUMN d", rf'before public\.prepared\."d" was dropped {WHEN}, and'),
)


class Classes(ErrorCase, unittest.TestCase):
    mode = "annotate"

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.cluster.psql(SCHEMA)
        settings = ["schema.poll_ms=0", "schema.min_reload_interval_ms=0"]
        cls.guard = cls.enterClassContext(Guard(cls.cluster, cls.mode, settings))
        await_snapshot(cls.guard, "postgres")

    def error(self, target, sql):
        with target.connect(prepare_threshold=None) as connection, self.assertRaises(psycopg.Error) as caught:
            connection.execute(sql)
        return clients.of_psycopg(caught.exception)

    def drift(self, change, is_heard, sql):
        """Changes the schema: by a session of the guard where the guard has to hear of it, else beside it."""
        if not is_heard:
            self.cluster.psql(change)
            return
        self.guard.psql(change)
        self.guard.wait_until(lambda: "driftguard: " in (self.error(self.guard, sql).detail or ""), "the change is read")

    def look(self, sql, code, detail, hint):
        error = self.error(self.guard, sql)
        own = self.error(self.cluster, sql)
        self.assertEqual(own.sqlstate, code)
        self.assert_explained(error, own, rf"{detail}( Used here in [\w ]+\.)?$", hint + ".*" + NO_RETRY)
        return error

    def test_what_never_was_right_here(self):
        for name, *rest in STANDING:
            with self.subTest(name):
                self.look(*rest)

    def test_what_a_change_broke(self):
        for name, change, is_heard, *rest in CHANGES:
            with self.subTest(name):
                if change is not None:
                    self.drift(change, is_heard, rest[0])
                self.look(*rest)

    def test_a_statement_that_was_prepared_before_the_change(self):
        for change, detail in STALE:
            found = []
            connections = [self.enterContext(target.connect(prepare_threshold=0, autocommit=True))
                           for target in (self.guard, self.cluster)]
            for connection in connections:
                connection.execute("SELECT * FROM prepared")
            self.cluster.psql(change)
            for connection in connections:
                with self.assertRaises(psycopg.errors.FeatureNotSupported) as caught:
                    connection.execute("SELECT * FROM prepared")
                found.append(clients.of_psycopg(caught.exception))
            with self.subTest(change):
                self.assert_explained(*found, detail, "^Prepare it again, or reconnect")

    def test_a_drift_group_is_of_its_kind(self):
        self.look(*STANDING[0][1:])
        groups = [group for group in self.guard.drift()["groups"] if group["kind"] == "enum_label_absent"]
        self.assertEqual([(group["relation"], group["column"], group["sqlstate"]) for group in groups],
                         [("public.status", "", "22P02")])

    def test_what_no_schema_shows_is_left_alone(self):
        """The same codes, of values and code that were never right: the server's own words are enough."""
        for sql in ("SELECT 'x'::int", "SELECT 1 = 'x'::text", "INSERT INTO customers (id) VALUES (NULL)",
                    "SELECT id FROM orders, customers", "SELECT 300000::int2", "SELECT fee(true)"):
            with self.subTest(sql):
                error, own = self.error(self.guard, sql), self.error(self.cluster, sql)
                if own.sqlstate != "23502":
                    self.assert_untouched(error, own)
                self.assert_only_explained(error, own)


class ClassesInEnforce(Classes):
    mode = "enforce"


if __name__ == "__main__":
    unittest.main()
