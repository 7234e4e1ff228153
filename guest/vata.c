/* guest/vata.c - one ATA channel: registers, selection, reset; see guest/vata.h. */
#include "guest/vata.h"

#include "guest/vata_data.h"
#include "guest/vata_disk.h"
#include "guest/vatapi.h"
#include "kernel/assert.h"
#include "kernel/string.h"

static bool is_there(const struct vata_device *d)
{
	return d->kind != VATA_NONE;
}

static bool in_reset(const struct vata *c)
{
	return c->control & ATA_CONTROL_SRST;
}

static struct vata_device *selected(struct vata *c)
{
	return &c->devices[c->selected];
}

void vata_power_on(struct vata *c, const struct vata_drive drives[2])
{
	*c = (struct vata){.control = 0};
	for (unsigned i = 0; i < 2; i++) {
		struct vata_device *d = &c->devices[i];

		if (drives[i].disk) {
			d->kind = drives[i].kind;
			d->disk = drives[i].disk;
		}
		d->number = drives[i].number;
		d->now[VATA_DEVICE] = ATA_DEVICE_ONES;
		if (d->kind == VATA_DISK)
			vata_disk_power_on(d);
		else if (d->kind == VATA_CDROM)
			vatapi_power_on(d);
		vata_device_signature(d);
	}
}

/* Both devices stand as after power-on, with device 0 selected. */
static void show_signatures(struct vata *c)
{
	for (unsigned i = 0; i < 2; i++) {
		struct vata_device *d = &c->devices[i];

		vata_device_signature(d);
		d->now[VATA_DEVICE] = ATA_DEVICE_ONES;
		memset(d->previous, 0, sizeof(d->previous));
		c->fell |= d->interrupt;
		d->interrupt = false;
	}
	c->selected = 0;
}

static void write_control(struct vata *c, uint8_t value)
{
	bool reset = value & ~c->control & ATA_CONTROL_SRST;

	c->control = value;
	if (!reset)
		return;
	show_signatures(c);
	for (unsigned i = 0; i < 2; i++) {
		if (c->devices[i].kind == VATA_DISK)
			vata_disk_reset(&c->devices[i]);
	}
}

/* Both devices carry it out, and device 0 answers for both, even if device 1 was selected and is
 * not there. ATA/ATAPI-6, "EXECUTE DEVICE DIAGNOSTIC", "Device 0 only configurations". */
static void diagnose(struct vata *c)
{
	if (!is_there(&c->devices[0]))
		return;
	show_signatures(c);
	c->devices[0].interrupt = true;
}

static void write_command(struct vata *c, uint8_t command)
{
	struct vata_device *d = selected(c);
	bool reset = command == ATA_DEVICE_RESET && d->kind == VATA_CDROM;

	if ((d->status & ATA_STATUS_DRQ) && !reset)
		return;
	c->control &= (uint8_t)~ATA_CONTROL_HOB;
	if (command == ATA_DIAGNOSTIC) {
		diagnose(c);
		return;
	}
	if (!is_there(d))
		return;
	c->fell |= d->interrupt;
	d->interrupt = false;
	d->error = 0;
	if (d->kind == VATA_DISK)
		vata_disk_command(d, command);
	else
		vatapi_command(d, command);
}

/* Both devices take what is written. The values before are kept for LBA48. */
static void write_block(struct vata *c, unsigned number, uint8_t value)
{
	if (selected(c)->status & ATA_STATUS_DRQ)
		return;
	c->control &= (uint8_t)~ATA_CONTROL_HOB;
	for (unsigned i = 0; i < 2; i++) {
		struct vata_device *d = &c->devices[i];

		if (number == VATA_DEVICE)
			value |= ATA_DEVICE_ONES;
		d->previous[number] = d->now[number];
		d->now[number] = value;
	}
	if (number == VATA_DEVICE)
		c->selected = value & ATA_DEVICE_DEV ? 1 : 0;
}

static void write_word(struct vata *c, uint16_t word)
{
	uint8_t bytes[2] = {(uint8_t)word, (uint8_t)(word >> 8)};

	vata_data_write(selected(c), bytes, sizeof(bytes));
}

/* Behind an odd last byte comes 0; without DRQ all is 0. */
static uint16_t read_word(struct vata *c)
{
	uint8_t bytes[2] = {0, 0};

	vata_data_read(selected(c), bytes, sizeof(bytes));
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint8_t read_status(struct vata *c, bool alternate)
{
	struct vata_device *d = selected(c);

	if (!is_there(d))
		return 0;
	if (in_reset(c))
		return ATA_STATUS_BSY;
	if (!alternate)
		d->interrupt = false;
	return d->status;
}

/* Of a place without a device: the device register is as written, and device 0, if it is there,
 * answers for the error register. */
static uint8_t read_absent(struct vata *c, unsigned number)
{
	if (number == VATA_DEVICE)
		return selected(c)->now[VATA_DEVICE];
	return number == VATA_ERROR && is_there(&c->devices[0]) ? c->devices[0].error : 0xff;
}

static uint8_t read_register(struct vata *c, unsigned number)
{
	struct vata_device *d = selected(c);

	if (number == VATA_STATUS || number == VATA_ALTERNATE)
		return read_status(c, number == VATA_ALTERNATE);
	if (!is_there(d))
		return read_absent(c, number);
	if (number == VATA_ERROR)
		return d->error;
	if (number != VATA_DEVICE && (c->control & ATA_CONTROL_HOB))
		return d->previous[number];
	return d->now[number];
}

static void write_register(struct vata *c, unsigned number, uint8_t value)
{
	if (number == VATA_CONTROL)
		write_control(c, value);
	else if (in_reset(c))
		return;
	else if (number == VATA_COMMAND)
		write_command(c, value);
	else
		write_block(c, number, value);
}

static uint32_t read_data(struct vata *c, uint8_t size)
{
	uint32_t value = read_word(c);

	if (size == 4)
		value |= (uint32_t)read_word(c) << 16;
	return size == 1 ? value & 0xff : value;
}

static void write_data(struct vata *c, uint8_t size, uint32_t value)
{
	write_word(c, (uint16_t)(size == 1 ? value & 0xff : value));
	if (size == 4)
		write_word(c, (uint16_t)(value >> 16));
}

static void access_data(struct vata *c, struct io_access *io)
{
	if (io->write)
		write_data(c, io->size, io->value);
	else
		io->value = read_data(c, io->size);
}

/* A word or dword at another register is an access to each of its ports in turn. Behind the command
 * block and behind the control register there is nobody. */
void vata_access(void *state, struct io_access *io)
{
	struct vata *c = state;
	unsigned end = io->port == VATA_CONTROL ? VATA_REGISTERS : VATA_CONTROL;
	uint32_t value = 0;

	ASSERT(io->port < VATA_REGISTERS);
	if (io->port == VATA_DATA) {
		access_data(c, io);
		return;
	}
	for (unsigned i = 0; i < io->size; i++) {
		if (io->write && io->port + i < end)
			write_register(c, io->port + i, (uint8_t)(io->value >> 8 * i));
		if (!io->write)
			value |= (io->port + i < end ? read_register(c, io->port + i) : 0xffu)
				 << 8 * i;
	}
	if (!io->write)
		io->value = value;
}

/* Only the selected device drives the line; without one it is pulled low. */
bool vata_irq(const struct vata *c)
{
	return c->devices[c->selected].interrupt && !(c->control & ATA_CONTROL_NIEN);
}

bool vata_take_fall(struct vata *c)
{
	bool fell = c->fell;

	c->fell = false;
	return fell;
}

static unsigned whole_elements(const struct vata_device *d, unsigned size, unsigned count)
{
	return size < 2 ? 0 : (unsigned)min_u64(count, d->block_left / size);
}

unsigned vata_read_run(struct vata *c, void *to, unsigned size, unsigned count)
{
	struct vata_device *d = selected(c);

	return vata_device_sends(d)
		       ? vata_data_read(d, to, size * whole_elements(d, size, count)) / size
		       : 0;
}

unsigned vata_write_run(struct vata *c, const void *from, unsigned size, unsigned count)
{
	struct vata_device *d = selected(c);

	return vata_device_receives(d)
		       ? vata_data_write(d, from, size * whole_elements(d, size, count)) / size
		       : 0;
}
