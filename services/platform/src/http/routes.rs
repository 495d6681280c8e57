//! Routes as data: method, path pattern, and an id that the handler matches on. The same table answers 404, and 405
//! with `Allow`, and can be compared with the template.

use super::{ApiError, Request};

/// A table of (method, pattern, id). A pattern's parts are literal or `{name}`; a literal wins over a name.
#[derive(Debug, Clone, Copy)]
pub struct Routes<R: 'static>(pub &'static [(&'static str, &'static str, R)]);

/// A route and the values of its `{name}` parts in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched<R> {
    /// The route's id.
    pub route: R,
    /// The pattern, for logs and metrics: bounded, unlike the path.
    pub pattern: &'static str,
    /// Values of the `{name}` parts.
    pub params: Vec<String>,
}

impl<R: Copy> Routes<R> {
    /// Finds the route of a request.
    ///
    /// # Errors
    /// 404 when no pattern fits the path, 405 with `Allow` when one does for other methods.
    pub fn find(&self, request: &Request) -> Result<Matched<R>, ApiError> {
        let mut fitting: Vec<_> = self
            .0
            .iter()
            .filter_map(|(method, pattern, route)| {
                let params = fit(pattern, request.segments())?;
                Some((*method, *pattern, *route, params))
            })
            .collect();
        let fewest = fitting
            .iter()
            .map(|(.., params)| params.len())
            .min()
            .ok_or_else(|| ApiError::not_found("no-such-route", "there is nothing at this path"))?;
        fitting.retain(|(.., params)| params.len() == fewest);
        let allow: Vec<&str> = fitting.iter().map(|(method, ..)| *method).collect();
        let allow = allow.join(", ");
        fitting
            .into_iter()
            .find(|(method, ..)| *method == request.method())
            .map(|(_, pattern, route, params)| Matched {
                route,
                pattern,
                params,
            })
            .ok_or_else(|| {
                ApiError::new(405, "method-not-allowed", "this path does not support the method")
                    .with_header("allow", allow)
            })
    }
}

fn fit(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut params = Vec::new();
    for (part, segment) in parts.into_iter().zip(segments) {
        if part.starts_with('{') {
            params.push(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    Some(params)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ROUTES: Routes<u8> = Routes(&[
        ("GET", "/inventory/{id}", 1),
        ("PUT", "/inventory/{id}", 2),
        ("POST", "/inventory/reserve", 3),
        ("GET", "/", 4),
    ]);

    fn find(method: &str, path: &str) -> Result<Matched<u8>, ApiError> {
        let event = json!({"httpMethod": method, "path": path});
        ROUTES.find(&Request::from_event(&event).unwrap())
    }

    #[test]
    fn finds_routes_and_params() {
        assert_eq!(find("GET", "/inventory/a").unwrap().params, ["a"]);
        assert_eq!(find("PUT", "/inventory/a/").unwrap().route, 2);
        assert_eq!(find("POST", "/inventory/reserve").unwrap().route, 3);
        assert_eq!(find("GET", "/").unwrap().route, 4);
    }

    #[test]
    fn says_404_and_405_with_allow() {
        for (method, path, status, allow) in [
            ("GET", "/nothing", 404, None),
            ("GET", "/inventory/a/b", 404, None),
            ("POST", "/inventory/a", 405, Some("GET, PUT")),
            ("GET", "/inventory/reserve", 405, Some("POST")),
        ] {
            let error = find(method, path).unwrap_err();
            assert_eq!(error.status(), status, "{method} {path}");
            assert_eq!(error.to_response("c").header("allow"), allow);
        }
    }
}
