//! `hivis commit`: which model the hotkey answers with.

use std::process::ExitCode;

use anyhow::Result;
use hivis_bittensor::wallet;
use hivis_chain::extrinsic::Commitment;
use hivis_chain::intent::Committing;

use crate::cli::{CommitArgs, Global};
use crate::failure::Hinted;
use crate::passwords::Asked;
use crate::{chain, home, onchain};

/// Commits to a repository at a revision, and the release's hash.
pub(crate) async fn run(global: &Global, args: &CommitArgs) -> Result<ExitCode> {
    let keys = home::wallet(global, &args.wallet)?;
    let hotkey = onchain::hotkey_address(&keys)?;
    let commitment = Commitment::new(&args.repo, &args.revision, args.sha256)
        .map_err(|problem| Hinted::new(problem.to_string(), "`hivis publish` prints repository and commit"))?;
    let place = onchain::connect(&chain::settings(global, &args.chain)?).await?;
    let committing = Committing { netuid: place.netuid, hotkey, commitment };
    let key = || Ok(wallet::open_hotkey(&keys.path, &keys.name, &keys.hotkey, &Asked::new(&args.password))?);
    onchain::carry(global, &place, &committing, &args.consent, key).await?;
    Ok(ExitCode::SUCCESS)
}
