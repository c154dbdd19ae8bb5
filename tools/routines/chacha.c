/* ChaCha20 (RFC 8439): twenty rounds of add, xor and rotate on sixteen words. */
typedef unsigned int word;
typedef unsigned char byte;

static word rotate(word x, int n) { return (x << n) | (x >> (32 - n)); }

static void quarter(word *s, int a, int b, int c, int d) {
  s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
  s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
  s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
  s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

void chacha_block(const word in[16], word out[16]) {
  for (int i = 0; i < 16; ++i) out[i] = in[i];
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) quarter(out, i, 4 + i, 8 + i, 12 + i);
    for (int i = 0; i < 4; ++i) quarter(out, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  for (int i = 0; i < 16; ++i) out[i] += in[i];
}

static word load(const byte *p) { return p[0] | p[1] << 8 | p[2] << 16 | (word)p[3] << 24; }

void chacha_start(word s[16], const byte key[32], const byte nonce[12], word counter) {
  s[0] = 0x61707865u, s[1] = 0x3320646Eu, s[2] = 0x79622D32u, s[3] = 0x6B206574u;
  for (int i = 0; i < 8; ++i) s[4 + i] = load(key + 4 * i);
  s[12] = counter;
  for (int i = 0; i < 3; ++i) s[13 + i] = load(nonce + 4 * i);
}

void chacha_apply(word s[16], byte *data, int size) {
  word out[16];
  for (int at = 0; at < size; at += 64, ++s[12]) {
    chacha_block(s, out);
    for (int i = 0; i < 64 && at + i < size; ++i) data[at + i] ^= (byte)(out[i / 4] >> (8 * (i % 4)));
  }
}
