"""Allocations of a running guard that fail when a test says so: the other end of short_of_memory.h's page.

    shortage = Shortage()
    with Guard(cluster, binary=os.environ["DG_SHORT_OF_MEMORY_BINARY"], variables=shortage.variables) as guard:
        shortage.begin(7)           # the seventh allocation from now on fails, once
        ...
        shortage.end()              # how many failed
        shortage.caller(guard)      # who asked, in words
"""

import mmap
import os
import re
import struct
import subprocess
import tempfile

import environment

PAGE_BYTES = 4096
FIRST, N_FAILING, MODULES, N_COUNTED, N_FAILED, N_FRAMES, FRAMES = range(0, 56, 8)
OURS, LIBEVENT, CJSON, OPENSSL, LIBPQ, PG_QUERY, LIBC, OTHERS = (1 << i for i in range(8))
ALL = 255
FOR_EVER = 1 << 62
NAMES = {"ours": OURS, "libevent": LIBEVENT, "cjson": CJSON, "openssl": OPENSSL, "libpq": LIBPQ, "pg_query": PG_QUERY, "libc": LIBC,
         "others": OTHERS, "all": ALL}


class Shortage:
    def __init__(self):
        descriptor, path = tempfile.mkstemp(prefix="shortage.", dir=environment.run_dir())
        os.ftruncate(descriptor, PAGE_BYTES)
        self._page = mmap.mmap(descriptor, PAGE_BYTES)
        os.close(descriptor)
        self.variables = {"DG_SHORT_OF_MEMORY": path}

    def _set(self, at, value):
        self._page[at:at + 8] = struct.pack("<Q", value)

    def _get(self, at):
        return struct.unpack("<Q", self._page[at:at + 8])[0]

    def begin(self, first, n_failing=1, modules=ALL):
        self._set(FIRST, 0)
        for at, value in ((N_COUNTED, 0), (N_FAILED, 0), (N_FRAMES, 0), (N_FAILING, n_failing), (MODULES, modules), (FIRST, first)):
            self._set(at, value)

    def end(self):
        """Nothing fails from now on; how many did."""
        self._set(FIRST, 0)
        return self._get(N_FAILED)

    @property
    def n_counted(self):
        return self._get(N_COUNTED)

    def caller(self, pid):
        """The frames that asked for the first allocation that failed, innermost first: "function file:line"."""
        with open(f"/proc/{pid}/maps") as file:
            ranges = [re.match(r"(\w+)-(\w+) \S+ (\w+) \S+ \S+ +(/.*)", line) for line in file]
        described = []
        for i in range(self._get(N_FRAMES)):
            address = self._get(FRAMES + 8 * i) - 1
            for found in filter(None, ranges):
                begin, end, offset = (int(found[j], 16) for j in (1, 2, 3))
                if begin <= address < end:
                    described.append(self._line(found[4], address - begin + offset))
        return [line for line in described if "short_of_memory.c" not in line]

    @staticmethod
    def _line(path, offset):
        words = subprocess.run(["addr2line", "-f", "-s", "-e", path, hex(offset)], capture_output=True, text=True, check=False).stdout.split("\n")
        return f"{words[0]} {words[1]}" if len(words) > 1 and words[0] != "??" else f"{os.path.basename(path)}+{offset:#x}"
