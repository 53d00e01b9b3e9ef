//! SVG elements.

use std::fmt::Write as _;

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn right(self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(self) -> f64 {
        self.top + self.height
    }
}

/// The part of a text that is at its position.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// An image that is being written. Writing to a string does not fail.
pub(crate) struct Svg {
    text: String,
}

type Point = (f64, f64);

impl Svg {
    pub(crate) fn new(width: f64, height: f64, title: &str, style: &str) -> Self {
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n\
             <title>{}</title>\n<style>{style}</style>\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"12\"/>\n",
            escaped(title)
        );
        Self { text }
    }

    pub(crate) fn text(&mut self, (x, y): Point, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        let _ = writeln!(
            self.text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    pub(crate) fn line(&mut self, (x1, y1): Point, (x2, y2): Point, class: &str) {
        let _ = writeln!(
            self.text,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    pub(crate) fn rectangle(&mut self, area: Area, class: &str) {
        let Area { left, top, width, height } = area;
        let _ = writeln!(
            self.text,
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/>"
        );
    }

    pub(crate) fn polyline(&mut self, points: &[Point], class: &str) {
        let _ = writeln!(
            self.text,
            "<polyline class=\"line line-{class}\" points=\"{}\"/>",
            joined(points)
        );
    }

    /// Fills the area under a curve.
    pub(crate) fn under(&mut self, points: &[Point], bottom: f64) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let _ = writeln!(
            self.text,
            "<polygon class=\"under\" points=\"{:.1},{bottom:.1} {} {:.1},{bottom:.1}\"/>",
            first.0,
            joined(points),
            last.0
        );
    }

    pub(crate) fn finish(mut self) -> String {
        self.text += "</svg>\n";
        self.text
    }
}

fn joined(points: &[Point]) -> String {
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    points.join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
