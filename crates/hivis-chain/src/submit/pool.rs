//! Why a node's pool does not take an extrinsic.

use subxt::rpcs::UserError;

use crate::extrinsic::Failure;
use crate::line::short;

/// Subtensor's own codes of `InvalidTransaction::Custom` (its `common/src/transaction_error.rs`), by the name of the
/// error that the call itself would give.
const CUSTOM: [(u8, &str); 14] = [
    (0, "ColdkeySwapAnnounced"),
    (1, "AmountTooLow"),
    (2, "NotEnoughBalanceToStake"),
    (3, "SubnetNotExists"),
    (4, "HotKeyAccountNotExists"),
    (6, "RateLimitExceeded"),
    (10, "HotKeyNotRegisteredInNetwork"),
    (11, "InvalidIpAddress"),
    (12, "ServingRateLimitExceeded"),
    (13, "InvalidPort"),
    (19, "HotKeyNotRegisteredInSubNet"),
    (21, "ColdkeySwapDisputed"),
    (25, "NonAssociatedColdKey"),
    (255, "BadRequest"),
];

/// What the pool said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The JSON-RPC code: 1010 invalid, 1012 banned for now, 1013 there already, 1014 outbid.
    pub code: i32,
    /// The node's words.
    pub reason: String,
    /// The error's name, where it is one of subtensor's.
    pub name: Option<&'static str>,
}

/// What a rejection means for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Somebody else used the nonce, or is about to.
    Race,
    /// The pool has these very bytes.
    There,
    /// Another try would end the same.
    Final,
}

impl Rejection {
    pub(crate) fn of(error: &UserError) -> Self {
        let detail = error.data.as_ref().map(|data| data.get().trim_matches('"').to_owned()).unwrap_or_default();
        let reason =
            short(&if detail.is_empty() { error.message.clone() } else { format!("{}: {detail}", error.message) });
        let name = reason.split("Custom error: ").nth(1).and_then(|rest| {
            let code: u8 = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
            CUSTOM.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
        });
        Self { code: error.code, reason, name }
    }

    pub(crate) fn meaning(&self) -> Meaning {
        let says = |text: &str| self.reason.to_ascii_lowercase().contains(text);
        match self.code {
            1014 => Meaning::Race,
            1013 => Meaning::There,
            1010 if says("outdated") || says("stale") => Meaning::Race,
            _ => Meaning::Final,
        }
    }

    /// What to do, for the usual ones.
    pub fn hint(&self) -> Option<&'static str> {
        if let Some(name) = self.name {
            return Failure { name: name.to_owned(), docs: String::new() }.hint();
        }
        let says = |text: &str| self.reason.to_ascii_lowercase().contains(text);
        if says("pay some fees") {
            return Some("the signing key cannot pay the fee: send it some TAO");
        }
        if says("bad signature") || says("ancient birth block") {
            return Some(
                "this machine and the node see different chains or times: check --network, or try another --endpoint",
            );
        }
        (self.code == 1012)
            .then_some("the node has banned this extrinsic for half an hour: try another --endpoint, or later")
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)?;
        self.name.map_or(Ok(()), |name| write!(f, ", which is {name}"))
    }
}
