"""A panic says what happened, where and how it came there (crash=NAME dies on purpose)."""

import pytest
from conftest import guest

# How to die: what the report must say, in this order.
CRASHES = {
    "panic": [r"asked for by crash=panic", r"crash_panic\+"],
    "pf": [r"#PF page fault .*write, page not present, at 0x0000000000000010 \(a null pointer\?\)",
           r"at 0x[0-9a-f]{16} crash_page_fault"],
    "gp": [r"#GP general protection fault", r"crash_general_protection"],
    "ud": [r"#UD invalid opcode", r"selftest_undefined_opcode"],
    "guard": [r"#PF", r"stack overflow: guard page below the main stack of core 0", r"crash_guard"],
    "stack": [r"#DF double fault", r"stack overflow: guard page below the main stack of core 0",
              r"recurse\+", r"and \d+ times more", r"crash_stack"],
    "df": [r"#DF double fault", r"selftest_double_fault"],
    "assert": [r"assertion failed: legs == CPU_MAX \+ 1, boot/selftest_crash\.c line \d+",
               r"crash_assert"],
    "ubsan": [r"undefined behaviour: the compiler's trap", r"crash_undefined"],
}


def expect_report(machine, words):
    machine.expect(r"PANIC on core 0")
    for word in words:
        machine.expect(word)
    machine.expect(r"kernel_main\+")
    for register in ("rax", "r15", "rip", "cr2"):
        assert f"{register} " in machine.console


@pytest.mark.parametrize("debug", [False, True], ids=["release", "debug"])
@pytest.mark.parametrize("crash", CRASHES)
def test_a_panic_names_its_cause_and_place(lintel, crash, debug):
    machine = lintel.boot([], options=f"crash={crash}", bed="tcg", debug=debug)
    expect_report(machine, CRASHES[crash])


def test_an_nmi_nobody_sent_is_logged_and_survived(lintel):
    machine = lintel.boot([], options="crash=nmi", bed="tcg")
    machine.expect(r"warning: NMI number 1, nobody's")
    machine.expect(r"back from the NMI handler")


def test_the_debug_build_sees_a_smashed_stack(lintel):
    machine = lintel.boot([], options="crash=smash", bed="tcg", debug=True)
    machine.expect(r"stack protector: a local buffer has been overrun")
    machine.expect(r"crash_smash\+")


def test_a_way_to_die_that_is_not_known_is_named(lintel):
    machine = lintel.boot([], options="crash=laughing", bed="tcg")
    machine.expect(r'crash: there is no way "laughing"')


@pytest.mark.parametrize("crash", ["pf", "stack", "assert"])
@pytest.mark.parametrize("bed", ["bochs", "tcg"])
def test_a_panic_on_one_core_stops_all(lintel, bed, crash):
    machine = lintel.boot(["demo"], f"crash={crash}@2 panic=poweroff", bed=bed, cores=4, debug=True)
    machine.expect(r"PANIC on core 2")
    for word in CRASHES[crash]:
        machine.expect(word.replace("core 0", "core 2"))
    machine.expect(r"smp_core_main\+")  # where a core that is not the first one comes from
    while machine.pump(0.2) is not None:
        pass
    assert machine.wait() != 0
    assert "did not stop" not in machine.console
    assert machine.console.count("PANIC on core") == 1
    assert "L I N T E L" not in machine.console  # nobody went on to run the guest


def test_a_panic_while_guests_run_stops_them_all(lintel):
    """Three cores are inside of guests, two of them with interrupts off for good: the NMI that
    stops them is a VM exit there. The backtrace leads through the run loop."""
    machine = lintel.boot([guest("spin", vm="a"), guest("spin", vm="b"), guest("tick", vm="c"),
                           guest("spin", vm="d")],
                          "crash=pf@1 crashafter=1 panic=poweroff", cores=4)
    for word in (r"c\| tick 5", r"PANIC on core 1", *CRASHES["pf"], r"vcpu_run\+",
                 r"vmx_core_loop\+", r"smp_core_main\+"):
        machine.expect(word, 40)
    while machine.pump(0.2) is not None:
        pass
    machine.wait()
    assert "did not stop" not in machine.console
    assert "c| PASS tick" not in machine.console
