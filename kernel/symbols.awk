# kernel/symbols.awk - `nm -n lintel.elf` in, the symbol table as NASM source out
# (kernel/symbols.h).
#
# Only text symbols of the upper half; local labels of assembly and the linker script's borders are
# left out (a dot stays where it is the compiler's: f.cold, f.part.0). The offset from
# KERNEL_VIRT_BASE is the address less its first eight digits: so no awk ever computes with 64 bits.

BEGIN {
	count = 0
}

$3 ~ /\./ && $3 !~ /\.(cold|part|isra|constprop)(\.|$)/ {
	next
}

$2 ~ /^[tT]$/ && $1 ~ /^ffffffff[89a-f]/ && $3 !~ /^kernel_(start|text_start|text_end)$/ {
	if (substr($1, 9) == last)
		next
	last = substr($1, 9)
	at[count] = last
	name[count++] = $3
}

END {
	print "global symbols_count, symbols_at, symbols_name_at, symbols_names"
	print "section .symbols progbits alloc noexec nowrite align=8"
	print "symbols_count: dd " count
	print "symbols_at:"
	for (i = 0; i < count; i++)
		print "\tdd 0x" at[i] " - 0x80000000"
	print "symbols_name_at:"
	offset = 0
	for (i = 0; i < count; i++) {
		print "\tdd " offset
		offset += length(name[i]) + 1
	}
	print "symbols_names:"
	for (i = 0; i < count; i++)
		print "\tdb \"" name[i] "\", 0"
}
