/*
 * guest/loader_fw_cfg.h - a Linux kernel for a guest whose firmware loads it out of fw_cfg.
 *
 * Pure. For kind=bios and kind=disk with role=kernel (and role=initrd): the items that QEMU's
 * option ROM "linuxboot" looks for, with the setup header filled in as a loader has to. The ROM
 * itself is a file of the user's (role=fwcfg file=genroms/linuxboot.bin).
 * Spec: The Linux/x86 Boot Protocol, "Details of Header Fields", "Sample Boot Configuration".
 */
#pragma once

#include "guest/fw_cfg.h"
#include "guest/loader.h"

#define FW_LINUX_SETUP_MAX   (65 * 512u) /* setup_sects is 64 at most, and the boot sector */
#define FW_LINUX_CMDLINE_MAX 2048u       /* with its NUL */

/* What is not in the modules as it has to be. It stays where it is as long as the device. */
struct fw_linux {
	uint8_t setup[FW_LINUX_SETUP_MAX];
	char cmdline[FW_LINUX_CMDLINE_MAX];
};

/*
 * Gives f the items of the kernel and, if there is one, of the initrd, out of in->modules.
 * low_bytes is the RAM below 4 GiB. ERR_NOT_FOUND: there is no role=kernel, and nothing was done.
 * Other errors with a line in message, as loader_load().
 */
MUST_CHECK enum status loader_fw_cfg(struct fw_cfg *f, struct fw_linux *store,
				     const struct loader_input *in, uint64_t low_bytes,
				     char *message, size_t size);
