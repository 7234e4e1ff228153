/* kernel/version.h - which Lintel this is: `git describe` of the build, such as "v1.0-3-gabcdef0".
 * */
#pragma once

/* Defined in build/version.c, which the Makefile writes. */
extern const char lintel_version[];

/* The version of the last release for CPUID: major << 16 | minor << 8 | patch. */
#define LINTEL_VERSION_NUMBER 0x000100u
