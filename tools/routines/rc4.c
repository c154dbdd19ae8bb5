/* RC4: a key schedule over 256 bytes, then one swap a byte of output. */
typedef unsigned char byte;
typedef struct { byte s[256], i, j; } rc4_state;

void rc4_init(rc4_state *c, const byte *key, int length) {
  byte j = 0;
  for (int i = 0; i < 256; ++i) c->s[i] = (byte)i;
  for (int i = 0; i < 256; ++i) {
    const byte t = c->s[i];
    j = (byte)(j + t + key[i % length]);
    c->s[i] = c->s[j];
    c->s[j] = t;
  }
  c->i = c->j = 0;
}

byte rc4_next(rc4_state *c) {
  const byte a = c->s[++c->i];
  c->j = (byte)(c->j + a);
  const byte b = c->s[c->j];
  c->s[c->i] = b;
  c->s[c->j] = a;
  return c->s[(byte)(a + b)];
}

void rc4_apply(const byte *key, int length, byte *data, int size, int drop) {
  rc4_state c;
  rc4_init(&c, key, length);
  while (drop-- > 0) rc4_next(&c);
  for (int i = 0; i < size; ++i) data[i] ^= rc4_next(&c);
}
