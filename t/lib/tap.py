"""TAP for the tests that are Python: a test is a function, a check a line.

    import tap
    def test_something():
        tap.ok(condition, "what holds")
    tap.run(globals())

An exception in a test is a failed check; the others still run.
"""
import sys
import traceback

_count = 0
_failed = 0


def ok(condition, name):
    """One check; returns its outcome."""
    global _count, _failed
    _count += 1
    if not condition:
        _failed += 1
    print(f"{'ok' if condition else 'not ok'} {_count} - {name}", flush=True)
    return bool(condition)


def equal(got, wanted, name):
    if not ok(got == wanted, name):
        note(f"     got: {str(got)[:2000]}\n  wanted: {str(wanted)[:2000]}")


def note(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def run(namespace):
    """Runs every function named test_*, in the order they are written."""
    tests = [value for name, value in namespace.items()
             if name.startswith("test_") and callable(value)]
    for test in tests:
        note(test.__doc__ or test.__name__)
        try:
            test()
        except Exception:  # a broken test is a failed one
            ok(False, f"{test.__name__} ran to its end")
            note(traceback.format_exc())
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)
