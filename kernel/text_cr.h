/* kernel/text_cr.h - the bits of CR0 and CR4 by name. Pure. Spec: SDM 3A "Control Registers". */
#pragma once

/* "PE", "OSFXSR"; NULL: bit has no name. cr: 0 or 4. Names have less than 11 characters. */
const char *text_cr_bit(unsigned cr, unsigned bit);
