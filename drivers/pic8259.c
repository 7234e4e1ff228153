/* drivers/pic8259.c - the real 8259 pair, moved out of the way. */
#include "drivers/pic8259.h"

#include "kernel/port.h"
#include "kernel/trap.h"

#define PIC_MASTER_COMMAND 0x20u
#define PIC_MASTER_DATA    0x21u
#define PIC_SLAVE_COMMAND  0xa0u
#define PIC_SLAVE_DATA     0xa1u

#define ICW1_INIT_ICW4     0x11u /* edge, cascade, ICW4 follows */
#define ICW4_8086          0x01u

void pic8259_disable(void)
{
	port_write8(PIC_MASTER_COMMAND, ICW1_INIT_ICW4);
	port_write8(PIC_SLAVE_COMMAND, ICW1_INIT_ICW4);
	port_write8(PIC_MASTER_DATA, VECTOR_SPURIOUS_PIC);
	port_write8(PIC_SLAVE_DATA, VECTOR_SPURIOUS_PIC + 8);
	port_write8(PIC_MASTER_DATA, 1u << 2); /* the slave is on input 2 */
	port_write8(PIC_SLAVE_DATA, 2);
	port_write8(PIC_MASTER_DATA, ICW4_8086);
	port_write8(PIC_SLAVE_DATA, ICW4_8086);
	port_write8(PIC_MASTER_DATA, 0xff);
	port_write8(PIC_SLAVE_DATA, 0xff);
}
