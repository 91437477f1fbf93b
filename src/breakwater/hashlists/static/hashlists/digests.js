// MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4) of bytes that come in pieces. WebCrypto knows no
// MD5, and of the others it wants a whole file in memory.

const BLOCK = 64; // bytes

const rotated = (word, by) => (word << by) | (word >>> (32 - by));

class Digest {
  #rest = new Uint8Array(BLOCK);
  #held = 0; // bytes of an unfinished block in #rest
  #length = 0; // bytes so far

  constructor(state, isLittleEndian) {
    this.state = Int32Array.from(state);
    this.isLittleEndian = isLittleEndian;
  }

  add(bytes) {
    this.#length += bytes.length;
    let at = Math.min(bytes.length, this.#held ? BLOCK - this.#held : 0);
    this.#rest.set(bytes.subarray(0, at), this.#held);
    this.#held += at;
    if (this.#held === BLOCK) {
      this.blocks(this.#rest);
      this.#held = 0;
    }
    const whole = at + BLOCK * Math.floor((bytes.length - at) / BLOCK);
    this.blocks(bytes.subarray(at, whole));
    if (whole < bytes.length) {
      this.#rest.set(bytes.subarray(whole));
      this.#held = bytes.length - whole;
    }
    return this;
  }

  // The digest in hexadecimal digits; nothing can be added after it.
  end() {
    const length = this.#length;
    const padding = new Uint8Array(BLOCK * Math.ceil((length + 9) / BLOCK) - length);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    const [low, high] = this.isLittleEndian ? [8, 4] : [4, 8];
    view.setUint32(padding.length - low, (length * 8) >>> 0, this.isLittleEndian);
    view.setUint32(padding.length - high, Math.floor(length / 2 ** 29), this.isLittleEndian);
    this.add(padding);
    const out = new DataView(new ArrayBuffer(4 * this.state.length));
    this.state.forEach((word, i) => out.setInt32(4 * i, word, this.isLittleEndian));
    return hexadecimal(new Uint8Array(out.buffer));
  }

  blocks(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += BLOCK) this.block(view, at);
  }
}

export function hexadecimal(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const TURNS = Int32Array.from({ length: 64 }, (_, i) => (
  [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]][i >> 4][i & 3]
));
const words = new Int32Array(80); // of the block at hand; nothing here is asynchronous

export class Md5 extends Digest {
  constructor() {
    super([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476], true);
  }

  block(view, at) {
    for (let i = 0; i < 16; i += 1) words[i] = view.getInt32(at + 4 * i, true);
    const state = this.state;
    let a = state[0], b = state[1], c = state[2], d = state[3];
    for (let i = 0; i < 64; i += 1) {
      let mixed, from;
      if (i < 16) { mixed = d ^ (b & (c ^ d)); from = i; }
      else if (i < 32) { mixed = c ^ (d & (b ^ c)); from = (5 * i + 1) & 15; }
      else if (i < 48) { mixed = b ^ c ^ d; from = (3 * i + 5) & 15; }
      else { mixed = c ^ (b | ~d); from = (7 * i) & 15; }
      const sum = (((a + mixed) | 0) + ((SINES[i] + words[from]) | 0)) | 0;
      a = d; d = c; c = b;
      b = (b + rotated(sum, TURNS[i])) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  }
}

const CONSTANTS = Int32Array.from({ length: 80 }, (_, i) => (
  [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][Math.floor(i / 20)]
));

export class Sha1 extends Digest {
  constructor() {
    super([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0], false);
  }

  block(view, at) {
    for (let i = 0; i < 16; i += 1) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 80; i += 1) {
      words[i] = rotated(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    const state = this.state;
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (let i = 0; i < 80; i += 1) {
      let mixed;
      if (i < 20) mixed = d ^ (b & (c ^ d));
      else if (i < 40) mixed = b ^ c ^ d;
      else if (i < 60) mixed = (b & c) | (d & (b | c));
      else mixed = b ^ c ^ d;
      const sum = (((((rotated(a, 5) + mixed) | 0) + e) | 0) + ((words[i] + CONSTANTS[i]) | 0)) | 0;
      e = d; d = c; c = rotated(b, 30); b = a; a = sum;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e;
  }
}

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) {
    if (found.every((prime) => n % prime)) found.push(n);
  }
  return found;
}

const fraction = (number) => ((number % 1) * 2 ** 32) | 0;
const ROOTS = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));

export class Sha256 extends Digest {
  constructor() {
    super(primes(8).map((prime) => fraction(Math.sqrt(prime))), false);
  }

  block(view, at) {
    for (let i = 0; i < 16; i += 1) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const x = words[i - 15], y = words[i - 2];
      const s0 = rotated(x, 25) ^ rotated(x, 14) ^ (x >>> 3);
      const s1 = rotated(y, 15) ^ rotated(y, 13) ^ (y >>> 10);
      words[i] = (((words[i - 16] + s0) | 0) + ((words[i - 7] + s1) | 0)) | 0;
    }
    const state = this.state;
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i += 1) {
      const s1 = rotated(e, 26) ^ rotated(e, 21) ^ rotated(e, 7);
      const mixed = (s1 + (g ^ (e & (f ^ g)))) | 0;
      const one = (((h + mixed) | 0) + ((ROOTS[i] + words[i]) | 0)) | 0;
      const s0 = rotated(a, 30) ^ rotated(a, 19) ^ rotated(a, 10);
      const other = (s0 + ((a & b) | (c & (a | b)))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0;
      d = c; c = b; b = a; a = (one + other) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }
}
