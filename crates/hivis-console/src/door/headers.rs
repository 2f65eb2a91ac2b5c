//! What every answer of the second listener says to a browser: only our own files, no script in the page, no frame
//! around it, nothing told to others, nothing kept.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Nothing of this is used, so nothing that gets into a page may use it.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), \
                           display-capture=(), clipboard-read=(), browsing-topics=()";

/// Adds the headers; what a handler says of the referrer and of keeping stays.
pub(crate) async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut always = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    always(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    always(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    always(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    always(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    // A picture of a stranger brings a stricter one.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
