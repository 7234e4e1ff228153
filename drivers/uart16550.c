/* drivers/uart16550.c - a real 16550 serial chip. */
#include "drivers/uart16550.h"

#include "kernel/cpu.h"
#include "kernel/port.h"
#include "kernel/string.h"

/* Register offsets; DLL and DLM stand at 0 and 1 while LCR bit 7 is set. */
#define UART_RBR       0u
#define UART_THR       0u
#define UART_IER       1u
#define UART_IIR       2u
#define UART_FCR       2u
#define UART_LCR       3u
#define UART_MCR       4u
#define UART_LSR       5u
#define UART_MSR       6u
#define UART_SCR       7u
#define UART_DLL       0u
#define UART_DLM       1u

#define IER_RECEIVE    0x01u
#define IER_TRANSMIT   0x02u
#define IIR_NONE       0x01u
#define IIR_FIFOS      0xc0u
#define FCR_ENABLE     0x01u
#define FCR_CLEAR      0x06u
#define FCR_LEVEL_14   0xc0u
#define LCR_8N1        0x03u
#define LCR_DLAB       0x80u
#define MCR_DTR        0x01u
#define MCR_RTS        0x02u
#define MCR_OUT2       0x08u /* gates the interrupt line on a PC */
#define MCR_LOOP       0x10u
#define MSR_DSR        0x20u
#define MSR_DCD        0x80u
#define LSR_DATA       0x01u
#define LSR_OVERRUN    0x02u
#define LSR_ERRORS     0x1cu /* parity, framing, break */
#define LSR_THRE       0x20u
#define LSR_TEMT       0x40u

#define DIVISOR_115200 1u
#define TEST_BYTE      0xaeu
/* 17 bytes at 115200 take 1.5 ms; a port read takes about 1 us on the slowest bus, and in an
 * emulator with a slow clock of its own six instructions of 20 ns. */
#define PATIENT_READS  100000u

static const struct {
	uint16_t port;
	uint8_t irq;
} com_ports[] = {{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}};

static uint8_t get(const struct uart16550 *u, uint16_t reg)
{
	return port_read8((uint16_t)(u->port + reg));
}

static void put(const struct uart16550 *u, uint16_t reg, uint8_t value)
{
	port_write8((uint16_t)(u->port + reg), value);
}

enum status uart16550_parse_option(struct text option, uint16_t *port, uint8_t *irq)
{
	uint64_t number;
	enum status s;

	if (option.len == 4 && memcmp(option.at, "com", 3) == 0 && option.at[3] >= '1' &&
	    option.at[3] <= '4') {
		*port = com_ports[option.at[3] - '1'].port;
		*irq = com_ports[option.at[3] - '1'].irq;
		return OK;
	}
	s = text_to_u64(option, &number);
	if (s != OK || number == 0 || number > UINT16_MAX - 7)
		return ERR_INVALID;
	*port = (uint16_t)number;
	*irq = 0;
	for (size_t i = 0; i < ARRAY_SIZE(com_ports); i++) {
		if (com_ports[i].port == number)
			*irq = com_ports[i].irq;
	}
	return OK;
}

static bool scratch_holds(const struct uart16550 *u, uint8_t value)
{
	put(u, UART_SCR, value);
	(void)get(u, UART_IER); /* the bus must not remember what was written */
	return get(u, UART_SCR) == value;
}

static bool wait_for(const struct uart16550 *u, uint8_t lsr_bit)
{
	for (unsigned i = 0; i < PATIENT_READS; i++) {
		if (get(u, UART_LSR) & lsr_bit)
			return true;
		cpu_pause();
	}
	return false;
}

static bool loopback_works(const struct uart16550 *u)
{
	bool same;

	put(u, UART_MCR, MCR_LOOP | MCR_RTS);
	put(u, UART_THR, TEST_BYTE);
	same = wait_for(u, LSR_DATA) && get(u, UART_RBR) == TEST_BYTE;
	/* RTS comes back as CTS, "MODEM Control Register" */
	return same && (get(u, UART_MSR) & 0xf0u) == 0x10u;
}

enum status uart16550_init(struct uart16550 *u, uint16_t port)
{
	*u = (struct uart16550){.port = port};
	if (!scratch_holds(u, 0x55) || !scratch_holds(u, 0xaa))
		return ERR_NOT_FOUND;
	put(u, UART_IER, 0);
	/* What the firmware or early_uart has just sent shall not be lost. */
	(void)wait_for(u, LSR_TEMT);
	put(u, UART_LCR, LCR_DLAB);
	put(u, UART_DLL, DIVISOR_115200);
	put(u, UART_DLM, 0);
	put(u, UART_LCR, LCR_8N1);
	put(u, UART_FCR, FCR_ENABLE | FCR_CLEAR | FCR_LEVEL_14);
	if (!loopback_works(u))
		return ERR_NOT_FOUND;
	u->fifo_bytes = (get(u, UART_IIR) & IIR_FIFOS) == IIR_FIFOS ? 16 : 1;
	put(u, UART_FCR, FCR_ENABLE | FCR_CLEAR | FCR_LEVEL_14);
	u->mcr = MCR_DTR | MCR_RTS | MCR_OUT2;
	put(u, UART_MCR, u->mcr);
	return OK;
}

/* Reading LSR clears its error bits, so each read has to count them. */
static uint8_t line_status(struct uart16550 *u)
{
	uint8_t lsr = get(u, UART_LSR);

	if (lsr & LSR_OVERRUN)
		u->overruns++;
	if (lsr & LSR_ERRORS)
		u->line_errors++;
	return lsr;
}

size_t uart16550_send(struct uart16550 *u, const uint8_t *bytes, size_t len)
{
	size_t n = len < u->fifo_bytes ? len : u->fifo_bytes;

	if (n == 0 || !(line_status(u) & LSR_THRE))
		return 0;
	for (size_t i = 0; i < n; i++)
		put(u, UART_THR, bytes[i]);
	return n;
}

bool uart16550_idle(struct uart16550 *u)
{
	return (line_status(u) & LSR_TEMT) != 0;
}

bool uart16550_receive(struct uart16550 *u, uint8_t *byte)
{
	if (!(line_status(u) & LSR_DATA))
		return false;
	*byte = get(u, UART_RBR);
	return true;
}

void uart16550_set_irq(struct uart16550 *u, bool receive, bool transmit)
{
	uint8_t ier = (uint8_t)((receive ? IER_RECEIVE : 0) | (transmit ? IER_TRANSMIT : 0));

	if (ier == u->ier)
		return;
	u->ier = ier;
	put(u, UART_IER, ier);
}

bool uart16550_take_irq(struct uart16550 *u)
{
	return !(get(u, UART_IIR) & IIR_NONE);
}

void uart16550_set_rts(struct uart16550 *u, bool on)
{
	uint8_t mcr = (uint8_t)(on ? u->mcr | MCR_RTS : u->mcr & ~MCR_RTS);

	if (mcr == u->mcr)
		return;
	u->mcr = mcr;
	put(u, UART_MCR, mcr);
}

bool uart16550_peer(const struct uart16550 *u)
{
	return (get(u, UART_MSR) & (MSR_DSR | MSR_DCD)) != 0;
}
