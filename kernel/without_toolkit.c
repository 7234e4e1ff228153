/*
 * kernel/without_toolkit.c - stands in for toolkit/ in a build with TOOLKIT=0. A VM whose line asks
 * for it is refused by vmx/launch.c.
 */
#include "vmx/tools.h"

const struct vmx_tools_ops *const vmx_tools = NULL;
