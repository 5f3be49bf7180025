"""PostgreSQL's wire protocol by hand, for tests that care about single bytes.

A Script is a list of steps (bytes to send, what to wait for). play() runs it against a port and gives back what the
server said, message by message, with process id and cancel key masked: so the same script played directly and through
the guard must give equal lists. `shape` says how the bytes are cut into segments.
"""

import dataclasses
import re
import socket
import struct

TIMEOUT_S = 30
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSSENC_REQUEST = struct.pack("!ii", 8, 80877104)
EOF = b"EOF"
FIRST_NORMAL_OID = 16384
TEMPORARY_SCHEMA = re.compile(rb"pg_temp_\d+")


def message(code, *parts):
    body = b"".join(parts)
    return code.encode("latin-1") + struct.pack("!I", len(body) + 4) + body


def text(value):
    return (value if isinstance(value, bytes) else value.encode()) + b"\0"


def startup(protocol=0x30000, **parameters):
    body = struct.pack("!I", protocol)
    for name, value in parameters.items():
        body += text(name) + text(value)
    body += b"\0"
    return struct.pack("!I", len(body) + 4) + body


def cancel_request(key_data):
    """From the body of BackendKeyData."""
    return struct.pack("!II", 8 + len(key_data), 80877102) + key_data


def query(sql):
    return message("Q", text(sql))


def parse(sql, name="", types=()):
    return message("P", text(name), text(sql), struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(*values, portal="", statement="", formats=()):
    parts = [text(portal), text(statement), struct.pack(f"!H{len(formats)}H", len(formats), *formats),
             struct.pack("!H", len(values))]
    for value in values:
        if value is None:
            parts.append(struct.pack("!i", -1))
        else:
            raw = value if isinstance(value, bytes) else value.encode()
            parts.append(struct.pack("!i", len(raw)) + raw)
    return message("B", *parts, struct.pack("!H", 0))


def describe(kind="P", name=""):
    return message("D", kind.encode(), text(name))


def execute(portal="", max_rows=0):
    return message("E", text(portal), struct.pack("!I", max_rows))


def close(kind, name=""):
    return message("C", kind.encode(), text(name))


def function_call(oid, *arguments):
    parts = [struct.pack("!IHHH", oid, 1, 0, len(arguments))]
    for argument in arguments:
        parts.append(struct.pack("!i", len(argument)) + argument)
    return message("F", *parts, struct.pack("!H", 0))


def copy_data(data):
    return message("d", data)


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")
COPY_DONE = message("c")


def copy_fail(reason):
    return message("f", text(reason))


@dataclasses.dataclass
class Script:
    """steps: (bytes, wait), where wait names the messages that end the step: "Z", "ZZ", "G", "EOF" or "".

    can_glue: the steps may all be sent at once, without waiting for answers in between.
    login: False if the steps begin with the start-up packet.
    """

    name: str
    steps: list
    can_glue: bool = True
    login: bool = True
    parameters: dict = dataclasses.field(default_factory=dict)


class Peer:
    """A socket that speaks in messages, of either side."""

    def __init__(self, sock, shape="written"):
        self.socket = sock
        self.socket.settimeout(TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.shape = shape
        self.key_data = None
        self._input = b""
        self._at = 0  # what is before has been taken

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """One that has closed already is found out by reading."""
        try:
            for segment in self._segments(data):
                self.socket.sendall(segment)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _segments(self, data):
        if self.shape != "bytes":
            return [data]
        # Long messages: the ends byte by byte, where headers and names are; the middle in odd pieces.
        head, middle, tail = data[:1500], data[1500:-500], data[-500:] if len(data) > 2000 else data[1500:]
        if len(data) <= 2000:
            middle = b""
        pieces = [head[i:i + 1] for i in range(len(head))]
        pieces += [middle[i:i + 4999] for i in range(0, len(middle), 4999)]
        return pieces + [tail[i:i + 1] for i in range(len(tail))]

    def receive(self, n):
        """n bytes, or fewer at the end."""
        while len(self._input) - self._at < n:
            try:
                data = self.socket.recv(262144)
            except ConnectionResetError:
                data = b""
            if not data:
                break
            self._input = self._input[self._at:] + data
            self._at = 0
        taken = self._input[self._at:self._at + n]
        self._at += len(taken)
        return taken

    def take(self):
        """What was received and not asked for yet."""
        taken, self._input, self._at = self._input[self._at:], b"", 0
        return taken

    def read(self):
        """The next message as it came, or EOF."""
        header = self.receive(5)
        if not header:
            return EOF
        if len(header) < 5:
            return header
        found = header + self.receive(struct.unpack("!I", header[1:])[0] - 4)
        if found[:1] == b"K":
            self.key_data = found[5:]
        return found

    def read_until(self, wait):
        """Messages up to those that `wait` names, in this order; also ends at EOF."""
        wanted = ["EOF"] if wait == "EOF" else list(wait)
        seen = []
        while wanted:
            found = self.read()
            seen.append(found)
            if found == EOF:
                break
            if found[:1].decode("latin-1") == wanted[0]:
                wanted.pop(0)
        return seen

    def ask(self, data, wait="Z"):
        self.send(data)
        return self.read_until(wait)

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Connection(Peer):
    """A client's."""

    def __init__(self, port, shape="written", host="127.0.0.1"):
        super().__init__(socket.create_connection((host, port), TIMEOUT_S), shape)

    def login(self, **parameters):
        self.send(startup(**{"user": "postgres", "database": "postgres", **parameters}))
        return self.read_until("Z")


def types(messages):
    """Their type bytes in a row, as "TDCZ"; the end of the connection is "!"."""
    return "".join("!" if found == EOF else found[:1].decode("latin-1") for found in messages)


def _without_relations(found):
    """A RowDescription with the oids of temporary tables masked."""
    masked_one, at = bytearray(found), 7
    while at < len(found):
        at = found.index(b"\0", at) + 1
        if struct.unpack_from("!I", found, at)[0] >= FIRST_NORMAL_OID:
            masked_one[at:at + 4] = b"????"
        at += 18
    return bytes(masked_one)


def masked(found):
    """Without what differs between two sessions: the key, a notification's process id, a temporary table's names."""
    if found[:1] == b"K":
        return found[:5] + b"?" * (len(found) - 5)
    if found[:1] == b"A":
        return found[:5] + b"????" + found[9:]
    if found[:1] == b"T":
        return _without_relations(found)
    if found[:1] == b"E" and TEMPORARY_SCHEMA.search(found):  # its length is the number's
        return b"E????" + TEMPORARY_SCHEMA.sub(b"pg_temp_?", found[5:])
    return found


def play(script, port, shape, connect=Connection):
    """All messages that came, masked."""
    with connect(port, shape) as connection:
        seen = connection.login(**script.parameters) if script.login else []
        if shape == "glued" and script.can_glue:
            connection.send(b"".join(data for data, _ in script.steps))
            waits = [wait for _, wait in script.steps]
            seen += connection.read_until("EOF" if "EOF" in waits else "".join(waits))
        else:
            for data, wait in script.steps:
                seen += connection.ask(data, wait)
        return [masked(found) for found in seen]


def fields(found):
    """The fields of an ErrorResponse as a dictionary."""
    return {part[:1].decode(): part[1:].decode("utf-8", "surrogateescape") for part in found[5:].split(b"\0") if part}


def is_explained(got, expected):
    """True if `got` is the server's error `expected` with the guard's words behind the server's own, and nothing else."""
    if got[:1] != b"E" or expected[:1] != b"E" or struct.unpack("!I", got[1:5])[0] != len(got) - 1:
        return False
    mine, own = fields(got), fields(expected)
    for code in "DH":
        prefix = own.get(code, "") + "\n" if code in own else ""
        added = mine.pop(code, "")
        if not added.startswith(prefix) or code == "D" and not added[len(prefix):].startswith("driftguard: "):
            return False
        own.pop(code, None)
    for code in "stc":
        if code not in own:
            mine.pop(code, None)
    order = [part[:1] for part in got[5:].split(b"\0") if part]
    return mine == own and order == sorted(order, key=b"SVCMDHWstcdnPpqFLR".index) and got[5:].isascii() >= expected[5:].isascii()
