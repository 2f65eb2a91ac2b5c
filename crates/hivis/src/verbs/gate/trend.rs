//! `hivis gate trend`: a figure from batch to batch.

use std::collections::BTreeMap;

use anyhow::Result;
use hivis_store::Ledger;
use serde_json::json;

use super::number;
use crate::cli::Global;
use crate::failure::Hinted;
use crate::table::table;

pub(super) async fn run(global: &Global, ledger: &Ledger, figure: Option<&str>) -> Result<()> {
    let batches = ledger.batch_verdicts().await?;
    let mut known: BTreeMap<&str, u64> = BTreeMap::new();
    for name in batches.iter().flat_map(|batch| batch.figures.keys()) {
        *known.entry(name).or_default() += 1;
    }
    let Some(figure) = figure else {
        if global.json {
            println!("{}", json!({ "figures": known }));
        } else if known.is_empty() {
            println!("no batch was judged yet; `hivis gate run` does it");
        } else {
            let rows: Vec<_> = known.iter().map(|(name, count)| vec![(*name).to_owned(), count.to_string()]).collect();
            print!("{}", table(&["figure", "batches"], &rows));
        }
        return Ok(());
    };
    if !known.contains_key(figure) {
        let hint = "`hivis gate trend` lists the figures that there are";
        return Err(Hinted::new(format!("no batch has a figure `{figure}`"), hint).into());
    }
    let points = batches.iter().filter_map(|batch| Some((batch, *batch.figures.get(figure)?)));
    if global.json {
        for (batch, value) in points {
            println!("{}", json!({ "batch": batch.batch, "at": batch.at, "pictures": batch.pictures, "value": value }));
        }
        return Ok(());
    }
    let rows: Vec<_> = points
        .map(|(batch, value)| {
            let at = batch.at.strftime("%Y-%m-%d %H:%M").to_string();
            vec![at, batch.batch.to_string(), batch.pictures.to_string(), number(value)]
        })
        .collect();
    print!("{}", table(&["UTC", "batch", "pictures", figure], &rows));
    Ok(())
}
