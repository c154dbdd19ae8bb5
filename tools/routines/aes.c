/* AES-128 (FIPS 197), its S-box computed: inversion in GF(2^8), then an affine map. */
typedef unsigned char byte;

static byte times(byte a, byte b) {
  byte p = 0;
  for (; b; b >>= 1, a = (byte)((a << 1) ^ (a & 0x80 ? 0x1B : 0))) {
    if (b & 1) p ^= a;
  }
  return p;
}

byte aes_sbox(byte x) {
  byte inverse = 1, power = x;
  for (int bit = 1; bit < 8; ++bit) {  /* x^254 */
    power = times(power, power);
    inverse = times(inverse, power);
  }
  byte out = 0x63;
  for (int i = 0; i < 5; ++i) out ^= (byte)((inverse << i) | (inverse >> (8 - i)));
  return out;
}

void aes_expand(const byte key[16], byte round[176]) {
  byte constant = 1;
  for (int i = 0; i < 16; ++i) round[i] = key[i];
  for (int i = 16; i < 176; i += 4) {
    byte t[4];
    for (int j = 0; j < 4; ++j) t[j] = round[i - 4 + j];
    if (i % 16 == 0) {
      const byte first = t[0];
      for (int j = 0; j < 3; ++j) t[j] = aes_sbox(t[j + 1]);
      t[3] = aes_sbox(first);
      t[0] ^= constant;
      constant = times(constant, 2);
    }
    for (int j = 0; j < 4; ++j) round[i + j] = round[i - 16 + j] ^ t[j];
  }
}

void aes_encrypt(const byte round[176], byte s[16]) {
  for (int i = 0; i < 16; ++i) s[i] ^= round[i];
  for (int r = 1; r <= 10; ++r) {
    byte t[16];
    for (int i = 0; i < 16; ++i) t[i] = aes_sbox(s[(i + 4 * (i % 4)) % 16]);
    for (int c = 0; c < 16; c += 4) {
      for (int i = 0; i < 4; ++i) {
        const byte mixed = (byte)(times(t[c + i], 2) ^ times(t[c + (i + 1) % 4], 3) ^ t[c + (i + 2) % 4] ^ t[c + (i + 3) % 4]);
        s[c + i] = (byte)((r < 10 ? mixed : t[c + i]) ^ round[16 * r + c + i]);
      }
    }
  }
}

void aes_counter(const byte round[176], byte counter[16], byte *data, int size) {
  for (int at = 0; at < size; at += 16) {
    byte block[16];
    for (int i = 0; i < 16; ++i) block[i] = counter[i];
    aes_encrypt(round, block);
    for (int i = 0; i < 16 && at + i < size; ++i) data[at + i] ^= block[i];
    for (int i = 15; i >= 0 && ++counter[i] == 0; --i) {
    }
  }
}
