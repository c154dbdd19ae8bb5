/* XTEA: 64 Feistel rounds on two words under a key of four. */
typedef unsigned int word;

void xtea_encrypt(const word key[4], word v[2]) {
  word a = v[0], b = v[1], sum = 0;
  for (int i = 0; i < 32; ++i) {
    a += (((b << 4) ^ (b >> 5)) + b) ^ (sum + key[sum & 3]);
    sum += 0x9E3779B9u;
    b += (((a << 4) ^ (a >> 5)) + a) ^ (sum + key[(sum >> 11) & 3]);
  }
  v[0] = a;
  v[1] = b;
}

void xtea_decrypt(const word key[4], word v[2]) {
  word a = v[0], b = v[1], sum = 0x9E3779B9u * 32;
  for (int i = 0; i < 32; ++i) {
    b -= (((a << 4) ^ (a >> 5)) + a) ^ (sum + key[(sum >> 11) & 3]);
    sum -= 0x9E3779B9u;
    a -= (((b << 4) ^ (b >> 5)) + b) ^ (sum + key[sum & 3]);
  }
  v[0] = a;
  v[1] = b;
}

void xtea_chain(const word key[4], word *data, int pairs, word iv[2]) {
  for (int i = 0; i < pairs; ++i) {
    data[2 * i] ^= iv[0];
    data[2 * i + 1] ^= iv[1];
    xtea_encrypt(key, data + 2 * i);
    iv[0] = data[2 * i];
    iv[1] = data[2 * i + 1];
  }
}

void xtea_unchain(const word key[4], word *data, int pairs, word iv[2]) {
  for (int i = 0; i < pairs; ++i) {
    const word a = data[2 * i], b = data[2 * i + 1];
    xtea_decrypt(key, data + 2 * i);
    data[2 * i] ^= iv[0];
    data[2 * i + 1] ^= iv[1];
    iv[0] = a;
    iv[1] = b;
  }
}
