#pragma once

#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define CACHE_LINE_INLINE static inline __attribute__((always_inline))

// Asks the processor to bring the line of memory at `address` nearer. Nothing waits for it, and any
// address will do, mapped or not.
CACHE_LINE_INLINE void cache_line_prefetch(const void *address) { __builtin_prefetch(address); }

// Bit n is set where the n-th of a line's 32 numbers of 16 bits is `number`. The line begins at a
// multiple of 64 bytes.
CACHE_LINE_INLINE uint32_t cache_line_places(const void *line, uint16_t number) {
#if defined(__SSE2__)
  const __m128i *parts = (const __m128i *)line;
  const __m128i sought = _mm_set1_epi16((short)number);
  // All bits of a number that is the sought one, then of a byte for each number, then one bit.
  const __m128i low = _mm_packs_epi16(
      _mm_cmpeq_epi16(_mm_load_si128(parts), sought),
      _mm_cmpeq_epi16(_mm_load_si128(parts + 1), sought));
  const __m128i high = _mm_packs_epi16(
      _mm_cmpeq_epi16(_mm_load_si128(parts + 2), sought),
      _mm_cmpeq_epi16(_mm_load_si128(parts + 3), sought));
  return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
#else
  const uint16_t *numbers = (const uint16_t *)line;
  uint32_t places = 0;
  for (int place = 0; place < 32; place++) places |= (uint32_t)(numbers[place] == number) << place;
  return places;
#endif
}
