/* guest/loader_fw_cfg.c - a Linux kernel for firmware that asks fw_cfg for it. */
#include "guest/loader_fw_cfg.h"

#include "guest/loader_linux.h"
#include "kernel/string.h"

/* Where the option ROM puts things: setup and command line below 640 KiB, as in the protocol's
 * sample; the setup part expects its heap to end 64 KiB behind its beginning at most. */
#define SETUP_AT   0x10000u
#define CMDLINE_AT 0x20000u
#define KERNEL_AT  0x100000u
#define HEAP_END   0xfe00u
#define TOP_KEPT   0x20000u /* the firmware's own, at the end of low RAM */

static enum status set_place(struct fw_cfg *f, uint16_t address_key, uint64_t at, uint16_t size_key,
			     uint64_t len_bytes)
{
	enum status s = fw_cfg_set_number(f, address_key, at, 4);

	return s == OK ? fw_cfg_set_number(f, size_key, len_bytes, 4) : s;
}

/* The end of the kernel and of what it takes when it unpacks itself. "Details of Header Fields",
 * init_size. */
static uint64_t kernel_end(const struct linux_image *image)
{
	uint64_t run_at = image->pref_address, end = KERNEL_AT + image->kernel_bytes;

	if (image->relocatable)
		run_at = align_up(max_u64(KERNEL_AT, run_at), image->alignment);
	return image->init_size ? max_u64(end, run_at + image->init_size) : end;
}

static enum status set_initrd(const struct loader_job *job, struct fw_cfg *f,
			      struct linux_image *image, uint64_t low_bytes)
{
	uint64_t end = low_bytes > TOP_KEPT ? low_bytes - TOP_KEPT : 0;
	const struct loader_module *initrd;
	enum status s = loader_find_only(job, VM_ROLE_INITRD, &initrd);

	if (s != OK)
		return s;
	if (!initrd)
		return OK;
	end = min_u64(end, image->initrd_last + 1);
	if (initrd->len_bytes >= end ||
	    align_down(end - initrd->len_bytes, PAGE_4K) < kernel_end(image))
		return loader_fail(job, ERR_RANGE,
				   "no room for the initrd: %llu bytes, %llu KiB of memory",
				   (unsigned long long)initrd->len_bytes,
				   (unsigned long long)(low_bytes / KIB));
	image->initrd_at = align_down(end - initrd->len_bytes, PAGE_4K);
	image->initrd_bytes = initrd->len_bytes;
	s = set_place(f, FW_CFG_INITRD_ADDRESS, image->initrd_at, FW_CFG_INITRD_SIZE,
		      image->initrd_bytes);
	if (s != OK)
		return s;
	return fw_cfg_set_item(f, FW_CFG_INITRD_DATA, initrd->at, (uint32_t)initrd->len_bytes);
}

static enum status set_setup(struct fw_cfg *f, struct fw_linux *store,
			     const struct linux_image *image)
{
	uint8_t *setup = store->setup;
	uint32_t len_bytes = (uint32_t)image->setup_bytes;
	enum status s;

	memcpy(setup, image->setup, image->setup_bytes);
	linux_fill_header(image, setup);
	linux_put32(setup + HDR_CMD_LINE_PTR, CMDLINE_AT);
	if (image->version >= 0x201) {
		setup[HDR_LOADFLAGS] |= CAN_USE_HEAP;
		linux_put16(setup + HDR_HEAP_END_PTR, HEAP_END - 0x200);
	}
	s = set_place(f, FW_CFG_SETUP_ADDRESS, SETUP_AT, FW_CFG_SETUP_SIZE, len_bytes);
	return s == OK ? fw_cfg_set_item(f, FW_CFG_SETUP_DATA, setup, len_bytes) : s;
}

static enum status set_rest(struct fw_cfg *f, const struct fw_linux *store,
			    const struct linux_image *image)
{
	uint32_t cmdline_bytes = (uint32_t)strlen(store->cmdline) + 1;
	enum status s = set_place(f, FW_CFG_KERNEL_ADDRESS, KERNEL_AT, FW_CFG_KERNEL_SIZE,
				  image->kernel_bytes);

	if (s == OK)
		s = fw_cfg_set_item(f, FW_CFG_KERNEL_DATA, image->kernel,
				    (uint32_t)image->kernel_bytes);
	if (s == OK)
		s = set_place(f, FW_CFG_CMDLINE_ADDRESS, CMDLINE_AT, FW_CFG_CMDLINE_SIZE,
			      cmdline_bytes);
	if (s == OK)
		s = fw_cfg_set_item(f, FW_CFG_CMDLINE_DATA, store->cmdline, cmdline_bytes);
	return s;
}

static enum status check(const struct loader_job *job, const struct linux_image *image,
			 uint64_t low_bytes)
{
	if (!image->high || image->version < 0x202)
		return loader_fail(job, ERR_UNSUPPORTED,
				   "a zImage, or boot protocol %u.%02u: role=kernel takes a "
				   "bzImage of 2.02 or later",
				   image->version >> 8, image->version & 0xff);
	if (image->setup_bytes > FW_LINUX_SETUP_MAX)
		return loader_fail(job, ERR_RANGE,
				   "setup_sects says %llu bytes of setup, %u at most",
				   (unsigned long long)image->setup_bytes, FW_LINUX_SETUP_MAX);
	if (job->in->config->args.len >= FW_LINUX_CMDLINE_MAX)
		return loader_fail(
			job, ERR_RANGE, "the command line has %llu characters, %u at most",
			(unsigned long long)job->in->config->args.len, FW_LINUX_CMDLINE_MAX - 1);
	if (kernel_end(image) > low_bytes)
		return loader_fail(job, ERR_RANGE,
				   "no room for the kernel: %llu bytes, unpacked up to %#llx, %llu "
				   "KiB of memory",
				   (unsigned long long)image->kernel_bytes,
				   (unsigned long long)kernel_end(image),
				   (unsigned long long)(low_bytes / KIB));
	return OK;
}

enum status loader_fw_cfg(struct fw_cfg *f, struct fw_linux *store, const struct loader_input *in,
			  uint64_t low_bytes, char *message, size_t size)
{
	/* The header is read as that of a kernel of its own. */
	struct vm_config config = {.entry = 16};
	struct loader_input alone = *in;
	struct loader_job job = {.in = &alone, .message = message, .size = size};
	struct linux_image image = {.version = 0};
	const struct loader_module *kernel;
	enum status s = loader_find_only(&job, VM_ROLE_KERNEL, &kernel);

	if (s != OK)
		return s;
	if (!kernel)
		return ERR_NOT_FOUND;
	config.args = kernel->args;
	alone.config = &config;
	alone.image = kernel->at;
	alone.len_bytes = kernel->len_bytes;
	s = linux_read(&job, &image);
	if (s == OK)
		s = check(&job, &image, low_bytes);
	if (s == OK)
		s = set_initrd(&job, f, &image, low_bytes);
	if (s != OK)
		return s;
	text_format(store->cmdline, sizeof(store->cmdline), "%.*s", (int)config.args.len,
		    config.args.at);
	s = set_setup(f, store, &image);
	return s == OK ? set_rest(f, store, &image) : s;
}
