"""How the play looks: headings, quoted text, colour only on a terminal that wants it."""

import os

BOLD, DIM, RED, GREEN = "1", "2", "31", "32"


class Show:
    def __init__(self, out):
        self._out = out
        self._colour = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def _print(self, text, style=None):
        if style and self._colour:
            text = f"\033[{style}m{text}\033[0m"
        print(text, file=self._out, flush=True)

    def plain(self, text):
        self._print(text)

    def title(self, text):
        self._print(f"\n== {text} ==", BOLD)

    def failure(self, text):
        self._print(text, RED)

    def quote(self, text):
        for line in text.splitlines():
            self._print("    " + line)

    def sql(self, heading, text):
        """What somebody runs."""
        self._print(f"\n  {heading}", BOLD)
        for line in text.splitlines():
            self._print("    " + line, DIM)

    def answer(self, heading, text):
        """What psql prints: the server's error in red, what the guard has added in green."""
        self._print(f"\n  {heading}", BOLD)
        for line in text.splitlines():
            is_ours = line.startswith(("DETAIL:", "HINT:"))
            self._print("    " + line, GREEN if is_ours else RED if line.startswith("ERROR:") else None)
