//! Where an attribute stands in a subsegment: its name says so ([`crate::xray::attribute`]).

use crate::xray::attribute::{
    ANNOTATION, AWS, CAUSE, FLAG, HTTP_LENGTH, HTTP_METHOD, HTTP_STATUS, HTTP_URL, KIND, NAME, NAMESPACE,
    TELEMETRY,
};

/// Where an attribute stands in a subsegment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Annotation,
    Aws,
    Telemetry,
    Metadata,
    Namespace,
    Flag,
    Cause,
    HttpStatus,
    HttpLength,
    HttpMethod,
    HttpUrl,
    Name,
    Kind,
}

impl Place {
    /// The place of an attribute, and its key there.
    pub(crate) fn of(name: &'static str) -> (Self, &'static str) {
        let blocks = [
            (ANNOTATION, Self::Annotation),
            (AWS, Self::Aws),
            (TELEMETRY, Self::Telemetry),
        ];
        for (prefix, place) in blocks {
            if let Some(key) = name.strip_prefix(prefix) {
                return (place, key);
            }
        }
        let place = match name {
            NAMESPACE => Self::Namespace,
            FLAG => Self::Flag,
            CAUSE => Self::Cause,
            HTTP_STATUS => Self::HttpStatus,
            HTTP_LENGTH => Self::HttpLength,
            HTTP_METHOD => Self::HttpMethod,
            HTTP_URL => Self::HttpUrl,
            NAME => Self::Name,
            KIND => Self::Kind,
            _ => Self::Metadata,
        };
        (place, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_places() {
        for (name, place, key) in [
            ("annotation.order_id", Place::Annotation, "order_id"),
            ("aws.operation", Place::Aws, "operation"),
            ("telemetry.hop", Place::Telemetry, "hop"),
            ("xray.flag", Place::Flag, "xray.flag"),
            ("lines", Place::Metadata, "lines"),
            ("annotations", Place::Metadata, "annotations"),
        ] {
            assert_eq!(Place::of(name), (place, key));
        }
    }
}
