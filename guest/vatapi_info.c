/* guest/vatapi_info.c - what a CD-ROM drive tells of itself; see guest/vatapi_info.h. */
#include "guest/vatapi_info.h"

#include "guest/vatapi.h"
#include "kernel/string.h"

#define FRAMES_A_SECOND 75u
#define PREGAP          150u /* frames before sector 0 */
#define CD_SECTORS      (80u * 60u * FRAMES_A_SECOND)
#define LEAD_OUT        0xaau
#define DATA_TRACK      0x14u /* ADR 1, control: data, no copying */
#define PROFILE_CD      0x0008u
#define PROFILE_DVD     0x0010u
#define SPEED_KB        706u /* kilobytes a second: 4x */

/* The answer grows at its end. */
struct answer {
	uint8_t *start;
	uint32_t len;
};

static struct answer begin(struct vata_device *d)
{
	memset(d->buffer, 0, sizeof(d->buffer));
	return (struct answer){.start = d->buffer};
}

static void add(struct answer *a, uint32_t byte)
{
	a->start[a->len++] = (uint8_t)byte;
}

static void add_16(struct answer *a, uint32_t value)
{
	add(a, value >> 8);
	add(a, value);
}

static void add_32(struct answer *a, uint32_t value)
{
	add_16(a, value >> 16);
	add_16(a, value);
}

static void add_bytes(struct answer *a, const void *bytes, uint32_t len)
{
	memcpy(a->start + a->len, bytes, len);
	a->len += len;
}

static void set_16(struct answer *a, uint32_t at, uint32_t value)
{
	a->start[at] = (uint8_t)(value >> 8);
	a->start[at + 1] = (uint8_t)value;
}

static bool is_dvd(const struct vata_device *d)
{
	return vatapi_sectors(d) > CD_SECTORS;
}

static uint32_t sectors_32(const struct vata_device *d)
{
	return (uint32_t)min_u64(vatapi_sectors(d), UINT32_MAX);
}

/* A removable CD-ROM drive behind ATAPI, answer format 1 as those drives give it. */
uint32_t vatapi_info_inquiry(struct vata_device *d)
{
	struct answer a = begin(d);

	add_bytes(&a, "\x05\x80\x00\x21\x1f\x00\x00\x00", 8);
	add_bytes(&a, "LINTEL  CD-ROM          1.0 ", 28);
	return a.len;
}

/* SPC-2, "Sense data format for fixed format". */
uint32_t vatapi_info_sense(struct vata_device *d, const struct vatapi_sense *sense)
{
	struct answer a = begin(d);

	a.start[0] = 0x70;
	a.start[2] = sense->key;
	a.start[7] = 10; /* bytes behind this one */
	a.start[12] = sense->asc;
	a.start[13] = sense->ascq;
	return 18;
}

uint32_t vatapi_info_capacity(struct vata_device *d)
{
	struct answer a = begin(d);

	add_32(&a, sectors_32(d) - 1);
	add_32(&a, ATAPI_SECTOR);
	return a.len;
}

/* ---- table of contents: one session, one track, the lead-out ---- */

/* Minute, second, frame. */
static void add_msf(struct answer *a, uint32_t sector)
{
	uint32_t frame = sector + PREGAP;

	add(a, frame / FRAMES_A_SECOND / 60);
	add(a, frame / FRAMES_A_SECOND % 60);
	add(a, frame % FRAMES_A_SECOND);
}

static void add_track(struct answer *a, uint8_t track, uint32_t sector, bool msf)
{
	add(a, 0);
	add(a, DATA_TRACK);
	add(a, track);
	add(a, 0);
	if (msf) {
		add(a, 0);
		add_msf(a, sector);
	} else {
		add_32(a, sector);
	}
}

/* The header, without its length. */
static struct answer begin_toc(struct vata_device *d)
{
	struct answer a = begin(d);

	add_16(&a, 0);
	add(&a, 1); /* first and last track, or session */
	add(&a, 1);
	return a;
}

/* Format 2: an entry of the Q sub-channel in the lead-in. */
static void add_raw(struct answer *a, uint8_t point, uint32_t sector)
{
	add(a, 1); /* session */
	add(a, DATA_TRACK);
	add(a, 0);
	add(a, point);
	add_32(a, 0); /* where in the lead-in this stands, and a zero */
	if (point == 0xa0 || point == 0xa1) {
		add(a, 1); /* first, last track; CD-ROM */
		add_16(a, 0);
	} else {
		add_msf(a, sector);
	}
}

uint32_t vatapi_info_toc(struct vata_device *d, unsigned format, bool msf, uint8_t track)
{
	struct answer a = begin_toc(d);

	if (format > 2 || (format == 0 && track > 1 && track != LEAD_OUT))
		return 0;
	if (format == 2) {
		add_raw(&a, 0xa0, 0);
		add_raw(&a, 0xa1, 0);
		add_raw(&a, 0xa2, sectors_32(d));
		add_raw(&a, 1, 0);
	} else {
		if (track <= 1 || format == 1)
			add_track(&a, 1, 0, msf);
		if (format == 0)
			add_track(&a, LEAD_OUT, sectors_32(d), msf);
	}
	set_16(&a, 0, a.len - 2);
	return a.len;
}

/* Complete, one session, one track. MMC-3, "READ DISC INFORMATION command". */
uint32_t vatapi_info_disc(struct vata_device *d)
{
	struct answer a = begin(d);

	a.start[1] = 32; /* bytes behind this one */
	a.start[2] = 0x0e;
	memset(a.start + 3, 1, 4);
	a.start[7] = 0x20; /* no restriction of use */
	return 34;
}

/* ---- the drive ---- */

uint32_t vatapi_info_mechanism(struct vata_device *d)
{
	struct answer a = begin(d);

	a.start[1] = d->cd.tray_open ? 0x10 : 0;
	return 8;
}

/* Of the classes there is "media". MMC-3, "GET EVENT/STATUS NOTIFICATION command". */
uint32_t vatapi_info_event(struct vata_device *d, uint8_t classes)
{
	struct answer a = begin(d);
	bool media = classes & 0x10;

	add_16(&a, media ? 6 : 2);
	add(&a, media ? 4 : 0x80);
	add(&a, 0x10);
	if (media) {
		add(&a, d->cd.event);
		add(&a, d->cd.tray_open ? 1 : 2); /* door open; disc present */
		add_16(&a, 0);
		d->cd.event = 0;
	}
	return a.len;
}

/* ---- mode pages ---- */

static void add_page(struct answer *a, uint8_t page, const uint8_t *bytes, uint8_t len,
		     bool changeable)
{
	add(a, page);
	add(a, len);
	if (changeable)
		a->len += len;
	else
		add_bytes(a, bytes, len);
}

/* MMC-3, "MM capabilities and mechanical status page". */
static void add_capabilities(struct vata_device *d, struct answer *a, bool changeable)
{
	uint8_t page[20] = {
		0x0b,
		0x00, /* reads CD-R, CD-RW, DVD-ROM; writes nothing */
		0x70,
		0x00, /* mode 2 forms 1 and 2, multi-session */
		0x29,
		0x00, /* tray; can lock and eject */
		SPEED_KB >> 8,
		SPEED_KB & 0xff, /* fastest */
		0,
		0, /* volume levels */
		512 >> 8,
		0, /* KiB of buffer */
		SPEED_KB >> 8,
		SPEED_KB & 0xff, /* now */
	};

	if (d->cd.locked)
		page[4] |= 2;
	add_page(a, 0x2a, page, sizeof(page), changeable);
}

uint32_t vatapi_info_mode(struct vata_device *d, unsigned header_bytes, uint8_t page,
			  bool changeable)
{
	static const uint8_t recovery[6] = {0, 5};                  /* five retries */
	static const uint8_t parameters[6] = {0, 13, 0, 60, 0, 75}; /* units of MSF */
	struct answer a = begin(d);

	a.len = header_bytes;
	if (page == 0x01 || page == 0x3f)
		add_page(&a, 0x01, recovery, sizeof(recovery), changeable);
	if (page == 0x0d || page == 0x3f)
		add_page(&a, 0x0d, parameters, sizeof(parameters), changeable);
	if (page == 0x2a || page == 0x3f)
		add_capabilities(d, &a, changeable);
	if (a.len == header_bytes)
		return 0;
	if (header_bytes == 8)
		set_16(&a, 0, a.len - 2);
	else
		a.start[0] = (uint8_t)(a.len - 1);
	a.start[header_bytes == 8 ? 2 : 1] = d->cd.tray_open ? 0x71 : 0x01; /* a data disc */
	return a.len;
}

/* ---- features ---- */

struct feature {
	uint16_t code;
	uint8_t version_bits; /* version, persistent, current */
	uint8_t len;
	uint8_t bytes[8];
};

static bool is_current(const struct vata_device *d, uint16_t code)
{
	switch (code) {
	case 0x0010:
		return !d->cd.tray_open;
	case 0x001e:
		return !d->cd.tray_open && !is_dvd(d);
	case 0x001f:
		return !d->cd.tray_open && is_dvd(d);
	default:
		return true;
	}
}

/* MMC-3, "Features": profiles, core (ATAPI), removable medium, random access, CD, DVD. */
static const struct feature features[] = {
	{0x0000, 0x02, 8, {0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0}},
	{0x0001, 0x02, 4, {0, 0, 0, 2}},
	{0x0003, 0x02, 4, {0x29, 0, 0, 0}},
	{0x0010, 0x00, 8, {0, 0, 8, 0, 0, 1, 0, 0}},
	{0x001e, 0x00, 0, {0}},
	{0x001f, 0x00, 0, {0}},
};

static void add_feature(const struct vata_device *d, struct answer *a, const struct feature *f)
{
	uint32_t start = a->len;

	add_16(a, f->code);
	add(a, f->version_bits | (is_current(d, f->code) ? 1u : 0));
	add(a, f->len);
	add_bytes(a, f->bytes, f->len);
	if (f->code == 0 && !d->cd.tray_open) /* the profile that is current */
		a->start[start + (is_dvd(d) ? 6 : 10)] = 1;
}

uint32_t vatapi_info_configuration(struct vata_device *d, unsigned type, uint16_t first)
{
	struct answer a = begin(d);

	a.len = 8;
	for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
		const struct feature *f = &features[i];

		if (type == 2 ? f->code == first
			      : f->code >= first && (type == 0 || is_current(d, f->code)))
			add_feature(d, &a, f);
	}
	set_16(&a, 2, a.len - 4);
	if (!d->cd.tray_open)
		set_16(&a, 6, is_dvd(d) ? PROFILE_DVD : PROFILE_CD);
	return a.len;
}
