/* vmx/vmcs.c - VMCS fields by name. */
#include "vmx/vmcs.h"

#include "kernel/panic.h"
#include "kernel/string.h"

/* The names stand one behind the other, in the order of the encodings. */
#define VMCS_ENCODING(name, encoding) encoding,
#define VMCS_NAME(name, encoding)     #name "\0"
static const uint16_t encodings[] = {VMCS_FIELDS(VMCS_ENCODING)};
static const char names[] = VMCS_FIELDS(VMCS_NAME);

static const char *next_name(const char *name)
{
	return name + strlen(name) + 1;
}

const char *vmcs_field_name(uint32_t encoding)
{
	const char *name = names;

	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++, name = next_name(name)) {
		if (encodings[i] == encoding)
			return name;
	}
	return "?";
}

const char *vmcs_field_after(const char *before, unsigned index, uint32_t *encoding)
{
	if (index >= ARRAY_SIZE(encodings))
		return NULL;
	*encoding = encodings[index];
	return before ? next_name(before) : names;
}

/* SDM 3D "Field Encoding in VMCS": bits 11:10. */
static bool is_read_only(uint32_t encoding)
{
	return ((encoding >> 10) & 3) == 1;
}

enum status vmcs_field_for_poke(struct text name, enum vmcs_field *field, bool *harmless)
{
	const char *known = names;

	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++, known = next_name(known)) {
		if (!text_is(name, known))
			continue;
		*field = (enum vmcs_field)encodings[i];
		*harmless = strncmp(known, "GUEST_", 6) == 0 || *field == VMCS_PROC_CONTROLS ||
			    *field == VMCS_EXCEPTION_BITMAP;
		return is_read_only(*field) ? ERR_UNSUPPORTED : OK;
	}
	return ERR_NOT_FOUND;
}

void vmcs_access_failed(const char *instruction, uint32_t encoding, uint64_t value)
{
	panic("%s of field %s (%#x) refused, value %#llx", instruction, vmcs_field_name(encoding),
	      encoding, (unsigned long long)value);
}
