/* kernel/text.c - see kernel/text.h. */
#include "kernel/text.h"

#include "kernel/string.h"

struct output {
	char *to;
	size_t size; /* room, with the final NUL */
	size_t len;  /* of the whole text, also of what had no room */
};

enum length { LENGTH_CHAR, LENGTH_SHORT, LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

/* One conversion, as %-08.3lx describes it. */
struct spec {
	bool left, zero, alternate, plus, space;
	int width;
	int precision; /* -1: none */
	enum length length;
};

static void put(struct output *o, char c)
{
	if (o->len + 1 < o->size)
		o->to[o->len] = c;
	o->len++;
}

static void put_many(struct output *o, char c, int count)
{
	while (count-- > 0)
		put(o, c);
}

static void put_padded(struct output *o, const struct spec *s, const char *text, size_t len)
{
	int padding = s->width > 0 && len < (size_t)s->width ? s->width - (int)len : 0;

	if (!s->left)
		put_many(o, ' ', padding);
	for (size_t i = 0; i < len; i++)
		put(o, text[i]);
	if (s->left)
		put_many(o, ' ', padding);
}

/* Digits of value at the end of a buffer; returns where they start. */
static char *digits(char *end, uint64_t value, unsigned base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	while (value != 0) {
		*--end = set[value % base];
		value /= base;
	}
	return end;
}

static void put_number(struct output *o, const struct spec *s, uint64_t value, unsigned base,
		       bool upper, const char *prefix)
{
	char buffer[24];
	char *end = buffer + sizeof(buffer);
	const char *start = digits(end, value, base, upper);
	int count = (int)(end - start);
	int least = s->precision >= 0 ? s->precision : 1;
	int prefix_len = (int)strlen(prefix);
	int zeros = least > count ? least - count : 0;

	/* Zero padding gives way to a precision and to left alignment, as in C. */
	if (s->zero && !s->left && s->precision < 0 && s->width > count + zeros + prefix_len)
		zeros = s->width - count - prefix_len;

	int padding = s->width - (count + zeros + prefix_len);

	if (!s->left)
		put_many(o, ' ', padding);
	while (*prefix != '\0')
		put(o, *prefix++);
	put_many(o, '0', zeros);
	while (start < end)
		put(o, *start++);
	if (s->left)
		put_many(o, ' ', padding);
}

static int64_t signed_argument(enum length length, va_list *args)
{
	switch (length) {
	case LENGTH_CHAR:
		return (signed char)va_arg(*args, int);
	case LENGTH_SHORT:
		return (short)va_arg(*args, int);
	case LENGTH_INT:
		return va_arg(*args, int);
	case LENGTH_LONG:
		return va_arg(*args, long);
	case LENGTH_LONG_LONG:
		return va_arg(*args, long long);
	case LENGTH_SIZE:
		return (int64_t)va_arg(*args, size_t);
	}
	return 0;
}

static uint64_t unsigned_argument(enum length length, va_list *args)
{
	switch (length) {
	case LENGTH_CHAR:
		return (unsigned char)va_arg(*args, unsigned int);
	case LENGTH_SHORT:
		return (unsigned short)va_arg(*args, unsigned int);
	case LENGTH_INT:
		return va_arg(*args, unsigned int);
	case LENGTH_LONG:
		return va_arg(*args, unsigned long);
	case LENGTH_LONG_LONG:
		return va_arg(*args, unsigned long long);
	case LENGTH_SIZE:
		return va_arg(*args, size_t);
	}
	return 0;
}

static void put_signed(struct output *o, const struct spec *s, va_list *args)
{
	int64_t value = signed_argument(s->length, args);
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
	const char *sign = "";

	if (value < 0)
		sign = "-";
	else if (s->plus)
		sign = "+";
	else if (s->space)
		sign = " ";
	put_number(o, s, magnitude, 10, false, sign);
}

static void put_hexadecimal(struct output *o, const struct spec *s, bool upper, va_list *args)
{
	uint64_t value = unsigned_argument(s->length, args);
	const char *prefix = upper ? "0X" : "0x";

	put_number(o, s, value, 16, upper, s->alternate && value != 0 ? prefix : "");
}

static void put_string(struct output *o, const struct spec *s, va_list *args)
{
	const char *text = va_arg(*args, const char *);
	size_t len = 0;

	if (text == NULL)
		text = "(null)";
	/* A precision bounds the read too: the text need not end by NUL then. */
	while ((s->precision < 0 || len < (size_t)s->precision) && text[len] != '\0')
		len++;
	put_padded(o, s, text, len);
}

/* Reads a number or, for '*', takes an argument. -1 if there is neither. */
static int read_count(const char **format, va_list *args)
{
	int value = 0;

	if (**format == '*') {
		(*format)++;
		return va_arg(*args, int);
	}
	if (**format < '0' || **format > '9')
		return -1;
	while (**format >= '0' && **format <= '9') {
		if (value < 1000000)
			value = value * 10 + (**format - '0');
		(*format)++;
	}
	return value;
}

static void read_flags(const char **format, struct spec *s)
{
	for (;; (*format)++) {
		switch (**format) {
		case '-':
			s->left = true;
			break;
		case '0':
			s->zero = true;
			break;
		case '#':
			s->alternate = true;
			break;
		case '+':
			s->plus = true;
			break;
		case ' ':
			s->space = true;
			break;
		default:
			return;
		}
	}
}

static enum length read_length(const char **format)
{
	static const struct {
		const char *text;
		enum length length;
	} lengths[] = {
		{"hh", LENGTH_CHAR}, {"h", LENGTH_SHORT}, {"ll", LENGTH_LONG_LONG},
		{"l", LENGTH_LONG},  {"z", LENGTH_SIZE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = strlen(lengths[i].text);

		if (strncmp(*format, lengths[i].text, len) == 0) {
			*format += len;
			return lengths[i].length;
		}
	}
	return LENGTH_INT;
}

/* Reads what stands between '%' and the letter. */
static struct spec read_spec(const char **format, va_list *args)
{
	struct spec s = {.precision = -1};
	int width;

	read_flags(format, &s);
	width = read_count(format, args);
	if (width < -1) { /* only '*' can give that: C takes it as the flag '-' */
		s.left = true;
		width = width == INT32_MIN ? 0 : -width;
	}
	s.width = width > 0 ? width : 0;
	if (**format == '.') {
		(*format)++;
		s.precision = read_count(format, args);
		/* "%.d" means precision 0; a negative one from '*' means none. */
		if (s.precision == -1 && (*format)[-1] == '.')
			s.precision = 0;
		else if (s.precision < 0)
			s.precision = -1;
	}
	s.length = read_length(format);
	return s;
}

/* Prints one conversion; false if its letter is not known. */
static bool put_conversion(struct output *o, char letter, struct spec *s, va_list *args)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(o, s, args);
		return true;
	case 'u':
		put_number(o, s, unsigned_argument(s->length, args), 10, false, "");
		return true;
	case 'x':
	case 'X':
		put_hexadecimal(o, s, letter == 'X', args);
		return true;
	case 'p':
		put_number(o, s, (uintptr_t)va_arg(*args, void *), 16, false, "0x");
		return true;
	case 'c':
		c = (char)va_arg(*args, int);
		put_padded(o, s, &c, 1);
		return true;
	case 's':
		put_string(o, s, args);
		return true;
	case '%':
		put(o, '%');
		return true;
	default:
		return false;
	}
}

size_t text_vformat(char *to, size_t size, const char *format, va_list args)
{
	struct output o = {.to = to, .size = size};
	va_list copy;

	/* A copy, since the address of a va_list parameter is not that of a va_list (it may be an
	 * array that has decayed). */
	va_copy(copy, args);
	while (*format != '\0') {
		const char *start = format;

		if (*format++ != '%') {
			put(&o, *start);
			continue;
		}

		struct spec s = read_spec(&format, &copy);

		if (*format != '\0' && put_conversion(&o, *format, &s, &copy)) {
			format++;
			continue;
		}
		while (start < format)
			put(&o, *start++);
	}
	va_end(copy);
	if (size > 0)
		to[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t text_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = text_vformat(to, size, format, args);
	va_end(args);
	return len;
}
