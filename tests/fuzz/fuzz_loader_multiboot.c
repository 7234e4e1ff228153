/*
 * tests/fuzz/fuzz_loader_multiboot.c - guest/loader_multiboot*.c and guest/loader_elf.c with spoilt
 * kernels (libFuzzer): ELF32, ELF64 and addresses in the header, both versions.
 */
#include "tests/fuzz/loader_machine.h"

#define HEADER 0x200u
#define TEXT   0x400u

static uint8_t seed[0x800];

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(seed + at, &value, size);
}

static void put_elf(bool wide)
{
	unsigned table = wide ? 64 : 52, step = wide ? 56 : 32, w = wide ? 8 : 4;

	put(0, 0x464c457f, 4);
	put(4, wide ? 2 : 1, 1);
	put(5, 1, 1);
	put(16, 2, 2);
	put(18, wide ? 62 : 3, 2);
	put(24, 0x100010, w);
	put(24 + w, table, w);
	put(wide ? 54 : 42, step, 2);
	put(wide ? 56 : 44, 2, 2);
	for (unsigned i = 0; i < 2; i++) {
		unsigned p = table + step * i, f = p + (wide ? 8 : 4);

		put(p, 1, 4);
		put(f, TEXT + i * 0x200, w);
		put(f + w, 0x100000 + i * 0x200, w);
		put(f + 2 * w, 0x100000 + i * 0x200, w);
		put(f + 3 * w, 0x200, w);
		put(f + 4 * w, i ? 0x3000 : 0x200, w);
	}
}

static void put_header_1(bool addresses)
{
	uint32_t flags = addresses ? 0x10003 : 3;

	put(HEADER, 0x1badb002, 4);
	put(HEADER + 4, flags, 4);
	put(HEADER + 12, 0x180000, 4);
	put(HEADER + 16, 0x180000, 4);
	put(HEADER + 24, 0x190000, 4);
	put(HEADER + 28, 0x180020, 4);
}

static void put_header_2(bool relocatable)
{
	put(HEADER, 0xe85250d6, 4);
	put(HEADER + 8, 80, 4);
	put(HEADER + 16, 1, 2); /* information request */
	put(HEADER + 20, 16, 4);
	put(HEADER + 24, 3, 4);
	put(HEADER + 28, 6, 4);
	put(HEADER + 32, relocatable ? 10 : 2, 2);
	put(HEADER + 36, 24, 4);
	put(HEADER + 40, relocatable ? 0 : 0x180200, 4);
	put(HEADER + 44, relocatable ? 0x1fffff : 0x180000, 4);
	put(HEADER + 48, relocatable ? 0x1000 : 0, 4);
	put(HEADER + 56, relocatable ? 4 : 3, 2);
	put(HEADER + 60, 12, 4);
	put(HEADER + 64, relocatable ? 3 : 0x180010, 4);
	put(HEADER + 72, 0, 4);
	put(HEADER + 76, 8, 4);
}

/* The sum would be wrong after nearly every change: it is made right, but for some inputs. */
static void mend_sum(uint8_t *image, size_t len, bool second)
{
	unsigned words = second ? 3 : 2;
	uint32_t sum = 0, word;

	if (len < HEADER + 16)
		return;
	for (unsigned i = 0; i < words; i++) {
		memcpy(&word, image + HEADER + i * 4, 4);
		sum -= word;
	}
	memcpy(image + HEADER + words * 4, &sum, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t bytes[5000];
	const struct loader_module modules[] = {
		{.role = VM_ROLE_MODULE, .at = bytes, .len_bytes = sizeof(bytes)},
		{.role = VM_ROLE_MODULE, .at = bytes, .len_bytes = 1, .args = text_from("a b")}};
	struct vm_config config = {
		.kind = VM_KIND_MULTIBOOT, .entry = 16, .args = text_from("quiet")};
	struct loader_input in = {.config = &config, .modules = modules};
	uint8_t *image;
	size_t len;

	if (size == 0)
		return 0;
	start_machine();
	memset(seed, 0, sizeof(seed));
	put_elf(data[0] & 4);
	if (data[0] & 8)
		put_header_2(data[0] & 16);
	else
		put_header_1(data[0] & 16);
	in.module_count = data[0] >> 5 & 1 ? 2 : 0;
	image = make_image(seed, sizeof(seed), &data, &size, &len);
	if (!(data[0] & 64) || data[0] & 128)
		mend_sum(image, len, data[0] & 8);
	in.image = image;
	in.len_bytes = len;
	run_loader(&in);
	free(image);
	return 0;
}
