#!/usr/bin/python3
"""Errors of drift in the middle of things: in a transaction, in a pipeline, at Bind, at COPY. The conversation with the
server goes on as it does without the guard, message for message.
"""

import unittest

import psycopg
from psycopg.pq import TransactionStatus

import clients
import wire
from support import MODES, WHEN, ErrorCase, ModesCase, label

# One table for each test, so that each meets a drift that its guard has not yet heard of.
TABLES = [f"t{number}" for number in range(20)]


class Conversations(ModesCase, ErrorCase):
    schema = "".join(f"CREATE TABLE {table} (id int, old_name text); INSERT INTO {table} VALUES (1, 'x');"
                     for table in TABLES)

    def setUp(self):
        self.n_tables = 0

    def psycopg(self, url):
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
        self.addCleanup(connection.close)
        return connection

    def rename(self, mode, table):
        self.alter(mode, f"ALTER TABLE {table} RENAME COLUMN old_name TO new_name")

    def assert_renamed(self, mode, table, error, direct):
        self.assert_by_mode(mode, error, direct,
                            rf'public\.{table}\."old_name" was renamed to "new_name" {WHEN}', "Retrying will not help")

    def catch(self, work):
        with self.assertRaises(psycopg.Error) as caught:
            work()
        return clients.of_psycopg(caught.exception)

    # -- in a transaction ----------------------------------------------------------------------------------------------

    def play_transaction(self, mode, table):
        connections = [self.psycopg(self.url_of(mode)), self.psycopg(self.direct_url_of(mode))]
        self.rename(mode, table)
        found = []
        for connection in connections:
            connection.execute("BEGIN")
            connection.execute(f"INSERT INTO {table} (id) VALUES (2)")
            found.append(self.catch(lambda c=connection: c.execute(f"SELECT old_name FROM {table}")))
            self.assertEqual(connection.info.transaction_status, TransactionStatus.INERROR)
            self.assertEqual(self.catch(lambda c=connection: c.execute("SELECT 1")).sqlstate, "25P02")
            connection.execute("ROLLBACK")
            self.assertEqual(connection.info.transaction_status, TransactionStatus.IDLE)
            rows = connection.execute(f"SELECT id FROM {table}").fetchall()
            self.assertEqual(rows, [(1,)], "the insert was rolled back")
        self.assert_renamed(mode, table, *found)

    def play_savepoint(self, mode, table):
        connections = [self.psycopg(self.url_of(mode)), self.psycopg(self.direct_url_of(mode))]
        self.rename(mode, table)
        found = []
        for connection in connections:
            connection.execute("BEGIN")
            connection.execute("SAVEPOINT s")
            found.append(self.catch(lambda c=connection: c.execute(f"SELECT old_name FROM {table}")))
            connection.execute("ROLLBACK TO s")
            self.assertEqual(connection.execute(f"SELECT new_name FROM {table}").fetchone(), ("x",))
            connection.execute("COMMIT")
        self.assert_renamed(mode, table, *found)

    # -- in a pipeline -------------------------------------------------------------------------------------------------

    def play_pipeline(self, mode, table):
        """Three statements before one Sync: the second fails, the third is skipped, the first is rolled back."""
        connections = [self.psycopg(self.url_of(mode)), self.psycopg(self.direct_url_of(mode))]
        self.rename(mode, table)
        found = []
        for connection in connections:
            with self.assertRaises(psycopg.Error) as caught, connection.pipeline():
                connection.execute(f"INSERT INTO {table} (id) VALUES (%s)", [7])
                second = connection.execute(f"SELECT old_name FROM {table} WHERE id = %s", [1])
                connection.execute(f"INSERT INTO {table} (id) VALUES (%s)", [8])
                second.fetchall()
            found.append(clients.of_psycopg(caught.exception))
            self.assertEqual(connection.execute(f"SELECT count(*) FROM {table}").fetchone(), (1,))
        self.assert_renamed(mode, table, *found)

    def play_pipeline_by_hand(self, mode, table):
        """The same messages answer it, in the same order; and the next batch, sent in the same write, is unharmed."""
        self.rename(mode, table)
        batch = [wire.parse("SELECT 1"), wire.bind(), wire.execute(),
                 wire.parse(f"SELECT old_name FROM {table}"), wire.bind(), wire.describe("", "P"), wire.execute(),
                 wire.parse("SELECT 3"), wire.bind(), wire.execute(), wire.SYNC,
                 wire.query("SELECT 4"), wire.query(f"SELECT old_name FROM {table}; SELECT 5"), wire.query("SELECT 6")]
        answers = []
        for port in (self.guards[mode].port, self.cluster.port):
            with wire.Wire(port, f"app_{mode}") as connection:
                connection.send(*batch)
                answers.append([message for _ in range(4) for message in connection.until_ready()])
        guarded, direct = answers
        self.assertEqual(wire.kinds(guarded), wire.kinds(direct))
        self.assertEqual(wire.kinds(direct), "12DCEZ" "TDCZ" "EZ" "TDCZ")
        for mine, own in zip(wire.errors(guarded), wire.errors(direct)):
            self.assert_wire_error(mode, mine, own)

    def assert_wire_error(self, mode, mine, own):
        if mode in ("off", "observe"):
            self.assertEqual(mine, own)
            return
        self.assertEqual({k: v for k, v in mine.items() if k not in "DHstc"},
                         {k: v for k, v in own.items() if k not in "DHstc"})
        self.assertIn("driftguard: ", mine["D"])

    # -- at Bind -------------------------------------------------------------------------------------------------------

    def play_bind(self, mode, table):
        """Prepared before the change: the server raises the error when it is bound, not when it was parsed."""
        answers = []
        connections = [wire.Wire(self.guards[mode].port, f"app_{mode}"), wire.Wire(self.cluster.port, f"app_{mode}")]
        for connection in connections:
            self.addCleanup(connection.socket.close)
            connection.send(wire.parse(f"SELECT old_name FROM {table}", "s1"), wire.bind("s1"), wire.execute(), wire.SYNC)
            self.assertEqual(wire.kinds(connection.until_ready()), "12DCZ")
        self.rename(mode, table)
        for connection in connections:
            connection.send(wire.bind("s1"), wire.execute(), wire.SYNC)
            answers.append(connection.until_ready())
            self.assertEqual(wire.kinds(answers[-1]), "EZ")
            connection.send(wire.parse(f"SELECT new_name FROM {table}"), wire.bind(), wire.execute(), wire.SYNC)
            self.assertEqual(wire.kinds(connection.until_ready()), "12DCZ", "usable afterwards")
        mine, own = (wire.errors(messages)[0] for messages in answers)
        self.assertEqual((own["C"], own["P"], own["R"]), ("42703", "8", "errorMissingColumn"))
        self.assert_wire_error(mode, mine, own)
        if mode in ("annotate", "enforce"):
            self.assertIn('"old_name" was renamed to "new_name"', mine["D"])

    def play_describe(self, mode, table):
        """The same at Describe: the server sends the parameters first, then the error."""
        answers = []
        connections = [wire.Wire(self.guards[mode].port, f"app_{mode}"), wire.Wire(self.cluster.port, f"app_{mode}")]
        for connection in connections:
            self.addCleanup(connection.socket.close)
            connection.send(wire.parse(f"SELECT old_name FROM {table}", "s1"), wire.SYNC)
            self.assertEqual(wire.kinds(connection.until_ready()), "1Z")
        self.rename(mode, table)
        for connection in connections:
            connection.send(wire.describe("s1"), wire.SYNC)
            answers.append(connection.until_ready())
        self.assertEqual(wire.kinds(answers[0]), wire.kinds(answers[1]))
        self.assertTrue(wire.kinds(answers[1]).endswith("EZ"))
        self.assert_wire_error(mode, wire.errors(answers[0])[0], wire.errors(answers[1])[0])

    # -- COPY ----------------------------------------------------------------------------------------------------------

    def play_copy(self, mode, sql, table):
        self.rename(mode, table)
        found = []
        for connection in (self.psycopg(self.url_of(mode)), self.psycopg(self.direct_url_of(mode))):
            def copy(connection=connection):
                with connection.cursor().copy(sql) as stream:
                    list(stream) if " TO " in sql else stream.write("2\n")
            found.append(self.catch(copy))
            with connection.cursor().copy(f"COPY {table} (id, new_name) FROM STDIN") as stream:
                stream.write("5\ty\n")
            with connection.cursor().copy(f"COPY (SELECT new_name FROM {table} WHERE id = 5) TO STDOUT") as stream:
                self.assertEqual(bytes(next(iter(stream))), b"y\n")
                list(stream)
            connection.execute(f"DELETE FROM {table} WHERE id = 5")
        self.assertEqual(found[1].sqlstate, "42703")
        self.assert_by_mode(mode, *found, rf'public\.{table}\."old_name" was renamed to "new_name" {WHEN}')

    def play_copy_in(self, mode, table):
        self.play_copy(mode, f"COPY {table} (id, old_name) FROM STDIN", table)

    def play_copy_out(self, mode, table):
        self.play_copy(mode, f"COPY (SELECT old_name FROM {table}) TO STDOUT", table)

    def play_copy_in_psql(self, mode, table):
        """psql reads past the data that belongs to a COPY that failed."""
        self.rename(mode, table)
        found = []
        for url in (self.url_of(mode), self.direct_url_of(mode)):
            client = clients.make("psql", url)
            self.addCleanup(client.close)
            sql = f"COPY {table} (old_name) FROM STDIN"
            found.append(clients.of_psql(client.send(sql + ";\nx\n\\."), sql))
            self.assertEqual(client.send(f"COPY {table} (new_name) FROM STDIN;\ny\n\\.\nSELECT 1;"), ["1"])
        self.assert_by_mode(mode, *found, rf'public\.{table}\."old_name" was renamed to "new_name" {WHEN}')


PLAYS = {
    "an_error_in_a_transaction_aborts_it_and_rollback_works": Conversations.play_transaction,
    "a_savepoint_brings_the_transaction_back": Conversations.play_savepoint,
    "in_a_pipeline_of_three_the_second_fails_and_all_is_undone": Conversations.play_pipeline,
    "a_pipeline_is_answered_message_for_message": Conversations.play_pipeline_by_hand,
    "a_statement_prepared_before_the_change_fails_at_bind": Conversations.play_bind,
    "a_statement_prepared_before_the_change_fails_at_describe": Conversations.play_describe,
    "copy_from_stdin_names_the_rename": Conversations.play_copy_in,
    "copy_of_a_query_names_the_rename": Conversations.play_copy_out,
    "copy_from_stdin_with_psql_names_the_rename": Conversations.play_copy_in_psql,
}


def add_tests():
    for mode in MODES:
        for table, (name, play) in zip(TABLES, PLAYS.items()):
            def test(self, mode=mode, play=play, table=table):
                play(self, mode, table)
            setattr(Conversations, f"test_in_{label(mode)}_{name}", test)


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)
