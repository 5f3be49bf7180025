#!/usr/bin/python3
"""The judge itself: it says no where it has to. Its executions leave nothing behind."""

import unittest

from cases import Case
from cluster import Cluster
from judge import Server, judge
from tally import Tally

COLUMN = {"sqlstate": "42703", "message": 'column "nope" does not exist', "position": 8, "exact": True, "stage": "analysis"}
REQUIRED = {"sqlstate": "23502", "position": 0, "exact": True, "stage": "run",
            "message": 'null value in column "id" of relation "t" violates not-null constraint'}
TARGET = {"sqlstate": "42P10", "position": 0, "exact": True, "stage": "plan",
          "message": "there is no unique or exclusion constraint matching the ON CONFLICT specification"}


def says(*findings, reason="", late=False):
    """What the probe answers about a statement."""
    return {"reason": "", "statements": [{"reason": reason, "late": late, "findings": list(findings)}]}


class Judge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())
        cls.server = cls.enterClassContext(Server(cls.cluster.url))
        cls.server.script("create table t (id int not null, name text);"
                          "create table filled (id int not null);"
                          "create function fill() returns trigger language plpgsql as "
                          "'begin new.id := 1; return new; end';"
                          "create trigger fills before insert on filled for each row execute function fill();"
                          "create function broken() returns int language plpgsql as 'begin return nope; end'")

    def kind(self, text, analysis, executes=False):
        return judge(analysis, self.server.answer(text, analysis, executes)).kind

    def test_verdicts(self):
        wrong_position = {**COLUMN, "position": 9}
        wrong_message = {**COLUMN, "message": 'column "nope" is not there'}
        at_run = {**COLUMN, "stage": "run"}
        for text, analysis, wanted in (
                ("select id from t", says(), "agree"),
                ("select id from t", says(reason="unknown"), "unknown"),
                ("select nope from t", says(reason="unknown"), "unknown"),
                ("select nope from t", says(), "MISSED"),
                ("select nope from t", says(COLUMN), "foreseen"),
                ("select nope from t", says(wrong_position), "NOT_EXACT"),
                ("select nope from t", says(wrong_message), "NOT_EXACT"),
                ("select nope from t", says({**wrong_position, "exact": False}), "foreseen"),
                ("select nope from t", says(at_run), "NOT_EXACT"),
                ("select nope()", says({**COLUMN, "exact": False}), "otherwise"),
                ("select nope()", says(COLUMN), "NOT_EXACT"),
                ("select nope()", says(), "other"),
                ("select id from t", says(COLUMN), "FALSE_ALARM"),
                ("select id from t", says({**COLUMN, "exact": False}), "FALSE_ALARM"),
                ("select broken()", says(), "agree"),
                ("insert into t default values", says(REQUIRED), "otherwise"),
                ("insert into t (id) values (1)", says(REQUIRED), "FALSE_ALARM"),
                ("insert into t (id) values (1)", says({**REQUIRED, "exact": False}), "FALSE_ALARM"),
                ("insert into t (name) values (nope)", says(REQUIRED), "NOT_EXACT"),
                ("insert into t (name) values (1 / 0)", says(REQUIRED), "NOT_EXACT"),
                ("insert into t (name) values (1 / 0)", says({**REQUIRED, "exact": False}), "otherwise"),
                ("insert into t (name) select 'x' where false", says(REQUIRED), "FALSE_ALARM"),
                ("insert into filled default values", says(REQUIRED), "FALSE_ALARM"),
                ("insert into t (name) values ($1)", says(REQUIRED), "otherwise"),
                ("insert into t (id, name) values ($1, 'x')", says({**REQUIRED, "message": "?"}), "unjudged"),
                ("insert into t (id) values (1) on conflict (id) do nothing", says(TARGET), "otherwise"),
                ("insert into t (id) values ($1) on conflict (id) do nothing", says(TARGET), "otherwise"),
                ("insert into t (id) values (1) on conflict do nothing", says(TARGET), "FALSE_ALARM"),
                ("prepare p as select 1", says(COLUMN, late=True), "FALSE_ALARM"),
                ("create view v as select nope from t", says({**COLUMN, "position": 25}, late=True), "foreseen"),
                ("copy (select nope from t) to stdout", says({**COLUMN, "position": 14}, late=True), "foreseen"),
                ("copy (select id from t) to stdout", says(COLUMN, late=True), "FALSE_ALARM"),
                ("copy t from stdin", says(COLUMN, late=True), "FALSE_ALARM")):
            with self.subTest(text=text, analysis=analysis):
                self.assertEqual(self.kind(text, analysis), wanted)

    def test_an_error_inside_a_function_is_not_the_statements_own(self):
        self.assertEqual(self.kind("select broken()", says(), executes=True), "other")

    def test_what_was_executed_is_undone_in_a_transaction_and_outside(self):
        self.server.answer("insert into t values (1)", says(), executes=True)
        self.server.script("begin")
        self.server.answer("insert into t values (1)", says(), executes=True)
        self.server.answer("insert into t default values", says(), executes=True)
        self.assertEqual(self.server.value("select count(*) from t"), "0")
        self.server.script("commit")

    def test_a_case_is_refused_for_any_difference(self):
        right = '23502 0 null value in column "id" of relation "t" violates not-null constraint'
        for directive, findings, is_right in (
                (right, [REQUIRED], True), (right, [], False), (right, [{**REQUIRED, "exact": False}], False),
                (right, [{**REQUIRED, "stage": "analysis"}], False), (f"fails {right}", [REQUIRED], False),
                (f"fails {right}", [{**REQUIRED, "exact": False}], True), (f"other {right}", [], True),
                (f"other {right}", [REQUIRED], False), (right.replace("id", "name"), [REQUIRED], False), ("ok", [], True),
                ("ok", [REQUIRED], False), ("ok undecided", [REQUIRED], False), ("23502 null", [REQUIRED], False)):
            with self.subTest(directive=directive, findings=findings):
                case = Case(None, 1, directive, "insert into t default values")
                analysis = says(*findings)
                answer = case.ask(self.server, analysis)
                self.assertEqual(case.complaint(analysis, answer, judge(analysis, answer)) is None, is_right)

    def test_the_tally_keeps_each_code_apart(self):
        tally = Tally()
        for text, analysis in (("select nope()", says()), ("select nope()", says({**COLUMN, "sqlstate": "42883", "exact": False})),
                               ("select nope from t", says(COLUMN)), ("select nope from t", says(reason="unknown"))):
            answer = self.server.answer(text, analysis)
            tally.add("here", text, judge(analysis, answer), answer)
        self.assertEqual(dict(tally.codes["42883"]), {"raised": 2, "foreseen": 1, "same code": 1, "exact": 0, "unknown": 0})
        self.assertEqual(dict(tally.codes["42703"]), {"raised": 2, "foreseen": 1, "same code": 1, "exact": 1, "unknown": 1})
        self.assertEqual(tally.disagreements, [])


if __name__ == "__main__":
    unittest.main()
