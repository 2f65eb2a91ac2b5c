//! The firewall: 8091 in, 8092 not. A rule set is a program, so what is read here is a strong hint and no proof.

use super::{Deployment, Finding};

const WHAT: &str = "firewall";

pub(super) async fn check(of: &Deployment<'_>) -> Vec<Finding> {
    let (axon, page) = (of.settings.serve.addr.port(), of.settings.serve.page.port());
    if let Some(rules) = ufw(of).await {
        return judge("ufw", &rules, true, (axon, page), &format!("ufw allow {axon}/tcp"));
    }
    if let Some(rules) = of.machine.say(&["nft", "list", "ruleset"]).await.filter(|rules| rules.contains("hook input"))
    {
        let mend = format!("nft add rule inet filter input tcp dport {axon} accept, and in /etc/nftables.conf");
        return judge("nftables", &rules, drops(&rules), (axon, page), &mend);
    }
    if let Some(rules) = of.machine.say(&["iptables-save"]).await.filter(|rules| rules.contains(":INPUT")) {
        let mend = format!("iptables -I INPUT -p tcp --dport {axon} -j ACCEPT, and keep it (iptables-persistent)");
        return judge("iptables", &rules, rules.contains(":INPUT DROP"), (axon, page), &mend);
    }
    let look = "as root `nft list ruleset` shows it; your provider may have a firewall of its own";
    vec![Finding::note(WHAT, "none was found, or it may not be read", look)]
}

/// What ufw allows, when it is in force.
async fn ufw(of: &Deployment<'_>) -> Option<String> {
    if let Some(text) = of.machine.say(&["ufw", "status"]).await {
        return text.contains("Status: active").then_some(text);
    }
    let enabled =
        of.machine.read("/etc/ufw/ufw.conf")?.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=yes"));
    if !enabled {
        return None;
    }
    of.machine.read("/etc/ufw/user.rules")
}

fn judge(name: &str, rules: &str, closed: bool, (axon, page): (u16, u16), mend: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.push(match (closed, lets_in(rules, axon)) {
        (_, true) => Finding::good(WHAT, format!("{name} lets port {axon} in")),
        (true, false) => Finding::bad(WHAT, format!("{name} shows no rule that lets port {axon} in"), mend),
        (false, false) => Finding::good(WHAT, format!("{name} is there and does not close what it does not name")),
    });
    if lets_in(rules, page) {
        let mend = format!("take away the rule for port {page}; the page is for this computer only");
        findings.push(Finding::bad(WHAT, format!("{name} lets port {page} in, which is the page's"), mend));
    }
    findings
}

/// True when a chain of nftables at the input drops what no rule takes.
fn drops(rules: &str) -> bool {
    rules.lines().any(|line| line.contains("hook input") && line.contains("policy drop"))
}

/// True when a line that accepts names this port, alone, in a list or in a range.
fn lets_in(rules: &str, port: u16) -> bool {
    let accepts = |line: &str| ["accept", "allow", "limit"].iter().any(|word| line.contains(word));
    rules.lines().map(str::to_lowercase).filter(|line| accepts(line)).any(|line| {
        let mut words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "-:.".contains(c)));
        words.any(|word| names(word, port))
    })
}

/// `8091`, `8000-9000` and `8000:9000` name 8091; an address does not.
fn names(word: &str, port: u16) -> bool {
    let mut ends = word.split(['-', ':']).map(str::parse::<u16>);
    match (ends.next(), ends.next(), ends.next()) {
        (Some(Ok(one)), None, _) => one == port,
        (Some(Ok(from)), Some(Ok(to)), None) => (from..=to).contains(&port),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_found_in_the_rules_of_each_firewall() {
        for line in [
            "8091/tcp                   ALLOW       Anywhere",
            "8000:9000/tcp              ALLOW IN    Anywhere",
            "-A ufw-user-input -p tcp --dport 8091 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 22,8091 -j ACCEPT",
            "tcp dport { 22, 8091 } accept",
            "tcp dport 8000-9000 counter packets 0 bytes 0 accept",
        ] {
            assert!(lets_in(line, 8091), "{line}");
        }
        for line in [
            "8091/tcp                   DENY        Anywhere",
            "-A INPUT -p tcp --dport 80910 -j ACCEPT",
            "-A INPUT -s 10.80.9.1/32 -p tcp --dport 22 -j ACCEPT",
            "tcp dport 8091 drop",
            "ip saddr 80.91.0.0 accept",
        ] {
            assert!(!lets_in(line, 8091), "{line}");
        }
    }
}
