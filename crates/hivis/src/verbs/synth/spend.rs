//! `hivis synth spend`

use std::process::ExitCode;

use anyhow::Result;
use hivis_store::{Booking, Cap, Tally};
use hivis_types::Usd;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{Global, ServeArgs, SynthSpendArgs};
use crate::failure::Hinted;
use crate::home;
use crate::table::table;

/// Bookings that are shown.
const SHOWN: u32 = 20;

/// Week, month and open bookings; or settles one of these.
pub(super) async fn run(global: &Global, args: &SynthSpendArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let caps = home::settings(&home, &ServeArgs::default())?.synth.caps;
    let ledger = home.ledger().await?;
    let now = Timestamp::now();
    if let (Some(id), Some(dollars)) = (args.settle, args.usd) {
        let usd = Usd::from_dollars(dollars).filter(|usd| usd.0 >= 0);
        let usd = usd.ok_or_else(|| Hinted::new(format!("{dollars} is no amount"), "dollars, such as 0.04"))?;
        if !ledger.settle(id, usd, args.pictures, now).await? {
            let hint = "`hivis synth spend` lists the open ones";
            return Err(Hinted::new(format!("there is no open booking {id}"), hint).into());
        }
    }
    let spent = ledger.spent("synth", now).await?;
    let open = ledger.bookings("synth", true, SHOWN).await?;
    if global.json {
        println!("{}", json!({ "spent": spent, "caps": caps, "open": open }));
        return Ok(ExitCode::SUCCESS);
    }
    let row = |period: &str, tally: &Tally, cap: &Cap| {
        vec![
            period.to_owned(),
            tally.usd.to_string(),
            cap.usd.to_string(),
            tally.pictures.to_string(),
            cap.pictures.to_string(),
            tally.open.to_string(),
        ]
    };
    let rows = [row("this week", &spent.week, &caps.week), row("this month", &spent.month, &caps.month)];
    print!("{}", table(&["", "spent", "cap", "pictures", "cap", "of it open"], &rows));
    if !open.is_empty() {
        let row = |booking: &Booking| {
            let batch = booking.batch.map_or_else(|| "-".to_owned(), |batch| batch.to_string());
            let at = booking.at.strftime("%Y-%m-%d %H:%M").to_string();
            let note = booking.note.clone().unwrap_or_else(|| "under way, or its process died".to_owned());
            vec![booking.id.to_string(), booking.what.clone(), batch, at, booking.booked.to_string(), note]
        };
        let rows: Vec<_> = open.iter().map(row).collect();
        println!("\nopen: each counts in full until it is settled");
        print!("{}", table(&["booking", "what", "batch", "booked (UTC)", "at most", ""], &rows));
        println!("look it up where you pay, then: hivis synth spend --settle NUMBER --usd DOLLARS --pictures N");
    }
    Ok(ExitCode::SUCCESS)
}
