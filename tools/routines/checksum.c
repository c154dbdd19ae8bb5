/* CRC-32 by bit and by table, Adler-32 and Fletcher-16. */
typedef unsigned int word;
typedef unsigned char byte;

word crc32_bits(const byte *data, int size) {
  word crc = ~0u;
  for (int i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

void crc32_table(word table[256]) {
  for (word i = 0; i < 256; ++i) {
    word crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
    table[i] = crc;
  }
}

word crc32_fold(const word table[256], const byte *data, int size) {
  word crc = ~0u;
  while (size-- > 0) crc = (crc >> 8) ^ table[(crc ^ *data++) & 255];
  return ~crc;
}

word adler32(const byte *data, int size) {
  word a = 1, b = 0;
  while (size > 0) {
    int part = size < 5552 ? size : 5552;
    size -= part;
    while (part-- > 0) {
      a += *data++;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b << 16 | a;
}

word fletcher16(const byte *data, int size) {
  word a = 0, b = 0;
  for (int i = 0; i < size; ++i) {
    a = (a + data[i]) % 255;
    b = (b + a) % 255;
  }
  return b << 8 | a;
}
