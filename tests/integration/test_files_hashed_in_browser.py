"""Files dropped on the look-up page of a real desk, in a real Chromium: hashed there as the desk does."""

import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from breakwater import hashlists
from breakwater.matching.pdq import LEAST_QUALITY, Pdq, distance
from breakwater.matching.pictures import hash_picture
from tests.integration.test_pages_in_browser import _signed_in, pytestmark, served
from tests.integration.test_pages_in_browser import browser as browser
from tests.matching.test_pictures import saved, scene

__all__ = ["pytestmark"]

LISTED = b"listed by its MD5 alone"
FLIPPED = 12  # bits between the picture that is dropped and the one that is listed
DIGESTS = ("md5", "sha1", "sha256")
SCRIPTS = Path(hashlists.__file__).parent / "static" / "hashlists"
FINISHED = "#lookup-drop:has(#lookup-status:not(:empty)):has(#lookup-bar[hidden])"
# Measured with Chromium 156 and Pillow 12: no bit of 256 differs, of these and 60 more pictures. Other
# versions of a decoder may round otherwise, which moves few bits; a match may be 31 away.
MOST_BITS = 4
# Nothing is rounded but sums: at most one frequency changes its side of the median with another.
MOST_BITS_WITHOUT_LOSS = 2


def listed_picture() -> bytes:
    return saved(scene(7, (640, 480)), "PNG")


def engine(data: bytes) -> Pdq:
    return hash_picture(data)[0][1]


@pytest.fixture(scope="module")
def desk() -> Iterator[str]:
    """A desk with two lists: one knows nothing but an MD5, the other nothing but a PDQ hash."""
    near = int.from_bytes(engine(listed_picture()).value) ^ ((1 << FLIPPED) - 1)
    md5 = hashlib.md5(LISTED, usedforsecurity=False).hexdigest()
    with tempfile.TemporaryDirectory(prefix="breakwater-browser-") as folder:
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        environment |= {"BREAKWATER_DATA_DIR": folder, "BREAKWATER_DEMO": "yes"}

        def breakwater(*arguments: str) -> None:
            command = [sys.executable, "-m", "breakwater.cli", *arguments]
            subprocess.run(command, env=environment, check=True, capture_output=True)

        breakwater("demo", "--count", "5", "--no-start")
        for kind, value in (("md5", md5), ("pdq", f"{near:064x}")):
            file = Path(folder) / f"{kind}.csv"
            file.write_text(f"{kind},grade\n{value},A1\n")
            about = ("--source", "Synth", "--legal-basis", "Act s. 1", "--scheme", "interpol")
            breakwater("hashlists", "create", f"Only {kind}", *about)
            breakwater("hashlists", "import", str(file), "--list", f"Only {kind}", "--now")
        with served(environment) as base:
            yield base


@pytest.fixture
def page(browser: Browser, desk: str) -> Iterator[Page]:
    """The look-up page, at which nothing may be complained of."""
    context = _signed_in(browser, desk, "officer", "desktop", "light")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.goto(f"{desk}/hash-lists/look-up/")
    yield page
    context.close()
    assert not complaints


def drop(page: Page, files: dict[str, bytes]) -> list[dict[str, str]]:
    """Give the hashes of each file by their kind, in the order of the files."""
    page.fill("#id_hashes", "")
    given = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files.items()
    ]
    page.set_input_files("#lookup-files", given)  # type: ignore[arg-type]
    page.wait_for_selector(FINISHED, timeout=120_000)
    found: list[dict[str, str]] = []
    for line in page.input_value("#id_hashes").split():
        kind, value = line.split(":")
        found += [{}] if kind == "md5" else []
        found[-1][kind] = value
    assert len(found) == len(files)
    return found


def said(page: Page) -> list[str]:
    return page.locator("#lookup-dropped li").all_inner_texts()


def bits_between(page: Page, files: dict[str, bytes]) -> dict[str, int]:
    """How far the hash of each picture in the browser is from the one that the desk's engine makes."""
    found = drop(page, files)
    far: dict[str, int] = {}
    for (name, data), hashes, text in zip(files.items(), found, said(page), strict=True):
        expected = engine(data)
        assert expected.quality >= LEAST_QUALITY
        assert text.startswith(name)
        shown = int(re.findall(r"quality (\d+)", text)[0])
        assert abs(shown - expected.quality) <= 1, name
        far[name] = distance(bytes.fromhex(hashes["pdq"]), expected.value)
    return far


def test_a_file_in_any_pieces_has_the_digests_that_every_tool_gives_it(page: Page) -> None:
    sizes = [*range(4), 55, 56, 57, 63, 64, 65, 119, 120, 121, 127, 128, 129, 1000, 100_003]
    pieces = [1, 3, 55, 63, 64, 65, 127, 1000, 100_003]
    found = page.evaluate(
        """async ({sizes, pieces}) => {
            const {Md5, Sha1, Sha256} = await import('/static/hashlists/digests.js');
            return sizes.map((size) => pieces.map((piece) => [Md5, Sha1, Sha256].map((Digest) => {
                const bytes = Uint8Array.from({length: size}, (_, i) => (i * 31 + (i >> 8)) & 255);
                const digest = new Digest();
                for (let at = 0; at < size; at += piece) digest.add(bytes.subarray(at, at + piece));
                return digest.end();
            })));
        }""",
        {"sizes": sizes, "pieces": pieces},
    )
    for size, of_size in zip(sizes, found, strict=True):
        content = bytes((i * 31 + (i >> 8)) & 255 for i in range(size))
        expected = [
            hashlib.new(kind, content, usedforsecurity=False).hexdigest() for kind in DIGESTS
        ]
        assert of_size == [expected] * len(pieces), size


def test_a_file_of_many_slices_has_the_same_digests_as_elsewhere(page: Page) -> None:
    slices = 4 * 1024 * 1024
    rng = np.random.default_rng(1)
    files = {f"{n}.bin": rng.bytes(size) for n, size in enumerate((0, slices, 2 * slices + 5))}
    for content, hashes in zip(files.values(), drop(page, files), strict=True):
        assert hashes == {
            kind: hashlib.new(kind, content, usedforsecurity=False).hexdigest() for kind in DIGESTS
        }


def test_a_picture_kept_without_loss_has_the_hash_of_the_engine(page: Page) -> None:
    files = {
        f"{kind} {mode} {size}": saved(scene(seed, size).convert(mode), kind, **options)
        for seed, (kind, mode, size, options) in enumerate(
            [
                ("PNG", "RGB", (300, 200), {}), ("PNG", "L", (301, 203), {}),
                ("PNG", "P", (640, 480), {}), ("PNG", "RGB", (64, 2000), {}),
                ("PNG", "RGB", (2000, 70), {}), ("PNG", "RGB", (2016, 1512), {}),
                ("BMP", "RGB", (500, 333), {}), ("GIF", "P", (500, 333), {}),
                ("WEBP", "RGB", (640, 427), {"lossless": True}),
            ]
        )
    }  # fmt: skip
    assert max(bits_between(page, files).values()) <= MOST_BITS_WITHOUT_LOSS


def test_a_photograph_has_nearly_the_hash_of_the_engine_at_any_size_and_quality(page: Page) -> None:
    files = {
        f"{size} {mode} {options}": saved(scene(seed, size).convert(mode), "JPEG", **options)
        for seed, (size, mode, options) in enumerate(
            [
                ((640, 480), "RGB", {"quality": 30}), ((640, 480), "RGB", {"quality": 95}),
                ((641, 479), "RGB", {"quality": 75, "progressive": True}),
                ((800, 600), "RGB", {"quality": 85, "subsampling": "4:4:4"}),
                ((800, 600), "L", {"quality": 85}), ((1234, 2345), "RGB", {"quality": 60}),
                ((640, 480), "CMYK", {"quality": 85}),
                ((4000, 3000), "RGB", {"quality": 80}), ((6000, 4000), "RGB", {"quality": 90}),
            ]
        )
    }  # fmt: skip
    assert max(bits_between(page, files).values()) <= MOST_BITS


def test_a_picture_is_hashed_upright_as_its_camera_marked_it(page: Page) -> None:
    files = {}
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        files[f"turned {turn}"] = saved(scene(20), "JPEG", quality=95, exif=exif.tobytes())
    assert len({str(engine(data)) for data in files.values()}) == len(files)
    assert max(bits_between(page, files).values()) <= MOST_BITS


def test_transparent_parts_are_hashed_in_their_colours_as_the_engine_does(page: Page) -> None:
    files = {}
    for seed, kind in enumerate(("PNG", "WEBP")):
        picture = scene(30 + seed, (640, 480))
        alpha = np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))
        alpha[:100] = 0
        picture.putalpha(Image.fromarray(alpha))
        files[kind] = saved(picture, kind, **({"lossless": True, "exact": True} if seed else {}))
    palette = scene(32, (640, 480)).convert("P")
    files["PNG with a palette"] = saved(palette, "PNG", transparency=bytes(range(256)))
    assert max(bits_between(page, files).values()) <= MOST_BITS_WITHOUT_LOSS


def test_of_a_picture_with_little_in_it_the_digests_alone_are_asked_and_it_is_said(
    page: Page,
) -> None:
    plain = saved(Image.new("RGB", (300, 200), (20, 20, 20)), "PNG")
    assert drop(page, {"plain.png": plain})[0].keys() == set(DIGESTS)
    assert "PDQ quality 0 of 100: too little" in said(page)[0]


def test_a_file_that_is_no_picture_here_is_said_to_be_none_and_its_digests_are_asked(
    page: Page,
) -> None:
    photograph = saved(scene(1), "JPEG")
    most = struct.pack(">II", 60_000, 60_000)
    png = saved(scene(1), "PNG")
    files = {
        "video.mp4": b"\0\0\0\x18ftypmp42" + bytes(1000),
        "photo.heic": b"\0\0\0\x18ftypheic" + bytes(1000),
        "text.txt": b"plain words",
        "broken.jpg": photograph[:40] + bytes(500),
        "bomb.png": png[:16] + most + png[24:],
        "after.jpg": photograph,
    }
    found = drop(page, files)
    for (name, content), hashes, text in zip(files.items(), found, said(page), strict=True):
        digests = {k: hashlib.new(k, content, usedforsecurity=False).hexdigest() for k in DIGESTS}
        assert digests.items() <= hashes.items()
        assert ("pdq" in hashes) == (name == "after.jpg")
        problem = "too large to decode" if name == "bomb.png" else "cannot decode it as a picture"
        assert (problem in text) == (name != "after.jpg")


def test_a_browser_that_gives_pages_noise_for_pixels_makes_no_hash_of_it(page: Page) -> None:
    noise = """
        OffscreenCanvasRenderingContext2D.prototype.getImageData = (x, y, width, height) => {
            const found = new ImageData(width, height);
            found.data.forEach((_, i) => { found.data[i] = i % 4 === 3 ? 255 : 256 * Math.random(); });
            return found;
        };
    """

    worker = SCRIPTS / "hashing.js"
    body = noise + worker.read_text(encoding="utf-8")
    page.route(f"**/{worker.name}", lambda r: r.fulfill(body=body, content_type="text/javascript"))
    assert drop(page, {"photo.png": listed_picture()})[0].keys() == set(DIGESTS)
    assert "hides pixels" in said(page)[0]


def test_what_a_list_knows_by_one_kind_of_hash_alone_is_found_by_dropping_the_file(
    page: Page,
) -> None:
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.post_data or ""))
    drop(page, {"holiday.bin": LISTED, "beach.png": listed_picture(), "other.txt": b"unknown"})
    sent.clear()
    page.click("#lookup-form button[type=submit]")
    page.wait_for_selector("#lookup-result [data-matched]")
    text = page.inner_text("#lookup-result")
    assert "holiday.bin: known by MD5\n" in text
    assert f"beach.png: known by PDQ, distance {FLIPPED}" in text
    assert "other.txt: known" not in text
    [body] = filter(None, sent)
    fields = _fields(body)
    assert fields.keys() == {"csrfmiddlewaretoken", "hashes", "sixty_four"}
    for line in fields["hashes"].split():
        assert re.fullmatch("(md5|sha1|sha256|pdq):[0-9a-f]{32,64}", line)


def _fields(body: str) -> dict[str, Any]:
    """The fields of a form, in either of the ways in which browsers send them."""
    if not body.startswith("--"):
        return {name: values[0] for name, values in parse_qs(body).items()}
    parts = re.findall(r'form-data; name="([^"]+)"([^\r]*)\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
    assert all(not more for _, more, _ in parts)  # no name of a file
    return {name: value for name, _, value in parts}


def test_the_page_can_be_used_while_it_hashes_and_the_rest_of_the_files_be_stopped(
    page: Page, tmp_path: Path
) -> None:
    large = tmp_path / "film.bin"
    with large.open("wb") as file:
        file.truncate(20 * 1024**3)  # far more than is hashed before somebody can stop it
    page.fill("#id_hashes", "pasted before")
    small = tmp_path / "small.txt"
    small.write_bytes(b"abc")
    page.set_input_files("#lookup-files", [small, large])
    while page.evaluate("document.getElementById('lookup-bar').value") < 4e6:
        page.wait_for_timeout(50)
    assert page.is_disabled("#lookup-form button[type=submit]")
    page.select_option("#id_sixty_four", "pdq")
    page.click("#lookup-stop")
    assert page.inner_text("#lookup-status").startswith("Stopped: 1 of 2 files are hashed.")
    lines = page.input_value("#id_hashes").split("\n")
    assert lines[:2] == ["pasted before", f"md5:{hashlib.md5(b'abc').hexdigest()}"]  # noqa: S324
    assert page.is_hidden("#lookup-bar")
    assert page.is_enabled("#lookup-form button[type=submit]")


def test_a_file_that_cannot_be_read_is_said_and_does_not_stop_the_others(
    page: Page, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.bin"
    gone.write_bytes(b"abc")
    page.route("**/hashlists/hashing.js", lambda route: (gone.unlink(), route.continue_()))
    page.set_input_files("#lookup-files", [gone])
    page.wait_for_selector(FINISHED)
    assert "cannot be read; nothing of it is asked" in said(page)[0]
