//! `/runbooks`: what to do about each alert, the same pages as in the repository.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use hivis_watch::runbook;
use utoipa_axum::router::OpenApiRouter;

use crate::Panel;
use crate::answer::Refused;
use crate::shell::{Shell, render};

pub(crate) fn routes() -> OpenApiRouter<Panel> {
    OpenApiRouter::new().route("/runbooks", get(list)).route("/runbooks/{name}", get(one))
}

/// One block of a page.
enum Block {
    Heading(String),
    Paragraph(Vec<Piece>),
    List(Vec<Vec<Piece>>),
}

/// Part of a line.
enum Piece {
    Text(String),
    Code(String),
    Link(String, String),
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct Page {
    shell: Shell,
    title: String,
    blocks: Vec<Block>,
}

async fn list(shell: Shell) -> Response {
    let item = |(name, text): &(&str, &str)| vec![Piece::Link(title(text).to_owned(), format!("/runbooks/{name}"))];
    let blocks = vec![Block::List(runbook::ALL.iter().map(item).collect())];
    render(&Page { shell, title: "Runbooks".to_owned(), blocks })
}

async fn one(shell: Shell, Path(name): Path<String>) -> Result<Response, Refused> {
    let unknown = || Refused::new(StatusCode::NOT_FOUND, "there is no such runbook; /runbooks lists them");
    let text = runbook::page(&name).ok_or_else(unknown)?;
    Ok(render(&Page { shell, title: title(text).to_owned(), blocks: blocks(text) }))
}

/// The first line, without its mark.
fn title(text: &str) -> &str {
    text.lines().next().map_or("", |line| line.trim_start_matches("# "))
}

/// What our pages are written in: `##`, `-`, paragraphs of one line.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
        if let Some(heading) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(heading.to_owned()));
        } else if let Some(item) = line.strip_prefix("- ") {
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(pieces(item)),
                _ => blocks.push(Block::List(vec![pieces(item)])),
            }
        } else {
            blocks.push(Block::Paragraph(pieces(line)));
        }
    }
    blocks
}

/// `` `code` `` and `[text](name)` in a line.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[']) {
        let (before, from) = rest.split_at(at);
        let code = from.strip_prefix('`').and_then(|from| from.split_once('`'));
        let link = from.strip_prefix('[').and_then(|from| from.split_once("](")).and_then(|(text, after)| {
            let (target, after) = after.split_once(')')?;
            (!text.contains(['`', ' '])).then_some((text, target, after))
        });
        let (piece, after) = match (code, link) {
            (Some((code, after)), _) => (Piece::Code(code.to_owned()), after),
            (_, Some((text, target, after))) => (Piece::Link(text.to_owned(), format!("/runbooks/{target}")), after),
            _ => (Piece::Text(from[..1].to_owned()), &from[1..]),
        };
        pieces.extend([Piece::Text(before.to_owned()), piece]);
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_read_whole() {
        for (name, text) in runbook::ALL {
            let mut plain = String::new();
            let mut put = |pieces: &[Piece]| {
                for piece in pieces {
                    let text = match piece {
                        Piece::Text(text) => text.clone(),
                        Piece::Code(code) => format!("`{code}`"),
                        Piece::Link(text, target) => format!("[{text}]({})", &target["/runbooks/".len()..]),
                    };
                    plain.push_str(&text);
                }
                plain.push('\n');
            };
            put(&[Piece::Text(format!("# {}", title(text)))]);
            for block in blocks(text) {
                match block {
                    Block::Heading(heading) => put(&[Piece::Text(format!("## {heading}"))]),
                    Block::Paragraph(line) => put(&line),
                    Block::List(items) => items.into_iter().for_each(|item| {
                        put(&[vec![Piece::Text("- ".to_owned())], item].into_iter().flatten().collect::<Vec<_>>());
                    }),
                }
            }
            let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(plain.lines().collect::<Vec<_>>(), lines, "{name}");
        }
    }
}
