// Hashes files beside the page, one after the other; it is told of each, and how far it is.

import { Md5, Sha1, Sha256, hexadecimal } from "./digests.js";
import { NoHash, pdqOf } from "./pictures.js";

const SLICE = 4 * 1024 * 1024; // bytes of a file that are in memory at once

async function digestsOf(file) {
  const digests = { md5: new Md5(), sha1: new Sha1(), sha256: new Sha256() };
  for (let at = 0; at < file.size; at += SLICE) {
    const bytes = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
    for (const digest of Object.values(digests)) digest.add(bytes);
    postMessage({ read: bytes.length });
  }
  return Object.fromEntries(Object.entries(digests).map(([kind, digest]) => [kind, digest.end()]));
}

async function hashed(file) {
  const hashes = await digestsOf(file);
  try {
    const { value, quality } = await pdqOf(file);
    return { hashes, pdq: { value: hexadecimal(value), quality } };
  } catch (problem) {
    // Whatever a decoder or a canvas refuses, the digests of the file can be asked.
    return { hashes, problem: problem instanceof NoHash ? problem.message : "notDecoded" };
  }
}

let before = Promise.resolve();

async function hash(file) {
  try {
    postMessage({ name: file.name, ...await hashed(file) });
  } catch {
    postMessage({ name: file.name, problem: "unreadable" }); // a folder, or a file that is gone
  }
}

onmessage = ({ data: files }) => {
  for (const file of files) before = before.then(() => hash(file));
};
