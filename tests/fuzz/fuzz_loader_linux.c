/*
 * tests/fuzz/fuzz_loader_linux.c - guest/loader_linux*.c with spoilt bzImages (libFuzzer).
 *
 * A kernel that is taken has its parts inside of RAM and apart from each other.
 */
#include "tests/fuzz/loader_machine.h"
#include "tests/unit/linux_image.h"

#define SETUP  1536u
#define KERNEL 3000u

static uint8_t seed[SETUP + KERNEL];

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(seed + at, &value, size);
}

static void make_seed(unsigned version)
{
	make_bzimage(seed, sizeof(seed), SETUP, KERNEL);
	put(0x206, version, 2);
	put(0x230, 0x1000, 4);
	put(0x236, 3, 2);
	put(0x238, 255, 4);
	put(0x258, 0x180000, 8);
	put(0x260, 0x10000, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t initrd[5000];
	const struct loader_module module = {
		.role = VM_ROLE_INITRD, .at = initrd, .len_bytes = sizeof(initrd)};
	struct vm_config config = {.kind = VM_KIND_LINUX, .args = text_from("quiet")};
	struct loader_input in = {.config = &config,
				  .modules = &module,
				  .firmware = firmware,
				  .firmware_len_bytes = sizeof(firmware)};
	uint8_t *image;
	size_t len;

	if (size == 0)
		return 0;
	start_machine();
	make_seed(0x200 + (data[0] >> 4));
	config.entry = 16u << (data[0] >> 2 & 3) % 3;
	in.module_count = size & 1;
	image = make_image(seed, sizeof(seed), &data, &size, &len);
	in.image = image;
	in.len_bytes = len;
	run_loader(&in);
	free(image);
	return 0;
}
