"""relay.max_buffer_bytes and relay.max_total_buffer_bytes: what waits for slow readers is bounded, and arrives unaltered."""

import threading
import unittest

import environment
import wire
from support import LimitsCase

MIB = 1 << 20
SMALL = 16384  # what a flow that is stuck may hold, however much the others have


class BufferMemory(LimitsCase):
    """All sessions together hold no more than one limit allows, nobody waits for another, and nothing is altered."""

    option = "relay.max_total_buffer_bytes"
    settings = (f"{option}={4 * MIB}",)
    n_slow = 16

    def held(self):
        return self.guard.metric("driftguard_buffer_bytes")

    def await_bounded(self, n_sessions):
        """No more than the limit, a growth of one buffer in each worker, and small ones; for as long as it takes the
        server to send all that the kernel has room for."""
        self.guard.wait_until(lambda: self.held() >= 3 * MIB, "the buffers to fill")
        active = "select count(*) from pg_stat_activity where state = 'active' and wait_event is null"
        environment.wait_until(lambda: self.cluster.psql(active) == "1", "all servers to wait")
        self.assertLess(self.held(), 4 * MIB + 2 * MIB + 2 * n_sessions * SMALL)

    def assertOthersGoOn(self):
        unseen = self.guard.metric("driftguard_not_inspected_total", reason="no_memory")
        quick = self.wire()
        self.assertAnswers(quick)
        quick.send(wire.query("select repeat('x', 3000000)"))
        self.assertEqual(len(quick.until_ready()[1][1]), 3000006)
        quick.send(wire.query(f"select length('{'y' * 700000}')"))
        self.assertEqual(quick.until_ready()[1][1][-6:], b"700000")
        self.assertEqual(self.guard.metric("driftguard_not_inspected_total", reason="no_memory"), unseen + 1)

    def test_slow_readers(self):
        before = self.struck(self.option)
        readers = [self.wire() for _ in range(self.n_slow)]
        for i, reader in enumerate(readers):
            reader.send(wire.query(f"select g || repeat(chr({65 + i}), 99990) from generate_series(100001, 100120) g"))
        self.await_bounded(self.n_slow)
        self.assertGreater(self.struck(self.option), before)
        self.assertOthersGoOn()
        for i, reader in enumerate(readers):
            letter = chr(65 + i).encode() * 99990
            rows = [body[6:] for kind, body in reader.until_ready() if kind == "D"]
            self.assertEqual(rows, [b"%d" % n + letter for n in range(100001, 100121)])
        self.guard.wait_until(lambda: self.held() == 0, "the buffers to be given back")

    def test_a_server_that_does_not_read(self):
        lock = self.wire()
        lock.send(wire.query("select pg_advisory_lock(7)"))
        lock.until_ready()
        writers = [self.wire() for _ in range(12)]
        statements = [f"select {n} + length('{'z' * 90000}')" for n in range(100)]
        threads = []
        for writer in writers:
            work = [wire.query("select pg_advisory_xact_lock_shared(7)"), *map(wire.query, statements)]
            threads.append(threading.Thread(target=writer.send, args=work))
            threads[-1].start()
        self.await_bounded(len(writers))
        lock.send(wire.query("select pg_advisory_unlock(7)"))
        lock.until_ready()
        for writer in writers:
            writer.until_ready()
            answers = [dict(writer.until_ready())["D"][6:] for _ in statements]
            self.assertEqual(answers, [b"%d" % (90000 + n) for n in range(100)])
        for thread in threads:
            thread.join()
        self.guard.wait_until(lambda: self.held() == 0, "the buffers to be given back")

    def test_all_of_it_is_held_by_half_statements(self):
        """What was begun is finished, though each of them would need more than there is."""
        text = wire.query(f"select length('{'w' * 900000}')")
        writers = [self.wire() for _ in range(12)]
        for writer in writers:
            held, struck = self.held(), self.struck(self.option)
            writer.send(text[:700000])
            environment.wait_until(lambda: self.held() == held + MIB or self.struck(self.option) > struck,
                                   "it to be kept or passed on")
        self.await_bounded(len(writers))
        self.assertGreater(self.struck(self.option), 0)
        self.assertAnswers(self.wire())
        for writer in writers:
            writer.send(text[700000:])
        for writer in writers:
            self.assertEqual(writer.until_ready()[1][1][-6:], b"900000")
        self.guard.wait_until(lambda: self.held() == 0, "the buffers to be given back")

    def test_one_that_leaves_gives_its_room_back(self):
        reader = self.wire()
        reader.send(wire.query("select repeat('x', 20000000)"))
        self.guard.wait_until(lambda: self.held() > 0, "a buffer to be held")
        reader.socket.close()
        self.guard.wait_until(lambda: self.held() == 0, "the buffers to be given back")

    def test_one_session_alone(self):
        before = self.struck("relay.max_buffer_bytes")
        reader = self.wire()
        reader.send(wire.query("select repeat('x', 20000000)"))
        self.guard.wait_until(lambda: self.struck("relay.max_buffer_bytes") > before, "reading to pause")
        self.assertLess(self.held(), 3 * MIB)
        self.assertEqual(len(reader.until_ready()[1][1]), 20000006)


if __name__ == "__main__":
    unittest.main()
