"""What the proxy does with the guard's decisions: refusals, holds and explained errors, and what it tells the guard.

The guard is a puppet: its orders stand in the statements, as comments.
"""

import select
import signal
import socket
import struct
import time
import unittest

import environment
from cluster import Cluster
from puppet import Puppet
from wire import (COPY_DONE, EOF, FLUSH, SYNC, TERMINATE, Connection, bind, cancel_request, close, copy_data, describe,
                  execute, fields, message, parse, query, types)


class DecisionsCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        self.puppet = self.enterContext(Puppet(self.cluster.port))
        self.connection = self.enterContext(Connection(self.puppet.port))
        self.connection.login()

    def told(self, *starts):
        return [line for line in self.puppet.lines() if line.startswith(starts)]

    def assertUsable(self):
        self.assertEqual(types(self.connection.ask(query("select 1"))), "TDCZ")
        self.assertEqual(types(self.connection.ask(parse("select 2") + bind() + execute() + SYNC)), "12DCZ")


class Refusals(DecisionsCase):
    def test_a_query_is_answered_with_error_and_ready(self):
        answer = self.connection.ask(query("select 1 /* refuse */"))
        self.assertEqual(types(answer), "EZ")
        self.assertEqual(fields(answer[0])["M"], "refused")
        self.assertEqual(answer[1][5:], b"I")
        self.assertUsable()

    def test_a_parse_is_answered_at_once_and_all_up_to_sync_is_discarded(self):
        self.assertEqual(types(self.connection.ask(parse("select 1 /* refuse */"), "E")), "E")
        self.connection.send(bind() + describe() + execute() + query("select 2") + close("S") + FLUSH + copy_data(b"x"))
        self.assertEqual(types(self.connection.ask(SYNC)), "Z")
        self.assertNotIn("select 2", self.cluster.log())
        self.assertEqual(self.told("completed"), [])
        self.assertUsable()

    def test_a_batch_in_one_write_and_the_next_behind_it(self):
        answer = self.connection.ask(parse("select 1 /* refuse */") + bind() + execute() + SYNC + query("select 2"), "ZZ")
        self.assertEqual(types(answer), "EZTDCZ")

    def test_terminate_is_honoured_among_what_is_discarded(self):
        answer = self.connection.ask(parse("select 1 /* refuse */") + bind() + TERMINATE, "EOF")
        self.assertEqual(types(answer), "E!")

    def test_an_unknown_message_among_what_is_discarded_is_the_servers_to_judge(self):
        for unknown in (message("y", b"what"), message("p", b"password\0")):
            with self.subTest(unknown=unknown), Connection(self.puppet.port) as connection:
                connection.login()
                answer = connection.ask(parse("select 1 /* refuse */") + bind() + unknown, "EOF")
                self.assertEqual(types(answer), "EE!")
                self.assertEqual((fields(answer[1])["S"], fields(answer[1])["C"]), ("FATAL", "08P01"))

    def test_one_error_a_batch_and_nothing_before_its_sync(self):
        self.connection.send((parse("select 1 /* refuse */") + bind() + execute()) * 3 + FLUSH)
        self.assertEqual(types(self.connection.read_until("E")), "E")
        self.assertEqual(select.select([self.connection.socket], [], [], 0.1)[0], [])
        self.assertEqual(types(self.connection.ask(SYNC)), "Z")
        self.assertEqual(types(self.connection.ask(SYNC + parse("select 1") + SYNC, "ZZ")), "Z1Z")

    def test_messages_of_any_size_are_discarded(self):
        for n in (9000, 70_000, 3_000_000):
            rest = bind("x" * n) + query("y" * n) + copy_data(b"z" * n) + execute("p" * n)
            self.assertEqual(types(self.connection.ask(parse("select 1 /* refuse */") + rest + SYNC)), "EZ")
        self.assertUsable()

    def test_refused_at_any_cut(self):
        for shape in ("glued", "bytes"):
            with Connection(self.puppet.port, shape) as connection:
                connection.login()
                batch = parse("select 1 /* refuse */") + bind() + execute() + SYNC
                self.assertEqual(types(connection.ask((batch + query("select 2 /* refuse */")) * 20, "Z" * 40)), "EZ" * 40)
                self.assertEqual(types(connection.ask(query("select 1"))), "TDCZ")

    def test_a_half_closed_client_gets_its_refusal(self):
        self.connection.send(query("select 1 /* refuse */"))
        self.connection.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(types(self.connection.read_until("EOF")), "EZ!")

    def test_a_server_that_has_gone_has_the_first_word(self):
        """The proxy sleeps while the server leaves and the client asks: whichever it sees first, it refuses nothing."""
        pid = struct.unpack("!I", self.connection.key_data[:4])[0]
        self.puppet.process.send_signal(signal.SIGSTOP)
        self.cluster.psql(f"select pg_terminate_backend({pid}, 10000)")
        self.connection.send(query("select 1 /* refuse */"))
        self.puppet.process.send_signal(signal.SIGCONT)
        answer = self.connection.read_until("EOF")
        self.assertEqual(types(answer), "E!")
        self.assertEqual(fields(answer[0])["C"], "57P01")

    def test_the_unnamed_statement_is_dead_after_it(self):
        for refused in (query("select 1 /* refuse */"), parse("select 1 /* refuse */") + SYNC):
            with self.subTest(refused=refused[:1]):
                self.assertEqual(types(self.connection.ask(parse("select 1") + SYNC)), "1Z")
                self.assertEqual(types(self.connection.ask(refused)), "EZ")
                answer = self.connection.ask(bind() + execute() + SYNC)
                self.assertEqual(types(answer), "EZ")
                self.assertEqual(fields(answer[0])["C"], "26000")
                self.assertUsable()

    def test_the_unnamed_statement_is_dead_even_if_the_server_was_skipping(self):
        """What would have ended it there was skipped with the rest of a batch that failed."""
        for bad in (parse("selekt", "n") + bind() + execute() + SYNC, parse("selekt", "n") + describe("S") + SYNC):
            self.assertEqual(types(self.connection.ask(parse("select 1") + SYNC)), "1Z")
            self.assertEqual(types(self.connection.ask(query("select 1 /* refuse */"))), "EZ")
            self.assertEqual(types(self.connection.ask(bad)), "EZ")
            answer = self.connection.ask(bind() + execute() + SYNC)
            self.assertEqual((types(answer), fields(answer[0])["C"]), ("EZ", "26000"))
            self.assertUsable()

    def test_the_unnamed_statement_is_dead_even_if_its_successor_was_skipped(self):
        """What comes after the refusal ends the one before as well, unless the server skips it: then the next one does."""
        bad = parse("selekt", "n")
        for skipped in (parse("select 3"), query("select 3"), close("S"), parse("select 3") + parse("select 4"), parse("/" + "*" * 2_000_000 + "/ select 3"),
                        parse("select 3") + bind() + execute(), bind() + parse("select 3") + describe("S") + close("S")):
            for behind, expected in ((b"", "EZ"), (parse("select 5", "named") + close("S", "named") + SYNC, "13ZEZ"), (bad + parse("select 5") + SYNC, "EZEZ"),
                                     (parse("select 5") + SYNC, "1Z2DCZ"), (query("select 5"), "TDCZEZ"), (close("S") + SYNC, "3ZEZ")):
                with self.subTest(skipped=skipped[:30], behind=behind[:30]):
                    for glued in (True, False):
                        self.assertEqual(types(self.connection.ask(parse("select 1") + SYNC)), "1Z")
                        self.assertEqual(types(self.connection.ask(query("select 1 /* refuse */"))), "EZ")
                        pieces = [bad + skipped + SYNC, behind, bind() + execute() + SYNC]
                        wanted = "EZ" + expected
                        if glued:
                            answer = self.connection.ask(b"".join(pieces), "Z" * wanted.count("Z"))
                        else:
                            answer = [found for piece in filter(None, pieces) for found in self.connection.ask(piece)]
                        self.assertEqual(types(answer), wanted)
                self.assertUsable()

    def test_a_new_unnamed_statement_lives(self):
        for new, expected in ((parse("select 3") + SYNC, "1Z"), (query("select 3") + parse("select 3") + SYNC, "TDCZ1Z")):
            bad = parse("selekt", "n") + bind() + execute() + SYNC
            self.connection.ask(parse("select 1") + SYNC)
            self.connection.ask(query("select 1 /* refuse */"))
            self.assertEqual(types(self.connection.ask(bad + new + bind() + execute() + SYNC, "Z" * (expected.count("Z") + 2))), "EZ" + expected + "2DCZ")
            self.connection.ask(query("select 1 /* refuse */"))
            self.connection.ask(bad)
            self.assertEqual(types(self.connection.ask(new + bind() + execute() + SYNC, "Z" * (expected.count("Z") + 1))), expected + "2DCZ")

    def test_a_named_statement_lives_on(self):
        self.connection.ask(parse("select 1", "s") + SYNC)
        self.connection.ask(query("select 1 /* refuse */"))
        self.assertEqual(types(self.connection.ask(bind(statement="s") + execute() + SYNC)), "2DCZ")

    def test_nothing_is_refused_while_the_session_is_not_idle(self):
        refused = "select 1 /* refuse */"
        for name, before, wait, ask, expected in (
                ("behind a query", b"", "", query("select 0") + query(refused), "TDCZTDCZ"),
                ("in a transaction", query("begin"), "Z", query(refused), "TDCZ"),
                ("after a flush", query("rollback") + parse("select 0") + FLUSH, "Z1", parse(refused) + SYNC, "1Z"),
                ("behind a sync under way", b"", "", SYNC + query(refused), "ZTDCZ")):
            with self.subTest(name):
                if before:
                    self.connection.ask(before, wait)
                answer = self.connection.ask(ask, expected)
                self.assertEqual(types(answer), expected)

    def test_idle_again_after_copy(self):
        self.connection.ask(query("create temp table c (a int); copy c from stdin"), "G")
        self.connection.ask(copy_data(b"1\n") + b"c\0\0\0\4")
        self.assertEqual(types(self.connection.ask(query("select 1 /* refuse */"))), "EZ")


class Holds(DecisionsCase):
    def test_a_held_statement_keeps_its_place(self):
        self.connection.ask(query("create temp table h (a int)"))
        answer = self.connection.ask(query("insert into h values (1) /* hold 200 */") + query("select a from h") +
                                     parse("select 2") + bind() + execute() + SYNC, "ZZZ")
        self.assertEqual(types(answer), "CZTDCZ12DCZ")

    def test_a_parse_may_be_held_too(self):
        answer = self.connection.ask(parse("select 1 /* hold 100 */") + bind() + execute() + SYNC + query("select 2"), "ZZ")
        self.assertEqual(types(answer), "12DCZTDCZ")

    def test_answers_under_way_are_not_held_up(self):
        answer = self.connection.ask(query("select 1") + query("select 2 /* hold 60000 */"), "Z")
        self.assertEqual(types(answer), "TDCZ")

    def test_the_guard_ends_a_hold(self):
        started = time.monotonic()
        self.assertEqual(types(self.connection.ask(query("select 1 /* resume 50 */"))), "TDCZ")
        self.assertLess(time.monotonic() - started, 25)

    def test_a_client_that_goes_away_has_its_statement_run(self):
        self.cluster.psql("create table if not exists gone (a int)")
        self.connection.send(query("insert into gone values (1) /* hold 300 */") + TERMINATE)
        self.connection.socket.close()
        environment.wait_until(lambda: self.cluster.psql("select count(*) from gone") == "1", "the row")

    def test_a_session_may_end_during_a_hold(self):
        self.connection.send(query("select 1 /* resume 400 */"))
        environment.wait_until(lambda: self.told("hold query"), "the hold")
        self.puppet.process.terminate()
        answer = self.connection.read_until("EOF")
        self.assertEqual(fields(answer[0])["C"], "57P01")

    def test_a_cancel_ends_the_hold_and_reaches_the_statement(self):
        self.connection.send(query("select pg_sleep(60) /* hold 60000 */"))
        environment.wait_until(lambda: self.told("hold query"), "the hold")
        with Connection(self.puppet.port) as canceller:
            self.assertEqual(canceller.ask(cancel_request(self.connection.key_data), "EOF"), [EOF])
        answer = self.connection.read_until("Z")
        self.assertEqual(types(answer), "TEZ" if len(answer) == 3 else "EZ")
        self.assertEqual(fields(answer[-2])["C"], "57014")


    def test_a_held_statement_of_a_client_that_resets(self):
        self.connection.send(query("select 1 /* hold 200 */"))
        environment.wait_until(lambda: self.told("hold query"), "the hold")
        pid = struct.unpack("!I", self.connection.key_data[:4])[0]
        self.connection.reset()
        environment.wait_until(lambda: self.cluster.psql(f"select count(*) from pg_stat_activity where pid = {pid}") == "0",
                               "the session to end")

    def test_a_held_statement_whose_server_goes(self):
        self.connection.send(query("select 1 /* hold 60000 */"))
        environment.wait_until(lambda: self.told("hold query"), "the hold")
        pid = struct.unpack("!I", self.connection.key_data[:4])[0]
        self.cluster.psql(f"select pg_terminate_backend({pid})")
        answer = self.connection.read_until("EOF")
        self.assertEqual(types(answer), "E!")
        self.assertEqual(fields(answer[0])["C"], "57P01")

    def test_a_held_batch_of_a_half_closed_client(self):
        self.connection.send(parse("select 1 /* hold 100 */") + bind() + execute() + SYNC + query("select 2 /* hold 50 */"))
        self.connection.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(types(self.connection.read_until("EOF")), "12DCZTDCZ!")

    def test_terminate_in_the_batch_of_a_held_parse(self):
        self.cluster.psql("create table if not exists held (a int)")
        self.connection.send(parse("insert into held values (1) /* hold 100 */") + bind() + execute() + SYNC + TERMINATE)
        self.assertEqual(types(self.connection.read_until("EOF")), "12CZ!")
        self.assertEqual(self.cluster.psql("select count(*) from held"), "1")

    def test_cancels_in_a_hold_hit_it_once(self):
        """Many cancels at once: the statement ends, and what comes after them is not hit."""
        self.connection.send(query("select pg_sleep(60) /* hold 60000 */"))
        environment.wait_until(lambda: self.told("hold query"), "the hold")
        cancellers = [self.enterContext(Connection(self.puppet.port)) for _ in range(40)]
        for canceller in cancellers:
            canceller.send(cancel_request(self.connection.key_data))
        self.assertEqual(fields(self.connection.read_until("Z")[-2])["C"], "57014")
        for canceller in cancellers:
            self.assertEqual(canceller.read_until("EOF"), [EOF])
        self.assertUsable()

    def test_a_cancel_of_a_hold_in_a_worker_that_is_busy(self):
        """Clients go to the workers in turn; the second worker holds a statement and then has no time to let it go."""
        puppet = self.enterContext(Puppet(self.cluster.port, "workers=2"))
        sessions = [self.enterContext(Connection(puppet.port)) for _ in range(4)]
        for connection in sessions:
            connection.login()
        held, busy = sessions[1], sessions[3]
        held.send(query("select pg_sleep(60) /* hold 60000 */"))
        environment.wait_until(lambda: puppet.lines("hold query"), "the hold")
        busy.send(query("select 1 /* busy 400 */"))
        with Connection(puppet.port) as canceller:
            self.assertEqual(canceller.ask(cancel_request(held.key_data), "EOF"), [EOF])
        self.assertEqual(fields(held.read_until("Z")[-2])["C"], "57014")
        self.assertEqual(types(busy.read_until("Z")), "TDCZ")

    def test_a_cancel_while_an_error_is_held(self):
        self.connection.send(query("select 1/0 /* late 200 */") + query("select 2"))
        environment.wait_until(lambda: self.told("error query"), "the error")
        with Connection(self.puppet.port) as canceller:
            self.assertEqual(canceller.ask(cancel_request(self.connection.key_data), "EOF"), [EOF])
        self.assertEqual(types(self.connection.read_until("ZZ")), "EZTDCZ")


class Errors(DecisionsCase):
    def test_an_explained_error_keeps_the_servers_fields(self):
        plain = fields(self.connection.ask(query("select 1/0 /* */ /* xxxxxx */"))[0])
        answer = self.connection.ask(query("select 1/0 /* explain */"))
        self.assertEqual(types(answer), "EZ")
        self.assertEqual(fields(answer[0]), {**plain, "D": "our detail", "H": "our hint"})

    def test_an_error_is_held_with_all_behind_it(self):
        for ask, expected in ((query("select 1/0 /* late 100 */") + query("select 2"), "EZTDCZ"),
                              (parse("selekt /* late 100 */") + bind() + execute() + SYNC + query("select 2"), "EZTDCZ")):
            answer = self.connection.ask(ask, "ZZ")
            self.assertEqual(types(answer), expected)
            self.assertEqual(fields(answer[0])["D"], "our detail")

    def test_an_error_is_not_held_behind_a_held_statement(self):
        answer = self.connection.ask(query("select pg_sleep(0.2), 1/0 /* late 100 */") + query("select 2 /* hold 600 */"),
                                     "ZZ")
        self.assertEqual(types(answer)[-6:], "EZTDCZ")

    def test_explained_errors_in_a_long_pipeline(self):
        """Each error is in its place, while the answers are larger than any buffer and the client reads late."""
        n = 400
        piece = query("select repeat('x', 20000)") + query("select 1/0 /* explain */")
        answer = self.connection.ask(piece * n, "ZZ" * n)
        self.assertEqual(types(answer), "TDCZEZ" * n)
        self.assertEqual({fields(found).get("D") for found in answer if found[:1] == b"E"}, {"our detail"})

    def test_an_explained_error_in_the_middle_of_rows(self):
        for sql in ("select repeat('x', i), 1 / (30 - i) from generate_series(1, 99) i /* explain */",
                    "select repeat('x', i * 9000), 1 / (30 - i) from generate_series(1, 99) i /* late 50 */"):
            answer = self.connection.ask(query(sql) + query("select 2"), "ZZ")
            self.assertEqual(types(answer), "T" + "D" * 29 + "EZTDCZ")
            self.assertEqual(fields(answer[30])["D"], "our detail")

    def test_a_terminated_session_has_its_last_words_unexplained(self):
        answer = self.connection.ask(query("select pg_terminate_backend(pg_backend_pid()) /* explain */"), "EOF")
        self.assertNotIn("D", fields(answer[-2]))

    def test_ends_of_copy_without_end(self):
        """The server answers none of them: they may not fill the queue."""
        self.connection.socket.settimeout(20)
        self.assertEqual(types(self.connection.ask(parse("select 1") + COPY_DONE * 150_000 + SYNC)), "1Z")
        self.assertUsable()

    def test_each_answer_finds_its_statement(self):
        self.connection.ask(parse("select 1") + bind() + execute() + parse("selekt 2") + bind() + execute() +
                            parse("select 3") + bind() + execute() + SYNC)
        self.connection.ask(query("select 4; select 5"))
        environment.wait_until(lambda: len(self.told("ready")) == 3, "the last word")
        self.assertEqual(self.told("completed", "error", "skipped"), [
            "completed parse [select 1] ", "completed bind [select 1] ", "completed execute [select 1] SELECT 1",
            "error parse [selekt 2]", "skipped bind [selekt 2]", "skipped execute [selekt 2]",
            "skipped parse [select 3]", "skipped bind [select 3]", "skipped execute [select 3]",
            "completed query [select 4; select 5] SELECT 1", "completed query [select 4; select 5] SELECT 1"])

    def test_each_answer_finds_its_statement_after_a_copy_that_fails_before_its_syncs(self):
        """The server answers them, since it is not in COPY any more; for all that the proxy knows it might ignore them."""
        for n in (1, 3):
            self.connection.ask(query("drop table if exists f; create temp table f (a int); copy f from stdin"), "G")
            behind = query("select 2") + query("select 1/0 /* explain */") + query("select 3")
            answer = self.connection.ask(copy_data(b"bad\n") + SYNC * n + COPY_DONE + behind, "Z" * (n + 4))
            self.assertEqual(types(answer), "EZ" + "Z" * n + "TDCZEZTDCZ")
            self.assertEqual(fields(answer[n + 6]).get("D"), "our detail")

    def test_what_the_server_skips_is_not_shown(self):
        self.connection.ask(parse("selekt") + FLUSH, "E")
        self.connection.ask(parse("select 1") + bind() + execute() + query("select 2") + SYNC)
        self.assertEqual([line for line in self.told("forward") if "select " in line], [])


class Introductions(DecisionsCase):
    def test_the_guard_gets_to_know_the_client(self):
        for parameters, expected in (
                ({"application_name": "app"}, "client postgres postgres [app] []"),
                ({"options": "-c search_path=a,b"}, "client postgres postgres [] [a,b]"),
                ({"options": "-c search_path=a", "search_path": "c"}, "client postgres postgres [] [c]"),
                ({"options": "-S 64"}, "client postgres postgres [] [?]"),
                ({"database": "template1"}, "client postgres template1 [] []")):
            with Connection(self.puppet.port) as connection:
                connection.login(**parameters)
                self.assertEqual(self.told("client")[-1], expected)
        self.assertIn("parameter application_name [app]", self.told("parameter"))

    def test_long_statements_are_not_inspected(self):
        self.connection.ask(query("select '" + "x" * 1048576 + "'"))
        self.connection.ask(parse("select '" + "x" * 1048576 + "'", "name") + SYNC)
        self.assertEqual([line.rpartition(" ")[0] for line in self.told("uninspected")],
                         ["uninspected query ", "uninspected parse name"])

    def test_a_drain_ends_idle_sessions_first(self):
        with Connection(self.puppet.port) as busy:
            busy.login()
            busy.ask(query("begin"))
            self.puppet.process.send_signal(signal.SIGUSR1)
            self.assertEqual(fields(self.connection.read_until("EOF")[0])["C"], "57P01")
            self.assertEqual(types(busy.ask(query("select 1"))), "TDCZ")
            answer = busy.ask(query("commit"), "EOF")
            self.assertEqual(types(answer), "CZE!")
        with self.assertRaises(ConnectionRefusedError):
            Connection(self.puppet.port)


if __name__ == "__main__":
    unittest.main()
