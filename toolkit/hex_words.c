/* toolkit/hex_words.c - see toolkit/hex_words.h. */
#include "toolkit/hex_words.h"

#include "kernel/string.h"

enum status hex_read(struct text t, uint64_t most, uint64_t *number)
{
	char digits[2 + 16] = "0x";
	enum status s;

	if (t.len > 2 && t.at[0] == '0' && (t.at[1] | 0x20) == 'x')
		t = (struct text){t.at + 2, t.len - 2};
	if (t.len == 0 || t.len > 16)
		return t.len ? ERR_RANGE : ERR_INVALID;
	memcpy(digits + 2, t.at, t.len);
	s = text_to_u64((struct text){digits, t.len + 2}, number);
	return s == OK && *number > most ? ERR_RANGE : s;
}
