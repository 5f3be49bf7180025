"""What was right, by what was done when.

The driver notes each of its own deeds with its times here: tables that drift, modes, kills of the server, drains. From
the workers come conversations that went as expected, connections that were lost and answers of tables that drift; these
two are judged a few seconds later, when the deeds of their time are all known. Times are CLOCK_MONOTONIC, which all
processes of a machine share.

A lost connection is expected
- by anybody while the server is killed and starts again;
- by a session whose backend was terminated;
- of a guard that drains: with its 57P01 and before the first byte of a conversation's replies, since it waits until a
  session is idle; whoever connects meanwhile is served by it or by the next one;
if the conversation, or the one before it, reaches into that time. All others are not, nor is silence ever.
"""

import collections
import threading
import time

SETTLED_S = 3.0  # after that no deed is noted any more that began before
SETTLE_AFTER_S = 1.5  # after a deed its news have reached everybody
REPEAT_TTL_S = 1.05
MAX_COMPLAINTS = 200
EXPLAINING, ANSWERING = {"annotate", "enforce"}, {"enforce"}

Window = collections.namedtuple("Window", "what guard number began ended")


class Possible:
    """What may have been the case, over time."""

    def __init__(self, first):
        self._times, self._states = [0.0], [frozenset([first])]

    def note(self, when, *states):
        self._times.append(when)
        self._states.append(frozenset(states))

    def during(self, began, ended):
        """All that may have been so at some time between these."""
        found = set()
        for i in range(len(self._times) - 1, -1, -1):
            if self._times[i] <= ended:
                found |= self._states[i]
            if self._times[i] <= began:
                break
        return found


class Judge:
    def __init__(self, tables, guards, mode):
        self._lock = threading.Lock()
        self.is_there = {table: Possible(True) for table in tables}
        self.modes = {guard: Possible(mode) for guard in guards}
        self._windows = []
        self._open = {}
        self._waiting = collections.deque()
        self.asked, self.right, self.wrong, self.connected = (collections.Counter() for _ in range(4))
        self.n_lost_talks = 0  # losses within a conversation, not while connecting
        self.lost, self.drift_answers, self.deeds = (collections.Counter() for _ in range(3))
        self.wrongs = []
        self.n_wrongs = collections.Counter()

    # ---- what the driver did ----------------------------------------------------------------------------------------

    def begin(self, what, guard=None, number=None):
        """A deed that costs connections; gives what end() wants."""
        with self._lock:
            key = (what, guard, number, time.monotonic())
            self._open[key] = Window(what, guard, number, key[3], float("inf"))
            self.deeds[what] += 1
        return key

    def end(self, key):
        with self._lock:
            window = self._open.pop(key)
            self._windows.append(window._replace(ended=time.monotonic()))

    def did(self, what):
        with self._lock:
            self.deeds[what] += 1

    # ---- what the sessions saw --------------------------------------------------------------------------------------

    def take(self, batch):
        with self._lock:
            self.asked += batch.asked
            self.right += batch.right
            self.wrong += batch.wrong
            self.connected += batch.connected
            for mismatch in batch.mismatches:
                self._complain("mismatches", mismatch)
            now = time.monotonic()
            self._waiting += [(now, self._judge_loss, loss) for loss in batch.losses]
            self._waiting += [(now, self._judge_drift, drift) for drift in batch.drifts]
            self._judge_until(now - SETTLED_S)

    def finish(self):
        with self._lock:
            self._judge_until(float("inf"))

    def _judge_until(self, when):
        while self._waiting and self._waiting[0][0] <= when:
            _, judge, what = self._waiting.popleft()
            judge(what)

    def _complain(self, kind, text):
        self.n_wrongs[kind] += 1
        if len(self.wrongs) < MAX_COMPLAINTS:
            self.wrongs.append(text)

    def _judge_loss(self, loss):
        reasons = [window.what for window in (*self._windows, *self._open.values()) if self._explains(window, loss)]
        reason = reasons[0] if reasons and loss.how != "silent" else "unexpected"
        self.lost[f"{reason}: {loss.how}"] += 1
        self.n_lost_talks += loss.kind != "connect"
        if reason == "unexpected":
            near = [f"{w.what} {w.guard or ''}{w.number or ''} {w.began - loss.ended:+.3f}..{w.ended - loss.ended:+.3f}"
                    for w in (*self._windows, *self._open.values())
                    if w.began < loss.ended + 1 and w.ended > loss.began - 5]
            self._complain("unexpected", f"{loss} lasted {loss.ended - loss.began:.3f} s; done then: {near or 'nothing'}")

    def _explains(self, window, loss):
        if not (loss.began <= window.ended + SETTLE_AFTER_S and loss.ended >= window.began):
            return False
        if window.guard not in (None, loss.guard) or window.number not in (None, loss.number):
            return False
        if window.what == "drain":
            return loss.how == "57P01" and loss.n_right == 0 and loss.kind != "connect"
        return loss.how != "refused"

    def _judge_drift(self, drift):
        self.drift_answers[drift.outcome] += 1
        modes = self.modes[drift.guard].during(drift.sent - 0.2, drift.received)
        earlier = REPEAT_TTL_S if modes & ANSWERING else 0.0
        from_then = drift.sent - (earlier if drift.outcome != "row" else 0.0)
        possible = self.is_there[drift.table].during(from_then, drift.received)
        if (drift.outcome == "row") not in possible:
            self._complain("mismatches", f"{drift}: there was {possible} at that time, modes {modes}")
        elif drift.outcome == "explained" and not modes & EXPLAINING:
            self._complain("mismatches", f"{drift}: explained in {modes}")

    # ---- the verdict ------------------------------------------------------------------------------------------------

    def counts(self):
        n_lost = sum(self.lost.values()) - sum(n for what, n in self.lost.items() if what.startswith("unexpected"))
        return {"conversations": sum(self.asked.values()), "right": sum(self.right.values()),
                "mismatches": self.n_wrongs["mismatches"], "lost, expected": n_lost, "lost, unexpected": self.n_wrongs["unexpected"],
                "connections": sum(self.connected.values())}

    def complaints_so_far(self):
        """In the order of their coming, which does not change."""
        with self._lock:
            return list(self.wrongs)

    def complaints(self):
        """At the end."""
        found = list(self.wrongs)
        n_ended = sum(self.right.values()) + self.n_lost_talks + sum(self.wrong.values())
        if sum(self.asked.values()) != n_ended:
            found.append(f"{sum(self.asked.values())} conversations began and {n_ended} ended")
        return found
