"""The first packet, whatever is in it, and what ends a session."""

from scripts import batch
from wire import Script, message, parse, query, startup

LONGEST = 10_004  # bytes that PostgreSQL reads of a start-up packet, its length word included


def packet_of(n_bytes):
    return startup(user="postgres", application_name="x" * (n_bytes - len(startup(user="postgres", application_name=""))))

START = [
    Script("plain start-up", [(startup(user="postgres", database="postgres"), "Z")], login=False),
    Script("no database", [(startup(user="postgres"), "Z"), (query("select current_database()"), "Z")], login=False),
    Script("an empty database and application name",
           [(startup(user="postgres", database="", application_name=""), "Z")], login=False),
    Script("options", [(startup(user="postgres", options=r"-c search_path=a\ b --geqo=off -c work_mem=1MB"), "Z"),
                       (query("show search_path; show geqo; show work_mem"), "Z")], login=False),
    Script("settings as parameters", [(startup(user="postgres", search_path="x, y", timezone="UTC"), "Z"),
                                      (query("show search_path"), "Z")], login=False),
    Script("a parameter that nobody knows", [(startup(user="postgres", nonsense="1"), "EOF")], login=False),
    Script("protocol extensions", [(startup(0x30000, user="postgres", **{"_pq_.new": "on"}), "Z")], login=False),
    Script("protocol 3.2", [(startup(0x30002, user="postgres"), "Z"), (query("select 1"), "Z")], login=False),
    Script("extensions and a later minor version",
           [(startup(0x30002, user="postgres", **{"_pq_.a": "1", "_pq_.b": "", "application_name": "x"}), "Z"),
            (query("show application_name"), "Z")], login=False),
    *[Script(f"protocol 3.{minor}", [(startup(0x30000 + minor, user="postgres"), "Z"), (batch("select 1"), "Z")], login=False)
      for minor in (1, 9, 9999, 65535)],
    Script("protocol 2", [(startup(0x20000, user="postgres"), "EOF")], login=False),
    Script("protocol 0", [(startup(0, user="postgres"), "EOF")], login=False),
    *[Script(f"a start-up packet of {n} bytes", [(packet_of(n), "Z"), (query("show application_name"), "Z")], login=False)
      for n in (4096, 9999, 10001, LONGEST)],
    Script("the longest start-up packet, and statements behind it", [(packet_of(LONGEST) + query("select 1") * 900, "Z" * 901)],
           login=False),
    Script("no parameters", [(b"\0\0\0\x08\0\3\0\0", "EOF")], login=False),
    Script("no parameters, but the terminator", [(b"\0\0\0\x09\0\3\0\0\0", "EOF")], login=False),
    Script("a parameter without a value", [(b"\0\0\0\x16\0\3\0\0user\0postgres\0x"[:22], "EOF")], login=False),
    Script("an empty user", [(startup(user=""), "EOF")], login=False),
    Script("a parameter twice", [(b"\0\0\0\x31\0\3\0\0user\0nobody\0user\0postgres\0user\0postgres\0\0", "Z"),
                                 (query("select current_user"), "Z")], login=False),
    Script("options in every spelling",
           [(startup(user="postgres", options="\t-csearch_path=a+b\\\\c  -c  work_mem=2MB --enable-seqscan=off -B 32 -S 1024"), "Z"),
            (query("show search_path; show work_mem; show enable_seqscan"), "Z")], login=False),
    Script("options that make no sense", [(startup(user="postgres", options="-c"), "EOF")], login=False),
    Script("options with another's name", [(startup(user="postgres", options="-c nonsense=1"), "EOF")], login=False),
    Script("a plus is a plus", [(startup(user="postgres", application_name="a+b%20c", options="-c search_path=a+b"), "Z"),
                                (query("show application_name; show search_path"), "Z")], login=False),
    Script("names longer than names are", [(startup(user="u" * 100, database="d" * 100), "EOF")], login=False),
    Script("an encoding that nobody knows", [(startup(user="postgres", client_encoding="nope"), "EOF")], login=False),
    Script("another encoding", [(startup(user="postgres", client_encoding="LATIN1"), "Z"), (query(b"select '\xe9', nope\xe9"), "Z")],
           login=False),
    Script("replication, with a database", [
        (startup(user="postgres", database="postgres", replication="database"), "Z"), (query("select 1"), "Z"),
        (query("SHOW application_name"), "Z"), (query("START_REPLICATION SLOT nope LOGICAL 0/0"), "Z"), (batch("select 1"), "Z"),
        (query("select nope"), "Z")], login=False),
    Script("replication, without", [(startup(user="postgres", replication="true"), "Z"), (query("select 1"), "Z"),
                                    (query("TIMELINE_HISTORY 9"), "Z"), (query("nonsense"), "Z")], login=False),
    Script("no replication", [(startup(user="postgres", database="postgres", replication="off"), "Z"), (batch("select 1"), "Z")],
           login=False),
    Script("protocol 4", [(startup(0x40000, user="postgres"), "EOF")], login=False),
    Script("a user that is not there", [(startup(user="nobody"), "EOF")], login=False),
    Script("a database that is not there", [(startup(user="postgres", database="nope"), "EOF")], login=False),
    *[Script(f"names of odd bytes {i}", [(startup(user=user, database=database), "EOF")], login=False)
      for i, (user, database) in enumerate(((b"p\xc3\xb6st", "x"), (b"\xff\xfe", "x"), ("postgres", b"\xff\x80"), ("postgres", "da ta\"ba'se\n%s"),
                                            ("post gres\r\n\x1b[31m", "d"), ("postgres ", "d"), ("a" * 63, "b" * 64), ("\u65e5" * 40, "x")))],
    Script("no user", [(startup(database="postgres"), "EOF")], login=False),
    Script("another byte for the terminator", [(b"\0\0\0\x17\0\3\0\0user\0postgres\0x", "Z"), (query("select 1"), "Z")],
           login=False),
    Script("bytes behind the terminator", [(b"\0\0\0\x19\0\3\0\0user\0postgres\0\0xy", "EOF")], login=False),
    Script("a long start-up packet", [(startup(user="postgres", application_name="x" * 9000), "Z")], login=False),
    Script("statements behind the start-up packet",
           [(startup(user="postgres") + query("select 1") + batch("select 2"), "ZZZ")], login=False),
    *[Script(f"an unknown message {ord(code)}", [(query("select 1") + message(code, b"what"), "EOF")])
      for code in "\0\1!0GNTWavz~\x80\xff"],
    *[Script(f"the other side's message {code}", [(message(code, b"what"), "EOF")]) for code in "RTZKp"],
    Script("an unknown message while the server skips", [(parse("selekt") + message("y", b"what"), "EOF")]),
    Script("a session that the server ends",
           [(query("select pg_terminate_backend(pg_backend_pid())"), "EOF")]),
]
