//! `hivis announce`: where validators find the axon.

use std::process::ExitCode;

use anyhow::Result;
use hivis_bittensor::wallet;
use hivis_bittensor::wire::VERSION;
use hivis_chain::Network;
use hivis_chain::extrinsic::Axon;
use hivis_chain::intent::Announcement;

use crate::cli::{AnnounceArgs, Global};
use crate::config::Announced;
use crate::failure::Hinted;
use crate::passwords::Asked;
use crate::{chain, home, onchain};

/// Announces or withdraws.
pub(crate) async fn run(global: &Global, args: &AnnounceArgs) -> Result<ExitCode> {
    let keys = home::wallet(global, &args.signing.wallet)?;
    let hotkey = onchain::hotkey_address(&keys)?;
    let settings = chain::settings(global, &args.signing.chain)?;
    let axon = if args.withdraw { None } else { Some(axon(args, &home::announced(global)?, settings.network)?) };
    let place = onchain::connect(&settings).await?;
    let announcement = Announcement { netuid: place.netuid, hotkey, axon };
    let key = || Ok(wallet::open_hotkey(&keys.path, &keys.name, &keys.hotkey, &Asked::new(&args.signing.password))?);
    onchain::carry(global, &place, &announcement, &args.signing.consent, key).await?;
    Ok(ExitCode::SUCCESS)
}

/// Nobody is asked what our address is: whoever answers that could answer anything.
fn axon(args: &AnnounceArgs, configured: &Announced, network: Network) -> Result<Axon> {
    let Some(ip) = args.ip.or(configured.ip) else {
        return Err(Hinted::new(
            "which address validators reach is not known",
            "give --ip A.B.C.D, or serve.announce_ip in hivis.toml: your provider's console names it; `ip -4 addr` shows it \
             where the machine has it itself; behind a router its status page does",
        )
        .into());
    };
    let port = args.port.unwrap_or(configured.port);
    let version = u32::try_from(VERSION).unwrap_or(u32::MAX);
    Axon::new(ip, port, version, network == Network::Local)
        .map_err(|problem| Hinted::new(format!("{ip}:{port} cannot be announced: {problem}"), problem.hint()).into())
}
