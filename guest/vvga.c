/*
 * guest/vvga.c - the VGA registers that the guest sees; see guest/vvga.h.
 */
#include "guest/vvga.h"

#include "guest/vvga_registers.h"
#include "kernel/assert.h"

/* Mode 3: 449 lines of 900 dots at 28.322 MHz; of these 400 lines and 720 dots are shown, and the
 * vertical retrace takes lines 412 and 413. */
#define LINE_NS           UINT64_C(31778)
#define LINE_SHOWN_NS     UINT64_C(25422)
#define FRAME_LINES       449u
#define FRAME_SHOWN_LINES 400u
#define RETRACE_FIRST     412u
#define RETRACE_LINES     2u

/* The DAC's comparator: 335 mV, and white is 700 mV on a monitor. Bt476 data sheet, "SENSE". */
#define SENSE_MAX         (335u * VGA_DAC_BITS / 700u)

/* Bits that exist. The CRT controller keeps all that is written. */
static const uint8_t sequencer_bits[] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
static const uint8_t graphics_bits[] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
static const uint8_t attribute_bits[] = {0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
					 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
					 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f};

static bool sees(const struct vvga *v, uint16_t port)
{
	bool colour = port >= VGA_PORT_CRTC_INDEX + VGA_COLOUR_PORTS;

	return colour == ((v->misc & VGA_MISC_COLOUR) != 0);
}

static uint8_t stored(const uint8_t *registers, unsigned count, unsigned index)
{
	return index < count ? registers[index] : 0;
}

/* CRTC 11h bit 7 locks 00h to 07h, but for the one bit in 07h that has nothing to do with timing:
 * line compare. "Vertical Retrace End Register". */
static void write_crtc(struct vvga *v, uint8_t value)
{
	uint8_t index = v->crtc_index;

	if (index >= sizeof(v->crtc))
		return;
	if (index <= VGA_CRTC_OVERFLOW &&
	    (v->crtc[VGA_CRTC_RETRACE_END] & VGA_RETRACE_END_PROTECT)) {
		if (index != VGA_CRTC_OVERFLOW)
			return;
		value = (uint8_t)((v->crtc[index] & ~VGA_OVERFLOW_COMPARE) |
				  (value & VGA_OVERFLOW_COMPARE));
	}
	v->crtc[index] = value;
}

static void write_attribute(struct vvga *v, uint8_t value)
{
	unsigned index = v->attribute_index & VGA_ATTRIBUTE_INDEX;

	if (!v->attribute_data)
		v->attribute_index = value & (VGA_ATTRIBUTE_INDEX | VGA_ATTRIBUTE_PAS);
	else if (index < sizeof(v->attribute))
		v->attribute[index] = value & attribute_bits[index];
	v->attribute_data = !v->attribute_data;
}

/* A colour changes when its third byte comes. "Video Digital-to-Analog Converter". */
static void write_dac(struct vvga *v, uint8_t value)
{
	uint8_t *colour = v->dac[v->dac_write_index];

	value &= VGA_DAC_BITS;
	if (v->dac_part < 2) {
		v->dac_latch[v->dac_part++] = value;
		return;
	}
	colour[0] = v->dac_latch[0];
	colour[1] = v->dac_latch[1];
	colour[2] = value;
	v->dac_part = 0;
	v->dac_write_index++;
}

static uint8_t read_dac(struct vvga *v)
{
	uint8_t value = v->dac[v->dac_read_index][v->dac_part++];

	if (v->dac_part == 3) {
		v->dac_part = 0;
		v->dac_read_index++;
	}
	return value;
}

/* A BIOS puts a medium colour into entry 0, which is what a blank screen sends. On a line without a
 * monitor it makes twice the voltage, and the bit is 0: so a monochrome monitor, which has green
 * only, is told from this colour one. */
static uint8_t status_0(const struct vvga *v)
{
	const uint8_t *black = v->dac[0];

	return black[0] > SENSE_MAX || black[1] > SENSE_MAX || black[2] > SENSE_MAX
		       ? 0
		       : VGA_STATUS_0_SENSE;
}

static uint8_t status_1(uint64_t now_ns)
{
	unsigned line = (unsigned)(now_ns / LINE_NS % FRAME_LINES);
	bool shown = line < FRAME_SHOWN_LINES && now_ns % LINE_NS < LINE_SHOWN_NS;
	bool retrace = line - RETRACE_FIRST < RETRACE_LINES;

	return (uint8_t)((shown ? 0 : VGA_STATUS_1_NO_DISPLAY) |
			 (retrace ? VGA_STATUS_1_RETRACE : 0));
}

/* Ports that move with bit 0 of the miscellaneous output register, as at 3Bxh. */
static uint8_t read_moving(struct vvga *v, uint16_t port, uint64_t now_ns)
{
	switch (port) {
	case VGA_PORT_CRTC_INDEX:
		return v->crtc_index;
	case VGA_PORT_CRTC_DATA:
		return stored(v->crtc, sizeof(v->crtc), v->crtc_index);
	case VGA_PORT_STATUS_1:
		v->attribute_data = false;
		return status_1(now_ns);
	default:
		return 0xff;
	}
}

static void write_moving(struct vvga *v, uint16_t port, uint8_t value)
{
	switch (port) {
	case VGA_PORT_CRTC_INDEX:
		v->crtc_index = value;
		break;
	case VGA_PORT_CRTC_DATA:
		write_crtc(v, value);
		break;
	case VGA_PORT_STATUS_1:
		v->feature = value & VGA_FEATURE_STORED;
		break;
	default:
		break;
	}
}

static uint8_t read_fixed(struct vvga *v, uint16_t port)
{
	switch (port) {
	case VGA_PORT_ATTRIBUTE:
		return v->attribute_index;
	case VGA_PORT_ATTRIBUTE_READ:
		return stored(v->attribute, sizeof(v->attribute),
			      v->attribute_index & VGA_ATTRIBUTE_INDEX);
	case VGA_PORT_MISC_WRITE:
		return status_0(v);
	case VGA_PORT_ENABLE:
		return v->enable;
	case VGA_PORT_SEQUENCER:
		return v->sequencer_index;
	case VGA_PORT_SEQUENCER_DATA:
		return stored(v->sequencer, sizeof(v->sequencer), v->sequencer_index);
	case VGA_PORT_DAC_MASK:
		return v->dac_mask;
	case VGA_PORT_DAC_READ_INDEX:
		return v->dac_state;
	case VGA_PORT_DAC_WRITE_INDEX:
		return v->dac_write_index;
	case VGA_PORT_DAC_DATA:
		return read_dac(v);
	case VGA_PORT_FEATURE_READ:
		return v->feature;
	case VGA_PORT_MISC_READ:
		return v->misc;
	case VGA_PORT_GRAPHICS:
		return v->graphics_index;
	case VGA_PORT_GRAPHICS_DATA:
		return stored(v->graphics, sizeof(v->graphics), v->graphics_index);
	default:
		return 0xff;
	}
}

static void write_dac_port(struct vvga *v, uint16_t port, uint8_t value)
{
	switch (port) {
	case VGA_PORT_DAC_MASK:
		v->dac_mask = value;
		break;
	case VGA_PORT_DAC_READ_INDEX:
		v->dac_read_index = value;
		v->dac_part = 0;
		v->dac_state = VGA_DAC_READS;
		break;
	case VGA_PORT_DAC_WRITE_INDEX:
		v->dac_write_index = value;
		v->dac_part = 0;
		v->dac_state = VGA_DAC_WRITES;
		break;
	default:
		write_dac(v, value);
		break;
	}
}

static void write_fixed(struct vvga *v, uint16_t port, uint8_t value)
{
	switch (port) {
	case VGA_PORT_ATTRIBUTE:
		write_attribute(v, value);
		break;
	case VGA_PORT_MISC_WRITE:
		v->misc = value & VGA_MISC_STORED;
		break;
	case VGA_PORT_ENABLE:
		v->enable = value & 1;
		break;
	case VGA_PORT_SEQUENCER:
		v->sequencer_index = value & 0x07;
		break;
	case VGA_PORT_SEQUENCER_DATA:
		if (v->sequencer_index < sizeof(v->sequencer))
			v->sequencer[v->sequencer_index] =
				value & sequencer_bits[v->sequencer_index];
		break;
	case VGA_PORT_DAC_MASK:
	case VGA_PORT_DAC_READ_INDEX:
	case VGA_PORT_DAC_WRITE_INDEX:
	case VGA_PORT_DAC_DATA:
		write_dac_port(v, port, value);
		break;
	case VGA_PORT_GRAPHICS:
		v->graphics_index = value & 0x0f;
		break;
	case VGA_PORT_GRAPHICS_DATA:
		if (v->graphics_index < sizeof(v->graphics))
			v->graphics[v->graphics_index] = value & graphics_bits[v->graphics_index];
		break;
	default:
		break;
	}
}

void vvga_access(void *state, struct io_access *io)
{
	struct vvga *v = state;
	uint16_t port = (uint16_t)(VVGA_FIRST_PORT + io->port);
	bool moves = port < VGA_PORT_ATTRIBUTE || port >= VGA_PORT_ATTRIBUTE + 0x10;

	ASSERT(io->port < VVGA_REGISTERS);
	if (moves && !sees(v, port)) {
		if (!io->write)
			io->value = 0xff;
		return;
	}
	if (port >= VGA_PORT_CRTC_INDEX + VGA_COLOUR_PORTS)
		port = (uint16_t)(port - VGA_COLOUR_PORTS);
	if (io->write && moves)
		write_moving(v, port, (uint8_t)io->value);
	else if (io->write)
		write_fixed(v, port, (uint8_t)io->value);
	else
		io->value = moves ? read_moving(v, port, io->now_ns) : read_fixed(v, port);
}

/* The 64 colours of the EGA: bits 2, 1, 0 are two thirds of red, green, blue; 5, 4, 3 one third. */
static void set_ega_colours(struct vvga *v)
{
	for (unsigned i = 0; i < 64; i++)
		for (unsigned part = 0; part < 3; part++)
			v->dac[i][part] = (uint8_t)((i >> (2 - part) & 1 ? 0x2a : 0) +
						    (i >> (5 - part) & 1 ? 0x15 : 0));
}

void vvga_power_on(struct vvga *v)
{
	*v = (struct vvga){
		.misc = 0x67,
		.enable = 1,
		.attribute_index = VGA_ATTRIBUTE_PAS,
		.crtc = {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0,
			 0,    0,    0,    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
		.sequencer = {0x03, 0x00, 0x03, 0x00, 0x02},
		.graphics = {0, 0, 0, 0, 0, 0x10, 0x0e, 0x0f, 0xff},
		.attribute = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
			      0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00},
		.dac_mask = 0xff,
	};
	set_ega_colours(v);
}
