"""Where QEMU's 8259A is known to differ from the data sheet, step by step; used by test_vpic.py."""

MASTER, SLAVE, ELCR = 0x20, 0xa0, 0x4d0
POLL, READ_IRR, READ_ISR, SMM_ON, SMM_OFF = 0x0c, 0x0a, 0x0b, 0x68, 0x48
EOI, CASCADE = 0x20, 1 << 2
SINGLE, AEOI, SFNM = 0x02, 0x02, 0x10

# Each rule: (step, before, after) -> is this where QEMU differs? before and after are (master,
# slave). An "inta" comes with the vector that we gave.


def chip_written(step, odd):
    """0 or 1 for the chip whose even or odd port this step writes, else None."""
    kind, where, _ = step
    if kind != "out" or where & ~0x81 != 0x20 or (where & 1) != odd:
        return None
    return where >> 7


def is_icw1(step):
    return chip_written(step, odd=0) is not None and step[2] & 0x10


def edge_request_withdrawn(step, before, after):
    """Data sheet, "Edge and Level Triggered Modes": the input must stay high until INTA. QEMU keeps
    an edge request whose line has dropped; also IR2 of the master after the slave's INT has
    dropped."""
    if step[0] == "inta" or is_icw1(step) and chip_written(step, odd=0) == 0:
        return False
    return any(old.latched & ~old.elcr & ~new.lines for old, new in zip(before, after))


def slave_int_pulses(step, before, after):
    """Data sheet, "Interrupt Sequence": INT goes low after the last INTA, then up again for what is
    waiting. QEMU holds the slave's INT up, so in automatic EOI the master never sees a new edge."""
    if step[0] == "inta":
        return (before[0].latched & after[0].latched & CASCADE
                and step[1] & 0xf8 == before[1].icw2 & 0xf8)    # the slave's vector
    return (step[0] == "in" and before[1].poll and not after[1].poll
            and before[0].lines & after[0].lines & CASCADE
            and after[0].latched & ~before[0].latched & CASCADE)


def special_fully_nested_lower_level(step, before, after):
    """Data sheet, "The Special Fully Nested Mode": only a slave's own further requests pass while
    it is in service. QEMU then lets all levels below IR2 pass as well, and IR2 itself if ICW1 and
    ICW3 say that there is no slave on it."""
    master = after[0]
    slave = not master.icw1 & SINGLE and master.icw3 & CASCADE
    return (master.icw4 & SFNM and master.isr & CASCADE
            and master.requests & ~master.imr & ~(CASCADE if slave else 0))


def non_specific_eoi_of_masked_level(step, before, after):
    """Data sheet, "Special Mask Mode": a masked ISR bit is not cleared by a non-specific EOI.
    QEMU clears it."""
    chip = chip_written(step, odd=0)
    if chip is None or step[2] & 0x78 != EOI:
        return False
    return before[chip].special_mask and before[chip].isr & before[chip].imr


def special_mask_mode_moves_int(step, before, after):
    """Data sheet, "Special Mask Mode": it enables the other levels when it is set. QEMU works out
    INT only at the next command that is not an OCW3."""
    chip = chip_written(step, odd=0)
    if chip is None or step[2] & 0x58 != 0x48:
        return False
    return before[chip].int_output != after[chip].int_output


def edge_after_icw1_without_a_rise(step, before, after):
    """Data sheet, "Initialization Command Words": after ICW1 an input must rise to be a request.
    QEMU forgets that the slave's INT was high, and takes its next report of it as a rise."""
    return is_icw1(step) and chip_written(step, odd=0) == 0 and before[0].lines & CASCADE


def request_before_the_last_icw(step, before, after):
    """Data sheet, figure "Initialization Sequence": ready for requests after the last ICW. QEMU is
    ready at once, with vector 0."""
    return any(not chip.ready and chip.requests & ~chip.imr for chip in after)


def elcr_changed_under_a_high_line(step, before, after):
    """PIIX3 data sheet, "ELCR": a level-triggered input requests while it is high. QEMU looks at
    the level only when it changes."""
    return any((old.elcr ^ new.elcr) & new.lines for old, new in zip(before, after))


def request_changed_under_poll(step, before, after):
    """Data sheet, "Poll Command": the interrupt is frozen from the command to the read. QEMU polls
    what is there at the read."""
    return any(chip.poll and chip.requests != chip.poll_request for chip in after)


RULES = [edge_request_withdrawn, slave_int_pulses, special_fully_nested_lower_level,
         non_specific_eoi_of_masked_level, special_mask_mode_moves_int,
         edge_after_icw1_without_a_rise, request_before_the_last_icw,
         elcr_changed_under_a_high_line, request_changed_under_poll]

# Known as well, but without a rule, since the generator never asks for it: QEMU 7.2 has no LTIM
# (ICW1 bit 3); see the last of DIFFERENCES in test_vpic.py.
