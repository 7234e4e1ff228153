/* tests/unit/test_vuart_irq.c - interrupts, modem lines and loopback of the guest's serial port. */
#include "tests/unit/vuart_rig.h"

static void each_trigger_level_asks_for_its_number_of_bytes(void **state)
{
	static const unsigned levels[] = {1, 4, 8, 14};

	(void)state;
	outb(UART_IER, UART_IER_RX);
	for (unsigned i = 0; i < 4; i++) {
		outb(UART_FCR, (uint8_t)(i << 6 | 3));
		receive_many(levels[i] - 1);
		assert_false(irq());
		receive('!');
		assert_true(irq());
		assert_int_equal(inb(UART_IIR), 0xc4);
		(void)inb(UART_RBR);
		assert_false(irq());
		assert_int_equal(inb(UART_IIR), 0xc1);
	}
	outb(UART_FCR, 0x01); /* a lower level with 13 bytes there asks at once */
	assert_true(irq());
}

static void bytes_below_the_trigger_time_out(void **state)
{
	(void)state;
	outb(UART_FCR, 0xc1);
	outb(UART_IER, UART_IER_RX);
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), NS_NEVER);
	receive_many(2);
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), now_ns + VUART_TIMEOUT_NS);
	now_ns += VUART_TIMEOUT_NS - 1;
	assert_false(irq());
	assert_int_equal(inb(UART_IIR), 0xc1);
	now_ns++;
	assert_true(irq());
	assert_int_equal(inb(UART_IIR), 0xcc);
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), NS_NEVER);
	(void)inb(UART_RBR);
	assert_false(irq());
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), now_ns + VUART_TIMEOUT_NS);
	(void)inb(UART_RBR);
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), NS_NEVER);
	now_ns += VUART_TIMEOUT_NS;
	assert_false(irq());
}

static void a_new_byte_starts_the_time_out_again_unless_it_came(void **state)
{
	(void)state;
	outb(UART_FCR, 0xc1);
	outb(UART_IER, UART_IER_RX);
	receive('a');
	now_ns += VUART_TIMEOUT_NS - 1;
	receive('b');
	now_ns += VUART_TIMEOUT_NS - 1;
	assert_false(irq());
	now_ns++;
	assert_true(irq());
	receive('c');
	assert_true(irq());
	assert_int_equal(inb(UART_IIR), 0xcc);
	outb(UART_FCR, 0xc3);
	assert_false(irq());
	now_ns -= 10; /* another core's clock reading, older than the one before it */
	receive('d');
	now_ns -= 10;
	assert_false(irq());
}

static void no_time_out_without_fifos_or_enable(void **state)
{
	(void)state;
	receive('a');
	now_ns += VUART_TIMEOUT_NS;
	assert_false(irq());
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), NS_NEVER);
	outb(UART_FCR, 0xc1);
	receive('a');
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), NS_NEVER);
	now_ns += VUART_TIMEOUT_NS;
	assert_int_equal(inb(UART_IIR), 0xc1);
	outb(UART_IER, UART_IER_RX);
	assert_int_equal(inb(UART_IIR), 0xcc);
}

static void thre_asks_once_when_it_empties(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_THRE); /* empty already: asks at once */
	assert_true(irq());
	assert_int_equal(inb(UART_IIR), 0x02);
	assert_int_equal(inb(UART_IIR), 0x01);
	assert_false(irq());
	outb(UART_IER, UART_IER_THRE); /* no change */
	assert_false(irq());
	outb(UART_IER, 0);
	outb(UART_IER, UART_IER_THRE);
	assert_true(irq());
	outb(UART_THR, 'a');
	assert_false(irq());
	expect_tx('a');
	assert_true(irq());
	outb(UART_THR, 'b');
	outb(UART_IER, 0);
	outb(UART_IER, UART_IER_THRE); /* not empty */
	assert_false(irq());
}

static void thre_waits_for_the_whole_fifo(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_THRE);
	outb(UART_THR, 'a');
	outb(UART_THR, 'b');
	expect_tx('a');
	assert_false(irq());
	expect_tx('b');
	assert_true(irq());
	outb(UART_THR, 'c');
	outb(UART_FCR, 0x05);
	assert_int_equal(inb(UART_IIR), 0xc2);
	assert_int_equal(inb(UART_IIR), 0xc1);
	outb(UART_FCR, 0x05); /* was empty already, but is now emptied */
	assert_int_equal(inb(UART_IIR), 0xc2);
}

static void interrupts_are_told_by_priority(void **state)
{
	(void)state;
	outb(UART_IER, 0x0f);
	vuart_set_modem(&uart, 0);
	vuart_receive_raw(&uart, 'a', UART_LSR_PARITY, now_ns);
	assert_int_equal(inb(UART_IIR), 0x06);
	(void)inb(UART_LSR);
	assert_int_equal(inb(UART_IIR), 0x04);
	(void)inb(UART_RBR);
	assert_int_equal(inb(UART_IIR), 0x02);
	assert_int_equal(inb(UART_IIR), 0x00);
	assert_true(irq());
	assert_int_equal(inb(UART_MSR), 0x0b);
	assert_int_equal(inb(UART_IIR), 0x01);
	assert_false(irq());
}

static void an_iir_read_for_another_source_keeps_thre(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_THRE | UART_IER_RX);
	receive('a');
	assert_int_equal(inb(UART_IIR), 0x04);
	(void)inb(UART_RBR);
	assert_int_equal(inb(UART_IIR), 0x02);
}

static void only_enabled_conditions_ask(void **state)
{
	(void)state;
	vuart_set_modem(&uart, 0);
	vuart_receive_raw(&uart, 'a', UART_LSR_PARITY, now_ns);
	for (unsigned ier = 0; ier < 16; ier++) {
		static const uint8_t told[] = {0x01, 0x04, 0x02, 0x04, 0x06, 0x06, 0x06, 0x06,
					       0x00, 0x04, 0x02, 0x04, 0x06, 0x06, 0x06, 0x06};

		outb(UART_IER, 0);
		outb(UART_IER, (uint8_t)ier);
		assert_int_equal(irq(), ier != 0);
		assert_int_equal(inb(UART_IIR), told[ier]);
	}
}

static void out2_gates_the_line(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_RX);
	receive('a');
	assert_true(irq());
	outb(UART_MCR, 0);
	assert_false(irq());
	assert_int_equal(inb(UART_IIR), 0x04);
	outb(UART_FCR, 0xc1);
	receive('a');
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), NS_NEVER);
	outb(UART_MCR, UART_MCR_OUT2);
	assert_int_equal(vuart_deadline_ns(&uart, now_ns), now_ns + VUART_TIMEOUT_NS);
}

static void modem_lines_leave_their_deltas(void **state)
{
	(void)state;
	vuart_set_modem(&uart, 0xb0);
	assert_int_equal(inb(UART_MSR), 0xb0);
	vuart_set_modem(&uart, 0x80);
	assert_int_equal(inb(UART_MSR), 0x83);
	assert_int_equal(inb(UART_MSR), 0x80);
	vuart_set_modem(&uart, 0x00);
	vuart_set_modem(&uart, 0x80); /* changed twice: the delta stays */
	assert_int_equal(inb(UART_MSR), 0x88);
	vuart_set_modem(&uart, 0xc0); /* ringing begins: no delta */
	assert_int_equal(inb(UART_MSR), 0xc0);
	vuart_set_modem(&uart, 0x8f);
	assert_int_equal(inb(UART_MSR), 0x84);
}

static void loopback_brings_sent_bytes_back(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_RX | UART_IER_THRE);
	(void)inb(UART_IIR);
	outb(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2);
	outb(UART_THR, 'l');
	expect_no_tx();
	assert_false(vuart_can_receive(&uart));
	assert_false(vuart_receive(&uart, 'x', now_ns));
	vuart_receive_raw(&uart, 'x', 0, now_ns);
	assert_int_equal(inb(UART_LSR), 0x61);
	assert_int_equal(inb(UART_IIR), 0x04);
	assert_int_equal(inb(UART_RBR), 'l');
	assert_int_equal(inb(UART_IIR), 0x02);
	outb(UART_THR, '1');
	outb(UART_THR, '2');
	assert_int_equal(inb(UART_LSR), 0x63);
	assert_int_equal(inb(UART_RBR), '2');
}

static void bytes_sent_before_loopback_still_go_out(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_THRE);
	outb(UART_THR, 'a');
	outb(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2);
	outb(UART_THR, 'b');
	assert_false(irq());
	expect_tx('a');
	expect_no_tx();
	assert_true(irq());
	assert_int_equal(inb(UART_RBR), 'b');
}

static void loopback_brings_modem_outputs_back(void **state)
{
	static const uint8_t inputs[] = {0x20, 0x10, 0x40, 0x80};

	(void)state;
	outb(UART_MCR, UART_MCR_LOOP);
	assert_int_equal(inb(UART_MSR), 0x0b); /* the modem's own lines are cut off */
	for (unsigned i = 0; i < 4; i++) {
		outb(UART_MCR, (uint8_t)(UART_MCR_LOOP | 1u << i));
		assert_int_equal(inb(UART_MSR) & 0xf0, inputs[i]);
		outb(UART_MCR, UART_MCR_LOOP);
		assert_int_equal(inb(UART_MSR), inputs[i] >> 4);
	}
	vuart_set_modem(&uart, 0xf0);
	assert_int_equal(inb(UART_MSR), 0);
	outb(UART_MCR, 0);
	assert_int_equal(inb(UART_MSR), 0xfb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VUART_TEST(each_trigger_level_asks_for_its_number_of_bytes),
		VUART_TEST(bytes_below_the_trigger_time_out),
		VUART_TEST(a_new_byte_starts_the_time_out_again_unless_it_came),
		VUART_TEST(no_time_out_without_fifos_or_enable),
		VUART_TEST(thre_asks_once_when_it_empties),
		VUART_TEST_FIFOS(thre_waits_for_the_whole_fifo),
		VUART_TEST(interrupts_are_told_by_priority),
		VUART_TEST(an_iir_read_for_another_source_keeps_thre),
		VUART_TEST(only_enabled_conditions_ask),
		VUART_TEST(out2_gates_the_line),
		VUART_TEST(modem_lines_leave_their_deltas),
		VUART_TEST(loopback_brings_sent_bytes_back),
		VUART_TEST(bytes_sent_before_loopback_still_go_out),
		VUART_TEST(loopback_brings_modem_outputs_back),
	};

	return cmocka_run_group_tests_name("vuart irq", tests, NULL, NULL);
}
