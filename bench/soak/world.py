"""What the conversations know of the database: tables, and the server's own words for what goes wrong.

The words are asked of the server before the guards start; a conversation puts its own text in their place. Errors of
the tables that drift may carry an explanation (DETAIL and HINT, and the names that the server left out), the others have
to be the server's, to the byte, in every mode.
"""

import messages as m
import wire
from cluster import run_psql  # noqa: F401 - for chaos.py
from session import Mismatch

SAID = "what-was-said"
# Two lose a column, two their name, now and then.
DRIFTING = ("soak_drift_1", "soak_drift_2", "soak_drift_3", "soak_drift_4")
SCHEMA = """CREATE TABLE soak_log (number int4, sequence int4);
CREATE INDEX ON soak_log (number);
CREATE TABLE soak_big (g int, t text);
CREATE FUNCTION soak_say(text) RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN 1; END$$;
""" + "".join(f"CREATE TABLE {name} (id int, wanted text); INSERT INTO {name} VALUES (1, 'here');\n" for name in DRIFTING)
FILLED_IN = "DHstc"  # fields that an explanation may change


def gone(table):
    """(the command by which the table drifts, the one that takes it back, a query that tells: t when it has drifted)."""
    if table in DRIFTING[:2]:
        return (f"ALTER TABLE {table} RENAME COLUMN wanted TO wanted_gone",
                f"ALTER TABLE {table} RENAME COLUMN wanted_gone TO wanted",
                f"SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = 'wanted_gone'")
    return (f"ALTER TABLE {table} RENAME TO {table}_gone", f"ALTER TABLE {table}_gone RENAME TO {table}",
            f"SELECT to_regclass('{table}_gone') IS NOT NULL")


class World:
    def __init__(self, cluster):
        """Asks the cluster, straight; its tables are made here."""
        cluster.psql(SCHEMA)
        self.drifting = DRIFTING
        self._oids = {name: int(cluster.psql(f"SELECT '{name}'::regclass::oid")) for name in ("soak_log", *DRIFTING)}
        with wire.Wire(cluster.port, "postgres") as direct:
            self._reports = {name: _ask(direct, parts) for name, parts in _questions().items()}
        self._drift_fields = {}
        for table in DRIFTING:
            there, back, _ = gone(table)
            cluster.psql(there)
            with wire.Wire(cluster.port, "postgres") as direct:
                self._drift_fields[table] = _ask(direct, [wire.query(f"SELECT wanted, 1, 1 FROM {table}")])[1]
            cluster.psql(back)
        cluster.psql("CHECKPOINT")  # these have to be there after a crash

    def columns_of(self, table):
        """{column: (table's oid, attnum)} of soak_log."""
        return {name: (self._oids[table], i + 1) for i, name in enumerate(("number", "sequence"))}

    def drift_columns(self, table):
        return m.rows_of(("wanted", m.TEXT), ("?column?", m.INT4), ("?column?", m.INT4),
                         table={"wanted": (self._oids[table], 2)})

    def error(self, name, text=""):
        """The error or notice of that name, with the text that the conversation had in it."""
        kind, fields = self._reports[name]
        return wire.message(kind, m.fields_body({key: value.replace(SAID, text) for key, value in fields.items()}))

    def drift_error(self, table, sql, raw):
        """"error" if these are the server's bytes, "explained" if more is said in the places for that."""
        if raw[:1] != b"E":
            raise Mismatch(f"{raw[:300]!r} in the place of rows of {table}")
        position = sql.index("wanted" if table in DRIFTING[:2] else table) + 1
        fields, own = wire.error_fields(raw[5:]), {**self._drift_fields[table], "P": str(position)}
        if raw[5:] == m.fields_body(own):
            return "error"
        if list(_kept(fields)) != list(_kept(own)) or _kept(fields) != _kept(own):
            raise Mismatch(f"{table}: expected {own}, received {fields}")
        for key in FILLED_IN:
            if not fields.get(key, "").startswith(own.get(key, "")):
                raise Mismatch(f"{table}: field {key} is {fields.get(key)!r}, the server's was {own[key]!r}")
        if "driftguard" not in fields.get("D", ""):
            raise Mismatch(f"{table}: not the server's error and no explanation: {fields}")
        return "explained"


def _kept(fields):
    return {key: value for key, value in fields.items() if key not in FILLED_IN}


def _questions():
    """What makes the server say each of the words."""
    bad_parameter = wire.message("B", b"\0\0\0\0\0\x01\0\0\0\x04none\0\0")
    return {"literal": [wire.query(f"SELECT '{SAID}'::int4")],
            "parameter": [wire.parse("SELECT $1::int8"), bad_parameter, wire.SYNC],
            "notice": [wire.query(f"SELECT soak_say('{SAID}')")],
            "failed": [wire.query("BEGIN"), wire.query("SELECT 1 / 0"), wire.query("SELECT 1"), wire.query("ROLLBACK")],
            "copy": [wire.query("COPY soak_log FROM STDIN"), m.copy_data("1\t1\n"),
                      wire.message("f", SAID.encode() + b"\0")],
            "cancel": [wire.query("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)")]}


def _ask(direct, parts):
    """(type, fields) of the last error or notice that the server says to this."""
    direct.send(*parts)
    found = None
    n_ready = sum(part[:1] in (b"Q", b"S") for part in parts)
    while n_ready:
        kind, body = direct.receive()
        n_ready -= kind == "Z"
        if kind in "EN":
            found = kind, wire.error_fields(body)
    if found is None:
        raise RuntimeError(f"the server had no error for {parts}")
    return found
