// Pixels of a picture as the desk's engine hashes them: at full size, turned as EXIF asks, without
// regard to colour profiles and transparency. They are read in strips, so that memory holds
// what the browser decoded and little more.

import { Pdq } from "./pdq.js";
import { pixelsOf } from "./heads.js";

const MOST_BYTES = 256 * 1024 * 1024;
const MOST_PIXELS = 120_000_000; // 480 MB when decoded
const STRIP = 2_000_000; // pixels
const AS_STORED = { premultiplyAlpha: "none", colorSpaceConversion: "none" };

// Why a picture has no hash: its argument is a key of the page's texts.
export class NoHash extends Error {}

export async function pdqOf(file) {
  const pixels = await pixelsOf(file);
  if (pixels === null) throw new NoHash("notDecoded");
  if (file.size > MOST_BYTES || pixels > MOST_PIXELS) throw new NoHash("tooManyPixels");
  if (!showsPixels()) throw new NoHash("pixelsHidden");
  const bitmap = await decoded(file);
  try {
    if (bitmap.width * bitmap.height > MOST_PIXELS) throw new NoHash("tooManyPixels");
    return hashOf(bitmap) ?? await hashOfTransparent(bitmap);
  } finally {
    bitmap.close();
  }
}

async function decoded(file) {
  try {
    return await createImageBitmap(file, { ...AS_STORED, imageOrientation: "from-image" });
  } catch {
    throw new NoHash("notDecoded");
  }
}

function context(width, height) {
  const found = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  found.globalCompositeOperation = "copy";
  found.imageSmoothingEnabled = false;
  return found;
}

// Some browsers give out noise or white instead of pixels, against pages that recognise visitors.
function showsPixels() {
  const shown = new ImageData(16, 16);
  shown.data.forEach((_, i) => { shown.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256; });
  const canvas = context(16, 16);
  canvas.putImageData(shown, 0, 0);
  const { data } = canvas.getImageData(0, 0, 16, 16);
  return data.every((value, i) => Math.abs(value - shown.data[i]) <= 2);
}

// Nothing for a picture with transparent parts: a canvas forgets the colours under them.
function hashOf(bitmap) {
  const { width, height } = bitmap;
  const hash = new Pdq(width, height);
  const rows = Math.min(height, Math.ceil(STRIP / width));
  const canvas = context(width, rows);
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    canvas.drawImage(bitmap, 0, y, width, count, 0, 0, width, count);
    const { data } = canvas.getImageData(0, 0, width, count);
    for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return null;
    hash.add(data);
  }
  return hash.end();
}

// A texture keeps them, where there is WebGL.
async function hashOfTransparent(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || width > gl.getParameter(gl.MAX_TEXTURE_SIZE)) throw new NoHash("transparent");
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const hash = new Pdq(width, height);
  const rows = Math.min(height, Math.ceil(STRIP / width));
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    const strip = await createImageBitmap(bitmap, 0, y, width, count, AS_STORED);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, strip);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const pixels = new Uint8Array(4 * width * count);
    gl.readPixels(0, 0, width, count, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    strip.close();
    if (gl.getError()) throw new NoHash("transparent");
    hash.add(pixels);
  }
  return hash.end();
}
