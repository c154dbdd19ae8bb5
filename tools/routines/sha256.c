/* SHA-256 (FIPS 180-4). */
typedef unsigned int word;
typedef unsigned char byte;

static const word k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static word turn(word x, int n) { return (x >> n) | (x << (32 - n)); }

void sha256_block(word h[8], const byte *data) {
  word w[64], s[8];
  for (int i = 0; i < 16; ++i) w[i] = (word)data[4 * i] << 24 | data[4 * i + 1] << 16 | data[4 * i + 2] << 8 | data[4 * i + 3];
  for (int i = 16; i < 64; ++i) {
    const word a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const word b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  for (int i = 0; i < 8; ++i) s[i] = h[i];
  for (int i = 0; i < 64; ++i) {
    const word e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
    const word t1 = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
    const word a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
    const word t2 = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    for (int j = 7; j > 0; --j) s[j] = s[j - 1];
    s[4] += t1;
    s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; ++i) h[i] += s[i];
}

void sha256(const byte *data, int size, byte out[32]) {
  word h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  byte tail[128];
  int at = 0;
  for (; at + 64 <= size; at += 64) sha256_block(h, data + at);
  const int rest = size - at, blocks = rest < 56 ? 1 : 2;
  for (int i = 0; i < 128; ++i) tail[i] = i < rest ? data[at + i] : i == rest ? 0x80 : 0;
  for (int i = 0; i < 8; ++i) tail[64 * blocks - 1 - i] = (byte)(((unsigned long long)size * 8) >> (8 * i));
  for (int b = 0; b < blocks; ++b) sha256_block(h, tail + 64 * b);
  for (int i = 0; i < 32; ++i) out[i] = (byte)(h[i / 4] >> (24 - 8 * (i % 4)));
}
