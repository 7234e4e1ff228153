/* vmx/vm_board.c - the board of a VM out of its modules: drives, and files for its firmware. */
#include "vmx/vm_board.h"

#include "kernel/text.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/core.h"

/* CMOS: disks of a type that is none of the old table, and the nibbles of the boot order. */
#define CMOS_DISK0_TYPE    0x19u
#define CMOS_DISK1_TYPE    0x1au
#define CMOS_DISK_OWN_TYPE 47u
#define CMOS_BOOT_FLOPPY   1u
#define CMOS_BOOT_DISK     2u
#define CMOS_BOOT_CDROM    3u

#define COM1_PORT          0x3f8u

bool vm_has_role(const struct vm *vm, enum vm_role role)
{
	for (unsigned i = 0; i < vm->module_count; i++) {
		if (vm->modules[i].role == role)
			return true;
	}
	return false;
}

static struct vata_drive *free_place(struct platform_setup *setup, const unsigned order[4])
{
	for (unsigned i = 0; i < VM_DISKS_MAX; i++) {
		struct vata_drive *place = &setup->drives[order[i] / 2][order[i] % 2];

		if (place->kind == VATA_NONE)
			return place;
	}
	return NULL;
}

static enum status add_drive(struct vm_build_job *b, struct platform_setup *setup,
			     enum vata_kind kind, const void *image, uint64_t len_bytes,
			     bool read_only)
{
	static const unsigned disk_order[] = {0, 1, 2, 3}, cdrom_order[] = {2, 3, 1, 0};
	struct vm *vm = b->vm;
	struct vata_drive *place = free_place(setup, kind == VATA_DISK ? disk_order : cdrom_order);
	struct disk *disk = &vm->disks[vm->disk_count];
	enum status s;

	if (!place) {
		text_format(b->message, b->size, "more than %u drives", VM_DISKS_MAX);
		return ERR_FULL;
	}
	s = disk_init(disk, vmx_frames, image, len_bytes, read_only);
	if (s != OK) {
		text_format(b->message, b->size, "a drive of %llu bytes: %s",
			    (unsigned long long)len_bytes, status_text(s));
		return s;
	}
	vm->disk_count++;
	*place = (struct vata_drive){
		.kind = kind, .disk = disk, .number = (uint8_t)(place - &setup->drives[0][0])};
	return OK;
}

static enum status add_modules(struct vm_build_job *b, struct platform_setup *setup,
			       enum vm_role role)
{
	enum vata_kind kind = role == VM_ROLE_CDROM ? VATA_CDROM : VATA_DISK;
	struct vm *vm = b->vm;
	enum status s = OK;

	for (unsigned i = 0; i < vm->module_count && s == OK; i++) {
		const struct vm_module *m = &vm->modules[i];

		if (m->role == role)
			s = add_drive(b, setup, kind, phys_ptr(m->at), m->len_bytes,
				      kind == VATA_CDROM || m->read_only);
	}
	return s;
}

/* Disks take the places from the first on, CD-ROM drives from the second channel's first on. */
static enum status add_drives(struct vm_build_job *b, struct platform_setup *setup)
{
	struct vm *vm = b->vm;
	enum status s = OK;

	if (vm->config.kind == VM_KIND_DISK)
		s = add_drive(b, setup, VATA_DISK, phys_ptr(vm->image), vm->image_len_bytes, false);
	if (s == OK)
		s = add_modules(b, setup, VM_ROLE_DISK);
	return s == OK ? add_modules(b, setup, VM_ROLE_CDROM) : s;
}

/* ---- what firmware asks for ---- */

static bool has_file(const struct vm *vm, const char *name)
{
	for (unsigned i = 0; i < vm->module_count; i++) {
		if (vm->modules[i].role == VM_ROLE_FWCFG && text_is(vm->modules[i].file, name))
			return true;
	}
	return false;
}

/* A file that the user has given himself takes the place of ours. */
static enum status add_own_number(struct vm *vm, const char *name, uint64_t value)
{
	return has_file(vm, name)
		       ? OK
		       : fw_cfg_add_number(&vm->platform.fw_cfg, name, value, sizeof(value));
}

static enum status add_module_file(struct vm *vm, const struct vm_module *m, unsigned number)
{
	char name[VM_FILE_MAX + 1];

	if (m->len_bytes > UINT32_MAX)
		return ERR_RANGE;
	switch (m->role) {
	case VM_ROLE_FLOPPY:
		text_format(name, sizeof(name), "floppyimg/%u.img", number);
		break;
	case VM_ROLE_FWCFG:
		text_format(name, sizeof(name), "%.*s", (int)m->file.len, m->file.at);
		break;
	default:
		return OK;
	}
	return fw_cfg_add_file(&vm->platform.fw_cfg, name, phys_ptr(m->at), (uint32_t)m->len_bytes);
}

static enum status add_firmware_files(struct vm_build_job *b, const struct platform_setup *setup)
{
	struct vm *vm = b->vm;
	struct vm_firmware_tables *t = &vm->tables;
	unsigned ranges = setup->high_bytes ? 2 : 1;
	enum status s = OK;

	t->ram[0] = (struct e820_entry){.len = setup->low_bytes, .type = E820_RAM};
	t->ram[1] =
		(struct e820_entry){.base = 4 * GIB, .len = setup->high_bytes, .type = E820_RAM};
	if (!has_file(vm, "etc/e820"))
		s = fw_cfg_add_file(&vm->platform.fw_cfg, "etc/e820", t->ram,
				    (uint32_t)(ranges * sizeof(t->ram[0])));
	if (s == OK && !vm->config.text_display)
		s = add_own_number(vm, "etc/sercon-port", COM1_PORT);
	if (s == OK)
		s = add_own_number(vm, "etc/show-boot-menu", 0); /* do not wait for a key */
	for (unsigned i = 0; i < vm->module_count && s == OK; i++)
		s = add_module_file(vm, &vm->modules[i], i);
	if (s != OK)
		text_format(b->message, b->size, "files for its firmware: %s", status_text(s));
	return s;
}

/* What a BIOS without fw_cfg looks at: which disks there are, and what to boot from, a nibble for
 * each try. The order is: floppy, disk, CD-ROM. */
static void set_boot_order(struct vm *vm, const struct platform_setup *setup)
{
	const struct vata_drive *drives = &setup->drives[0][0];
	struct vrtc *rtc = &vm->platform.rtc;
	bool disk[2] = {drives[0].kind == VATA_DISK, drives[1].kind == VATA_DISK};
	unsigned order = 0, shift = 0;
	bool has[CMOS_BOOT_CDROM + 1] = {false};

	for (unsigned i = 0; i < VM_DISKS_MAX; i++) {
		has[CMOS_BOOT_DISK] |= drives[i].kind == VATA_DISK;
		has[CMOS_BOOT_CDROM] |= drives[i].kind == VATA_CDROM;
	}
	has[CMOS_BOOT_FLOPPY] = vm_has_role(vm, VM_ROLE_FLOPPY);
	for (unsigned what = CMOS_BOOT_FLOPPY; what <= CMOS_BOOT_CDROM; what++) {
		if (!has[what])
			continue;
		order |= what << shift;
		shift += 4;
	}
	vrtc_set_cmos(rtc, VRTC_CMOS_BOOT_SEQUENCE, (uint8_t)order);
	vrtc_set_cmos(rtc, VRTC_CMOS_BOOT_THIRD, (uint8_t)(order >> 4 & 0xf0));
	vrtc_set_cmos(rtc, VRTC_CMOS_DISKS, (uint8_t)((disk[0] ? 0xf0 : 0) | (disk[1] ? 0x0f : 0)));
	vrtc_set_cmos(rtc, CMOS_DISK0_TYPE, disk[0] ? CMOS_DISK_OWN_TYPE : 0);
	vrtc_set_cmos(rtc, CMOS_DISK1_TYPE, disk[1] ? CMOS_DISK_OWN_TYPE : 0);
}

enum status vm_make_board(struct vm_build_job *b)
{
	struct vm *vm = b->vm;
	uint64_t low = min_u64(vm->config.mem_bytes, GUEST_MEMORY_LOW_END);
	struct platform_setup setup = {
		.now_ns = vm_now_ns(vm),
		.unix_s = host_ops->wall_clock_s(),
		.memory = &vm->memory,
		.low_bytes = low,
		.high_bytes = vm->config.mem_bytes - low,
		.debug_exit_port = vm->config.debug_exit_port,
		.debug_console_port = vm->config.debug_console_port,
		.typed = vm->config.text_display,
	};
	enum status s = add_drives(b, &setup);

	if (s != OK)
		return s;
	s = platform_init(&vm->platform, &setup);
	if (s != OK) {
		text_format(b->message, b->size, "debugexit= or debugcon=: %s",
			    s == ERR_EXISTS ? "another device's port" : status_text(s));
		return s;
	}
	set_boot_order(vm, &setup);
	return add_firmware_files(b, &setup);
}
