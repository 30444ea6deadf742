#include "ckeccak.h"

#include <string.h>

static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

// The names of the lanes: aXY stands in column X and row Y.
#define EACH_LANE(DO)                       \
  DO(0, 0) DO(1, 0) DO(2, 0) DO(3, 0) DO(4, 0) \
  DO(0, 1) DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) \
  DO(0, 2) DO(1, 2) DO(2, 2) DO(3, 2) DO(4, 2) \
  DO(0, 3) DO(1, 3) DO(2, 3) DO(3, 3) DO(4, 3) \
  DO(0, 4) DO(1, 4) DO(2, 4) DO(3, 4) DO(4, 4)

#define LOAD(x, y) \
  vector a##x##y;  \
  memcpy(&a##x##y, words + CKECCAK_STATES * (x + 5 * y) + first, sizeof(vector));

#define STORE(x, y) memcpy(words + CKECCAK_STATES * (x + 5 * y) + first, &a##x##y, sizeof(vector));

#define COLUMN(x) (a##x##0 ^ a##x##1 ^ a##x##2 ^ a##x##3 ^ a##x##4)

#define ROTATED(v, n) ((v) << (n) | (v) >> (64 - (n)))

// Theta, rho and pi for what goes to column x and row y.
#define MOVED(x, y, from, effect, n) const vector b##x##y = ROTATED(from ^ effect, n);

#define CHI(y)                        \
  a0##y = b0##y ^ (~b1##y & b2##y);   \
  a1##y = b1##y ^ (~b2##y & b3##y);   \
  a2##y = b2##y ^ (~b3##y & b4##y);   \
  a3##y = b3##y ^ (~b4##y & b0##y);   \
  a4##y = b4##y ^ (~b0##y & b1##y);

// The rounds as "The Keccak reference" 1.2 (keccak.team) has them, on as many states at once as a
// vector has words, and again until `count` are done.
#define PERMUTE_BODY(BYTES)                                                          \
  typedef uint64_t vector __attribute__((vector_size(BYTES)));                       \
  const int step = BYTES / 8;                                                        \
  for (int first = 0; first < count && first < CKECCAK_STATES; first += step) {      \
    EACH_LANE(LOAD)                                                                  \
    for (int round = 0; round < 24; round++) {                                       \
      const vector c0 = COLUMN(0), c1 = COLUMN(1), c2 = COLUMN(2), c3 = COLUMN(3);   \
      const vector c4 = COLUMN(4);                                                   \
      const vector d0 = c4 ^ ROTATED(c1, 1), d1 = c0 ^ ROTATED(c2, 1);               \
      const vector d2 = c1 ^ ROTATED(c3, 1), d3 = c2 ^ ROTATED(c4, 1);               \
      const vector d4 = c3 ^ ROTATED(c0, 1);                                         \
      const vector b00 = a00 ^ d0;                                                   \
      MOVED(1, 0, a11, d1, 44) MOVED(2, 0, a22, d2, 43) MOVED(3, 0, a33, d3, 21)     \
      MOVED(4, 0, a44, d4, 14) MOVED(0, 1, a30, d3, 28) MOVED(1, 1, a41, d4, 20)     \
      MOVED(2, 1, a02, d0, 3) MOVED(3, 1, a13, d1, 45) MOVED(4, 1, a24, d2, 61)      \
      MOVED(0, 2, a10, d1, 1) MOVED(1, 2, a21, d2, 6) MOVED(2, 2, a32, d3, 25)       \
      MOVED(3, 2, a43, d4, 8) MOVED(4, 2, a04, d0, 18) MOVED(0, 3, a40, d4, 27)      \
      MOVED(1, 3, a01, d0, 36) MOVED(2, 3, a12, d1, 10) MOVED(3, 3, a23, d2, 15)     \
      MOVED(4, 3, a34, d3, 56) MOVED(0, 4, a20, d2, 62) MOVED(1, 4, a31, d3, 55)     \
      MOVED(2, 4, a42, d4, 39) MOVED(3, 4, a03, d0, 41) MOVED(4, 4, a14, d1, 2)      \
      CHI(0) CHI(1) CHI(2) CHI(3) CHI(4)                                             \
      a00 ^= round_constants[round];                                                 \
    }                                                                                \
    EACH_LANE(STORE)                                                                 \
  }

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void permute_512(uint64_t *words, int count) {
  PERMUTE_BODY(64)
}

__attribute__((target("avx2"))) static void permute_256(uint64_t *words, int count) {
  PERMUTE_BODY(32)
}
#endif

// Every 64-bit processor that Swift runs on has vectors of this width.
static void permute_128(uint64_t *words, int count) { PERMUTE_BODY(16) }

int ckeccak_widest(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return 512;
  if (__builtin_cpu_supports("avx2")) return 256;
#endif
  return 128;
}

void ckeccak_permute(uint64_t words[CKECCAK_WORDS], int count, int bits) {
#if defined(__x86_64__)
  if (bits >= 512) return permute_512(words, count);
  if (bits >= 256) return permute_256(words, count);
#endif
  permute_128(words, count);
}
