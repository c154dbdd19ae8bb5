/* Base64 (RFC 4648), both ways, with the alphabet computed. */
typedef unsigned char byte;

static char letter(int v) {
  if (v < 26) return (char)('A' + v);
  if (v < 52) return (char)('a' + v - 26);
  if (v < 62) return (char)('0' + v - 52);
  return v == 62 ? '+' : '/';
}

int base64_encode(const byte *in, int size, char *out) {
  int n = 0;
  for (int i = 0; i < size; i += 3) {
    const int left = size - i;
    const unsigned v = (unsigned)in[i] << 16 | (left > 1 ? in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
    out[n++] = letter(v >> 18);
    out[n++] = letter(v >> 12 & 63);
    out[n++] = left > 1 ? letter(v >> 6 & 63) : '=';
    out[n++] = left > 2 ? letter(v & 63) : '=';
  }
  out[n] = 0;
  return n;
}

static int value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

int base64_decode(const char *in, byte *out) {
  unsigned bits = 0;
  int held = 0, n = 0;
  for (; *in && *in != '='; ++in) {
    const int v = value(*in);
    if (v < 0) {
      if (*in == '\n' || *in == '\r' || *in == ' ') continue;
      return -1;
    }
    bits = bits << 6 | (unsigned)v;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[n++] = (byte)(bits >> held);
    }
  }
  return n;
}
