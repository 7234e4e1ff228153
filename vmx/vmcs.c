/* vmx/vmcs.c - VMCS fields by name. */
#include "vmx/vmcs.h"

#include "kernel/panic.h"

const char *vmcs_field_name(uint32_t encoding)
{
	static const struct {
		uint32_t encoding;
		const char *name;
	} fields[] = {
#define VMCS_NAME(name, encoding) {encoding, #name},
		VMCS_FIELDS(VMCS_NAME)
#undef VMCS_NAME
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].encoding == encoding)
			return fields[i].name;
	}
	return "?";
}

void vmcs_access_failed(const char *instruction, uint32_t encoding, uint64_t value)
{
	panic("%s of field %s (%#x) refused, value %#llx", instruction, vmcs_field_name(encoding),
	      encoding, (unsigned long long)value);
}
