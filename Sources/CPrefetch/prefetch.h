#pragma once

// Asks the processor to bring the line of memory at `address` nearer. Nothing waits for it, and any
// address will do, mapped or not.
static inline __attribute__((always_inline)) void prefetch_read(const void *address) {
  __builtin_prefetch(address);
}
