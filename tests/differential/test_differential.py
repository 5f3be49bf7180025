#!/usr/bin/python3
"""PostgreSQL's regression statements, straight and through the guard in each mode: the output may not differ, but for
the guard's own lines in DETAIL and HINT where the mode explains.

The runs in observe and enforce wait after each DDL until the catalog is read, so that every statement is judged by the
schema as it is; there the guard's predictions are held against what the server's log says it raised. The run in annotate
does not wait: there nearly everything is stale, and what is explained comes from targeted reads.

  DG_PG_REGRESS   the folder with the statements (otherwise ../shared/pg-regress beside the project; without: skipped)
"""

import collections
import concurrent.futures
import multiprocessing
import time
import unittest

import environment
import suite
from compare import compare
from guard import Guard

MODES = ("observe", "annotate", "enforce")
AT_A_TIME = 2
WAITING = ("schema.wait_after_ddl_ms=5000",)
SETTINGS = {"observe": WAITING, "annotate": (), "enforce": WAITING}
MAX_MISSED = 3  # of the 53 errors that DML raises
# The other five: three in COPY (utility), two in the literal of a regclass (nested).
MIN_FORESEEN = 48
OF_NAMES = ("", "42703", "42P01")  # what was not foreseen has none, and is of these two
SOURCE = suite.find()


def run(mode):
    """One run, in a process of its own; None: straight."""
    def make_guard(cluster):
        return Guard(cluster, mode, SETTINGS[mode], database="regression")

    begin = time.monotonic()
    result = suite.Suite(SOURCE).run(mode or "direct", make_guard if mode else None)
    result.seconds = time.monotonic() - begin
    return result


def run_all():
    """{None: straight, mode: through the guard}; the long runs first, two at a time."""
    environment.run_dir()  # made here, so that the processes share it
    context = multiprocessing.get_context("fork")
    names = ("observe", "enforce", "annotate", None)
    with concurrent.futures.ProcessPoolExecutor(AT_A_TIME, context) as pool:
        return dict(zip(names, pool.map(run, names)))


def outcomes(result, sqlstates=None):
    """{(outcome, reason): count} of the run's predictions, of all codes or of these."""
    table = collections.Counter()
    for labels, count in result.metrics.get("driftguard_predictions_total", {}).items():
        labels = dict(labels)
        if sqlstates is None or labels.get("sqlstate", "") in sqlstates:
            table[labels["outcome"], labels.get("reason", "")] += int(count)
    return +table


def print_outcomes(result):
    print(f"\n{result.name}: {len(result.outputs)} files in {result.seconds:.0f} s; outcomes of predictions:")
    for (outcome, reason), count in sorted(outcomes(result).items()):
        print(f"  {outcome:<18} {reason:<12} {count:>5}")
    for name in ("driftguard_statements_total", "driftguard_not_inspected_total", "driftguard_snapshot_loads_total",
                 "driftguard_refusals_total", "driftguard_annotations_total"):
        series = {",".join(value for _, value in key): int(n) for key, n in result.metrics.get(name, {}).items() if n}
        print(f"  {name}: {series}")


@unittest.skipIf(SOURCE is None, "PostgreSQL's regression statements are not here: set DG_PG_REGRESS to their folder")
class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runs = run_all()
        for mode in MODES:
            print_outcomes(cls.runs[mode])

    def assert_same_output(self, mode, may_explain):
        reports, n_additions = [], 0
        for name, direct in self.runs[None].outputs.items():
            result = compare(direct, self.runs[mode].outputs[name], may_explain)
            n_additions += len(result.additions)
            if result.differences:
                reports.append("\n".join([f"-- {name}", *result.differences[:40]]))
        print(f"\n{mode}: {len(self.runs[None].outputs)} files compared, {len(reports)} differ, {n_additions} lines added")
        self.assertFalse(reports, "\n" + "\n".join(reports)[:20000])
        return n_additions

    def test_in_observe_the_output_is_identical(self):
        self.assert_same_output("observe", may_explain=False)

    def test_in_annotate_only_detail_and_hint_lines_are_added(self):
        self.assertGreater(self.assert_same_output("annotate", may_explain=True), 0)

    def test_in_enforce_only_detail_and_hint_lines_are_added(self):
        self.assertGreater(self.assert_same_output("enforce", may_explain=True), 0)

    def test_nothing_was_predicted_that_the_server_accepted(self):
        for mode in MODES:
            false_alarms = sum(n for (outcome, _), n in outcomes(self.runs[mode]).items() if outcome == "false_alarm")
            self.assertEqual(false_alarms, 0, mode)

    def test_every_schema_error_is_counted_once(self):
        """What the server's log has is what the guard has counted: foreseen, missed or uncovered."""
        for mode in ("observe", "annotate"):
            raised = len(suite.schema_errors(self.runs[mode].errors))
            counted = sum(n for (outcome, _), n in outcomes(self.runs[mode], OF_NAMES).items()
                          if outcome in ("predicted_raised", "missed", "uncovered"))
            self.assertEqual(counted, raised, mode)

    def test_errors_of_dml_are_foreseen_or_named_with_their_reason(self):
        dml = len(suite.dml_schema_errors(self.runs[None].errors))
        self.assertEqual(dml, 53)
        for mode in ("observe", "enforce"):
            table = outcomes(self.runs[mode], OF_NAMES)
            missed = sum(n for (outcome, _), n in table.items() if outcome == "missed")
            foreseen = sum(n for (outcome, _), n in table.items() if outcome in ("predicted_raised", "refused"))
            print(f"\n{mode}: errors 42703 and 42P01 of DML: {dml}; foreseen {foreseen}, missed {missed}")
            self.assertLessEqual(missed, MAX_MISSED)
            self.assertGreaterEqual(foreseen, MIN_FORESEEN)


if __name__ == "__main__":
    unittest.main(verbosity=2)
