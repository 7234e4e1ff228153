/*
 * tests/unit/test_vuart.c - what the guest's serial port promises about registers and bytes.
 * test_vuart_irq.c has interrupts, modem lines and loopback.
 */
#include "tests/unit/vuart_rig.h"

static void reset_is_what_the_data_sheet_says(void **state)
{
	(void)state;
	vuart_reset(&uart);
	assert_int_equal(inb(UART_IER), 0);
	assert_int_equal(inb(UART_IIR), 0x01);
	assert_int_equal(inb(UART_LCR), 0);
	assert_int_equal(inb(UART_MCR), 0);
	assert_int_equal(inb(UART_LSR), 0x60);
	assert_int_equal(inb(UART_MSR), 0xb0);
	assert_int_equal(inb(UART_SCR), 0);
	assert_false(irq());
	expect_no_tx();
}

static void registers_keep_what_they_have_bits_for(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		outb(UART_IER, (uint8_t)value);
		assert_int_equal(inb(UART_IER), value & 0x0f);
		outb(UART_LCR, (uint8_t)value);
		assert_int_equal(inb(UART_LCR), value);
		outb(UART_MCR, (uint8_t)value);
		assert_int_equal(inb(UART_MCR), value & 0x1f);
		outb(UART_SCR, (uint8_t)value);
		assert_int_equal(inb(UART_SCR), value);
		outb(UART_LCR, 0x03);
	}
	outb(UART_LSR, 0xff);
	outb(UART_MSR, 0xff);
	assert_int_equal(inb(UART_LSR), 0x60);
}

static void dlab_opens_the_divisor_and_hides_data(void **state)
{
	(void)state;
	outb(UART_IER, 0x05);
	receive('x');
	outb(UART_LCR, 0x83);
	outb(UART_DLL, 0x34);
	outb(UART_DLM, 0x12);
	assert_int_equal(inb(UART_DLL), 0x34);
	assert_int_equal(inb(UART_DLM), 0x12);
	expect_no_tx();
	outb(UART_LCR, 0x03);
	assert_int_equal(inb(UART_IER), 0x05);
	assert_int_equal(inb(UART_RBR), 'x');
	outb(UART_LCR, 0x80);
	assert_int_equal(inb(UART_DLL), 0x34);
}

static void setting_8n1_does_not_drop_received_bytes(void **state)
{
	(void)state;
	vuart_reset(&uart);
	outb(UART_LCR, 0x03);
	receive('x');
	outb(UART_LCR, 0x83);
	outb(UART_LCR, 0x03);
	assert_int_equal(inb(UART_LSR), 0x61);
	assert_int_equal(inb(UART_RBR), 'x');
	assert_int_equal(inb(UART_LSR), 0x60);
}

static void word_length_masks_both_ways(void **state)
{
	static const uint8_t masks[] = {0x1f, 0x3f, 0x7f, 0xff};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		outb(UART_LCR, (uint8_t)i);
		outb(UART_THR, 0xff);
		expect_tx(masks[i]);
		receive(0xff);
		assert_int_equal(inb(UART_RBR), masks[i]);
	}
}

static void a_waiting_byte_holds_the_guest_back(void **state)
{
	(void)state;
	outb(UART_THR, 'a');
	assert_int_equal(inb(UART_LSR), 0);
	expect_tx('a');
	assert_int_equal(inb(UART_LSR), 0x60);
	outb(UART_THR, 'b');
	outb(UART_THR, 'c'); /* in spite of THRE: THR has one place */
	expect_tx('c');
	expect_no_tx();
}

static void sixteen_bytes_wait_in_the_fifo_in_order(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (uint8_t i = 0; i < 17; i++)
			outb(UART_THR, i);
		for (uint8_t i = 0; i < 16; i++) {
			assert_int_equal(inb(UART_LSR), 0);
			expect_tx(i);
		}
		expect_no_tx();
		assert_int_equal(inb(UART_LSR), 0x60);
		outb(UART_THR, 'x'); /* so that the next round starts elsewhere in the ring */
		expect_tx('x');
	}
}

static void a_full_receiver_refuses_and_loses_nothing(void **state)
{
	(void)state;
	receive('a');
	assert_false(vuart_can_receive(&uart));
	assert_false(vuart_receive(&uart, 'b', now_ns));
	assert_int_equal(inb(UART_LSR), 0x61);
	assert_int_equal(inb(UART_RBR), 'a');
	assert_true(vuart_can_receive(&uart));
	outb(UART_FCR, 0x01);
	receive_many(16);
	assert_false(vuart_receive(&uart, 'z', now_ns));
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(inb(UART_RBR), 'a' + i);
	assert_int_equal(inb(UART_LSR), 0x60);
}

static void an_empty_receiver_gives_the_last_byte(void **state)
{
	(void)state;
	receive('q');
	assert_int_equal(inb(UART_RBR), 'q');
	assert_int_equal(inb(UART_RBR), 'q');
}

static void overrun_without_fifos_replaces_the_byte(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_LINE);
	vuart_receive_raw(&uart, 'a', 0, now_ns);
	assert_false(irq());
	vuart_receive_raw(&uart, 'b', 0, now_ns);
	assert_true(irq());
	assert_int_equal(inb(UART_IIR), 0x06);
	assert_int_equal(inb(UART_LSR), 0x63);
	assert_int_equal(inb(UART_LSR), 0x61);
	assert_false(irq());
	assert_int_equal(inb(UART_RBR), 'b');
}

static void overrun_with_fifos_loses_the_new_byte(void **state)
{
	(void)state;
	receive_many(16);
	vuart_receive_raw(&uart, 'z', UART_LSR_PARITY, now_ns);
	assert_int_equal(inb(UART_LSR), 0x63);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(inb(UART_RBR), 'a' + i);
	assert_int_equal(inb(UART_LSR), 0x60);
}

static void errors_show_with_their_character(void **state)
{
	(void)state;
	outb(UART_IER, UART_IER_LINE);
	receive('a');
	vuart_receive_raw(&uart, 'b', UART_LSR_PARITY | 0xe3, now_ns);
	vuart_receive_raw(&uart, 0, UART_LSR_BREAK, now_ns);
	assert_int_equal(inb(UART_LSR), 0xe1);
	assert_false(irq());
	assert_int_equal(inb(UART_RBR), 'a');
	assert_true(irq());
	assert_int_equal(inb(UART_IIR), 0xc6);
	assert_int_equal(inb(UART_LSR), 0xe5);
	assert_int_equal(inb(UART_LSR), 0xe1); /* the break is still to come */
	assert_false(irq());
	assert_int_equal(inb(UART_RBR), 'b');
	assert_int_equal(inb(UART_LSR), 0xf1);
	assert_int_equal(inb(UART_LSR), 0x61);
	assert_int_equal(inb(UART_RBR), 0);
	assert_int_equal(inb(UART_LSR), 0x60);
}

static void errors_stay_until_lsr_is_read(void **state)
{
	(void)state;
	vuart_receive_raw(&uart, 'a', UART_LSR_FRAMING, now_ns);
	receive('b');
	assert_int_equal(inb(UART_RBR), 'a');
	assert_int_equal(inb(UART_LSR), 0xe9);
	assert_int_equal(inb(UART_LSR), 0x61);
}

static void without_fifos_lsr_bit_7_is_0(void **state)
{
	(void)state;
	vuart_receive_raw(&uart, 'a', UART_LSR_FRAMING, now_ns);
	assert_int_equal(inb(UART_LSR), 0x69);
	vuart_receive_raw(&uart, 'b', UART_LSR_PARITY, now_ns);
	assert_int_equal(inb(UART_LSR), 0x67);
	assert_int_equal(inb(UART_LSR), 0x61);
}

static void fcr_counts_only_with_its_enable_bit(void **state)
{
	(void)state;
	assert_int_equal(inb(UART_IIR) & 0xc0, 0);
	outb(UART_FCR, 0xc0);
	assert_int_equal(inb(UART_IIR) & 0xc0, 0);
	outb(UART_FCR, 0x01);
	assert_int_equal(inb(UART_IIR) & 0xc0, 0xc0);
	receive_many(3);
	outb(UART_THR, 'x');
	outb(UART_FCR, 0x01);
	assert_int_equal(inb(UART_LSR), 0x01);
	outb(UART_FCR, 0x03);
	assert_int_equal(inb(UART_LSR), 0x00);
	receive_many(3);
	outb(UART_FCR, 0x05);
	assert_int_equal(inb(UART_LSR), 0x61);
	expect_no_tx();
}

static void switching_the_fifos_empties_both(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		vuart_receive_raw(&uart, 'a', UART_LSR_PARITY, now_ns);
		outb(UART_THR, 'x');
		outb(UART_FCR, i ? 0 : 1);
		assert_int_equal(inb(UART_LSR), 0x60);
		expect_no_tx();
	}
}

static void a_hundred_thousand_bytes_both_ways_and_none_lost(void **state)
{
	uint64_t seed = 115200;
	unsigned sent = 0, taken = 0, given = 0, read = 0;
	uint8_t byte;

	(void)state;
	while (taken < 100000 || taken < sent || read < 100000) {
		switch (random_below(&seed, 4)) {
		case 0:
			if (sent < 100000 && (inb(UART_LSR) & UART_LSR_THRE))
				for (uint64_t n = 1 + random_below(&seed, 16); n; n--)
					outb(UART_THR, (uint8_t)(sent++ * 7));
			break;
		case 1:
			for (uint64_t n = random_below(&seed, 20); n; n--)
				if (vuart_take_tx(&uart, &byte))
					assert_int_equal(byte, (uint8_t)(taken++ * 7));
			break;
		case 2:
			while (given < 100000 && vuart_receive(&uart, (uint8_t)(given * 13), 0))
				given++;
			break;
		default:
			for (uint64_t n = random_below(&seed, 20); n; n--)
				if (inb(UART_LSR) & UART_LSR_DATA)
					assert_int_equal(inb(UART_RBR), (uint8_t)(read++ * 13));
		}
	}
	assert_int_equal(taken, sent);
	assert_int_equal(read, given);
}

static void a_wrong_register_is_our_own_bug(void **state)
{
	(void)state;
	expect_assert_failure(inb(8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VUART_TEST(reset_is_what_the_data_sheet_says),
		VUART_TEST(registers_keep_what_they_have_bits_for),
		VUART_TEST(dlab_opens_the_divisor_and_hides_data),
		VUART_TEST(setting_8n1_does_not_drop_received_bytes),
		VUART_TEST(word_length_masks_both_ways),
		VUART_TEST(a_waiting_byte_holds_the_guest_back),
		VUART_TEST_FIFOS(sixteen_bytes_wait_in_the_fifo_in_order),
		VUART_TEST(a_full_receiver_refuses_and_loses_nothing),
		VUART_TEST(an_empty_receiver_gives_the_last_byte),
		VUART_TEST(overrun_without_fifos_replaces_the_byte),
		VUART_TEST_FIFOS(overrun_with_fifos_loses_the_new_byte),
		VUART_TEST_FIFOS(errors_show_with_their_character),
		VUART_TEST_FIFOS(errors_stay_until_lsr_is_read),
		VUART_TEST(without_fifos_lsr_bit_7_is_0),
		VUART_TEST(fcr_counts_only_with_its_enable_bit),
		VUART_TEST(switching_the_fifos_empties_both),
		VUART_TEST_FIFOS(a_hundred_thousand_bytes_both_ways_and_none_lost),
		VUART_TEST(a_wrong_register_is_our_own_bug),
	};

	return cmocka_run_group_tests_name("vuart", tests, NULL, NULL);
}
