//! The formats in which metrics are served, and the choice between them.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderValue, header};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// A format of Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// The text format, version 0.0.4.
    Text,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The format that a request prefers (RFC 9110 §12.5.1): the text format if both are equally good, or
    /// none is acceptable.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(header::ACCEPT).iter();
        let fields: Vec<_> = fields.filter_map(|value| value.to_str().ok()).collect();
        let ranges: Vec<_> =
            fields.iter().flat_map(|field| field.split(',')).filter_map(Range::parse).collect();
        match Self::OpenMetrics.quality(&ranges) > Self::Text.quality(&ranges) {
            true => Self::OpenMetrics,
            false => Self::Text,
        }
    }

    pub(crate) const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }

    pub(super) fn render(self, registry: &Registry) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, registry);
        match self {
            Self::Text => to_text_format(&text),
            Self::OpenMetrics => text,
        }
    }

    /// The quality that the most specific of the ranges gives it, in thousandths.
    fn quality(self, ranges: &[Range<'_>]) -> u16 {
        let matching = ranges.iter().filter_map(|range| Some((range.specificity(self)?, range.q)));
        matching.max().map_or(0, |(_, q)| q)
    }

    fn version(self) -> &'static str {
        match self {
            Self::Text => "0.0.4",
            Self::OpenMetrics => "1.0.0",
        }
    }
}

/// A media range of `Accept`.
struct Range<'a> {
    media: &'a str,
    version: Option<&'a str>,
    /// In thousandths.
    q: u16,
}

impl<'a> Range<'a> {
    /// The range, unless its quality is malformed.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let mut range = Self { media: parts.next()?, version: None, q: 1000 };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.eq_ignore_ascii_case("q") {
                let q: f32 = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
                range.q = (q * 1000.0) as u16;
            } else if name.eq_ignore_ascii_case("version") {
                range.version = Some(value.trim_matches('"'));
            }
        }
        Some(range)
    }

    /// How specific it is, if it matches the format.
    fn specificity(&self, format: Format) -> Option<u8> {
        let (any, exact) = match format {
            Format::Text => ("text/*", "text/plain"),
            Format::OpenMetrics => ("application/*", "application/openmetrics-text"),
        };
        match self.media.to_ascii_lowercase() {
            media if media == "*/*" => Some(0),
            media if media == any => Some(1),
            media if media == exact => match self.version {
                None => Some(2),
                Some(version) => (version == format.version()).then_some(3),
            },
            _ => None,
        }
    }
}

/// Converts OpenMetrics to the text format, in which the name of a counter has its suffix in the
/// metadata as well, information is a gauge, and there are neither units nor an end.
fn to_text_format(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ').map_or("", |(_, help)| help);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, kind)) = rest.split_once(' ') else { continue };
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                kind => ("", kind),
            };
            // Writing to a string does not fail.
            let _ = write!(text, "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}\n");
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_format() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.4,\
                          text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                          text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        for (accept, format) in [
            (&[][..], Format::Text),
            (&["*/*"], Format::Text),
            (&[prometheus], Format::OpenMetrics),
            (&["text/plain;version=0.0.4"], Format::Text),
            (&["application/openmetrics-text"], Format::OpenMetrics),
            (&["application/openmetrics-text; version=1.0.0"], Format::OpenMetrics),
            (&["Application/OpenMetrics-Text; Version=\"1.0.0\"; Q=0.5"], Format::OpenMetrics),
            (&["application/openmetrics-text; version=2.0.0"], Format::Text),
            (&["application/openmetrics-text;q=0.5, text/plain;q=0.6"], Format::Text),
            (&["application/openmetrics-text;q=0.5", "text/plain;q=0.4"], Format::OpenMetrics),
            (&["application/openmetrics-text, text/plain"], Format::Text),
            (&["application/openmetrics-text;q=0, */*;q=0.1"], Format::Text),
            (&["text/plain;q=0, */*;q=0.1"], Format::OpenMetrics),
            (&["text/*;q=0.2, application/*;q=0.3"], Format::OpenMetrics),
            (&["text/html, */*;q=0.8"], Format::Text),
            (&["application/openmetrics-text;q=2"], Format::Text),
            (&["image/png"], Format::Text),
            (&["", ";;", ",=,"], Format::Text),
        ] {
            let field = |value: &&'static str| (header::ACCEPT, HeaderValue::from_static(value));
            let headers: HeaderMap = accept.iter().map(field).collect();
            assert_eq!(Format::preferred(&headers), format, "{accept:?}");
        }
    }

    #[test]
    fn the_text_format() {
        let open_metrics = "# HELP a_seconds About a.\n# TYPE a_seconds counter\n\
                            # UNIT a_seconds seconds\na_seconds_total{b=\"c\"} 1\n\
                            # HELP d About d.\n# TYPE d info\nd_info{e=\"# f\"} 1\n\
                            # HELP g About g.\n# TYPE g gauge\ng 0.5\n# EOF\n";
        let text = "# HELP a_seconds_total About a.\n# TYPE a_seconds_total counter\n\
                    a_seconds_total{b=\"c\"} 1\n\
                    # HELP d_info About d.\n# TYPE d_info gauge\nd_info{e=\"# f\"} 1\n\
                    # HELP g About g.\n# TYPE g gauge\ng 0.5\n";
        assert_eq!(to_text_format(open_metrics), text);
    }
}
