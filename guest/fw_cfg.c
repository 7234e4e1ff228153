/*
 * guest/fw_cfg.c - QEMU's firmware configuration device; see guest/fw_cfg.h.
 */
#include "guest/fw_cfg.h"

#include "kernel/assert.h"
#include "kernel/string.h"

enum {
	SELECTOR = 0, /* registers */
	DATA = 1,
	DMA_HIGH = 4,
	DMA_LOW = 8,

	KEY_LOCAL = 0x8000, /* of a key; bit 14 asked for writing once and means nothing */
	KEY_INDEX = 0x3fff,

	ID_TRADITIONAL = 0x01,
	ID_DMA = 0x02,

	ENTRY_SIZE = 64, /* of the file directory: size, key, reserved word, name */
	ENTRY_KEY = 4,
	ENTRY_NAME = 8,

	DESCRIPTOR_SIZE = 16, /* of a transfer: control, length, address */
	DESCRIPTOR_LENGTH = 4,
	DESCRIPTOR_ADDRESS = 8,
};

enum {
	CONTROL_ERROR = 0x01,
	CONTROL_READ = 0x02,
	CONTROL_SKIP = 0x04,
	CONTROL_SELECT = 0x08, /* the key stands in bits 16 to 31 */
	CONTROL_WRITE = 0x10,
};

_Static_assert(ENTRY_NAME + FW_CFG_NAME_SIZE == ENTRY_SIZE, "one entry of the file directory");

static void store_be32(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t load_be32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

/* The item of a key; NULL if there can be none. */
static struct fw_cfg_item *find(struct fw_cfg *f, uint16_t key)
{
	uint16_t index = key & KEY_INDEX;

	if (key & KEY_LOCAL)
		return index < ARRAY_SIZE(f->local) ? &f->local[index] : NULL;
	return index < ARRAY_SIZE(f->items) ? &f->items[index] : NULL;
}

static void select_item(struct fw_cfg *f, uint16_t key)
{
	f->key = key;
	f->offset = 0;
}

/* Up to wanted bytes of the selected item that come next, and steps over them. */
static uint32_t next_bytes(struct fw_cfg *f, uint64_t wanted, const uint8_t **at)
{
	const struct fw_cfg_item *item = find(f, f->key);
	uint32_t len_bytes;

	if (!item || f->offset == item->len_bytes)
		return 0;
	len_bytes = (uint32_t)min_u64(wanted, item->len_bytes - f->offset);
	*at = (item->data ? item->data : item->number) + f->offset;
	f->offset += len_bytes;
	return len_bytes;
}

void fw_cfg_read_run(struct fw_cfg *f, void *to, uint64_t count)
{
	const uint8_t *from = NULL;
	uint32_t len_bytes = next_bytes(f, count, &from);

	if (len_bytes > 0)
		memcpy(to, from, len_bytes);
	memset((uint8_t *)to + len_bytes, 0, count - len_bytes);
}

static enum status write_zeros(struct fw_cfg *f, uint64_t at, uint64_t len_bytes)
{
	const uint8_t zeros[256] = {0};
	enum status s = OK;

	for (uint64_t done = 0; done < len_bytes && s == OK; done += sizeof(zeros))
		s = guest_memory_write(f->memory, gpa(at + done), zeros,
				       min_u64(sizeof(zeros), len_bytes - done));
	return s;
}

static uint32_t read_into_ram(struct fw_cfg *f, uint64_t at, uint32_t len_bytes)
{
	const uint8_t *from = NULL;
	uint32_t known = next_bytes(f, len_bytes, &from);
	enum status s;

	if (len_bytes - known > FW_CFG_ZEROS_MAX ||
	    !guest_memory_contains(f->memory, gpa(at), len_bytes))
		return CONTROL_ERROR;
	s = guest_memory_write(f->memory, gpa(at), from, known);
	if (s == OK)
		s = write_zeros(f, at + known, len_bytes - known);
	return s == OK ? 0 : CONTROL_ERROR;
}

/* Returns what goes back into the control field. Of several commands the first of read, write and
 * skip counts, and a failed one steps over its bytes as a good one, as in QEMU. */
static uint32_t transfer(struct fw_cfg *f, const uint8_t *descriptor)
{
	uint32_t control = load_be32(descriptor);
	uint32_t len_bytes = load_be32(descriptor + DESCRIPTOR_LENGTH);
	uint64_t high = load_be32(descriptor + DESCRIPTOR_ADDRESS);
	const uint8_t *unused;

	if (control & CONTROL_SELECT)
		select_item(f, (uint16_t)(control >> 16));
	if (control & CONTROL_READ)
		return read_into_ram(f, high << 32 | load_be32(descriptor + DESCRIPTOR_ADDRESS + 4),
				     len_bytes);
	if (control & (CONTROL_WRITE | CONTROL_SKIP))
		next_bytes(f, len_bytes, &unused);
	return (control & CONTROL_WRITE) && len_bytes > 0 ? CONTROL_ERROR : 0;
}

static void run_dma(struct fw_cfg *f)
{
	uint8_t descriptor[DESCRIPTOR_SIZE], answer[sizeof(uint32_t)];
	uint64_t at = f->dma_address;
	uint32_t control = CONTROL_ERROR;

	f->dma_address = 0;
	f->transfers++;
	if (guest_memory_read(f->memory, gpa(at), descriptor, sizeof(descriptor)) == OK)
		control = transfer(f, descriptor);
	store_be32(answer, control);
	if (guest_memory_write(f->memory, gpa(at), answer, sizeof(answer)) != OK || control != 0)
		f->errors++;
}

static void write_register(struct fw_cfg *f, const struct io_access *io)
{
	if (io->port == SELECTOR && io->size == 2) {
		select_item(f, (uint16_t)io->value);
	} else if (io->port == DMA_HIGH && io->size == 4) {
		f->dma_address = (uint64_t)__builtin_bswap32(io->value) << 32;
	} else if (io->port == DMA_LOW && io->size == 4 && f->memory) {
		f->dma_address |= __builtin_bswap32(io->value);
		run_dma(f);
	}
}

/* A byte from either register is data. Wider, as in QEMU: 511h still gives its byte, and 510h is a
 * selector, which reads as 0. */
static uint8_t read_control(struct fw_cfg *f, const struct io_access *io, unsigned at)
{
	uint8_t byte = 0;

	if (io->size == 1 || (io->port == DATA && at == DATA))
		fw_cfg_read_run(f, &byte, 1);
	return byte;
}

void fw_cfg_access(void *state, struct io_access *io)
{
	static const uint8_t dma_signature[] = {'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G'};
	struct fw_cfg *f = state;

	ASSERT(io->port < FW_CFG_PORTS);
	if (io->write) {
		write_register(f, io);
		return;
	}
	io->value = 0;
	for (unsigned i = 0; i < io->size; i++) {
		unsigned at = io->port + i;
		uint8_t byte = 0xff;

		if (at <= DATA)
			byte = read_control(f, io, at);
		else if (at >= DMA_HIGH && at < FW_CFG_PORTS && f->memory)
			byte = dma_signature[at - DMA_HIGH];
		io->value |= (uint32_t)byte << (8 * i);
	}
}

uint64_t fw_cfg_some(void *state, const struct io_run *run)
{
	if (run->write || run->size != 1 || run->port > DATA)
		return 0;
	fw_cfg_read_run(state, run->at, run->count);
	return run->count;
}

static void put_number(struct fw_cfg_item *item, uint64_t value, uint32_t len_bytes)
{
	*item = (struct fw_cfg_item){.len_bytes = len_bytes};
	memcpy(item->number, &value, sizeof(value));
}

void fw_cfg_reset(struct fw_cfg *f)
{
	select_item(f, FW_CFG_SIGNATURE);
	f->dma_address = 0;
}

void fw_cfg_init(struct fw_cfg *f, struct guest_memory *m, uint64_t ram_bytes, unsigned cpus)
{
	static const uint8_t signature[] = {'Q', 'E', 'M', 'U'};

	*f = (struct fw_cfg){.memory = m};
	f->items[FW_CFG_SIGNATURE] =
		(struct fw_cfg_item){.data = signature, .len_bytes = sizeof(signature)};
	f->items[FW_CFG_FILE_DIRECTORY] =
		(struct fw_cfg_item){.data = f->directory, .len_bytes = sizeof(f->directory)};
	put_number(&f->items[FW_CFG_ID], m ? ID_TRADITIONAL | ID_DMA : ID_TRADITIONAL, 4);
	put_number(&f->items[FW_CFG_RAM_SIZE], ram_bytes, 8);
	put_number(&f->items[FW_CFG_NO_GRAPHIC], 1, 2);
	put_number(&f->items[FW_CFG_CPUS], cpus, 2);
	put_number(&f->items[FW_CFG_MAX_CPUS], cpus, 2);
	put_number(&f->items[FW_CFG_BOOT_MENU], 0, 2);
	fw_cfg_reset(f);
}

static enum status add(struct fw_cfg *f, const char *name, const struct fw_cfg_item *item)
{
	size_t name_len = strlen(name);
	uint8_t *entry = f->directory + 4;

	if (name_len == 0 || name_len >= FW_CFG_NAME_SIZE)
		return ERR_RANGE;
	for (uint32_t i = 0; i < f->file_count; i++, entry += ENTRY_SIZE)
		if (strcmp((const char *)entry + ENTRY_NAME, name) == 0)
			return ERR_EXISTS;
	if (f->file_count == FW_CFG_FILES)
		return ERR_FULL;
	f->items[FW_CFG_FILE_FIRST + f->file_count] = *item;
	store_be32(entry, item->len_bytes);
	store_be32(entry + ENTRY_KEY, (FW_CFG_FILE_FIRST + f->file_count) << 16);
	memcpy(entry + ENTRY_NAME, name, name_len);
	f->file_count++;
	store_be32(f->directory, f->file_count);
	return OK;
}

enum status fw_cfg_add_file(struct fw_cfg *f, const char *name, const void *data,
			    uint32_t len_bytes)
{
	struct fw_cfg_item item = {.data = data, .len_bytes = len_bytes};

	ASSERT(data || len_bytes == 0);
	return add(f, name, &item);
}

enum status fw_cfg_add_number(struct fw_cfg *f, const char *name, uint64_t value,
			      uint32_t len_bytes)
{
	struct fw_cfg_item item;

	if (len_bytes == 0 || len_bytes > sizeof(value))
		return ERR_RANGE;
	put_number(&item, value, len_bytes);
	return add(f, name, &item);
}

static bool may_set(uint16_t key)
{
	if (key & KEY_LOCAL)
		return key < KEY_LOCAL + FW_CFG_LOCALS;
	return key > FW_CFG_ID && key < FW_CFG_FILE_DIRECTORY;
}

enum status fw_cfg_set_item(struct fw_cfg *f, uint16_t key, const void *data, uint32_t len_bytes)
{
	ASSERT(data || len_bytes == 0);
	if (!may_set(key))
		return ERR_RANGE;
	*find(f, key) = (struct fw_cfg_item){.data = data, .len_bytes = len_bytes};
	return OK;
}

enum status fw_cfg_set_number(struct fw_cfg *f, uint16_t key, uint64_t value, uint32_t len_bytes)
{
	if (!may_set(key) || len_bytes == 0 || len_bytes > sizeof(value))
		return ERR_RANGE;
	put_number(find(f, key), value, len_bytes);
	return OK;
}
