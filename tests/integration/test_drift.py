#!/usr/bin/python3
"""The schema drifts under connected clients: what each client's library makes of the error, in each mode.

Every client kind has tables of its own, so that each test is the first to meet its drift. It runs its statement while
all is well (named statements are prepared then), the schema is changed beside the guard, and it runs it again: through
the guard first, since the first error already has to name the change, then straight, for comparison.
"""

import unittest

import clients
from support import MODES, WHEN, ErrorCase, ModesCase, label


class Drift:
    """One way in which code and database part. {t}: the client's own table."""

    def __init__(self, sql, change, sqlstate, message, routine, detail, hint):
        self.sql, self.change, self.sqlstate, self.message, self.routine = sql, change, sqlstate, message, routine
        self.detail, self.hint = detail, hint


DRIFTS = {
    "a renamed column": Drift(
        "SELECT id, user_email FROM leads{t} WHERE id = $1",
        "ALTER TABLE leads{t} RENAME COLUMN user_email TO contact_email",
        "42703", 'column "user_email" does not exist', "errorMissingColumn",
        rf'public\.leads{{t}}\."user_email" was renamed to "contact_email" {WHEN}\. Used here in .*the select list',
        r"contact_email.*ALTER TABLE public\.leads{t} RENAME COLUMN contact_email TO user_email.*"
        r"Retrying will not help"),
    "a dropped column": Drift(
        "UPDATE orders{t} SET note = 'x' WHERE id = $1",
        "ALTER TABLE orders{t} DROP COLUMN note",
        "42703", 'column "note" of relation "orders{t}" does not exist', "transformUpdateTargetList",
        rf'public\.orders{{t}}\."note" was dropped {WHEN}', "Retrying will not help"),
    "a dropped table": Drift(
        "DELETE FROM profiles{t} WHERE id = $1",
        "DROP TABLE profiles{t}",
        "42P01", 'relation "profiles{t}" does not exist', "parserOpenTable",
        rf"public\.profiles{{t}}.* was dropped {WHEN}", "Retrying will not help"),
    "a renamed table": Drift(
        "SELECT id FROM people{t} WHERE id = $1",
        "ALTER TABLE people{t} RENAME TO persons{t}",
        "42P01", 'relation "people{t}" does not exist', "parserOpenTable",
        rf'public\.people{{t}}.* was renamed to .*persons{{t}}.* {WHEN}', "persons{t}.*Retrying will not help"),
}
# Nothing happens here: the database never had what the code expects, so there is no statement that went well before.
ABSENCES = {
    "a column that never came": Drift(
        "INSERT INTO shop{t} (id) VALUES ($1) RETURNING confirmed_at", None,
        "42703", 'column "confirmed_at" does not exist', "errorMissingColumn",
        r'public\.shop{t} has no column "confirmed_at"', "."),
    "a JSON column that never came": Drift(
        "SELECT p.seo ->> 'title' FROM posts{t} p WHERE p.id = $1", None,
        "42703", "column p.seo does not exist", "errorMissingColumn",
        r'public\.posts{t} has no column "seo"', "."),
    "a table that never came": Drift(
        "SELECT b.name FROM business{t} b WHERE b.id = $1", None,
        "42P01", 'relation "business{t}" does not exist', "parserOpenTable",
        r"business{t}", "."),
}
TABLES = """
CREATE TABLE leads{t} (id int PRIMARY KEY, user_email text);
CREATE TABLE orders{t} (id int PRIMARY KEY, note text);
CREATE TABLE profiles{t} (id int PRIMARY KEY, name text);
CREATE TABLE people{t} (id int PRIMARY KEY, name text);
CREATE TABLE shop{t} (id int PRIMARY KEY, total int);
CREATE TABLE posts{t} (id int PRIMARY KEY, title text);
"""
SUFFIXES = {kind: f"_{number}" for number, kind in enumerate(clients.MAKERS)}


class DriftUnderConnectedClients(ModesCase, ErrorCase):
    schema = "".join(TABLES.replace("{t}", suffix) for suffix in SUFFIXES.values())

    def play(self, mode, kind, drift):
        suffix = SUFFIXES[kind]
        sql = drift.sql.replace("{t}", suffix)
        guarded = clients.make(kind, self.url_of(mode))
        self.addCleanup(guarded.close)
        direct = clients.make(kind, self.direct_url_of(mode))
        self.addCleanup(direct.close)
        if drift.change:
            for client in (guarded, direct):
                self.assertEqual(client.run(sql, 1), [])
            self.alter(mode, drift.change.replace("{t}", suffix))
        error, own = self.fails(guarded, sql), self.fails(direct, sql)
        self.assertEqual((own.sqlstate, own.message, own.routine),
                         (drift.sqlstate, drift.message.replace("{t}", suffix), drift.routine))
        self.assertIsNotNone(own.position)
        self.assert_by_mode(mode, error, own, drift.detail.replace("{t}", suffix), drift.hint.replace("{t}", suffix))
        self.assertEqual(guarded.run("SELECT 40 + $1", 2), direct.run("SELECT 40 + $1", 2), "usable afterwards")

    def fails(self, client, sql):
        with self.assertRaises(clients.SqlError, msg=sql) as caught:
            client.run(sql, 1)
        return caught.exception


def add_tests():
    for mode in MODES:
        for kind in clients.MAKERS:
            for name, drift in {**DRIFTS, **ABSENCES}.items():
                def test(self, mode=mode, kind=kind, drift=drift):
                    self.play(mode, kind, drift)
                setattr(DriftUnderConnectedClients, f"test_in_{mode}_{label(kind)}_meets_{label(name)}", test)


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)
