// Counts what a piece of work takes of the machine, whatever machine that is.
#pragma once

#include <stdint.h>

// How often this thread has asked for memory since it began: malloc, calloc, realloc and the
// aligned ones. A program that links this has glibc's allocator behind functions that count.
uint64_t ccounting_allocations(void);

// Calls `work`. Never inlined, so that a tool from outside can count what happens inside it.
void ccounting_run(void (*work)(void *context), void *context);
