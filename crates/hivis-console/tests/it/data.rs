//! The page Data and its API with a source of its own: a stranger's words are text, and errors are told.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use hivis_console::{
    DataChange, DataCount, DataDiff, DataMap, DataPicture, DataPlot, DataSample, DataSets, DataSlice, DataSlices,
    DataSource, DataTable, DataTrends, DataVersionRow, DataVersions, DeskPicture, MapPart, SourceError, SourceFuture,
    routes,
};
use tower::ServiceExt;

use crate::{World, get, panel};

const HOSTILE: &str = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>";

/// Tells hostile words, or fails in one way.
struct Strange(Option<SourceError>);

impl Strange {
    fn tell<T: Send + 'static>(&self, told: T) -> SourceFuture<'static, T> {
        let answer = self.0.clone().map_or(Ok(told), Err);
        Box::pin(async move { answer })
    }
}

fn hostile() -> String {
    HOSTILE.to_owned()
}

impl DataSource for Strange {
    fn versions(&self, limit: u32, before: Option<String>) -> SourceFuture<'_, DataVersions> {
        let row = |n: u32| DataVersionRow {
            name: format!("{HOSTILE}{n}"),
            state: "cut".to_owned(),
            notes: hostile(),
            message: format!("{limit} {before:?}"),
            parts: vec![DataCount { name: hostile(), ..DataCount::default() }],
            ..DataVersionRow::default()
        };
        self.tell(DataVersions { versions: (0..2).map(row).collect(), more: true })
    }

    fn diff(&self, from: String, to: String) -> SourceFuture<'_, DataDiff> {
        let sample = DataSample { sha256: "ab".repeat(32), said: hostile(), record: Some(hostile()) };
        let change = DataChange { what: "added".to_owned(), samples: vec![sample], ..DataChange::default() };
        self.tell(DataDiff { from, to, changes: vec![change] })
    }

    fn slices(&self) -> SourceFuture<'_, DataSlices> {
        let slice = DataSlice { slice: hostile(), share: Some((0.5, 0.4, 0.6)), failing: true, ..DataSlice::default() };
        self.tell(DataSlices { accuracy_of: hostile(), coverage_of: hostile(), slices: vec![slice] })
    }

    fn trends(&self) -> SourceFuture<'_, DataTrends> {
        let table = DataTable { headings: vec![hostile()], rows: vec![vec![hostile()]] };
        let plot = DataPlot { title: hostile(), svg: "<svg></svg>".to_owned(), table };
        self.tell(DataTrends { gate: vec![plot], ..DataTrends::default() })
    }

    fn sets(&self) -> SourceFuture<'_, DataSets> {
        let set = DataCount { name: hostile(), pictures: 1, roadwork: 0 };
        self.tell(DataSets { sets: vec![set], ..DataSets::default() })
    }

    fn map(&self, part: MapPart) -> SourceFuture<'_, DataMap> {
        let body = Arc::new(if part == MapPart::Ids { vec![7; 64] } else { vec![1, 2, 3] });
        self.tell(DataMap { tag: "abc".to_owned(), body, working: false, said: String::new() })
    }

    fn picture(&self, sha256: String) -> SourceFuture<'_, DataPicture> {
        self.tell(DataPicture { sha256, facts: vec![("prompt".to_owned(), hostile())], record: None })
    }

    fn bytes(&self, sha256: String) -> SourceFuture<'_, DeskPicture> {
        let bytes: &[u8] = if sha256 == "png" { b"\x89PNG\r\n\x1a\n" } else { b"<svg onload=alert(1)>" };
        self.tell(DeskPicture { bytes: bytes.to_vec() })
    }
}

async fn world(error: Option<SourceError>) -> World {
    let (mut panel, folder) = panel(&[]).await;
    panel.sources.data = Some(Arc::new(Strange(error)));
    World { axon: panel.axon.clone(), app: routes(panel), _folder: folder }
}

#[tokio::test]
async fn strangers_words_are_text() {
    let world = world(None).await;
    let (status, _, html) = get(&world, "/data").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
    assert!(html.matches("&#60;script&#62;alert(1)").count() > 10, "they are shown: {html}");
    assert!(!html.contains(" style="), "the page's policy would refuse it");
    let (status, _, html) = get(&world, "/data?from=%3Cscript%3E&to=b").await;
    assert!(
        status == StatusCode::OK && html.contains("&#60;script&#62; to b") && !html.contains("<script> to"),
        "{html}"
    );
}

#[tokio::test]
async fn limits_tags_and_media_hold() {
    let world = world(None).await;
    let (_, _, said) = get(&world, "/api/data/versions?limit=999999").await;
    assert!(said.contains("100 None"), "a list is at most so long: {said}");
    assert_eq!(get(&world, "/api/data/versions?limit=-1").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get(&world, "/api/data/versions?order=x").await.0, StatusCode::BAD_REQUEST);
    let (status, headers, _) = get(&world, "/api/data/map").await;
    assert_eq!((status, headers[ETAG].to_str().expect("text")), (StatusCode::OK, "\"abc\""));
    let request = Request::get("/api/data/map/ids").header(IF_NONE_MATCH, "\"abc\"").body(Body::empty());
    let answer = world.app.clone().oneshot(request.expect("a request")).await.expect("routes do not fail");
    assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
    let (status, headers, _) = get(&world, "/api/data/picture/png/bytes").await;
    assert_eq!((status, headers["content-type"].to_str().expect("text")), (StatusCode::OK, "image/png"));
    assert_eq!(get(&world, "/api/data/picture/svg/bytes").await.0, StatusCode::NOT_FOUND, "markup is no picture");
}

#[tokio::test]
async fn errors_of_the_source_are_told() {
    let table = [
        (SourceError::Failed, StatusCode::INTERNAL_SERVER_ERROR, "the log has the reason"),
        (SourceError::Unfit("too much differs".into()), StatusCode::UNPROCESSABLE_ENTITY, "too much differs"),
        (SourceError::Unavailable("not now".into()), StatusCode::SERVICE_UNAVAILABLE, "not now"),
        (SourceError::NotFound("no version".into()), StatusCode::NOT_FOUND, "no version"),
    ];
    for (error, expected, words) in table {
        let world = world(Some(error)).await;
        for path in ["versions", "diff?from=a&to=b", "slices", "trends", "sets", "map", "map/ids", "picture/a"] {
            let (status, _, said) = get(&world, &format!("/api/data/{path}")).await;
            assert!(status == expected && said.contains(words), "{path}: {status} {said}");
        }
        let (status, _, html) = get(&world, "/data").await;
        assert!(status == StatusCode::OK && html.contains(words), "the page stands all the same: {html}");
    }
    let (panel, folder) = panel(&[]).await;
    let world = World { axon: panel.axon.clone(), app: routes(panel), _folder: folder };
    assert_eq!(get(&world, "/api/data/versions").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert!(get(&world, "/data").await.2.contains("This listener shows no data"));
}
