"""Makes the coast line of the figures room out of Natural Earth's countries.

Usage: npm pack world-atlas@2.0.2, unpack it, then
    python tools/make_coastline.py package/countries-50m.json

Writes src/breakwater/drawing/data/coastline.json: the middle of every country and territory,
a coarse coast line of the world, and a finer one of each region that has its own map. Natural
Earth is in the public domain; world-atlas is under the ISC licence.
"""

import itertools
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pycountry

ROOMS = Path(__file__).resolve().parent.parent / "src/breakwater"
Point = tuple[float, float]
Ring = list[Point]

# Parts of other countries, or too small for the 1:50 million map.
BY_HAND: dict[str, Point] = {
    "BQ": (-68.27, 12.18),
    "BV": (3.36, -54.42),
    "CC": (96.87, -12.16),
    "CX": (105.68, -10.48),
    "GF": (-53.1, 3.95),
    "GI": (-5.35, 36.14),
    "GP": (-61.55, 16.2),
    "MQ": (-61.02, 14.65),
    "RE": (55.53, -21.12),
    "SJ": (16.0, 78.6),
    "TK": (-171.85, -9.2),
    "TV": (179.2, -8.52),
    "UM": (-160.02, -0.37),
    "XK": (20.9, 42.6),
    "YT": (45.15, -12.82),
}
WORLD = (-180.0, -58.0, 180.0, 80.0)
# Views are (west, south, east, north); a view without one is the whole world.
VIEWS = {
    "caribbean": (-91.0, 2.5, -52.0, 33.5),
    "central-america": (-119.0, 5.0, -76.0, 33.5),
    "north-america": (-170.0, 15.0, -50.0, 75.0),
    "south-america": (-84.0, -56.5, -33.0, 14.0),
    "european-union": (-25.0, 34.0, 45.0, 67.0),
    "south-asia": (58.0, -3.0, 99.0, 39.5),
    "south-east-asia": (90.0, -12.5, 142.0, 30.0),
}


def main(path: str) -> None:
    world = json.loads(Path(path).read_text())
    rings = arcs_of(world)
    shapes = dict(countries(world, rings))
    land = [ring for polygons in land_of(world, rings) for ring in polygons]
    land = [piece for ring in land for piece in cut(ring)]
    # Nobody reports from the ice.
    land = [ring for ring in land if max(y for _x, y in ring) > WORLD[1]]
    out = {
        "middles": {code: middle(polygons) for code, polygons in sorted(shapes.items())},
        "views": {"world": {"box": WORLD, "coast": drawn(land, 0.6, 1.5)}},
    }
    out["middles"] |= BY_HAND
    for name, box in VIEWS.items():
        detail = (box[2] - box[0]) / 400
        inside = [piece for ring in land for piece in clipped(ring, box)]
        out["views"][name] = {"box": box, "coast": drawn(inside, detail, detail)}
    missing = wanted() - out["middles"].keys()
    if missing:
        sys.exit(f"no place for {sorted(missing)}")
    text = json.dumps(out, separators=(",", ":"))
    (ROOMS / "drawing/data/coastline.json").write_text(text + "\n")
    print(f"{len(text) // 1024} KB")


def wanted() -> set[str]:
    regions = tomllib.loads((ROOMS / "figures/data/regions.toml").read_text())["regions"]
    return {code for members in regions.values() for code in members}


def arcs_of(world: dict[str, Any]) -> list[Ring]:
    (dx, dy), (x0, y0) = world["transform"]["scale"], world["transform"]["translate"]
    found = []
    for arc in world["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * dx + x0, y * dy + y0))
        found.append(points)
    return found


def ring_of(numbers: list[int], arcs: list[Ring]) -> Ring:
    points: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return points


def polygons_of(shape: dict[str, Any], arcs: list[Ring]) -> list[Ring]:
    """The outer rings of a shape; lakes are left out."""
    if shape["type"] == "Polygon":
        return [ring_of(shape["arcs"][0], arcs)]
    if shape["type"] == "MultiPolygon":
        return [ring_of(polygon[0], arcs) for polygon in shape["arcs"]]
    return []


def countries(world: dict[str, Any], arcs: list[Ring]) -> list[tuple[str, list[Ring]]]:
    found = []
    for shape in world["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=str(shape.get("id", "")).zfill(3))
        polygons = polygons_of(shape, arcs)
        if country and polygons:
            found.append((country.alpha_2, polygons))
    return found


def land_of(world: dict[str, Any], arcs: list[Ring]) -> list[list[Ring]]:
    return [polygons_of(shape, arcs) for shape in world["objects"]["land"]["geometries"]]


def cut(ring: Ring) -> list[Ring]:
    """The parts of a ring on either side of the 180th meridian, which it jumps across."""
    jumps = [i + 1 for i, (a, b) in enumerate(itertools.pairwise(ring)) if abs(a[0] - b[0]) > 180]
    if not jumps:
        return [ring]
    ring = [*ring[jumps[0] :], *ring[1 : jumps[0]]]
    ends = [0, *(place - jumps[0] for place in jumps[1:]), len(ring)]
    pieces = [ring[first:last] for first, last in itertools.pairwise(ends)]
    return [piece for piece in pieces if len(piece) > 2]


def area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def middle(polygons: list[Ring]) -> Point:
    """The centre of the largest part."""
    ring = max(polygons, key=lambda r: abs(area(r)))
    size = area(ring)
    if abs(size) < 1e-6:
        return round(ring[0][0], 2), round(ring[0][1], 2)
    x = y = 0.0
    for a, b in itertools.pairwise(ring):
        cross = a[0] * b[1] - b[0] * a[1]
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    return round(x / (6 * size), 2), round(y / (6 * size), 2)


def clipped(ring: Ring, box: tuple[float, float, float, float]) -> list[Ring]:
    """The part of a ring inside a box with some margin (Sutherland and Hodgman)."""
    margin = (box[2] - box[0]) / 40
    west, south, east, north = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
    for axis, edge, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        kept: Ring = []
        for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=False):
            in_a, in_b = (a[axis] - edge) * sign >= 0, (b[axis] - edge) * sign >= 0
            if in_a:
                kept.append(a)
            if in_a != in_b:
                part = (edge - a[axis]) / (b[axis] - a[axis])
                kept.append((a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part))
        ring = kept
        if not ring:
            return []
    return [ring]


def drawn(rings: list[Ring], tolerance: float, smallest: float) -> list[list[float]]:
    """Rings as flat lists of rounded numbers; specks smaller than `smallest` are left out."""
    found = []
    for ring in rings:
        width = max(p[0] for p in ring) - min(p[0] for p in ring)
        height = max(p[1] for p in ring) - min(p[1] for p in ring)
        if max(width, height) < smallest:
            continue
        points = simplified(ring, tolerance)
        if len(points) >= 4:
            found.append(
                [round(number, 1 if tolerance > 0.2 else 2) for point in points for number in point]
            )
    return found


def simplified(ring: Ring, tolerance: float) -> Ring:
    """Drop points nearer than `tolerance` to the line they stand on (Douglas and Peucker)."""
    half = max(range(len(ring)), key=lambda i: away(ring[i], ring[0], ring[0]))
    return [*_line(ring[: half + 1], tolerance)[:-1], *_line(ring[half:], tolerance)]


def _line(points: Ring, tolerance: float) -> Ring:
    keep, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        inner = range(first + 1, last)
        far = max(inner, key=lambda i: away(points[i], points[first], points[last]), default=None)
        if far is not None and away(points[far], points[first], points[last]) > tolerance:
            keep.add(far)
            waiting += [(first, far), (far, last)]
    return [points[place] for place in sorted(keep)]


def away(p: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = (dx * dx + dy * dy) ** 0.5
    if not length:
        return float(((p[0] - a[0]) ** 2 + (p[1] - a[1]) ** 2) ** 0.5)
    return float(abs(dx * (a[1] - p[1]) - dy * (a[0] - p[0])) / length)


if __name__ == "__main__":
    main(sys.argv[1])
