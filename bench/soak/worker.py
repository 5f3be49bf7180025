"""A process with some of the soak's sessions, each in a thread: it connects, holds conversations until it is lost or
told to end, and connects again. What happened goes to the driver as it comes, a batch each second.

Python's threads take turns; several processes use several processors.
"""

import collections
import random
import threading
import time
import traceback

from conversations import KINDS, EndOfSession
from session import Lost, Mismatch, Session, insecure_tls

Spec = collections.namedtuple("Spec", "number target is_tls")
# When the conversation before this one began (what ended the connection may have happened during that one, and lie behind
# its answers), and when the end was seen; n_right: bytes of replies of the last conversation.
Loss = collections.namedtuple("Loss", "number guard kind began ended how n_right")
Drift = collections.namedtuple("Drift", "guard table sent received outcome")
Batch = collections.namedtuple("Batch", "asked right wrong connected losses drifts mismatches")
RETRY_S = 0.1


class Worker:
    def __init__(self, specs, world, pause_s, seed, stop, outbox):
        self._specs = specs
        self._world = world
        self._pause_s = pause_s
        self._seed = seed
        self._stop = stop
        self._outbox = outbox
        self._lock = threading.Lock()
        self._batch = self._empty()

    @staticmethod
    def _empty():
        return Batch(*(collections.Counter() for _ in range(4)), [], [], [])

    def run(self):
        """The process's main function."""
        self._tls = insecure_tls()
        threads = [threading.Thread(target=self._live, args=(spec,)) for spec in self._specs]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(1)
            self._send()
        self._send()
        self._outbox.put(None)

    def _send(self):
        with self._lock:
            batch, self._batch = self._batch, self._empty()
        self._outbox.put(batch)

    def _live(self, spec):
        """One session's life after another."""
        chance = random.Random(self._seed * 100003 + spec.number)
        sequence = 0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                session = Session(spec.target, f"soak-{spec.number}", self._tls if spec.is_tls else None)
            except Lost as lost:
                self._note_loss(spec, "connect", began, lost, 0)
                time.sleep(RETRY_S)
                continue
            except Mismatch as mismatch:
                self._note_mismatch(spec, "connect", sequence, mismatch)
                continue
            with self._lock:
                self._batch.connected[spec.target.name] += 1
            sequence = self._talk(spec, session, chance, sequence)

    def _talk(self, spec, session, chance, sequence):
        """Until this connection ends; gives the last sequence number."""
        kinds, weights = list(KINDS), list(KINDS.values())
        while not self._stop.is_set():
            sequence += 1
            if not self._converse(spec, session, chance.choices(kinds, weights)[0], sequence):
                session.socket.close()
                return sequence
            time.sleep(chance.random() * 2 * self._pause_s)
        session.close()
        return sequence

    def _converse(self, spec, session, conversation, sequence):
        """Whether the session can go on."""
        kind = conversation.__name__
        session.begin()
        with self._lock:
            self._batch.asked[kind] += 1
        goes_on = False
        try:
            conversation(session, spec.number, sequence, self._world)
            goes_on = True
        except EndOfSession:
            pass
        except Lost as lost:
            self._note_loss(spec, kind, session.began_before, lost, session.n_right)
            return False
        except Exception as error:  # a bug of ours is none of the guard's, and has to be seen as well
            text = error if isinstance(error, Mismatch) else traceback.format_exc()
            self._note_mismatch(spec, kind, sequence, text)
            return False
        with self._lock:
            self._batch.right[kind] += 1
            self._batch.drifts.extend(Drift(spec.target.name, *note) for note in session.notes)
        session.notes.clear()
        return goes_on

    def _note_loss(self, spec, kind, began, lost, n_right):
        with self._lock:
            self._batch.losses.append(Loss(spec.number, spec.target.name, kind, began, time.monotonic(), lost.how, n_right))

    def _note_mismatch(self, spec, kind, sequence, text):
        with self._lock:
            self._batch.wrong[kind] += kind != "connect"
            self._batch.mismatches.append(f"session {spec.number} ({'TLS, ' if spec.is_tls else ''}{spec.target.name}), "
                                          f"sequence {sequence}, {kind}: {text}")
