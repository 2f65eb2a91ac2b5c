//! `hivis search`: pictures by what they look like.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use hivis_curate::mine::TwinSettings;
use hivis_store::Home;
use hivis_types::Label;
use serde::Serialize;

use crate::cli::{Global, SearchArgs, SearchVerb, ServeArgs};
use crate::searching::{Found, Group, Searchable};
use crate::table::table;
use crate::{home, sheet};

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &SearchVerb) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs::default())?;
    let open = async |args: &SearchArgs| Searchable::open(&home, &settings, args.kept).await;
    match verb {
        SearchVerb::Like { what, common } => {
            let searchable = open(common).await?;
            let (features, but) = searchable.meant(&home, &settings, what).await?;
            let found = searchable.like(features, but, common.limit as usize).await?;
            tell(global, &searchable, &found, ("distance", &[]))?;
            write_sheet(&home, &found, common.sheet.as_deref()).await?;
        }
        SearchVerb::Boundary { judge, common } => {
            let searchable = open(common).await?;
            let (found, left) = searchable.boundary(&home, *judge, common.limit as usize).await?;
            let note =
                format!("{left} pictures were not judged by the current release; --judge {left} judges them too");
            let notes = if left > 0 { vec![note] } else { Vec::new() };
            tell(global, &searchable, &found, ("probability", &notes))?;
            write_sheet(&home, &found, common.sheet.as_deref()).await?;
        }
        SearchVerb::Duplicates(args) => {
            let searchable = open(args).await?;
            let (groups, without) = searchable.duplicates(&home, TwinSettings::default(), args.limit as usize).await?;
            tell_groups(global, &searchable, &groups, without)?;
            let all: Vec<Found> = groups.into_iter().flat_map(|group| group.pictures).collect();
            write_sheet(&home, &all, args.sheet.as_deref()).await?;
        }
        SearchVerb::Outliers(args) => {
            let searchable = open(args).await?;
            let found = searchable.outliers(args.limit as usize).await?;
            tell(global, &searchable, &found, ("distance", &[]))?;
            write_sheet(&home, &found, args.sheet.as_deref()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Told<'a> {
    /// Pictures that were searched among.
    among: usize,
    /// What `value` of a picture is.
    value: &'a str,
    pictures: &'a [Found],
    notes: &'a [String],
}

#[derive(Serialize)]
struct ToldGroups<'a> {
    among: usize,
    groups: &'a [Group],
    without_hash: usize,
}

fn print(what: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(what)?);
    Ok(())
}

/// Prints the pictures; `how` names their value and carries notes.
fn tell(global: &Global, among: &Searchable, found: &[Found], how: (&str, &[String])) -> Result<()> {
    let (value, notes) = how;
    if global.json {
        return print(&Told { among: among.len(), value, pictures: found, notes });
    }
    let rows: Vec<_> = found.iter().map(row).collect();
    print!("{}", table(&["picture", value, "label", "name"], &rows));
    println!("\n{} of {} pictures with features", found.len(), among.len());
    for note in notes {
        println!("note: {note}");
    }
    Ok(())
}

fn tell_groups(global: &Global, among: &Searchable, groups: &[Group], without: usize) -> Result<()> {
    if global.json {
        return print(&ToldGroups { among: among.len(), groups, without_hash: without });
    }
    for group in groups {
        let rows: Vec<_> = group.pictures.iter().map(row).collect();
        println!("{}", table(&["picture", "distance", "label", "name"], &rows));
    }
    println!("{} groups of near-duplicates among {} pictures with features", groups.len(), among.len());
    if without > 0 {
        println!("note: {without} pictures have no hash; they are compared by features alone");
    }
    Ok(())
}

fn row(found: &Found) -> Vec<String> {
    let label = found.name.label.map_or("-", |label| if label == Label::Roadwork { "roadwork" } else { "clear" });
    let sha = found.sha256.to_string();
    vec![sha[..12].to_owned(), format!("{:.4}", found.value), label.to_owned(), found.name.said()]
}

async fn write_sheet(home: &Home, found: &[Found], file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    if found.is_empty() {
        eprintln!("nothing was found, so there is no contact sheet");
        return Ok(());
    }
    let caption = |found: &Found| format!("{:.3}\n{}", found.value, &found.sha256.to_string()[..12]);
    let pictures = found.iter().map(|found| (found.sha256, found.md5, caption(found))).collect();
    let count = sheet::write(home, pictures, file).await?;
    eprintln!("{}: {count} pictures", file.display());
    Ok(())
}
