#include "ccounting.h"

#include <errno.h>
#include <stddef.h>

static __thread uint64_t allocations;

uint64_t ccounting_allocations(void) { return allocations; }

__attribute__((noinline)) void ccounting_run(void (*work)(void *), void *context) {
  work(context);
  // So that the call isn't the last thing done, which would make it a jump.
  __asm__ volatile("");
}

// A sanitizer brings an allocator of its own, which nothing may come before.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CCOUNTING_LEAVES_ALLOCATOR
#endif
#endif

#if defined(__GLIBC__) && !defined(CCOUNTING_LEAVES_ALLOCATOR)
// glibc lets a program define these, and gives its own under other names.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  allocations++;
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *memory = memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}

void free(void *memory) { __libc_free(memory); }
#endif
