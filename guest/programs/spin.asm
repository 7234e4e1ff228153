; guest/programs/spin.asm - never ends: a jump to itself with interrupts off.
;
; Promise: a guest that never exits by itself does not stop the hypervisor's own work (the monitor,
; other guests of the same core), and it can be stopped from outside.

%define NAME "spin"
%include "lib.inc"

main:
	line	"spin: jmp $ with interrupts off, forever"
	cli
	jmp	$
