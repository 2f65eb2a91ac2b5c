//! What keys lie on this machine: no coldkey should, and no hotkey that others can read.

use hivis_bittensor::wallet;

use super::Finding;
use crate::config::WalletSettings;

pub(super) fn look(settings: &WalletSettings) -> Vec<Finding> {
    let root = &settings.path;
    let mend = "check the permissions of the wallets' folder";
    let mut findings = Vec::new();
    match wallet::coldkeys(root) {
        Ok(files) if files.is_empty() => findings.push(Finding::good("coldkey", "none lies on this machine")),
        Ok(files) => {
            let named: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            findings.push(Finding::bad(
                "coldkey",
                format!("A PRIVATE COLDKEY LIES ON THIS MACHINE, which strangers reach: {}", named.join(", ")),
                "serving needs the hotkey only: move the file to a machine that is not reachable, open it there once, then remove it here (shred -u FILE); coldkeypub.txt may stay",
            ));
        }
        Err(error) => findings.push(Finding::failed("coldkey", &error.into(), mend)),
    }
    match wallet::scan(root) {
        Ok(wallets) => {
            for wallet in wallets {
                let problems = wallet.hotkeys.iter().flat_map(|key| key.problems.iter().map(move |text| (key, text)));
                for (key, problem) in problems {
                    let text = format!("{}/{}: {problem}", wallet.name, key.name);
                    findings.push(Finding::bad("hotkey file", text, "hivis wallet list"));
                }
            }
        }
        Err(error) => findings.push(Finding::failed("hotkey file", &error.into(), mend)),
    }
    findings
}
