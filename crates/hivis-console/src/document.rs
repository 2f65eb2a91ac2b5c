//! `/api/openapi.json` and `/api`: every route of the API, as the router has them.
//!
//! The document is made from the routes themselves (`routes!(...)` of utoipa-axum), so it says what is served.

use std::sync::Arc;

use askama::Template;
use axum::extract::Extension;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, ServerBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Panel;
use crate::door::Who;
use crate::shell::{Shell, render};

const ABOUT: &str = "The control room of a hivis miner. Whoever is on the miner's own computer needs no login while there \
                     are no accounts. Scripts send `Authorization: Bearer TOKEN` (`hivis console token create`); pages \
                     have a session, and send its token in `X-Hivis-Csrf` with every change. A change is JSON of at most \
                     16 KiB, wants the role reviewer or operator, and is written to the audit log. Errors are JSON: \
                     `{\"error\": \"...\"}`; 401 nobody is logged in, 403 not from here or not with this role, 413 too \
                     long, 422 understood and wrong, 429 too often, 503 nobody keeps that here.";

/// The document before any route is in it.
pub(crate) fn frame() -> OpenApi {
    let session = ApiKey::Cookie(ApiKeyValue::with_description("hivis_session", "From the form at /login."));
    let csrf = ApiKey::Header(ApiKeyValue::with_description("X-Hivis-Csrf", "What the page's meta tag `csrf` says."));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("hivis console token create"));
    let schemes = ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(token.build()))
        .security_scheme("session", SecurityScheme::ApiKey(session))
        .security_scheme("csrf", SecurityScheme::ApiKey(csrf))
        .build();
    let none: [&str; 0] = [];
    let page = SecurityRequirement::new("session", none).add("csrf", none);
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("hivis").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT)).build())
        .servers(Some([ServerBuilder::new().url("/").description(Some("This listener.")).build()]))
        .components(Some(schemes))
        .security(Some([SecurityRequirement::new("token", none), page]))
        .build()
}

/// The document, written once.
#[derive(Clone)]
pub(crate) struct Document(Arc<Written>);

struct Written {
    json: String,
    groups: Vec<Group>,
}

/// Routes that share the first word of their path.
#[derive(Clone)]
struct Group {
    name: String,
    routes: Vec<Route>,
}

#[derive(Clone)]
struct Route {
    method: &'static str,
    path: String,
    summary: String,
    /// Names of what may stand in the query.
    query: Vec<String>,
}

impl Document {
    pub(crate) fn new(mut document: OpenApi) -> Self {
        // Handlers of different pages may have one name; method and path are no other's.
        for (path, item) in &mut document.paths.paths {
            let name: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            for (method, operation) in [("get", &mut item.get), ("post", &mut item.post)] {
                if let Some(operation) = operation {
                    operation.operation_id = Some(format!("{method}{name}"));
                }
            }
        }
        let json = document.to_json().expect("an OpenAPI document is JSON: this is a bug");
        let mut groups: Vec<Group> = Vec::new();
        for (path, item) in document.paths.paths {
            let methods = [
                ("GET", item.get),
                ("POST", item.post),
                ("PUT", item.put),
                ("PATCH", item.patch),
                ("DELETE", item.delete),
            ];
            let name = path.split('/').nth(2).unwrap_or_default().to_owned();
            let routes = methods.into_iter().filter_map(|(method, operation)| Some(route(method, &path, operation?)));
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.routes.extend(routes),
                None => groups.push(Group { name, routes: routes.collect() }),
            }
        }
        Self(Arc::new(Written { json, groups }))
    }
}

fn route(method: &'static str, path: &str, operation: Operation) -> Route {
    let all = operation.parameters.unwrap_or_default();
    let query = all.into_iter().filter(|parameter| parameter.parameter_in == ParameterIn::Query);
    Route {
        method,
        path: path.to_owned(),
        summary: operation.summary.or(operation.description).unwrap_or_default(),
        query: query.map(|parameter| parameter.name).collect(),
    }
}

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().routes(routes!(openapi)).route("/api", get(page))
}

/// This document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "api",
    responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value)),
)]
async fn openapi(Extension(document): Extension<Document>, _who: Who) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.0.json.clone()).into_response()
}

#[derive(Template)]
#[template(path = "api.html")]
struct Page {
    shell: Shell,
    groups: Vec<Group>,
}

async fn page(Extension(document): Extension<Document>, shell: Shell) -> Response {
    render(&Page { shell, groups: document.0.groups.clone() })
}
