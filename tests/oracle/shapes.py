"""Statements of one shape: the resolver has to say the same of them, and so has PostgreSQL as far as names go."""

from judge import is_missing_name
from psycopg import pq


class Shapes:
    """Counts and complaints over any number of statements."""

    def __init__(self, probe, server, n_variations):
        self.probe = probe
        self.server = server
        self.n_variations = n_variations
        self.n_statements = 0
        self.n_clean = 0
        self.n_pairs = 0
        self.complaints = []

    def __str__(self):
        return (f"{self.n_statements} statements, {self.n_clean} of them clean; {self.n_pairs} pairs of one shape, "
                f"{len(self.complaints)} complaints")

    def add(self, origin, text, **session):
        self.n_statements += 1
        analysis = self.probe.analyze(text, **session)
        if any(statement["by_literals"] for statement in analysis["statements"]):
            return  # its verdict is not shared
        said = _gist(analysis)
        is_clean = said == [("", 0, [])]
        self.n_clean += is_clean
        accepted = None
        for seed in range(self.n_variations):
            other, shares = self.probe.vary(text, seed)
            if not shares:
                continue
            self.n_pairs += 1
            of_other = _gist(self.probe.analyze(other, **session))
            if of_other != said:
                self.complaints.append(f"{origin}: {said} and {of_other}\n    {text}\n    {other}")
            # In a transaction a literal that does not convert would be the end of it.
            if not is_clean or self.server.connection.transaction_status != pq.TransactionStatus.IDLE:
                continue
            if accepted is None:
                accepted = not is_missing_name(self.server.parse(text))
            answer = self.server.parse(other)
            if accepted and is_missing_name(answer):
                self.complaints.append(f"{origin}: the server says {answer}\n    {text}\n    {other}")


def _gist(analysis):
    """What must not depend on literals: of each statement its reason, number of findings, and effects."""
    if not analysis["statements"]:
        return [(analysis["reason"], 0, [])] if analysis["reason"] else []
    return [(item["reason"], len(item["findings"]), item["effects"]) for item in analysis["statements"]]
