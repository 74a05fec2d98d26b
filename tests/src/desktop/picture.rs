//! What is on the screen, point by point.

/// A picture in red, green and blue.
#[derive(Clone, Default)]
pub struct Picture {
    width: u16,
    height: u16,
    points: Vec<u8>,
}

impl Picture {
    /// From what the X server sends: blue comes first, and the fourth byte of
    /// each point means nothing.
    pub(super) fn from_x(width: u16, height: u16, bytes: &[u8]) -> Self {
        let points = bytes
            .chunks_exact(4)
            .flat_map(|point| [point[2], point[1], point[0]]);
        Self {
            width,
            height,
            points: points.collect(),
        }
    }

    /// Which part of the points differs, from 0 to 1. The same text is not
    /// always drawn with the very same edges, so a little means nothing.
    #[must_use]
    pub fn difference(&self, other: &Self) -> f64 {
        if (self.width, self.height) != (other.width, other.height) {
            return 1.0;
        }
        let points = self
            .points
            .chunks_exact(3)
            .zip(other.points.chunks_exact(3));
        let all = points.len().max(1);
        points.filter(|(a, b)| a != b).count() as f64 / all as f64
    }

    /// Which part of the points differs from the one in the middle, which is background
    /// in an empty window, from 0 to 1.
    #[must_use]
    pub fn drawn(&self) -> f64 {
        let count = self.points.len() / 3;
        let first = self.points.chunks_exact(3).nth(count / 2);
        let points = self.points.chunks_exact(3);
        points.filter(|point| Some(*point) != first).count() as f64 / count.max(1) as f64
    }

    /// As a file that every viewer of pictures reads.
    pub(super) fn to_ppm(&self) -> Vec<u8> {
        let mut file = format!("P6 {} {} 255\n", self.width, self.height).into_bytes();
        file.extend(&self.points);
        file
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a picture of {} by {}", self.width, self.height)
    }
}
