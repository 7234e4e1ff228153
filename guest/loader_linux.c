/* guest/loader_linux.c - kind=linux: the header of a bzImage, and kernel and initrd in memory. */
#include "guest/loader_linux.h"

#include "kernel/string.h"

#define SECTOR             512u
#define BOOT_FLAG          0xaa55u
#define MAGIC              "HdrS"
#define VERSION_MIN        0x0200u
#define VERSION_MAX        0x020fu
#define HEADER_MIN         (HDR_CMD_LINE_PTR) /* the header of version 2.00 ends here or earlier */
#define SETUP_SECTS_IF_0   4u
#define INITRD_LAST_IF_OLD 0x37ffffffu
#define CMDLINE_MAX_IF_OLD 255u
#define BZIMAGE_AT         0x100000u
#define ZIMAGE_AT          0x10000u
#define ZIMAGE_END         0x90000u
#define PARAGRAPH          16u

void linux_put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

void linux_put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* Magic numbers and version: whether it is a kernel that is known here. */
static enum status check_magic(const struct loader_job *job, struct linux_image *image)
{
	const uint8_t *at = job->in->image;

	if (job->in->len_bytes < HEADER_MIN)
		return loader_fail(job, ERR_CORRUPT,
				   "no Linux kernel: %llu bytes, less than a setup header",
				   (unsigned long long)job->in->len_bytes);
	if (loader_u16(at + HDR_BOOT_FLAG) != BOOT_FLAG)
		return loader_fail(job, ERR_INVALID, "no Linux kernel: boot_flag is %04x, not aa55",
				   loader_u16(at + HDR_BOOT_FLAG));
	if (memcmp(at + HDR_MAGIC, MAGIC, sizeof(MAGIC) - 1) != 0)
		return loader_fail(job, ERR_UNSUPPORTED,
				   "no HdrS at 202h: no Linux kernel, or older than boot protocol "
				   "2.00");
	image->version = loader_u16(at + HDR_VERSION);
	if (image->version < VERSION_MIN || image->version > VERSION_MAX)
		return loader_fail(job, ERR_UNSUPPORTED,
				   "boot protocol %u.%02u is not known, 2.00 to 2.15 are",
				   image->version >> 8, image->version & 0xff);
	return OK;
}

static enum status read_sizes(const struct loader_job *job, struct linux_image *image)
{
	const uint8_t *at = job->in->image;
	uint64_t sects = at[HDR_SETUP_SECTS] ? at[HDR_SETUP_SECTS] : SETUP_SECTS_IF_0, stated;

	image->setup = at;
	image->setup_bytes = (sects + 1) * SECTOR;
	if (image->setup_bytes >= job->in->len_bytes)
		return loader_fail(job, ERR_CORRUPT,
				   "setup_sects says %llu bytes of setup, the file has %llu bytes",
				   (unsigned long long)image->setup_bytes,
				   (unsigned long long)job->in->len_bytes);
	image->kernel = at + image->setup_bytes;
	image->kernel_bytes = job->in->len_bytes - image->setup_bytes;
	/* Before 2.04 the field had 16 bits and said nothing. The file may end in the last unit. */
	stated = loader_u32(at + HDR_SYSSIZE) * (uint64_t)PARAGRAPH;
	if (image->version >= 0x204 && stated > align_up(image->kernel_bytes, PARAGRAPH))
		return loader_fail(job, ERR_CORRUPT,
				   "the file is cut: syssize says %llu bytes of kernel, there are "
				   "%llu",
				   (unsigned long long)stated,
				   (unsigned long long)image->kernel_bytes);
	return OK;
}

/* Where the header ends: one byte says it, and that is the displacement of a jump. */
static enum status check_header_end(const struct loader_job *job, const struct linux_image *image)
{
	static const struct {
		unsigned version, end;
	} ends[] = {{0x20a, HDR_INIT_SIZE + 4},    {0x206, HDR_CMDLINE_SIZE + 4},
		    {0x205, HDR_RELOCATABLE + 1},  {0x203, HDR_INITRD_ADDR_MAX + 4},
		    {0x202, HDR_CMD_LINE_PTR + 4}, {0x201, HDR_HEAP_END_PTR + 2}};
	unsigned end = HDR_MAGIC + image->setup[HDR_JUMP + 1], wanted = HDR_HEAP_END_PTR;

	for (unsigned i = ARRAY_SIZE(ends); i > 0; i--)
		if (image->version >= ends[i - 1].version)
			wanted = ends[i - 1].end;
	if (end >= wanted && end <= HDR_END && end <= image->setup_bytes)
		return OK;
	return loader_fail(job, ERR_CORRUPT,
			   "the setup header ends at %xh, boot protocol %u.%02u "
			   "has it end at %xh to %xh",
			   end, image->version >> 8, image->version & 0xff, wanted, HDR_END);
}

static enum status read_fields(const struct loader_job *job, struct linux_image *image)
{
	const uint8_t *at = image->setup;
	unsigned version = image->version;
	enum status s = check_header_end(job, image);

	if (s != OK)
		return s;
	image->high = at[HDR_LOADFLAGS] & LOADED_HIGH;
	image->initrd_last =
		version >= 0x203 ? loader_u32(at + HDR_INITRD_ADDR_MAX) : INITRD_LAST_IF_OLD;
	image->cmdline_max =
		version >= 0x206 ? loader_u32(at + HDR_CMDLINE_SIZE) : CMDLINE_MAX_IF_OLD;
	if (version >= 0x205) {
		image->alignment = loader_u32(at + HDR_KERNEL_ALIGNMENT);
		image->relocatable = at[HDR_RELOCATABLE] != 0;
	}
	if (version >= 0x20a) {
		image->pref_address = loader_u64(at + HDR_PREF_ADDRESS);
		image->init_size = loader_u32(at + HDR_INIT_SIZE);
	}
	if (version >= 0x20c)
		image->has_64 = loader_u16(at + HDR_XLOADFLAGS) & XLF_KERNEL_64;
	if (image->relocatable &&
	    (image->alignment == 0 || (image->alignment & (image->alignment - 1)) != 0))
		return loader_fail(job, ERR_INVALID, "kernel_alignment %#llx is no power of two",
				   (unsigned long long)image->alignment);
	if (image->pref_address > UINT32_MAX)
		return loader_fail(job, ERR_RANGE, "pref_address %#llx is above 4 GiB",
				   (unsigned long long)image->pref_address);
	return OK;
}

static enum status check_entry(const struct loader_job *job, const struct linux_image *image)
{
	unsigned entry = job->in->config->entry;

	if (entry != 16 && !image->high)
		return loader_fail(job, ERR_UNSUPPORTED,
				   "loadflags: a zImage has no other entry than entry=16");
	if (entry == 32 && image->version < 0x202)
		return loader_fail(job, ERR_UNSUPPORTED,
				   "boot protocol %u.%02u has no 32-bit entry, 2.02 and later have",
				   image->version >> 8, image->version & 0xff);
	if (entry == 64 && !image->has_64)
		return loader_fail(job, ERR_UNSUPPORTED,
				   "xloadflags: this kernel has no 64-bit entry");
	if (job->in->config->args.len > image->cmdline_max)
		return loader_fail(job, ERR_RANGE,
				   "the command line has %llu characters, this kernel takes %llu",
				   (unsigned long long)job->in->config->args.len,
				   (unsigned long long)image->cmdline_max);
	return OK;
}

enum status linux_read(const struct loader_job *job, struct linux_image *image)
{
	enum status s = check_magic(job, image);

	if (s == OK)
		s = read_sizes(job, image);
	if (s == OK)
		s = read_fields(job, image);
	return s == OK ? check_entry(job, image) : s;
}

void linux_fill_header(const struct linux_image *image, uint8_t *at)
{
	at[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	linux_put32(at + HDR_RAMDISK_IMAGE, (uint32_t)image->initrd_at);
	linux_put32(at + HDR_RAMDISK_SIZE, (uint32_t)image->initrd_bytes);
}

static enum status no_room(const struct loader_job *job, enum status s, const char *what,
			   uint64_t len_bytes, uint64_t at)
{
	return loader_fail(job, s, "no room for %s: %llu bytes at %#llx, %llu KiB of memory", what,
			   (unsigned long long)len_bytes, (unsigned long long)at,
			   (unsigned long long)(job->m->len_bytes / KIB));
}

/* The kernel's place, and where it will unpack itself ("Details of Header Fields", init_size). */
static enum status place_kernel(const struct loader_job *job, struct linux_image *image,
				struct placer *p)
{
	uint64_t run_at, end;
	enum status s;

	image->load_at = image->high ? BZIMAGE_AT : ZIMAGE_AT;
	if (image->relocatable && job->in->config->entry != 16)
		image->load_at =
			align_up(max_u64(BZIMAGE_AT, image->pref_address), image->alignment);
	end = image->load_at + image->kernel_bytes;
	run_at = image->relocatable
			 ? align_up(max_u64(image->load_at, image->pref_address), image->alignment)
			 : image->pref_address;
	if (!image->high && end > ZIMAGE_END)
		return loader_fail(job, ERR_RANGE, "a zImage ends at %#llx, %#x is the limit",
				   (unsigned long long)end, ZIMAGE_END);
	if (image->high && image->init_size && run_at <= end)
		end = max_u64(end, run_at + image->init_size);
	s = place_fixed(p, image->load_at, end - image->load_at);
	if (s != OK)
		return no_room(job, s, "the kernel", end - image->load_at, image->load_at);
	if (!image->high || !image->init_size || run_at + image->init_size <= end)
		return OK;
	s = place_fixed(p, run_at, image->init_size);
	return s == OK ? OK : no_room(job, s, "the unpacked kernel", image->init_size, run_at);
}

static enum status place_initrd(const struct loader_job *job, struct linux_image *image,
				struct placer *p)
{
	struct place_wish wish = {.align = PAGE_4K, .min = MIB, .high = true};
	const struct loader_module *initrd;
	enum status s = loader_find_only(job, VM_ROLE_INITRD, &initrd);

	if (s != OK)
		return s;
	if (!initrd)
		return OK;
	if (initrd->len_bytes == 0)
		return loader_fail(job, ERR_INVALID, "the initrd is empty");
	wish.len_bytes = initrd->len_bytes;
	wish.end = image->initrd_last + 1;
	if (place_find(p, &wish, &image->initrd_at) != OK)
		return loader_fail(job, ERR_RANGE,
				   "no room for the initrd: %llu bytes below %#llx, %llu KiB of "
				   "memory",
				   (unsigned long long)initrd->len_bytes,
				   (unsigned long long)wish.end,
				   (unsigned long long)(job->m->len_bytes / KIB));
	image->initrd_bytes = initrd->len_bytes;
	return loader_put(job, image->initrd_at, initrd->at, initrd->len_bytes, "the initrd");
}

enum status loader_run_linux(const struct loader_job *job)
{
	bool real = job->in->config->entry == 16;
	struct linux_image image = {.version = 0};
	struct placer p;
	enum status s = linux_read(job, &image);

	if (s != OK)
		return s;
	place_init(&p, job->m);
	s = real ? linux_reserve_16(&p) : linux_reserve_flat(&p);
	if (s != OK)
		return loader_fail(job, s, "a Linux kernel needs more than %llu KiB of memory",
				   (unsigned long long)(job->m->len_bytes / KIB));
	s = place_kernel(job, &image, &p);
	if (s == OK)
		s = place_initrd(job, &image, &p);
	if (s == OK)
		s = loader_put(job, image.load_at, image.kernel, image.kernel_bytes, "the kernel");
	if (s != OK)
		return s;
	return real ? linux_start_16(job, &image) : linux_start_flat(job, &image);
}
