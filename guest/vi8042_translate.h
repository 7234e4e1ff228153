/*
 * guest/vi8042_translate.h - set 2 of scan codes to set 1, as the controller does it.
 *
 * Pure.
 * Spec: IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard/Auxiliary Device
 * Controller", scan code translation.
 */
#pragma once

#include "kernel/types.h"

/* One byte but F0h, which only sets bit 7 of what follows it. */
uint8_t vi8042_translate(uint8_t code);
