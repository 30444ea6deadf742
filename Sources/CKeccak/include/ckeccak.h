// Keccak-f[1600] on several states at once. In C because Swift can't compile one function for
// another processor than the package's: what the widest vectors of the present one are shows only
// when the program runs.
#pragma once

#include <stdint.h>

// Lane l (column x, row y of the Keccak reference at x + 5 * y) of state s is word 8 * l + s.
enum { CKECCAK_STATES = 8, CKECCAK_WORDS = 8 * 25 };

// The width of the widest vectors that ckeccak_permute can use here: 128, 256 or 512 bits.
int ckeccak_widest(void);

// All 24 rounds on the first `count` states at least; of the others nothing is to be expected.
// `bits` is at most what ckeccak_widest says.
void ckeccak_permute(uint64_t words[CKECCAK_WORDS], int count, int bits);
