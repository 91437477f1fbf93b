// PDQ of a picture whose rows come from the top in pieces. The blur and the reduction to 64 x 64 of
// the reference are linear and separable, so each kept row (column) is a short weighted sum of the
// picture's rows (columns), as in the desk's own engine (matching/core/pdq.cpp). Sums are in
// double precision here and in single there: a bit may differ whose frequency is at the median.

const SIDE = 64;
const KEPT = 16;
const LEAST_DIMENSION = 5;
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114].map(Math.fround);

// What one box pass of the reference averages for output i: its window is cut at the edges.
function windowOf(i, length) {
  const size = Math.ceil(length / (2 * SIDE));
  const right = i + ((size + 2) >> 1);
  return [Math.max(0, right - size), Math.min(length, right)];
}

// For each of the 64 outputs the first input and the weights of those from there on.
function bandsFor(length) {
  return Array.from({ length: SIDE }, (_, out) => {
    const [first, last] = windowOf(Math.floor(((out + 0.5) * length) / SIDE), length);
    const from = windowOf(first, length)[0];
    const weights = new Float64Array(windowOf(last - 1, length)[1] - from);
    for (let middle = first; middle < last; middle += 1) {
      const [low, high] = windowOf(middle, length);
      const weight = 1 / (last - first) / (high - low);
      for (let i = low; i < high; i += 1) weights[i - from] += weight;
    }
    return { from, weights: Float32Array.from(weights) };
  });
}

export class Pdq {
  #next = 0; // the row that comes next

  constructor(width, height) {
    this.width = width;
    this.isTooSmall = Math.min(width, height) < LEAST_DIMENSION;
    this.down = bandsFor(height);
    this.sums = this.down.map(() => new Float64Array(width));
    this.line = new Float64Array(width);
  }

  // Rows of red, green, blue and a fourth value that is left out.
  add(pixels) {
    const { width, line } = this;
    for (let at = 0; at < pixels.length; this.#next += 1) {
      for (let x = 0; x < width; x += 1, at += 4) {
        line[x] = RED * pixels[at] + GREEN * pixels[at + 1] + BLUE * pixels[at + 2];
      }
      this.down.forEach(({ from, weights }, i) => {
        const weight = weights[this.#next - from];
        if (weight === undefined) return;
        const sums = this.sums[i];
        for (let x = 0; x < width; x += 1) sums[x] += weight * line[x];
      });
    }
  }

  // The 32 bytes, and the quality of 0 to 100.
  end() {
    if (this.isTooSmall) return { value: new Uint8Array(32), quality: 0 };
    const across = bandsFor(this.width);
    const square = this.sums.map((sums) => Float32Array.from(across, ({ from, weights }) => (
      weights.reduce((sum, weight, k) => sum + weight * sums[from + k], 0)
    )));
    return { value: bitsOf(frequenciesOf(square)), quality: qualityOf(square) };
  }
}

function qualityOf(square) {
  const step = (one, other) => (
    Math.abs(Math.trunc(Math.fround(Math.fround(Math.fround(one - other) * 100) / 255)))
  );
  let gradients = 0;
  for (let i = 0; i < SIDE; i += 1) {
    for (let j = 0; j < SIDE; j += 1) {
      if (i + 1 < SIDE) gradients += step(square[i][j], square[i + 1][j]);
      if (j + 1 < SIDE) gradients += step(square[i][j], square[i][j + 1]);
    }
  }
  return Math.min(Math.trunc(gradients / 90), 100);
}

const COSINES = Array.from({ length: KEPT }, (_, i) => Float32Array.from({ length: SIDE }, (__, j) => (
  Math.sqrt(2 / SIDE) * Math.cos((Math.PI / 2 / SIDE) * (i + 1) * (2 * j + 1))
)));

function frequenciesOf(square) {
  const half = COSINES.map((row) => square[0].map((_, j) => (
    row.reduce((sum, cosine, k) => sum + cosine * square[k][j], 0)
  )));
  const product = (row, column) => row.reduce((sum, value, k) => sum + value * column[k], 0);
  return half.flatMap((row) => COSINES.map((column) => product(row, column)));
}

// Bit 255 of the hash is the highest frequency; it stands first in the text form.
function bitsOf(frequencies) {
  const median = Float64Array.from(frequencies).sort()[127];
  const value = new Uint8Array(32);
  frequencies.forEach((frequency, k) => {
    if (frequency > median) value[31 - (k >> 3)] |= 1 << (k & 7);
  });
  return value;
}
