/* A byte-wise LZ77: a control byte below 128 brings so many + 1 literals, else a copy of (control & 127) + 3 bytes from a distance. */
typedef unsigned char byte;

static int match(const byte *a, const byte *b, const byte *end) {
  int n = 0;
  while (n < 130 && b + n < end && a[n] == b[n]) ++n;
  return n;
}

static int literals(byte *out, int n, const byte *from, int count) {
  while (count > 0) {
    const int part = count < 128 ? count : 128;
    out[n++] = (byte)(part - 1);
    for (int i = 0; i < part; ++i) out[n++] = *from++;
    count -= part;
  }
  return n;
}

int lz_pack(const byte *in, int size, byte *out) {
  int table[4096], n = 0, start = 0, at = 0;
  for (int i = 0; i < 4096; ++i) table[i] = -1;
  while (at < size) {
    int length = 0, from = -1;
    if (at + 3 <= size) {
      const unsigned hash = (unsigned)(in[at] * 2654435761u ^ in[at + 1] * 40503u ^ in[at + 2] * 977u) >> 7 & 4095;
      from = table[hash];
      table[hash] = at;
      if (from >= 0 && at - from < 65536) length = match(in + from, in + at, in + size);
    }
    if (length < 3) {
      ++at;
      continue;
    }
    n = literals(out, n, in + start, at - start);
    out[n++] = (byte)(128 | (length - 3));
    out[n++] = (byte)(at - from);
    out[n++] = (byte)((at - from) >> 8);
    at += length;
    start = at;
  }
  return literals(out, n, in + start, at - start);
}

int lz_unpack(const byte *in, int size, byte *out) {
  int n = 0;
  for (int i = 0; i < size;) {
    const int control = in[i++];
    if (control < 128) {
      for (int j = 0; j <= control && i < size; ++j) out[n++] = in[i++];
    } else {
      if (i + 2 > size) return -1;
      const int distance = in[i] | in[i + 1] << 8;
      i += 2;
      if (distance == 0 || distance > n) return -1;
      for (int j = 0; j < (control & 127) + 3; ++j, ++n) out[n] = out[n - distance];
    }
  }
  return n;
}
