/* vmx/vm_serial.c - between a VM's board and its console line. */
#include "kernel/panic.h"
#include "vmx/vm.h"
#include "vmx/vm_screen.h"

void vm_pump_serial(struct vm *vm, uint64_t now_ns)
{
	struct platform *p = &vm->platform;
	uint8_t byte;

	if (UNLIKELY(vm->screen)) {
		while (platform_take_tx(p, &byte))
			; /* display=text: the console shows the screen */
		vm_screen_pump(vm, now_ns);
		return;
	}
	if (!vm->line)
		return;
	if (UNLIKELY(vm->tx_held)) {
		if (!host_ops->line_put(vm->line, vm->tx_byte))
			return;
		vm->tx_held = false;
	}
	while (platform_take_tx(p, &byte)) {
		if (!host_ops->line_put(vm->line, byte)) {
			vm->tx_byte = byte;
			vm->tx_held = true;
			break;
		}
	}
	if (UNLIKELY(host_ops->line_has_input(vm->line))) {
		while (vuart_can_receive(&p->com1) && host_ops->line_get(vm->line, &byte)) {
			if (!platform_receive(p, byte, now_ns))
				panic("the guest's UART had room and took no byte");
		}
	}
}
