/* kernel/text_cr.c - see kernel/text_cr.h. */
#include "kernel/text_cr.h"

#include "kernel/types.h"

static const struct {
	uint8_t cr, bit;
	char name[11];
} names[] = {
	{0, 0, "PE"},       {0, 1, "MP"},        {0, 2, "EM"},     {0, 3, "TS"},
	{0, 4, "ET"},       {0, 5, "NE"},        {0, 16, "WP"},    {0, 18, "AM"},
	{0, 29, "NW"},      {0, 30, "CD"},       {0, 31, "PG"},    {4, 0, "VME"},
	{4, 1, "PVI"},      {4, 2, "TSD"},       {4, 3, "DE"},     {4, 4, "PSE"},
	{4, 5, "PAE"},      {4, 6, "MCE"},       {4, 7, "PGE"},    {4, 8, "PCE"},
	{4, 9, "OSFXSR"},   {4, 10, "OSXMMEXC"}, {4, 11, "UMIP"},  {4, 12, "LA57"},
	{4, 13, "VMXE"},    {4, 14, "SMXE"},     {4, 16, "FSGSB"}, {4, 17, "PCIDE"},
	{4, 18, "OSXSAVE"}, {4, 20, "SMEP"},     {4, 21, "SMAP"},  {4, 22, "PKE"},
	{4, 23, "CET"},     {4, 24, "PKS"},
};

const char *text_cr_bit(unsigned cr, unsigned bit)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].cr == cr && names[i].bit == bit)
			return names[i].name;
	}
	return NULL;
}
