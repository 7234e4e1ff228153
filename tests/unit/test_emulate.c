/* tests/unit/test_emulate.c - instructions on a device, in every mode, and the faults they meet. */
#include "tests/unit/emulate_rig.h"

#define PF_ENTRY(at) put64(entry_of(at), get64(entry_of(at)) & ~UINT64_C(1))

static void a_load_leaves_rip_behind_it_and_clears_the_upper_half(void **state)
{
	(void)state;
	mode_64();
	cpu.gpr[RDI] = DEVICE + 0x10;
	cpu.gpr[RAX] = UINT64_MAX;
	set_device_64(0x10, 0x8877665544332211);
	DO(0x8b, 0x07); /* mov eax, [rdi] */
	assert_int_equal(cpu.gpr[RAX], 0x44332211);
	assert_int_equal(device.count, 1);
	assert_access(0, DEVICE + 0x10, 4, false, 0x44332211);
	DO(0x48, 0x8b, 0x07);
	assert_int_equal(cpu.gpr[RAX], 0x8877665544332211);
	assert_access(0, DEVICE + 0x10, 8, false, 0x8877665544332211);
	cpu.gpr[RAX] = UINT64_MAX;
	DO(0x66, 0x8b, 0x07);
	assert_int_equal(cpu.gpr[RAX], 0xffffffffffff2211);
	DO(0x8a, 0x27); /* mov ah, [rdi] */
	assert_int_equal(cpu.gpr[RAX], 0xffffffffffff1111);
	DO(0x0f, 0xbf, 0x47, 0x06); /* movsx eax, word [rdi + 6] */
	assert_int_equal(cpu.gpr[RAX], 0xffff8877);
	DO(0x48, 0x63, 0x47, 0x04); /* movsxd */
	assert_int_equal(cpu.gpr[RAX], 0xffffffff88776655);
}

static void a_store_reaches_the_device_whole(void **state)
{
	(void)state;
	mode_64();
	cpu.gpr[RBX] = 0x20;
	cpu.gpr[RCX] = 0x1122334455667788;
	cpu.segments[GUEST_GS].base = DEVICE;
	DO(0x65, 0x48, 0x89, 0x0c, 0x5b); /* mov gs:[rbx + rbx * 2], rcx */
	assert_access(0, DEVICE + 0x60, 8, true, 0x1122334455667788);
	DO(0x65, 0xc6, 0x43, 0x01, 0xaa);
	assert_access(0, DEVICE + 0x21, 1, true, 0xaa);
	DO(0x65, 0x0f, 0xc3, 0x0b); /* movnti */
	assert_access(0, DEVICE + 0x20, 4, true, 0x55667788);
	cpu.rflags |= RFLAGS_ZF;
	DO(0x65, 0x0f, 0x94, 0x03); /* sete */
	assert_access(0, DEVICE + 0x20, 1, true, 1);
	DO(0x65, 0x0f, 0x95, 0x03);
	assert_access(0, DEVICE + 0x20, 1, true, 0);
	DO(0x65, 0x67, 0xa3, 0x40, 0, 0, 0);
	assert_access(0, DEVICE + 0x40, 4, true, (uint32_t)cpu.gpr[RAX]);
}

static void rip_relative_counts_from_the_next_instruction(void **state)
{
	(void)state;
	mode_64();
	put64(0x2000, 0x1234);
	DO(0x8b, 0x05, 0xfa, 0x0f, 0, 0); /* 1006h + FFAh */
	assert_int_equal(cpu.gpr[RAX], 0x1234);
	DO(0xc7, 0x05, 0xf6, 0x0f, 0, 0, 0x78, 0x56, 0, 0);
	assert_int_equal(get64(0x2000), 0x5678);
}

static void real_mode_and_16_bit_addresses(void **state)
{
	(void)state;
	mode_16();
	cpu.gpr[RBX] = 0xffff0010;
	cpu.gpr[RSI] = 0xeeeefff8; /* BX + SI wraps to 8 */
	cpu.gpr[RDX] = 0xdddd4321;
	DO(0x89, 0x10); /* mov [bx + si], dx */
	assert_access(0, DEVICE + 8, 2, true, 0x4321);
	DO(0x66, 0x67, 0x89, 0x15, 0x04, 0, 0, 0); /* mov [dword 4], edx */
	assert_access(0, DEVICE + 4, 4, true, 0xdddd4321);
	/* the limit of real mode; no error code there */
	cpu.gpr[RBX] = 0xffff;
	cpu.gpr[RSI] = 0;
	assert_int_equal(RUN(0x89, 0x10), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_false(fault.has_error_code);
	assert_int_equal(cpu.rip, CODE);
	cpu.gpr[RBP] = 0xffff;
	assert_int_equal(RUN(0x89, 0x56, 0x00), EMULATE_FAULT); /* [bp] */
	assert_int_equal(fault.vector, EXC_SS);
}

static void virtual_8086_mode_is_16_bit_code(void **state)
{
	(void)state;
	mode_16();
	cpu.cr0 = CR0_PE;
	cpu.rflags |= RFLAGS_VM;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		cpu.segments[i].access = 0xf3;
	cpu.gpr[RDI] = 0x30;
	cpu.gpr[RAX] = 0x1234;
	DO(0x26, 0x89, 0x05);
	assert_access(0, DEVICE + 0x30, 2, true, 0x1234);
}

static void protected_mode_checks_the_segment(void **state)
{
	(void)state;
	cpu.gpr[RDI] = DEVICE;
	cpu.segments[GUEST_DS].access = 0xc091; /* read only */
	assert_int_equal(RUN(0x89, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_true(fault.has_error_code);
	assert_int_equal(RUN(0x01, 0x07), EMULATE_FAULT); /* add reads first, but would write */
	assert_int_equal(device.count, 0);
	DO(0x03, 0x07);
	DO(0x39, 0x07);
	DO(0x0f, 0xa3, 0x07);
	assert_int_equal(RUN(0x0f, 0xab, 0x07), EMULATE_FAULT);
	cpu.segments[GUEST_DS].access = (uint32_t)SEGMENT_UNUSABLE;
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	/* compatibility mode has segments as well */
	mode_64();
	cpu.segments[GUEST_CS].access = 0xc09b;
	cpu.segments[GUEST_DS].limit = 0xfff;
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	/* 64-bit mode wants canonical addresses */
	mode_64();
	cpu.gpr[RDI] = BIT(47);
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	cpu.gpr[RSP] = BIT(47);
	assert_int_equal(RUN(0x8b, 0x04, 0x24), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_SS);
}

static void page_faults_leave_all_as_it_was(void **state)
{
	struct guest_cpu_state before;

	(void)state;
	mode_64();
	cpu.gpr[RDI] = DEVICE + 0xffe;
	cpu.gpr[RAX] = 0x11223344;
	put64(entry_of(DEVICE + 0x1000), 0);
	put64(entry_of(DEVICE), DEVICE | 0x7);
	cpu.rip = CODE;
	before = cpu;
	assert_int_equal(RUN(0x01, 0x07), EMULATE_FAULT);
	assert_memory_equal(&before, &cpu, sizeof(cpu));
	assert_int_equal(fault.vector, EXC_PF);
	assert_int_equal(fault.error_code, PF_WRITE);
	assert_int_equal(fault.cr2, DEVICE + 0x1000);
	assert_int_equal(device.count, 0);
	assert_int_equal(get64(entry_of(DEVICE)), DEVICE | 0x7); /* not even accessed */
	/* both are absent: the lower one is told */
	put64(entry_of(DEVICE), 0);
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.cr2, DEVICE + 0xffe);
	assert_int_equal(fault.error_code, 0);
	/* now both are there */
	put64(entry_of(DEVICE), DEVICE | 0x7);
	put64(entry_of(DEVICE + 0x1000), (DEVICE + 0x1000) | 0x7);
	DO(0x89, 0x07);
	assert_int_equal(device.count, 2);
	assert_access(0, DEVICE + 0xffe, 2, true, 0x3344);
	assert_access(1, DEVICE + 0x1000, 2, true, 0x1122);
	assert_int_equal(get64(entry_of(DEVICE)), DEVICE | 0x67);
	assert_int_equal(get64(entry_of(DEVICE + 0x1000)), (DEVICE + 0x1000) | 0x67);
}

/* What the quick way through the tables may not let pass. */
static void rights_in_page_tables_are_kept(void **state)
{
	(void)state;
	mode_64();
	cpu.gpr[RDI] = DEVICE;
	put64(entry_of(DEVICE), DEVICE | 0x65); /* read only */
	DO(0x8b, 0x07);
	assert_int_equal(RUN(0x89, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_WRITE);
	cpu.cr0 &= ~CR0_WP;
	DO(0x89, 0x07);
	cpu.cr0 |= CR0_WP;
	put64(entry_of(DEVICE), DEVICE | 0x63); /* supervisor's */
	DO(0x8b, 0x07);
	cpu.segments[GUEST_SS].access |= 0x60; /* CPL 3 */
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_USER);
	put64(entry_of(DEVICE), DEVICE | 0x67);
	DO(0x8b, 0x07);
	cpu.segments[GUEST_SS].access &= ~0x60u;
	cpu.cr4 |= CR4_SMAP;
	put64(entry_of(CODE), CODE | 0x63);
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	cpu.rflags |= RFLAGS_AC;
	DO(0x8b, 0x07);
	cpu.cr4 |= CR4_SMEP;
	put64(entry_of(CODE), CODE | 0x67);
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_FETCH);
	cpu.cr4 &= ~(CR4_SMEP | CR4_SMAP);
	put64(entry_of(CODE), CODE | 0x67 | BIT(63));
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.cr2, CODE);
	put64(entry_of(CODE), CODE | 0x67);
	put64(entry_of(DEVICE), DEVICE | 0x67 | BIT(63)); /* NX is for code only */
	DO(0x8b, 0x07);
	cpu.efer &= ~EFER_NXE; /* but reserved without NXE */
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_RSVD);
	put64(entry_of(DEVICE), DEVICE | 0x67 | BIT(40)); /* the CPU has 39 bits */
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_RSVD);
}

static void large_pages_and_cold_tables(void **state)
{
	(void)state;
	mode_64();
	cpu.gpr[RDI] = DEVICE + 0x1008;
	set_device_64(0x1008, 0x77);
	put64(TABLES + 0x3000 + 0x80 * 8, DEVICE | 0xe7); /* 2 MiB, warm */
	DO(0x8b, 0x07);
	assert_int_equal(cpu.gpr[RAX], 0x77);
	put64(TABLES + 0x3000 + 0x80 * 8, DEVICE | 0xe7 | BIT(13)); /* a reserved bit */
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_RSVD);
	put64(TABLES + 0x3000 + 0x80 * 8, DEVICE | 0x87); /* cold */
	DO(0x8b, 0x07);
	assert_int_equal(get64(TABLES + 0x3000 + 0x80 * 8), DEVICE | 0xa7);
	DO(0x89, 0x07);
	assert_int_equal(get64(TABLES + 0x3000 + 0x80 * 8), DEVICE | 0xe7);
	/* the large bit is reserved in the first level; a table may lie outside of RAM */
	put64(TABLES, (TABLES + 0x1000) | 0xa7);
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	put64(TABLES, (TABLES + 0x1000) | 0x27);
	put64(TABLES + 0x3000 + 0x80 * 8, UINT64_C(0x40000000) | 0x27);
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_RSVD);
	/* a flat address when the A20 line is low: tables are found the slow way, and as RAM is */
	mode_64();
	guest_memory_set_a20(&memory, false);
	DO(0x8b, 0x07);
	assert_int_equal(cpu.gpr[RAX], 0x77);
}

static void five_level_paging_is_given_up(void **state)
{
	(void)state;
	mode_64();
	cpu.cr4 |= CR4_LA57;
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_UNSUPPORTED);
}

static void an_operand_may_be_half_ram_and_half_device(void **state)
{
	(void)state;
	mode_64();
	/* the last page of RAM, by linear address, and the device behind it */
	put64(entry_of(0x101000), DEVICE | 0x67);
	put64(0x100ff8, 0x5555555555555555);
	set_device_64(0, 0x6666666666666666);
	cpu.gpr[RDI] = 0x100ffb;
	DO(0x48, 0x8b, 0x07);
	assert_int_equal(cpu.gpr[RAX], 0x6666665555555555);
	assert_access(0, DEVICE, 2, false, 0x6666); /* three bytes by their alignment */
	assert_access(1, DEVICE + 2, 1, false, 0x66);
	cpu.gpr[RAX] = 0x8877665544332211;
	DO(0x48, 0x89, 0x07);
	assert_int_equal(get64(0x100ff8), 0x5544332211555555);
	assert_int_equal(device_64(0), 0x6666666666887766);
	cpu.gpr[RAX] = 1;
	DO(0xf0, 0x48, 0x01, 0x07); /* lock add */
	assert_int_equal(get64(0x100ff8), 0x5544332212555555);
	/* the other way round, the device ends in an odd number of bytes */
	put64(entry_of(DEVICE + 0x2000), 0x300067);
	cpu.gpr[RDI] = DEVICE + 0x1ffd;
	cpu.gpr[RAX] = 0xaabbccdd;
	DO(0x89, 0x07);
	assert_access(0, DEVICE + 0x1ffd, 1, true, 0xdd);
	assert_access(1, DEVICE + 0x1ffe, 2, true, 0xbbcc);
	assert_int_equal(get64(0x300000), 0xaa);
}

static void a_linear_address_wraps_at_4_gib(void **state)
{
	(void)state;
	cpu.segments[GUEST_DS].base = 0xfffff000;
	cpu.gpr[RDI] = 0xffe;
	put64(0, 0x1122334455667788);
	DO(0x8b, 0x07);
	assert_int_equal(cpu.gpr[RAX], 0x7788ffff);
	assert_int_equal(bus.unclaimed_total, 1);
}

static void instructions_reach_over_pages(void **state)
{
	static const uint8_t bytes[] = {0x48, 0xc7, 0x07, 0x44, 0x33, 0x22, 0x11};

	(void)state;
	mode_64();
	cpu.gpr[RDI] = DEVICE;
	for (uint64_t at = 0x2000 - sizeof(bytes); at <= 0x2000; at++) {
		put(at, bytes, sizeof(bytes));
		cpu.rip = at;
		assert_int_equal(again(), EMULATE_DONE);
		assert_int_equal(device_64(0), 0x11223344);
		assert_int_equal(report.length, sizeof(bytes));
		assert_memory_equal(report.bytes, bytes, sizeof(bytes));
		set_device_64(0, 0);
		/* the next page only if it is needed */
		PF_ENTRY(0x2000);
		cpu.rip = at;
		if (at + sizeof(bytes) <= 0x2000) {
			assert_int_equal(again(), EMULATE_DONE);
		} else {
			assert_int_equal(again(), EMULATE_FAULT);
			assert_int_equal(fault.vector, EXC_PF);
			assert_int_equal(fault.cr2, 0x2000);
			assert_int_equal(cpu.rip, at);
		}
		put64(entry_of(0x2000), 0x2067);
	}
}

static void a_fetch_stays_in_the_code_segment(void **state)
{
	(void)state;
	cpu.gpr[RDI] = DEVICE;
	cpu.segments[GUEST_CS].limit = CODE + 1;
	DO(0x8b, 0x07);
	cpu.segments[GUEST_CS].limit = CODE;
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_int_equal(report.length, 0);
	cpu.segments[GUEST_CS].limit = CODE - 1;
	assert_int_equal(RUN(0x8b, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_int_equal(report.count, 0);
	/* the segment ends in the second page, within the instruction */
	cpu.segments[GUEST_CS].limit = 0x2000;
	put(0x1ffe, (const uint8_t[]){0xc7, 0x07, 1, 2, 3, 4}, 6);
	cpu.rip = 0x1ffe;
	assert_int_equal(again(), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_int_equal(report.count, 3);
}

static void code_at_4_gib_wraps(void **state)
{
	(void)state;
	/* FFFFFFFEh is the device's here */
	cpu.segments[GUEST_CS].base = 0xfffff000;
	put(0, (const uint8_t[]){1, 0, 0, 0, 0xff}, 5);
	cpu.gpr[RDI] = DEVICE;
	cpu.rip = 0xffe;
	assert_int_equal(again(), EMULATE_UNKNOWN); /* code on the bus */
	assert_int_equal(report.count, 0);
	cpu.segments[GUEST_CS].base = 0;
	cpu.segments[GUEST_CS].access = 0x9b;
	cpu.segments[GUEST_CS].limit = 0xffff;
	put(0xfffe, (const uint8_t[]){0x88, 0x05}, 2);
	cpu.gpr[RDI] = 0x10;
	cpu.segments[GUEST_DS].base = DEVICE;
	cpu.rip = 0xfffe;
	assert_int_equal(again(), EMULATE_DONE);
	assert_int_equal(cpu.rip, 0x10000); /* where the limit stops the next one */
}

static void rip_wraps_by_mode(void **state)
{
	(void)state;
	/* base + EIP wraps to CODE */
	cpu.segments[GUEST_CS].base = CODE + 2;
	cpu.rip = 0xfffffffe;
	put(CODE, (const uint8_t[]){0x8b, 0x07}, 2);
	cpu.gpr[RDI] = DEVICE;
	assert_int_equal(again(), EMULATE_DONE);
	assert_int_equal(cpu.rip, 0);
}

static void bad_instructions_are_the_guests_fault_and_unknown_ones_ours(void **state)
{
	(void)state;
	assert_int_equal(RUN(0xf0, 0x89, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_UD);
	assert_false(fault.has_error_code);
	assert_int_equal(RUN(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
			     0x66, 0x66, 0x66, 0x8b, 0x07),
			 EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_int_equal(RUN(0x0f, 0x6f, 0x07), EMULATE_UNKNOWN);
	assert_int_equal(report.count, 15);
	assert_int_equal(report.length, 0);
	assert_int_equal(report.bytes[1], 0x6f);
	assert_int_equal(RUN(0x8b, 0xc0), EMULATE_UNKNOWN); /* no memory in it */
	assert_int_equal(RUN(0xff, 0xf0), EMULATE_UNKNOWN);
	assert_int_equal(RUN(0x8f, 0xc0), EMULATE_UNKNOWN);
	assert_int_equal(cpu.rip, CODE);
}

static void reads_change_the_device_only_by_being_reads(void **state)
{
	(void)state;
	cpu.gpr[RDI] = DEVICE;
	cpu.gpr[RAX] = 5;
	set_device_64(0, 5);
	DO(0x39, 0x07); /* cmp [edi], eax */
	assert_int_equal(device.count, 1);
	assert_int_equal(cpu.rflags, RFLAGS_ONE | RFLAGS_ZF | RFLAGS_PF);
	DO(0x0f, 0xba, 0x27, 0x22); /* bt dword [edi], 22h: bit 2 */
	assert_int_equal(device.count, 1);
	assert_true(cpu.rflags & RFLAGS_CF);
	DO(0x23, 0x07); /* and eax, [edi] */
	assert_int_equal(device.count, 1);
	assert_int_equal(cpu.gpr[RAX], 5);
}

static void a_device_sees_a_read_and_then_a_write(void **state)
{
	(void)state;
	cpu.gpr[RDI] = DEVICE;
	set_device_64(0, 0x10);
	DO(0x83, 0x0f, 0x01); /* or dword [edi], 1 */
	assert_int_equal(device.count, 2);
	assert_access(0, DEVICE, 4, false, 0x10);
	assert_access(1, DEVICE, 4, true, 0x11);
	/* CMPXCHG writes in any case */
	cpu.gpr[RAX] = 1;
	cpu.gpr[RCX] = 2;
	DO(0xf0, 0x0f, 0xb1, 0x0f);
	assert_access(1, DEVICE, 4, true, 0x11);
	assert_int_equal(cpu.gpr[RAX], 0x11);
	DO(0xf0, 0x0f, 0xb1, 0x0f);
	assert_access(1, DEVICE, 4, true, 2);
	DO(0x87, 0x0f); /* xchg */
	assert_int_equal(cpu.gpr[RCX], 2);
	/* BTS with a bit number beyond the operand, downwards */
	cpu.gpr[RCX] = (uint32_t)-33;
	cpu.gpr[RDI] = DEVICE + 0x100;
	DO(0x0f, 0xab, 0x0f);
	assert_access(0, DEVICE + 0xf8, 4, false, 0);
	assert_access(1, DEVICE + 0xf8, 4, true, 0x80000000);
}

static void stacks_on_a_device(void **state)
{
	(void)state;
	cpu.gpr[RSP] = DEVICE + 0x100;
	cpu.gpr[RAX] = 0x12345678;
	DO(0x50);
	assert_access(0, DEVICE + 0xfc, 4, true, 0x12345678);
	assert_int_equal(cpu.gpr[RSP], DEVICE + 0xfc);
	DO(0x6a, 0xff);
	assert_access(0, DEVICE + 0xf8, 4, true, 0xffffffff);
	DO(0xff, 0x74, 0x24, 0x04); /* push dword [esp + 4] */
	assert_access(1, DEVICE + 0xf4, 4, true, 0x12345678);
	DO(0x8f, 0x44, 0x24, 0x08); /* pop dword [esp + 8], after the increment */
	assert_access(1, DEVICE + 0x100, 4, true, 0x12345678);
	DO(0x66, 0x5b);
	assert_int_equal(cpu.gpr[RBX], 0xffff);
	assert_int_equal(cpu.gpr[RSP], DEVICE + 0xfa);
	/* faults: of the source, of the stack, of the destination; the stack pointer stays */
	cpu.segments[GUEST_SS].limit = 0xfff;
	assert_int_equal(RUN(0xff, 0x37), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_SS);
	assert_int_equal(RUN(0x58), EMULATE_FAULT);
	cpu.segments[GUEST_DS].limit = 0xfff;
	cpu.gpr[RDI] = DEVICE;
	assert_int_equal(RUN(0xff, 0x37), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	cpu.segments[GUEST_SS].limit = UINT32_MAX;
	assert_int_equal(RUN(0x8f, 0x07), EMULATE_FAULT);
	assert_int_equal(fault.vector, EXC_GP);
	assert_int_equal(cpu.gpr[RSP], DEVICE + 0xfa);
	/* a 16-bit stack keeps the upper half of ESP */
	mode_16();
	cpu.gpr[RSP] = 0xabcd0002;
	DO(0x50);
	assert_int_equal(cpu.gpr[RSP], 0xabcd0000);
	assert_access(0, DEVICE, 2, true, 0x5678);
	mode_64();
	cpu.gpr[RSP] = DEVICE + 0x80;
	DO(0x41, 0x54);
	assert_access(0, DEVICE + 0x78, 8, true, cpu.gpr[R12]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_load_leaves_rip_behind_it_and_clears_the_upper_half),
		TEST(a_store_reaches_the_device_whole),
		TEST(rip_relative_counts_from_the_next_instruction),
		TEST(real_mode_and_16_bit_addresses),
		TEST(virtual_8086_mode_is_16_bit_code),
		TEST(protected_mode_checks_the_segment),
		TEST(page_faults_leave_all_as_it_was),
		TEST(rights_in_page_tables_are_kept),
		TEST(large_pages_and_cold_tables),
		TEST(five_level_paging_is_given_up),
		TEST(an_operand_may_be_half_ram_and_half_device),
		TEST(a_linear_address_wraps_at_4_gib),
		TEST(instructions_reach_over_pages),
		TEST(a_fetch_stays_in_the_code_segment),
		TEST(code_at_4_gib_wraps),
		TEST(rip_wraps_by_mode),
		TEST(bad_instructions_are_the_guests_fault_and_unknown_ones_ours),
		TEST(reads_change_the_device_only_by_being_reads),
		TEST(a_device_sees_a_read_and_then_a_write),
		TEST(stacks_on_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
