/*
 * guest/vvga_registers.h - ports, indices and bits of the VGA's registers.
 *
 * Spec: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem".
 */
#pragma once

/* Ports. Those at 3Bxh are at 3Dxh instead while the miscellaneous output register says so. */
#define VGA_PORT_CRTC_INDEX       0x3b4u
#define VGA_PORT_CRTC_DATA        0x3b5u
#define VGA_PORT_STATUS_1         0x3bau /* read; written: feature control */
#define VGA_PORT_ATTRIBUTE        0x3c0u
#define VGA_PORT_ATTRIBUTE_READ   0x3c1u
#define VGA_PORT_MISC_WRITE       0x3c2u /* read: input status 0 */
#define VGA_PORT_ENABLE           0x3c3u
#define VGA_PORT_SEQUENCER        0x3c4u
#define VGA_PORT_SEQUENCER_DATA   0x3c5u
#define VGA_PORT_DAC_MASK         0x3c6u
#define VGA_PORT_DAC_READ_INDEX   0x3c7u /* read: state */
#define VGA_PORT_DAC_WRITE_INDEX  0x3c8u
#define VGA_PORT_DAC_DATA         0x3c9u
#define VGA_PORT_FEATURE_READ     0x3cau
#define VGA_PORT_MISC_READ        0x3ccu
#define VGA_PORT_GRAPHICS         0x3ceu
#define VGA_PORT_GRAPHICS_DATA    0x3cfu
#define VGA_COLOUR_PORTS          0x20u /* from 3Bxh to 3Dxh */

#define VGA_MISC_COLOUR           0x01u
#define VGA_MISC_STORED           0xefu
#define VGA_FEATURE_STORED        0x0bu
#define VGA_ATTRIBUTE_INDEX       0x1fu
#define VGA_ATTRIBUTE_PAS         0x20u
#define VGA_ATTRIBUTE_MODE        0x10u
#define VGA_MODE_GRAPHICS         0x01u
#define VGA_MODE_MONO             0x02u
#define VGA_MODE_BLINK            0x08u
#define VGA_GRAPHICS_MISC         6u
#define VGA_GRAPHICS_MISC_ON      0x01u
#define VGA_STATUS_0_SENSE        0x10u
#define VGA_STATUS_1_NO_DISPLAY   0x01u
#define VGA_STATUS_1_RETRACE      0x08u
#define VGA_DAC_WRITES            0u
#define VGA_DAC_READS             3u
#define VGA_DAC_BITS              0x3fu

#define VGA_CRTC_DISPLAY_END      0x01u
#define VGA_CRTC_OVERFLOW         0x07u
#define VGA_CRTC_MAX_SCAN_LINE    0x09u
#define VGA_CRTC_CURSOR_START     0x0au
#define VGA_CRTC_CURSOR_END       0x0bu
#define VGA_CRTC_START            0x0cu /* high byte, then low byte */
#define VGA_CRTC_CURSOR           0x0eu /* likewise */
#define VGA_CRTC_RETRACE_END      0x11u
#define VGA_CRTC_VERTICAL_DISPLAY 0x12u
#define VGA_CRTC_OFFSET           0x13u
#define VGA_OVERFLOW_COMPARE      0x10u
#define VGA_RETRACE_END_PROTECT   0x80u
#define VGA_CURSOR_OFF            0x20u
#define VGA_DOUBLE_SCAN           0x80u
#define VGA_SCAN_LINES            0x1fu
