; guest/programs/oneshot.asm - the smallest guest: one VM entry, one exit.
;
; Promise: HLT with interrupts off, which nothing can end, ends the guest, and well.
; SDM 2A "HLT", SDM 3C "Instructions That Cause VM Exits Conditionally".

	bits	16
	org	7C00h

	cli
	hlt
