/*
 * guest/vuart.c - the 16550A serial port that the guest sees; see guest/vuart.h.
 *
 * u->lsr and u->pending are kept up to date by every change, so that reading LSR and asking for the
 * interrupt line cost next to nothing. pending has each condition at its enable bit in IER.
 */
#include "guest/vuart.h"

#include "guest/vuart_registers.h"
#include "kernel/assert.h"

static bool fifos_on(const struct vuart *u)
{
	return u->fcr & UART_FCR_ENABLE;
}

static unsigned capacity(const struct vuart *u)
{
	return fifos_on(u) ? VUART_FIFO : 1;
}

static void set_pending(struct vuart *u, uint8_t condition, bool on)
{
	u->pending = (uint8_t)(on ? u->pending | condition : u->pending & ~condition);
}

/* After any change in the receiver. bring_up: another character is at the top, so that its errors
 * show. */
static void update_rx(struct vuart *u, bool bring_up)
{
	uint8_t lsr = u->lsr & (uint8_t) ~(UART_LSR_DATA | UART_LSR_FIFO_ERROR);

	if (u->rx_count) {
		lsr |= UART_LSR_DATA;
		if (bring_up)
			lsr |= u->rx_error[u->rx_head];
	}
	if (fifos_on(u) && ((lsr & UART_LSR_CHARACTER) || u->rx_bad))
		lsr |= UART_LSR_FIFO_ERROR;
	u->lsr = lsr;
	set_pending(u, UART_IER_RX, u->rx_count >= u->rx_trigger);
	set_pending(u, UART_IER_LINE, lsr & UART_LSR_ERRORS);
}

/* The errors go with their characters; an overrun belongs to none and stays. */
static void clear_rx(struct vuart *u)
{
	u->rx_count = u->rx_bad = 0;
	u->timed_out = false;
	u->lsr &= (uint8_t)~UART_LSR_CHARACTER;
	update_rx(u, false);
}

static bool has_timed_out(const struct vuart *u, uint64_t now_ns)
{
	if (!fifos_on(u) || u->rx_count == 0)
		return false;
	return u->timed_out ||
	       (now_ns > u->rx_touch_ns && now_ns - u->rx_touch_ns >= VUART_TIMEOUT_NS);
}

/* Overrun: with the FIFOs on they stay and the new character is lost; with the FIFOs off it takes
 * the place of the old one. PC16550D, "Line Status Register", bit 1. */
static void take_character(struct vuart *u, uint8_t byte, uint8_t error, uint64_t now_ns)
{
	bool first = u->rx_count == 0;
	unsigned slot;

	if (u->rx_count == capacity(u)) {
		u->lsr |= UART_LSR_OVERRUN;
		set_pending(u, UART_IER_LINE, true);
		if (fifos_on(u))
			return;
		u->rx_count = u->rx_bad = 0;
		first = true;
	}
	u->timed_out = has_timed_out(u, now_ns);
	slot = (u->rx_head + u->rx_count) % VUART_FIFO;
	u->rx[slot] = byte & vuart_length_mask(u);
	u->rx_error[slot] = error & UART_LSR_CHARACTER;
	u->rx_bad = (uint8_t)(u->rx_bad + (u->rx_error[slot] != 0));
	u->rx_count++;
	u->rx_touch_ns = now_ns;
	update_rx(u, first);
}

/* Of the character at the top, which is there. */
static void forget_errors(struct vuart *u)
{
	u->rx_bad = (uint8_t)(u->rx_bad - (u->rx_error[u->rx_head] != 0));
	u->rx_error[u->rx_head] = 0;
}

static uint8_t read_rbr(struct vuart *u, uint64_t now_ns)
{
	if (u->rx_count) {
		u->rbr = u->rx[u->rx_head];
		forget_errors(u);
		u->rx_head = (u->rx_head + 1) % VUART_FIFO;
		u->rx_count--;
		u->rx_touch_ns = now_ns;
		u->timed_out = false;
		update_rx(u, true);
	}
	return u->rbr;
}

/* The errors go with the read, and the character at the top has none any more. */
static uint8_t read_lsr(struct vuart *u)
{
	uint8_t lsr = u->lsr;

	if (UNLIKELY(lsr & UART_LSR_ERRORS)) {
		if (u->rx_count)
			forget_errors(u);
		u->lsr &= (uint8_t)~UART_LSR_ERRORS;
		update_rx(u, false);
	}
	return lsr;
}

/* Empty again, so THRE asks for an interrupt, and the shift register has nothing to do either. */
static void transmitter_empty(struct vuart *u)
{
	u->tx_count = 0;
	u->lsr |= UART_LSR_THRE | UART_LSR_TEMT;
	set_pending(u, UART_IER_THRE, true);
}

static void write_thr(struct vuart *u, uint8_t byte, uint64_t now_ns)
{
	byte &= vuart_length_mask(u);
	if (UNLIKELY(u->mcr & UART_MCR_LOOP)) {
		take_character(u, byte, 0, now_ns);
		set_pending(u, UART_IER_THRE, u->lsr & UART_LSR_THRE);
		return;
	}
	set_pending(u, UART_IER_THRE, false);
	u->lsr &= (uint8_t) ~(UART_LSR_THRE | UART_LSR_TEMT);
	if (UNLIKELY(u->tx_count == capacity(u))) {
		if (fifos_on(u))
			return;
		u->tx_count = 0;
	}
	u->tx[(u->tx_head + u->tx_count) % VUART_FIFO] = byte;
	u->tx_count++;
}

/* The levels now: the modem's pins, or in loopback our own outputs. The deltas grow by what
 * changed; RI only counts when it goes away. PC16550D, "Modem Status Register", "Modem Control
 * Register". */
static void update_modem(struct vuart *u)
{
	uint8_t levels = u->modem;
	uint8_t changed, went;

	if (u->mcr & UART_MCR_LOOP) {
		levels = (uint8_t)((u->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
				   (u->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
				   (u->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
				   (u->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0));
	}
	changed = (u->msr ^ levels) & UART_MSR_LEVELS;
	went = changed & u->msr & UART_MSR_RI;
	u->msr = (uint8_t)(levels | (u->msr & UART_MSR_DELTAS) | (changed & ~UART_MSR_RI) >> 4 |
			   (went ? UART_MSR_RI_WENT : 0));
	set_pending(u, UART_IER_MODEM, u->msr & UART_MSR_DELTAS);
}

static uint8_t read_msr(struct vuart *u)
{
	uint8_t msr = u->msr;

	u->msr &= UART_MSR_LEVELS;
	set_pending(u, UART_IER_MODEM, false);
	return msr;
}

/* Enabling THRE while the transmitter is empty asks at once, even if the last such interrupt was
 * taken already. PC16550D, "Interrupt Enable Register". */
static void write_ier(struct vuart *u, uint8_t value)
{
	bool enables_thre = value & ~u->ier & UART_IER_THRE;

	u->ier = value & UART_IER_STORED;
	if (enables_thre && (u->lsr & UART_LSR_THRE))
		set_pending(u, UART_IER_THRE, true);
}

/* Bits other than 0 count only when bit 0 is written as 1, and its change empties both FIFOs.
 * PC16550D, "FIFO Control Register". */
static void write_fcr(struct vuart *u, uint8_t value)
{
	static const uint8_t triggers[] = {1, 4, 8, 14};
	bool enable = value & UART_FCR_ENABLE;
	bool both = enable != fifos_on(u);

	u->fcr = enable ? value & UART_FCR_STORED : 0;
	u->rx_trigger = enable ? triggers[value >> 6] : 1;
	if (both || (enable && (value & UART_FCR_CLEAR_RX)))
		clear_rx(u);
	else
		update_rx(u, false);
	if (both || (enable && (value & UART_FCR_CLEAR_TX)))
		transmitter_empty(u);
}

/* By priority. PC16550D, "Interrupt Identification Register". */
static uint8_t identify(const struct vuart *u, uint64_t now_ns)
{
	uint8_t active = u->pending & u->ier;

	if (active & UART_IER_LINE)
		return UART_IIR_LINE;
	if (active & UART_IER_RX)
		return UART_IIR_RX;
	if ((u->ier & UART_IER_RX) && has_timed_out(u, now_ns))
		return UART_IIR_TIMEOUT;
	if (active & UART_IER_THRE)
		return UART_IIR_THRE;
	if (active & UART_IER_MODEM)
		return UART_IIR_MODEM;
	return UART_IIR_NONE;
}

/* The read takes back the THRE interrupt, but only if it is the one that is told of. */
static uint8_t read_iir(struct vuart *u, uint64_t now_ns)
{
	uint8_t iir = identify(u, now_ns);

	if (iir == UART_IIR_THRE)
		set_pending(u, UART_IER_THRE, false);
	return (uint8_t)(iir | (fifos_on(u) ? UART_IIR_FIFOS : 0));
}

static uint8_t read_register(struct vuart *u, const struct io_access *io)
{
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (io->port) {
	case UART_RBR:
		return dlab ? u->dll : read_rbr(u, io->now_ns);
	case UART_IER:
		return dlab ? u->dlm : u->ier;
	case UART_IIR:
		return read_iir(u, io->now_ns);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return read_lsr(u);
	case UART_MSR:
		return read_msr(u);
	default:
		return u->scr;
	}
}

/* LSR and MSR are for reading; writing them is for the factory ("Line Status Register", note). */
static void write_register(struct vuart *u, const struct io_access *io)
{
	uint8_t value = (uint8_t)io->value;
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (io->port) {
	case UART_RBR:
		if (dlab)
			u->dll = value;
		else
			write_thr(u, value, io->now_ns);
		break;
	case UART_IER:
		if (dlab)
			u->dlm = value;
		else
			write_ier(u, value);
		break;
	case UART_IIR:
		write_fcr(u, value);
		break;
	case UART_LCR:
		u->lcr = value;
		break;
	case UART_MCR:
		u->mcr = value & UART_MCR_STORED;
		update_modem(u);
		break;
	case UART_SCR:
		u->scr = value;
		break;
	default:
		break;
	}
}

void vuart_access(void *state, struct io_access *io)
{
	struct vuart *u = state;

	ASSERT(io->port < VUART_PORTS);
	if (io->write)
		write_register(u, io);
	else
		io->value = read_register(u, io);
}

/* PC16550D, "Master Reset": what it leaves alone starts as 0 here. */
void vuart_reset(struct vuart *u)
{
	*u = (struct vuart){
		.lsr = UART_LSR_THRE | UART_LSR_TEMT,
		.msr = UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD,
		.modem = UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD,
		.rx_trigger = 1,
	};
}

bool vuart_can_receive(const struct vuart *u)
{
	return !(u->mcr & UART_MCR_LOOP) && u->rx_count < capacity(u);
}

bool vuart_receive(struct vuart *u, uint8_t byte, uint64_t now_ns)
{
	if (!vuart_can_receive(u))
		return false;
	take_character(u, byte, 0, now_ns);
	return true;
}

void vuart_receive_raw(struct vuart *u, uint8_t byte, uint8_t error, uint64_t now_ns)
{
	if (!(u->mcr & UART_MCR_LOOP))
		take_character(u, byte, error, now_ns);
}

bool vuart_take_tx(struct vuart *u, uint8_t *byte)
{
	if (u->tx_count == 0)
		return false;
	*byte = u->tx[u->tx_head];
	u->tx_head = (u->tx_head + 1) % VUART_FIFO;
	u->tx_count--;
	if (u->tx_count == 0)
		transmitter_empty(u);
	return true;
}

bool vuart_irq(const struct vuart *u, uint64_t now_ns)
{
	if (!(u->mcr & UART_MCR_OUT2))
		return false;
	return (u->pending & u->ier) || ((u->ier & UART_IER_RX) && has_timed_out(u, now_ns));
}

uint64_t vuart_deadline_ns(const struct vuart *u, uint64_t now_ns)
{
	if (!(u->mcr & UART_MCR_OUT2) || !(u->ier & UART_IER_RX) || !fifos_on(u) ||
	    u->rx_count == 0)
		return NS_NEVER;
	if (vuart_irq(u, now_ns))
		return NS_NEVER;
	return u->rx_touch_ns + VUART_TIMEOUT_NS;
}

void vuart_set_modem(struct vuart *u, uint8_t msr_high)
{
	u->modem = msr_high & UART_MSR_LEVELS;
	update_modem(u);
}
