//! SSH: a password is guessed sooner or later.

use super::Finding;
use super::machine::Machine;

const CONFIG: &str = "/etc/ssh/sshd_config";
const PARTS: &str = "/etc/ssh/sshd_config.d";

pub(super) async fn check(machine: &Machine) -> Finding {
    let what = "ssh";
    // `sshd -T` is what counts, but only root may ask.
    let text = match machine.say(&["sshd", "-T"]).await {
        Some(text) => text,
        None => match machine.read(CONFIG) {
            Some(text) => with_parts(machine, &text),
            None if machine.path(CONFIG).exists() => {
                return Finding::note(what, format!("{CONFIG} may not be read"), "run it as root");
            }
            None => return Finding::good(what, "no SSH server"),
        },
    };
    let value = |key: &str| value(&text, key);
    let passwords = value("passwordauthentication").unwrap_or("yes") != "no";
    let keyboard =
        ["kbdinteractiveauthentication", "challengeresponseauthentication"].iter().find_map(|key| value(key));
    if passwords || keyboard.unwrap_or("yes") != "no" {
        let mend = format!(
            "put a key in place first; then `PasswordAuthentication no` and `KbdInteractiveAuthentication no` in {PARTS}/hivis.conf, `systemctl reload ssh`"
        );
        return Finding::bad(what, "passwords may log in", mend);
    }
    if value("permitrootlogin") == Some("yes") {
        return Finding::note(what, "keys only, but root may log in", "PermitRootLogin prohibit-password, or no");
    }
    Finding::good(what, "keys only")
}

/// The configuration with its parts where they are included; the first word of a key counts.
fn with_parts(machine: &Machine, text: &str) -> String {
    let mut all = String::new();
    for line in text.lines() {
        if line.trim().to_lowercase().starts_with("include") && line.contains("sshd_config.d") {
            // As the pattern that is included: `*.conf`.
            for name in machine.list(PARTS).iter().filter(|name| name.strip_suffix(".conf").is_some()) {
                all.push_str(&machine.read(&format!("{PARTS}/{name}")).unwrap_or_default());
                all.push('\n');
            }
        }
        all.push_str(line);
        all.push('\n');
    }
    all
}

/// The first value of a key, outside `Match` blocks.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut matching = false;
    text.lines().find_map(|line| {
        let line = line.trim();
        let (word, rest) = line.split_once(|c: char| c.is_whitespace() || c == '=')?;
        matching |= word.eq_ignore_ascii_case("match");
        (!matching && word.eq_ignore_ascii_case(key)).then(|| rest.trim())
    })
}
