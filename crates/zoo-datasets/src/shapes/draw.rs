//! One picture of one shape.
//!
//! Only operations that IEEE 754 rounds exactly (+, -, *, /, square root, comparison) are used, and no sine or cosine, whose
//! last bit differs between systems: so the same seed gives the same bytes everywhere.

use crate::rng::SplitMix64;
use crate::sample::{Image, ImageShapeError};

pub(super) const CLASSES: [&str; 10] = ["circle", "square", "triangle", "cross", "ring", "star", "crescent", "heart", "stripes", "checker"];

/// Samples per pixel and axis where a pixel can be on an edge.
const SUPERSAMPLES: usize = 4;

type Colour = [f64; 3];

/// Everything random about a picture.
struct Scene {
    center: [f64; 2],
    radius: f64,
    /// Cosine and sine of the rotation.
    rotation: [f64; 2],
    /// Background at the two ends of a gradient along `slope`, then the shape's colour at its two ends.
    colours: [Colour; 4],
    slope: [f64; 2],
    noise: f64,
}

impl Scene {
    fn random([height, width]: [f64; 2], rng: &mut SplitMix64) -> Self {
        let radius = height.min(width) * rng.range(0.28, 0.46);
        let mut place = |side: f64| if side > 2.0 * radius { rng.range(radius, side - radius) } else { side / 2.0 };
        let center = [place(height), place(width)];
        let rotation = direction(rng);
        let slope = direction(rng);
        let (background, foreground) = contrasting(rng);
        let colours = [shade(background, 0.88), shade(background, 1.12), shade(foreground, 0.9), shade(foreground, 1.1)];
        Self { center, radius, rotation, colours, slope, noise: rng.range(2.0, 9.0) }
    }

    /// Whether a point (in pixels) is in the shape.
    fn covers(&self, label: usize, y: f64, x: f64) -> bool {
        let (y, x) = ((y - self.center[0]) / self.radius, (x - self.center[1]) / self.radius);
        let [cos, sin] = self.rotation;
        inside(label, x * cos - y * sin, x * sin + y * cos)
    }

    /// Share of a pixel that the shape covers, in `[0, 1]`.
    fn coverage(&self, label: usize, row: usize, column: usize) -> f64 {
        let (down, right) = (row as f64 + 0.5 - self.center[0], column as f64 + 0.5 - self.center[1]);
        let reach = self.radius + 1.0;
        if down * down + right * right > reach * reach {
            return 0.0;
        }
        let offset = |step: usize| (step as f64 + 0.5) / SUPERSAMPLES as f64;
        let points = (0..SUPERSAMPLES).flat_map(|down| (0..SUPERSAMPLES).map(move |right| (offset(down), offset(right))));
        let covered = points.filter(|(down, right)| self.covers(label, row as f64 + down, column as f64 + right)).count();
        covered as f64 / (SUPERSAMPLES * SUPERSAMPLES) as f64
    }

    /// Where a pixel is along the gradient, in `[0, 1]`.
    fn gradient(&self, row: usize, column: usize, [height, width]: [f64; 2]) -> f64 {
        let (down, right) = ((row as f64 + 0.5) / height - 0.5, (column as f64 + 0.5) / width - 0.5);
        (0.5 + (down * self.slope[0] + right * self.slope[1]) * 0.7).clamp(0.0, 1.0)
    }
}

/// A picture of `size` = `[height, width]` pixels, RGB.
pub(super) fn draw(label: usize, size: [usize; 2], rng: &mut SplitMix64) -> Result<Image, ImageShapeError> {
    let sides = size.map(|side| side as f64);
    let scene = Scene::random(sides, rng);
    let mut pixels = Vec::with_capacity(size[0] * size[1] * 3);
    for row in 0..size[0] {
        for column in 0..size[1] {
            let (coverage, along) = (scene.coverage(label, row, column), scene.gradient(row, column, sides));
            for channel in 0..3 {
                let [back_from, back_to, front_from, front_to] = scene.colours.map(|colour| colour[channel]);
                let value = blend(blend(back_from, back_to, along), blend(front_from, front_to, along), coverage);
                // Two draws make a triangular distribution, nearer to a sensor's noise than one.
                let noise = (rng.unit() + rng.unit() - 1.0) * scene.noise;
                pixels.push((value * 255.0 + noise + 0.5).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Image::new(size[0], size[1], 3, pixels)
}

fn blend(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

/// A point on the unit circle by the rational parametrisation, quarter by quarter.
fn direction(rng: &mut SplitMix64) -> [f64; 2] {
    let t = rng.unit();
    let (cos, sin) = ((1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t));
    match rng.below(4) {
        0 => [cos, sin],
        1 => [-sin, cos],
        2 => [-cos, -sin],
        _ => [sin, -cos],
    }
}

fn shade(colour: Colour, factor: f64) -> Colour {
    colour.map(|value| (value * factor).min(1.0))
}

/// Two colours whose brightness differs clearly.
fn contrasting(rng: &mut SplitMix64) -> (Colour, Colour) {
    for _ in 0..64 {
        let (background, foreground) = (colour(rng), colour(rng));
        if (luma(background) - luma(foreground)).abs() > 0.3 {
            return (background, foreground);
        }
    }
    ([0.1; 3], [0.9; 3])
}

fn luma([red, green, blue]: Colour) -> f64 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// Any hue, from pale to strong, from dark to light (HSV).
fn colour(rng: &mut SplitMix64) -> Colour {
    let (hue, saturation, value) = (rng.range(0.0, 6.0), rng.range(0.25, 0.95), rng.range(0.15, 1.0));
    [5.0, 3.0, 1.0].map(|offset| {
        let k = (offset + hue) % 6.0;
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

/// Whether a point is in a shape, which is in the unit circle around the origin. `label` is an index into [`CLASSES`].
fn inside(label: usize, x: f64, y: f64) -> bool {
    let square = |half: f64| x.abs() <= half && y.abs() <= half;
    let disc = |right: f64, radius: f64| (x - right) * (x - right) + y * y <= radius * radius;
    match label {
        0 => disc(0.0, 0.9),
        1 => square(0.7),
        2 => y >= -0.5 && y <= 1.0 - 3f64.sqrt() * x.abs(),
        3 => (x.abs() <= 0.27 && y.abs() <= 0.95) || (y.abs() <= 0.27 && x.abs() <= 0.95),
        4 => disc(0.0, 0.95) && !disc(0.0, 0.55),
        5 => star(x, y),
        6 => disc(0.0, 0.95) && !disc(0.45, 0.75),
        7 => heart(x * 1.3, y * 1.3 + 0.2),
        // Three bars.
        8 => square(0.7) && (y.abs() <= 0.17 || y.abs() >= 0.42),
        _ => square(0.7) && (((x + 0.7) / 0.35).floor() + ((y + 0.7) / 0.35).floor()) % 2.0 == 0.0,
    }
}

/// Five points on the unit circle; the corners between them at 0.42.
fn star(x: f64, y: f64) -> bool {
    // Cosine and sine of 36 degrees; turning by it goes from tip to corner.
    const COS: f64 = 0.809_016_994_374_947_4;
    const SIN: f64 = 0.587_785_252_292_473_1;
    const INNER: f64 = 0.42;
    let (mut tip, mut corner) = ([1.0, 0.0], [INNER * COS, INNER * SIN]);
    let side = |from: [f64; 2], to: [f64; 2]| (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
    let turn = |[a, b]: [f64; 2]| {
        let [a, b] = [a * COS - b * SIN, a * SIN + b * COS];
        [a * COS - b * SIN, a * SIN + b * COS]
    };
    // Each of five kites (origin, corner before, tip, corner behind) is two triangles.
    for _ in 0..5 {
        let other = mirror(corner, tip);
        let in_front = side([0.0; 2], tip) >= 0.0 && side(tip, corner) >= 0.0 && side(corner, [0.0; 2]) >= 0.0;
        let behind = side([0.0; 2], tip) <= 0.0 && side(tip, other) <= 0.0 && side(other, [0.0; 2]) <= 0.0;
        if in_front || behind {
            return true;
        }
        (tip, corner) = (turn(tip), turn(corner));
    }
    false
}

/// A point mirrored at the line through the origin and `axis`, a point on the unit circle.
fn mirror([x, y]: [f64; 2], axis: [f64; 2]) -> [f64; 2] {
    let along = x * axis[0] + y * axis[1];
    [2.0 * along * axis[0] - x, 2.0 * along * axis[1] - y]
}

/// The curve (x^2 + y^2 - 1)^3 = x^2 y^3.
fn heart(x: f64, y: f64) -> bool {
    let ring = x * x + y * y - 1.0;
    ring * ring * ring <= x * x * y * y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of the square around the unit circle that a shape covers; fails where it leaves the circle.
    fn area(label: usize) -> f64 {
        let grid = || (-110..=110).map(|step| f64::from(step) / 100.0);
        let mut covered = 0;
        for (y, x) in grid().flat_map(|y| grid().map(move |x| (y, x))) {
            if inside(label, x, y) {
                assert!(x * x + y * y <= 1.0 + 1e-9, "{} at {x} {y}", CLASSES[label]);
                covered += 1;
            }
        }
        f64::from(covered) / 40_000.0 * 4.0
    }

    #[test]
    fn shapes_are_in_the_unit_circle_and_have_their_areas() {
        let pi = std::f64::consts::PI;
        // By formula where there is a simple one; the star is ten triangles of sides 1 and 0.42 with 36 degrees between.
        let expected = [
            (0, 0.81 * pi),
            (1, 1.96),
            (2, 3.0 * 3f64.sqrt() / 4.0),
            (3, 2.0 * 0.54 * 1.9 - 0.54 * 0.54),
            (4, (0.9025 - 0.3025) * pi),
            (5, 5.0 * 0.42 * (pi / 5.0).sin()),
            (8, 1.4 * (0.34 + 2.0 * 0.28)),
            (9, 1.96 / 2.0),
        ];
        for (label, expected) in expected {
            assert!((area(label) - expected).abs() < 0.08, "{}: {} {expected}", CLASSES[label], area(label));
        }
        for label in [6, 7] {
            assert!((0.5..2.5).contains(&area(label)), "{}", CLASSES[label]);
        }
    }

    #[test]
    fn directions_are_on_the_unit_circle_and_reach_all_around() {
        let mut rng = SplitMix64::new(0);
        let mut quadrants = [0; 4];
        for _ in 0..400 {
            let [cos, sin] = direction(&mut rng);
            assert!((cos * cos + sin * sin - 1.0).abs() < 1e-12);
            quadrants[usize::from(cos < 0.0) * 2 + usize::from(sin < 0.0)] += 1;
        }
        assert!(quadrants.iter().all(|count| (60..140).contains(count)), "{quadrants:?}");
    }

    #[test]
    fn the_shape_stands_out() {
        for seed in 0..200 {
            let (background, foreground) = contrasting(&mut SplitMix64::new(seed));
            assert!((luma(background) - luma(foreground)).abs() > 0.3);
        }
    }
}
