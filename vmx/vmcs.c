/* vmx/vmcs.c - VMCS fields by name. */
#include "vmx/vmcs.h"

#include "kernel/panic.h"
#include "kernel/string.h"

static const struct {
	uint32_t encoding;
	const char *name;
} fields[] = {
#define VMCS_NAME(name, encoding) {encoding, #name},
	VMCS_FIELDS(VMCS_NAME)
#undef VMCS_NAME
};

const char *vmcs_field_name(uint32_t encoding)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].encoding == encoding)
			return fields[i].name;
	}
	return "?";
}

static bool may_be_poked(enum vmcs_field field, const char *name)
{
	return strncmp(name, "GUEST_", 6) == 0
		       ? field != VMCS_GUEST_PHYSICAL_ADDRESS && field != VMCS_GUEST_LINEAR_ADDRESS
		       : field == VMCS_PROC_CONTROLS || field == VMCS_EXCEPTION_BITMAP;
}

enum status vmcs_field_for_poke(struct text name, enum vmcs_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!text_is(name, fields[i].name))
			continue;
		*field = (enum vmcs_field)fields[i].encoding;
		return may_be_poked(*field, fields[i].name) ? OK : ERR_UNSUPPORTED;
	}
	return ERR_NOT_FOUND;
}

void vmcs_access_failed(const char *instruction, uint32_t encoding, uint64_t value)
{
	panic("%s of field %s (%#x) refused, value %#llx", instruction, vmcs_field_name(encoding),
	      encoding, (unsigned long long)value);
}
