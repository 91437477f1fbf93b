// What the head of a file says: whether it is a picture of a kind that browsers decode, and how
// large, before a decoder takes memory for it. Widths and heights are as each format states them.

const FIRST = 64 * 1024; // bytes
const MOST_SEGMENTS = 1000; // of a JPEG before its size

async function bytesOf(file, from, length) {
  return new DataView(await file.slice(from, from + length).arrayBuffer());
}

// A character for each byte; only its ASCII is looked at.
function textAt(view, at, length) {
  return new TextDecoder("latin1").decode(new Uint8Array(view.buffer).subarray(at, at + length));
}

// The number of pixels; nothing if it is no such picture.
export async function pixelsOf(file) {
  const view = await bytesOf(file, 0, FIRST);
  if (view.byteLength < 32) return null;
  const [, count] = KINDS.find(([isOf]) => isOf(view)) ?? [];
  try {
    return count ? await count(view, file) : null;
  } catch (problem) {
    if (problem instanceof RangeError) return null; // it ends within its head
    throw problem;
  }
}

const begins = (text, at = 0) => (view) => textAt(view, at, text.length) === text;

const KINDS = [
  [begins("\xff\xd8"), (_, file) => pixelsOfJpeg(file)],
  [begins("PNG", 1), (view) => view.getUint32(16) * view.getUint32(20)],
  [begins("GIF8"), (view) => view.getUint16(6, true) * view.getUint16(8, true)],
  [begins("BM"), (view) => Math.abs(view.getInt32(18, true) * view.getInt32(22, true))],
  [begins("WEBP", 8), pixelsOfWebp],
  [(view) => /^ftyp(avi[fs]|hei[cmsx]|mif1)/.test(textAt(view, 4, 8)), pixelsOfBoxes],
];

async function pixelsOfJpeg(file) {
  let at = 2;
  for (let n = 0; n < MOST_SEGMENTS; n += 1) {
    const view = await bytesOf(file, at, 9);
    const marker = view.getUint16(0);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return view.getUint16(5) * view.getUint16(7);
    at += marker === 0xffff ? 1 : 2 + view.getUint16(2);
  }
  return 0;
}

function pixelsOfWebp(view) {
  const three = (at) => view.getUint16(at, true) + 65536 * view.getUint8(at + 2);
  switch (textAt(view, 12, 4)) {
    case "VP8X": return (1 + three(24)) * (1 + three(27));
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return (1 + (bits & 0x3fff)) * (1 + ((bits >> 14) & 0x3fff));
    }
    default: return (view.getUint16(26, true) & 0x3fff) * (view.getUint16(28, true) & 0x3fff);
  }
}

// The largest of the pictures within, each of which states its size in a box.
function pixelsOfBoxes(view) {
  const text = textAt(view, 0, view.byteLength);
  let most = 0;
  for (let at = text.indexOf("ispe"); at >= 0; at = text.indexOf("ispe", at + 4)) {
    most = Math.max(most, view.getUint32(at + 8) * view.getUint32(at + 12));
  }
  return most;
}
