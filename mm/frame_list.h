/*
 * mm/frame_list.h - lists of page tables that are out of use, or not yet in use.
 *
 * Pure. The head is the number of a frame plus one; 0: empty. A table on a list may still be walked
 * by a processor whose caches lead there, so its entries stand as they are: the links are in bits
 * that the processor ignores (SDM 3A "Paging-Structure Entries", SDM 3C "EPT Translation
 * Mechanism"). Only mm/radix.c includes this file.
 */
#pragma once

#include "kernel/types.h"

/* The frame is 4 KiB in the RAM that phys_ptr() reaches. */
void frame_list_push(uint64_t *head, hpa_t frame);

/* The frame comes without its link: one that was zero is all zero again. Not from an empty list. */
hpa_t frame_list_pop(uint64_t *head);
