"""What the sessions of the soak say, and what has to come back: to the byte, with session and sequence number in it.

A conversation is a function of (session, number, sequence, world): it sends, and expects. KINDS names them with how often
each is chosen. Each asks something, so that a connection that has ended is found to be so. Those that leave the session
unusable (a cancel, an RST) say so by EndOfSession.
"""

import hashlib
import select
import socket
import struct
import threading
import time

import messages as m
import wire
from messages import INT4, INT8, TEXT, VOID
from session import Mismatch

CANCEL_REQUEST = 80877102
INT4PL_OID = 177
LONG_QUERY_BYTES = 1_300_000  # over inspect.max_bytes: streamed through, unread


class EndOfSession(Exception):
    """It went as it should, and this connection is over."""


def _bind(portal, statement, *values, result_format=0):
    body = f"{portal}\0{statement}\0".encode() + struct.pack("!hh", 0, len(values))
    for value in values:
        data = str(value).encode()
        body += struct.pack("!i", len(data)) + data
    return wire.message("B", body + struct.pack("!hh", 1, result_format))


def simple(session, number, sequence, world):
    session.send(wire.query(f"SELECT {number}, {sequence}, 's{number}q{sequence}'"))
    session.expect(m.rows_of(*(("?column?", kind) for kind in (INT4, INT4, TEXT))),
                   m.row(number, sequence, f"s{number}q{sequence}"), m.complete("SELECT 1"), m.IDLE)


def several_statements(session, number, sequence, world):
    """One Query, one ReadyForQuery; an empty one, too."""
    session.send(wire.query(f"SELECT {number} AS n; SELECT {sequence} AS q WHERE false; SELECT NULL AS x"), wire.query(""))
    session.expect(m.rows_of(("n", INT4)), m.row(number), m.complete("SELECT 1"),
                   m.rows_of(("q", INT4)), m.complete("SELECT 0"),
                   m.rows_of(("x", TEXT)), m.row(None), m.complete("SELECT 1"), m.IDLE, m.EMPTY, m.IDLE)


def in_pieces(session, number, sequence, world):
    """A byte a segment."""
    session.send_in_pieces(wire.query(f"SELECT {number}, {sequence}"), 1)
    session.expect(m.rows_of(("?column?", INT4), ("?column?", INT4)), m.row(number, sequence), m.complete("SELECT 1"),
                   m.IDLE)


def extended(session, number, sequence, world):
    session.send(wire.parse("SELECT $1::int4 AS n, $2::text AS q"), wire.describe(), _bind("", "", number, f"q{sequence}"),
                 wire.describe(kind="P"), wire.execute(), wire.SYNC)
    columns = m.rows_of(("n", INT4), ("q", TEXT))
    session.expect(m.PARSED, m.parameters_are(INT4, TEXT), columns, m.BOUND, columns, m.row(number, f"q{sequence}"),
                   m.complete("SELECT 1"), m.IDLE)


def binary(session, number, sequence, world):
    session.send(wire.parse("SELECT $1::int4, $2::int8, NULL::text"), _bind("", "", number, sequence, result_format=1),
                 wire.describe(kind="P"), wire.execute(), wire.SYNC)
    session.expect(m.PARSED, m.BOUND,
                   m.rows_of(("int4", INT4), ("int8", INT8), ("text", TEXT), formats={0: 1, 1: 1, 2: 1}),
                   m.row(struct.pack("!i", number), struct.pack("!q", sequence), None), m.complete("SELECT 1"), m.IDLE)


def pipeline(session, number, sequence, world):
    """Batches in one write; the third fails in its middle and is skipped to its Sync."""
    wanted, sent = [], []
    for batch in range(4):
        for step in range(6):
            text = "none" if (batch, step) == (2, 3) else str(sequence * 100 + batch * 10 + step)
            sent += [wire.parse("SELECT $1::int8"), _bind("", "", text), wire.execute()]
            if batch != 2 or step < 3:
                wanted += [m.PARSED, m.BOUND, m.row(text), m.complete("SELECT 1")]
            elif step == 3:
                wanted += [m.PARSED, world.error("parameter")]
        sent.append(wire.SYNC)
        wanted.append(m.IDLE)
    session.send(*sent)
    session.expect(*wanted)


def prepared(session, number, sequence, world):
    """A named statement, a portal that is suspended, Flush between."""
    name = f"s{sequence}"
    session.send(wire.parse("SELECT g, $1::text FROM generate_series(1, 5) g", name),
                 _bind("portal", name, f"s{number}q{sequence}"), wire.execute("portal", 3), wire.FLUSH)
    rows = [m.row(g, f"s{number}q{sequence}") for g in range(1, 6)]
    session.expect(m.PARSED, m.BOUND, *rows[:3], m.SUSPENDED)
    session.send(wire.execute("portal", 3), wire.close("portal", "P"), wire.close(name), wire.SYNC)
    session.expect(*rows[3:], m.complete("SELECT 2"), m.CLOSED, m.CLOSED, m.IDLE)


def error(session, number, sequence, world):
    session.send(wire.query(f"SELECT 's{number}q{sequence}'::int4"))
    session.expect(world.error("literal", f"s{number}q{sequence}"), m.IDLE)


def notice(session, number, sequence, world):
    """From a function: a DO might have changed the schema, and the guard would judge nothing until it has looked."""
    session.send(wire.query(f"SELECT soak_say('s{number}q{sequence}')"))
    session.expect(m.rows_of(("soak_say", INT4)), world.error("notice", f"s{number}q{sequence}"), m.row(1),
                   m.complete("SELECT 1"), m.IDLE)


def transaction(session, number, sequence, world):
    columns = m.rows_of(("number", INT4), ("sequence", INT4), table=world.columns_of("soak_log"))
    where = f"number = {number} AND sequence = {sequence}"
    steps = (("BEGIN", [m.complete("BEGIN"), m.IN_TRANSACTION]),
             (f"INSERT INTO soak_log VALUES ({number}, {sequence})", [m.complete("INSERT 0 1"), m.IN_TRANSACTION]),
             (f"SELECT * FROM soak_log WHERE {where}",
              [columns, m.row(number, sequence), m.complete("SELECT 1"), m.IN_TRANSACTION]),
             (f"DELETE FROM soak_log WHERE {where}", [m.complete("DELETE 1"), m.IN_TRANSACTION]),
             ("COMMIT", [m.complete("COMMIT"), m.IDLE]))
    for sql, wanted in steps:
        session.send(wire.query(sql))
        session.expect(*wanted)


def failed_transaction(session, number, sequence, world):
    for sql, wanted in (("BEGIN", [m.complete("BEGIN"), m.IN_TRANSACTION]),
                        (f"SELECT 's{number}q{sequence}'::int4", [world.error("literal", f"s{number}q{sequence}"), m.FAILED]),
                        (f"SELECT {sequence}", [world.error("failed"), m.FAILED]),
                        ("ROLLBACK", [m.complete("ROLLBACK"), m.IDLE])):
        session.send(wire.query(sql))
        session.expect(*wanted)


def copy_out(session, number, sequence, world):
    n = 500
    session.send(wire.query(f"COPY (SELECT {number}, {sequence}, g FROM generate_series(1, {n}) g) TO STDOUT"))
    session.expect(m.copy_begins("H", 3), *(m.copy_data(f"{number}\t{sequence}\t{g}\n") for g in range(1, n + 1)),
                   m.COPY_DONE, m.complete(f"COPY {n}"), m.IDLE)


def copy_in(session, number, sequence, world):
    n = 300
    session.send(wire.query("BEGIN"))
    session.expect(m.complete("BEGIN"), m.IN_TRANSACTION)
    session.send(wire.query("COPY soak_log FROM STDIN"))
    session.expect(m.copy_begins("G", 2))
    session.send(*(m.copy_data(f"{number}\t{-sequence - g}\n") for g in range(n)), m.COPY_DONE,
                 wire.query(f"SELECT count(*), sum(sequence) FROM soak_log WHERE number = {number} AND sequence < 0"),
                 wire.query("ROLLBACK"))
    total = -sum(sequence + g for g in range(n))
    session.expect(m.complete(f"COPY {n}"), m.IN_TRANSACTION, m.rows_of(("count", INT8), ("sum", INT8)),
                   m.row(n, total), m.complete("SELECT 1"), m.IN_TRANSACTION, m.complete("ROLLBACK"), m.IDLE)


def copy_given_up(session, number, sequence, world):
    session.send(wire.query("COPY soak_log FROM STDIN"))
    session.expect(m.copy_begins("G", 2))
    session.send(m.copy_data(f"{number}\t{sequence}\n"), wire.message("f", f"s{number}q{sequence}\0".encode()))
    session.expect(world.error("copy", f"s{number}q{sequence}"), m.IDLE)


def big_copy_in(session, number, sequence, world):
    """Megabytes to the server, in one write."""
    n, filler = 400, f"s{number}q{sequence}." * 1000
    session.send(wire.query("BEGIN"), wire.query("COPY soak_big FROM STDIN"))
    session.expect(m.complete("BEGIN"), m.IN_TRANSACTION, m.copy_begins("G", 2))
    session.send(*(m.copy_data(f"{g}\t{filler}\n") for g in range(n)), m.COPY_DONE,
                 wire.query(f"SELECT count(*), sum(g), count(*) FILTER (WHERE t = repeat('s{number}q{sequence}.', 1000)) "
                            "FROM soak_big"), wire.query("ROLLBACK"))
    session.expect(m.complete(f"COPY {n}"), m.IN_TRANSACTION,
                   m.rows_of(("count", INT8), ("sum", INT8), ("count", INT8)), m.row(n, n * (n - 1) // 2, n),
                   m.complete("SELECT 1"), m.IN_TRANSACTION, m.complete("ROLLBACK"), m.IDLE)


def cursor(session, number, sequence, world):
    session.send(wire.query("BEGIN"),
                 wire.query(f"DECLARE c CURSOR FOR SELECT {number}, g FROM generate_series({sequence}, {sequence + 9}) g"),
                 wire.query("FETCH 4 FROM c"), wire.query("FETCH ALL FROM c"), wire.query("COMMIT"))
    columns = m.rows_of(("?column?", INT4), ("g", INT4))
    rows = [m.row(number, g) for g in range(sequence, sequence + 10)]
    session.expect(m.complete("BEGIN"), m.IN_TRANSACTION, m.complete("DECLARE CURSOR"), m.IN_TRANSACTION,
                   columns, *rows[:4], m.complete("FETCH 4"), m.IN_TRANSACTION,
                   columns, *rows[4:], m.complete("FETCH 6"), m.IN_TRANSACTION, m.complete("COMMIT"), m.IDLE)


def function_call(session, number, sequence, world):
    """int4pl by the fast path, in binary."""
    arguments = b"".join(struct.pack("!ii", 4, value) for value in (number, sequence))
    session.send(wire.message("F", struct.pack("!ihhh", INT4PL_OID, 1, 1, 2) + arguments + struct.pack("!h", 1)))
    session.expect(wire.message("V", struct.pack("!ii", 4, number + sequence)), m.IDLE)


def notification(session, number, sequence, world):
    session.send(wire.query(f"LISTEN soak_{number}"), wire.query(f"NOTIFY soak_{number}, 'q{sequence}'"),
                 wire.query(f"UNLISTEN soak_{number}"))
    told = wire.message("A", session.key[:4] + f"soak_{number}\0q{sequence}\0".encode())
    session.expect(m.complete("LISTEN"), m.IDLE, m.complete("NOTIFY"), told, m.IDLE, m.complete("UNLISTEN"), m.IDLE)


def parameter_status(session, number, sequence, world):
    """Said between CommandComplete and ReadyForQuery, when it has changed."""
    zone = f"<S{number}Q{sequence}>-01"
    session.send(wire.query(f"SET TimeZone TO '{zone}'"), wire.query("RESET TimeZone"))
    session.expect(m.complete("SET"), wire.message("S", f"TimeZone\0{zone}\0".encode()), m.IDLE,
                   m.complete("RESET"), wire.message("S", b"TimeZone\0UTC\0"), m.IDLE)


def flood(session, number, sequence, world):
    """Both sides send megabytes at once, and nobody waits for the other. TLS in Python is not for two threads."""
    if session.is_tls:
        simple(session, number, sequence, world)
        return
    n, text = 60, f"s{number}q{sequence}." * 4000
    bind = _bind("", "", text)
    batch = wire.parse("SELECT $1::text || $1::text") + (bind + wire.execute()) * n + wire.SYNC
    sending = threading.Thread(target=session.send_quietly, args=(batch,))
    sending.start()
    try:
        session.expect(m.PARSED, *(m.BOUND + m.row(text * 2) + m.complete("SELECT 1") for _ in range(n)), m.IDLE)
    except BaseException:
        session.give_up()
        raise
    finally:
        sending.join()


def _big_result(session, number, sequence, n_rows, **how):
    text = f"s{number}q{sequence}."
    session.send(wire.query(f"SELECT g, repeat('{text}', 1000) FROM generate_series(1, {n_rows}) g"))
    session.expect(m.rows_of(("g", INT4), ("repeat", TEXT)), *(m.row(g, text * 1000) for g in range(1, n_rows + 1)),
                   m.complete(f"SELECT {n_rows}"), m.IDLE, **how)


def big_result(session, number, sequence, world):
    _big_result(session, number, sequence, 200)


def slow_reader(session, number, sequence, world):
    _big_result(session, number, sequence, 300, n_bytes=40_000, pause_s=0.01)


def long_query(session, number, sequence, world):
    text = f"s{number}q{sequence}." * (LONG_QUERY_BYTES // 10)
    session.send(wire.query(f"SELECT length('{text}'), md5('{text}')"))
    session.expect(m.rows_of(("length", INT4), ("md5", TEXT)),
                   m.row(len(text), hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()),
                   m.complete("SELECT 1"), m.IDLE)


def cancel(session, number, sequence, world):
    """Until it is answered: a cancel that comes before its statement has begun is nobody's. Then this session ends, since
    one may still be on its way."""
    request = struct.pack("!ii", 8 + len(session.key), CANCEL_REQUEST) + session.key
    session.send(wire.query(f"SELECT {number}, {sequence}, pg_sleep(600)"))
    deadline = time.monotonic() + 60
    while not select.select([session.socket], [], [], 0.2)[0]:
        _send_apart(session.target.port, request)
        if time.monotonic() > deadline:
            raise Mismatch("a cancel had no effect for 60 s")
    session.expect(m.rows_of(("?column?", INT4), ("?column?", INT4), ("pg_sleep", VOID)), world.error("cancel"), m.IDLE)
    raise EndOfSession


def _send_apart(port, request):
    """A connection that sends this and waits for its end."""
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as apart:
            apart.sendall(request)
            apart.recv(1)
    except OSError:
        pass


def reset(session, number, sequence, world):
    """RST in the middle of a result, or of a message."""
    if sequence % 2:
        session.send(wire.query(f"SELECT {number}, repeat('s{sequence}', 100000) FROM generate_series(1, 50)"))
    else:
        session.send(wire.query(f"SELECT {number}, {sequence}")[:-5])
    session.abort()
    raise EndOfSession


def half_close(session, number, sequence, world):
    """A client that has said all it will say still gets its answer. TLS closes both ways, so not there."""
    if session.is_tls:
        simple(session, number, sequence, world)
        return
    session.send(wire.query(f"SELECT {number}, {sequence}"))
    session.finish_writing()
    session.expect(m.rows_of(("?column?", INT4), ("?column?", INT4)), m.row(number, sequence), m.complete("SELECT 1"),
                   m.IDLE)
    session.expect_end()
    raise EndOfSession


def reconnect(session, number, sequence, world):
    simple(session, number, sequence, world)
    session.close()
    raise EndOfSession


def drift(session, number, sequence, world):
    """A table that the driver changes: the row, or the error that PostgreSQL would have given. Which of both was right is
    judged later, by what the driver did when (judge.py). Half of the texts are few, as an application's: the breaker of
    enforce answers repeats only."""
    table = world.drifting[sequence % len(world.drifting)]
    if sequence % 8 < 4:
        number, sequence = number % 4, 0
    sql = f"SELECT wanted, {number}, {sequence} FROM {table}"
    sent = time.monotonic()
    session.send(wire.query(sql))
    first = session.read_message()
    if first[:1] == b"T":
        outcome = "row"
        if first != world.drift_columns(table):
            raise Mismatch(f"columns of {table}: {first!r}")
        session.expect(m.row("here", number, sequence), m.complete("SELECT 1"), m.IDLE)
    else:
        outcome = world.drift_error(table, sql, first)
        session.expect(m.IDLE)
    session.notes.append((table, sent, time.monotonic(), outcome))


def drift_by_parse(session, number, sequence, world):
    """The same by the extended protocol: the error may come at Parse, or at Bind if the table drifted between."""
    table = world.drifting[sequence % len(world.drifting)]
    sql = f"SELECT wanted, {number % 4} FROM {table}"
    sent = time.monotonic()
    session.send(wire.parse(sql), _bind("", ""), wire.execute(), wire.SYNC)
    message = session.read_message()
    if message == m.PARSED:
        message = session.read_message()
    if message == m.BOUND:
        outcome = "row"
        session.expect(m.row("here", number % 4), m.complete("SELECT 1"), m.IDLE)
    else:
        outcome = world.drift_error(table, sql, message)
        session.expect(m.IDLE)
    session.notes.append((table, sent, time.monotonic(), outcome))


KINDS = {simple: 30, several_statements: 10, in_pieces: 4, extended: 15, binary: 8, pipeline: 8, prepared: 10, error: 8,
         notice: 6, transaction: 8, failed_transaction: 5, copy_out: 5, copy_in: 5, copy_given_up: 3, big_result: 2,
         slow_reader: 1, long_query: 1, cancel: 1, reset: 1, half_close: 1, reconnect: 6, drift: 30,
         drift_by_parse: 15, big_copy_in: 1, cursor: 5, function_call: 5, notification: 5, parameter_status: 5, flood: 1}
