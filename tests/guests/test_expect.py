"""The expectations themselves: what fits, what does not, and how it is said."""

from tests.guests.expect import Expectation


def expectation(*lines):
    e = Expectation("it")
    e.lines = list(lines)
    return e


def test_exact_lines_fit_without_regard_to_line_ends():
    e = expectation((">", "one"), (">", ""), (">", "two"))
    assert e.mismatch("one \r\n\r\ntwo\r\n") is None


def test_a_missing_line_is_named():
    assert "'two'" in expectation((">", "one"), (">", "two")).mismatch("one\n")


def test_a_line_too_many_is_named():
    assert "'two'" in expectation((">", "one")).mismatch("one\ntwo\n")


def test_a_pattern_must_fit_the_whole_line():
    e = expectation(("~", r"tick \d+"))
    assert e.mismatch("tick 12\n") is None
    assert e.mismatch("tick 12 late\n") is not None


def test_dots_stand_for_any_lines_also_for_none():
    e = expectation((">", "first"), (".", ""), (">", "last"))
    assert e.mismatch("first\nlast\n") is None
    assert e.mismatch("first\na\nb\nlast\n") is None
    assert e.mismatch("first\na\nlast\nmore\n") is not None


def test_lines_of_others_may_stand_between_if_asked_for():
    e = expectation((">", "one"), (">", "two"))
    assert e.mismatch("log\none\nlog\ntwo\nlog\n", others_between=True) is None
    assert e.mismatch("log\ntwo\none\n", others_between=True) is not None
