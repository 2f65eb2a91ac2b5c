//! `hivis commit`: which model the hotkey answers with.

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_bittensor::wallet;
use hivis_chain::extrinsic::Commitment;
use hivis_chain::intent::Committing;
use hivis_store::{Home, Publication};

use crate::cli::{CommitArgs, Global};
use crate::failure::Hinted;
use crate::passwords::Asked;
use crate::{chain, home, onchain};

/// The commitment to what was published of the current release.
pub(crate) async fn published(home: &Home) -> Result<Commitment> {
    let nothing =
        |what: &str| Hinted::new(what, "`hivis publish --repo OWNER/NAME`, or give --repo, --revision and --sha256");
    let release = home.releases().current()?.ok_or_else(|| nothing("there is no current release"))?;
    let there = home.ledger().await?.last_publication(&release).await?;
    of(&there.ok_or_else(|| nothing("the current release is not published"))?)
}

/// The commitment to a publication that was read back.
pub(crate) fn of(there: &Publication) -> Result<Commitment> {
    let (revision, _) = there.published.as_ref().context("the publication was not read back: this is a bug")?;
    let mut sha256 = [0; 32];
    hex::decode_to_slice(&there.what.sha256, &mut sha256)?;
    new(&there.what.repo, revision, sha256)
}

fn new(repo: &str, revision: &str, sha256: [u8; 32]) -> Result<Commitment> {
    let hint = "`hivis publish` prints repository and commit; a long repository name does not fit";
    Commitment::new(repo, revision, sha256).map_err(|problem| Hinted::new(problem.to_string(), hint).into())
}

/// Commits to a repository at a revision, and the release's hash.
pub(crate) async fn run(global: &Global, args: &CommitArgs) -> Result<ExitCode> {
    let keys = home::wallet(global, &args.signing.wallet)?;
    let hotkey = onchain::hotkey_address(&keys)?;
    let commitment = match (&args.repo, &args.revision, args.sha256) {
        (Some(repo), Some(revision), Some(sha256)) => new(repo, revision, sha256)?,
        _ => published(&home::open(global)?).await?,
    };
    let place = onchain::connect(&chain::settings(global, &args.signing.chain)?).await?;
    let committing = Committing { netuid: place.netuid, hotkey, commitment };
    let key = || Ok(wallet::open_hotkey(&keys.path, &keys.name, &keys.hotkey, &Asked::new(&args.signing.password))?);
    onchain::carry(global, &place, &committing, &args.signing.consent, key).await?;
    Ok(ExitCode::SUCCESS)
}
