"""What a PostgreSQL server sends, made by hand: the soak's sessions compare what they receive with it, to the byte.

Only what the conversations need (protocol chapter, "Message Formats"). The words of an error or a notice come from the
server itself, asked once without the guard (world.py), with the session's own text put in.
"""

import struct

from wire import error_fields, message

INT4, TEXT, INT8, VOID = (23, 4), (25, -1), (20, 8), (2278, 4)  # type oid and size
IDLE, IN_TRANSACTION, FAILED = (message("Z", status) for status in (b"I", b"T", b"E"))
PARSED, BOUND, CLOSED, SUSPENDED, NO_DATA = (message(kind) for kind in "123sn")
EMPTY, COPY_DONE = message("I"), message("c")


def rows_of(*columns, formats=None, table=None):
    """RowDescription. A column is (name, type); of a table's columns more is said: {name: (table oid, attnum)}."""
    body = struct.pack("!h", len(columns))
    for position, (name, (oid, size)) in enumerate(columns):
        origin = (table or {}).get(name, (0, 0))
        body += name.encode() + b"\0" + struct.pack("!ihihih", *origin, oid, size, -1, (formats or {}).get(position, 0))
    return message("T", body)


def row(*values):
    """DataRow; None is NULL, bytes go as they are, others as text."""
    body = struct.pack("!h", len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            data = value if isinstance(value, bytes) else str(value).encode()
            body += struct.pack("!i", len(data)) + data
    return message("D", body)


def complete(tag):
    return message("C", tag.encode() + b"\0")


def parameters_are(*types):
    return message("t", struct.pack(f"!h{len(types)}i", len(types), *(oid for oid, _ in types)))


def copy_begins(kind, n_columns):
    """G (in) or H (out), text."""
    return message(kind, struct.pack(f"!bh{n_columns}h", 0, n_columns, *(0,) * n_columns))


def copy_data(text):
    return message("d", text.encode())


def fields_body(fields):
    return b"".join(kind.encode() + text.encode() + b"\0" for kind, text in fields.items()) + b"\0"


def cut(stream):
    """The messages of a stream of whole ones, as bytes."""
    found, at = [], 0
    while at < len(stream):
        end = at + 1 + struct.unpack_from("!i", stream, at + 1)[0]
        found.append(stream[at:end])
        at = end
    return found


def of_last_words(raw):
    """The code of a message that ends a session: FATAL or PANIC, or the warning of a crash or immediate shutdown."""
    if raw[:1] not in (b"E", b"N"):
        return None
    fields = error_fields(raw[5:])
    if fields.get("V", fields.get("S")) in ("FATAL", "PANIC") or fields.get("C") in ("57P01", "57P02"):
        return fields.get("C")
    return None
