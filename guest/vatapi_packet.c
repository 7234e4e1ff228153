/* guest/vatapi_packet.c - the packets of a CD-ROM drive; see guest/vatapi_packet.h. */
#include "guest/vatapi_packet.h"

#include "guest/vatapi.h"
#include "guest/vatapi_info.h"

/* What a packet may do although... */
#define ANY_TIME    1u /* a unit attention waits */
#define NEEDS_DISC  2u

#define EVENT_NEW   2u
#define EVENT_GONE  3u

#define START       0x01u /* START STOP UNIT, byte 4 */
#define LOAD_EJECT  0x02u
#define POWER_FIELD 0xf0u

struct packet_command {
	void (*run)(struct vata_device *d, const uint8_t *packet);
	uint8_t code, rules;
};

static uint32_t get_16(const uint8_t *at)
{
	return (uint32_t)(at[0] << 8 | at[1]);
}

static uint32_t get_24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | get_16(at + 1);
}

static uint32_t get_32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | get_24(at + 1);
}

static void refuse_field(struct vata_device *d)
{
	vatapi_refuse(d, SENSE_ILLEGAL, ASC_BAD_FIELD);
}

/* len 0: the drive has nothing of the kind. */
static void reply_or_refuse(struct vata_device *d, uint32_t len, uint32_t allocation)
{
	if (len == 0)
		refuse_field(d);
	else
		vatapi_reply(d, len, allocation);
}

/* TEST UNIT READY, SEEK, SET CD SPEED: the rules have said all. */
static void run_nothing(struct vata_device *d, const uint8_t *packet)
{
	(void)packet;
	vatapi_done(d);
}

static void run_seek(struct vata_device *d, const uint8_t *packet)
{
	if (get_32(packet + 2) >= vatapi_sectors(d))
		vatapi_refuse(d, SENSE_ILLEGAL, ASC_BAD_LBA);
	else
		vatapi_done(d);
}

/* Tells why the last packet was refused; if it was not, of what has happened since. Either is told
 * once. SPC-2, "REQUEST SENSE command". */
static void run_request_sense(struct vata_device *d, const uint8_t *packet)
{
	struct vatapi_sense sense = d->cd.sense;

	if (sense.key == SENSE_NONE && d->cd.attention != 0) {
		sense = (struct vatapi_sense){.key = SENSE_ATTENTION, .asc = d->cd.attention};
		d->cd.attention = 0;
	}
	d->cd.sense = (struct vatapi_sense){.key = SENSE_NONE};
	vatapi_reply(d, vatapi_info_sense(d, &sense), packet[4]);
}

/* There are no vital product data. */
static void run_inquiry(struct vata_device *d, const uint8_t *packet)
{
	if ((packet[1] & 1) || packet[2] != 0)
		refuse_field(d);
	else
		vatapi_reply(d, vatapi_info_inquiry(d), get_16(packet + 3));
}

static void set_tray(struct vata_device *d, bool open)
{
	if (open == d->cd.tray_open)
		return;
	d->cd.tray_open = open;
	d->cd.event = open ? EVENT_GONE : EVENT_NEW;
	if (!open)
		d->cd.attention = ASC_CHANGED;
}

/* A power condition is taken and means nothing. */
static void run_start_stop(struct vata_device *d, const uint8_t *packet)
{
	bool move = (packet[4] & LOAD_EJECT) && !(packet[4] & POWER_FIELD);
	bool open = !(packet[4] & START);

	if (move && open && d->cd.locked && !d->cd.tray_open) {
		vatapi_refuse(d, SENSE_ILLEGAL, ASC_LOCKED);
		return;
	}
	if (move)
		set_tray(d, open);
	vatapi_done(d);
}

static void run_prevent(struct vata_device *d, const uint8_t *packet)
{
	d->cd.locked = packet[4] & 1;
	vatapi_done(d);
}

static void run_capacity(struct vata_device *d, const uint8_t *packet)
{
	(void)packet;
	vatapi_reply(d, vatapi_info_capacity(d), UINT32_MAX);
}

/* data false: only looks whether they are there. No sectors are fine anywhere. */
static void read_sectors(struct vata_device *d, uint64_t sector, uint64_t count, bool data)
{
	if (count != 0 && sector + count > vatapi_sectors(d))
		vatapi_refuse(d, SENSE_ILLEGAL, ASC_BAD_LBA);
	else
		vatapi_send_sectors(d, sector, data ? count : 0);
}

static void run_read_10(struct vata_device *d, const uint8_t *packet)
{
	read_sectors(d, get_32(packet + 2), get_16(packet + 7), true);
}

static void run_read_12(struct vata_device *d, const uint8_t *packet)
{
	read_sectors(d, get_32(packet + 2), get_32(packet + 6), true);
}

/* Byte 1: expected sector type, any or mode 1. Byte 9: user data, or nothing at all. Byte 10:
 * sub-channels, of which there are none. MMC-3, "READ CD command". */
static void run_read_cd(struct vata_device *d, const uint8_t *packet)
{
	unsigned type = packet[1] >> 2 & 7;
	unsigned parts = packet[9] & 0xf8;

	if (type != 0 && type != 2)
		vatapi_refuse(d, SENSE_ILLEGAL, ASC_WRONG_MODE);
	else if ((parts != 0 && parts != 0x10) || (packet[10] & 7) != 0)
		refuse_field(d);
	else
		read_sectors(d, get_32(packet + 2), get_24(packet + 6), parts != 0);
}

/* Before MMC the format stood in byte 9, and drivers that are older than that still put it there.
 * SFF-8020i, "READ TOC command". */
static void run_toc(struct vata_device *d, const uint8_t *packet)
{
	unsigned format = packet[2] & 0x0f;

	if (format == 0)
		format = packet[9] >> 6;
	reply_or_refuse(d, vatapi_info_toc(d, format, packet[1] & 2, packet[6]),
			get_16(packet + 7));
}

static void run_configuration(struct vata_device *d, const uint8_t *packet)
{
	unsigned type = packet[1] & 3;

	if (type == 3)
		refuse_field(d);
	else
		vatapi_reply(d, vatapi_info_configuration(d, type, (uint16_t)get_16(packet + 2)),
			     get_16(packet + 7));
}

/* Only polled: there is nothing that would tell of an event by itself. */
static void run_event(struct vata_device *d, const uint8_t *packet)
{
	if (!(packet[1] & 1))
		refuse_field(d);
	else
		vatapi_reply(d, vatapi_info_event(d, packet[4]), get_16(packet + 7));
}

static void run_disc(struct vata_device *d, const uint8_t *packet)
{
	if ((packet[1] & 7) != 0)
		refuse_field(d);
	else
		vatapi_reply(d, vatapi_info_disc(d), get_16(packet + 7));
}

static void mode_sense(struct vata_device *d, const uint8_t *packet, unsigned header_bytes,
		       uint32_t allocation)
{
	unsigned control = packet[2] >> 6;

	if (control == 3) {
		vatapi_refuse(d, SENSE_ILLEGAL, ASC_NO_SAVING);
		return;
	}
	reply_or_refuse(d, vatapi_info_mode(d, header_bytes, packet[2] & 0x3f, control == 1),
			allocation);
}

static void run_mode_6(struct vata_device *d, const uint8_t *packet)
{
	mode_sense(d, packet, 4, packet[4]);
}

static void run_mode_10(struct vata_device *d, const uint8_t *packet)
{
	mode_sense(d, packet, 8, get_16(packet + 7));
}

static void run_mechanism(struct vata_device *d, const uint8_t *packet)
{
	vatapi_reply(d, vatapi_info_mechanism(d), get_16(packet + 8));
}

static const struct packet_command commands[] = {
	{run_nothing, 0x00, NEEDS_DISC}, /* TEST UNIT READY */
	{run_request_sense, 0x03, ANY_TIME},
	{run_inquiry, 0x12, ANY_TIME},
	{run_mode_6, 0x1a, 0},
	{run_start_stop, 0x1b, 0},
	{run_prevent, 0x1e, 0},
	{run_capacity, 0x25, NEEDS_DISC},
	{run_read_10, 0x28, NEEDS_DISC},
	{run_seek, 0x2b, NEEDS_DISC},
	{run_toc, 0x43, NEEDS_DISC},
	{run_configuration, 0x46, ANY_TIME},
	{run_event, 0x4a, ANY_TIME},
	{run_disc, 0x51, NEEDS_DISC},
	{run_mode_10, 0x5a, 0},
	{run_read_12, 0xa8, NEEDS_DISC},
	{run_nothing, 0xbb, 0}, /* SET CD SPEED */
	{run_mechanism, 0xbd, 0},
	{run_read_cd, 0xbe, NEEDS_DISC},
};

void vatapi_run_packet(struct vata_device *d, const uint8_t *packet)
{
	static const struct packet_command unknown = {NULL, 0, 0};
	const struct packet_command *c = &unknown;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].code == packet[0])
			c = &commands[i];
	}
	if (d->cd.attention != 0 && !(c->rules & ANY_TIME)) {
		uint8_t asc = d->cd.attention;

		d->cd.attention = 0;
		vatapi_refuse(d, SENSE_ATTENTION, asc);
		return;
	}
	if (c->run != run_request_sense)
		d->cd.sense = (struct vatapi_sense){.key = SENSE_NONE};
	if (!c->run)
		vatapi_refuse(d, SENSE_ILLEGAL, ASC_BAD_OPCODE);
	else if ((c->rules & NEEDS_DISC) && d->cd.tray_open)
		vatapi_refuse(d, SENSE_NOT_READY, ASC_NO_MEDIUM);
	else
		c->run(d, packet);
}
