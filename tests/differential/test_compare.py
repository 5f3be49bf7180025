#!/usr/bin/python3
"""The comparison itself: it lets the guard's additions pass and nothing else."""

import unittest

from compare import compare

DIRECT = """select b from t;
ERROR:  column "b" does not exist
LINE 1: select b from t;
               ^
select 1;
"""
EXPLAINED = DIRECT.replace("^\n", "^\nDETAIL:  driftguard: public.t has no column \"b\".\nHINT:  Add it.\n")


class Compare(unittest.TestCase):
    def assert_differs(self, direct, guarded, may_explain=True):
        self.assertTrue(compare(direct, guarded, may_explain).differences)

    def assert_explained(self, direct, guarded, n_lines):
        result = compare(direct, guarded, True)
        self.assertEqual(result.differences, [])
        self.assertEqual(len(result.additions), n_lines)

    def test_equal_texts_are_equal_and_nothing_was_added(self):
        self.assert_explained(DIRECT, DIRECT, 0)

    def test_a_detail_and_a_hint_behind_an_error_are_additions(self):
        self.assert_explained(DIRECT, EXPLAINED, 2)

    def test_they_are_differences_where_nothing_may_be_explained(self):
        self.assert_differs(DIRECT, EXPLAINED, may_explain=False)

    def test_additions_stand_behind_the_servers_own_fields(self):
        direct = DIRECT.replace("^\n", "^\nDETAIL:  a fact\nHINT:  a guess\n")
        guarded = DIRECT.replace("^\n", "^\nDETAIL:  a fact\ndriftguard: a reason\nHINT:  a guess\nan advice\n")
        self.assert_explained(direct, guarded, 2)

    def test_a_changed_message_is_a_difference(self):
        self.assert_differs(DIRECT, EXPLAINED.replace('"b" does', '"c" does'))

    def test_a_lost_line_is_a_difference(self):
        self.assert_differs(DIRECT, EXPLAINED.replace("select 1;\n", ""))
        self.assert_differs(DIRECT, EXPLAINED.replace("               ^\n", ""))

    def test_a_hint_without_a_detail_of_ours_is_a_difference(self):
        self.assert_differs(DIRECT, DIRECT.replace("^\n", "^\nHINT:  Add it.\n"))

    def test_two_details_or_two_hints_are_a_difference(self):
        self.assert_differs(DIRECT, EXPLAINED.replace("HINT:", "DETAIL:  driftguard: more\nHINT:"))
        self.assert_differs(DIRECT, EXPLAINED.replace("Add it.\n", "Add it.\nHINT:  And more.\n"))

    def test_an_addition_without_an_error_is_a_difference(self):
        self.assert_differs("select 1;\n", "DETAIL:  driftguard: what\nselect 1;\n")

    def test_an_addition_that_is_not_ascii_or_too_long_is_a_difference(self):
        self.assert_differs(DIRECT, EXPLAINED.replace("public.t", "públic.t"))
        self.assert_differs(DIRECT, EXPLAINED.replace("public.t", "t" * 1100))

    def test_text_at_the_end_is_a_difference(self):
        self.assert_differs(DIRECT, EXPLAINED + "ERROR:  more\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
