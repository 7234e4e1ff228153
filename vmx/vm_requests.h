/*
 * vmx/vm_requests.h - what a guest asks of its machine at its ports: A20, a reset, the end.
 */
#pragma once

#include "vmx/vm.h"

/* After a write that platform_take_switched() tells of: does what was asked for. EXIT_SKIP: the
 * guest goes on behind its instruction; EXIT_RETRY: in another place; EXIT_STOP: it has ended. VM's
 * lock held, the vCPU is loaded. */
enum exit_action vm_follow_requests(struct vcpu *v);

/* A reset that leaves the firmware a choice: it resumes, or the machine starts anew or ends
 * (EXIT_RETRY or EXIT_STOP). VM's lock held, the vCPU is loaded. */
enum exit_action vm_reset_cpu(struct vcpu *v, const char *by);
