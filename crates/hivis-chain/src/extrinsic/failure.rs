//! Why the chain refused an extrinsic: the dispatch error by its name in the metadata.

use subxt::error::DispatchError;
use subxt::metadata::ArcMetadata;

/// An extrinsic that came into a block and failed there. Its fee is paid, its effect is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `Pallet.Error`, or the name of a general error.
    pub name: String,
    /// What the runtime's authors say about it; may be empty.
    pub docs: String,
}

impl Failure {
    /// From the bytes of `System.ExtrinsicFailed`, which begin with the dispatch error.
    pub(crate) fn of(event: &[u8], metadata: &ArcMetadata) -> Self {
        let unknown = |name: String| Self { name, docs: String::new() };
        match DispatchError::decode_from(event, metadata.clone()) {
            Ok(DispatchError::Module(error)) => error.details().map_or_else(
                |_| unknown(format!("error {} of pallet {}", error.error_index(), error.pallet_index())),
                |at| Self {
                    name: format!("{}.{}", at.pallet.name(), at.variant.name),
                    docs: at.variant.docs.join(" "),
                },
            ),
            Ok(other) => unknown(other.to_string()),
            Err(error) => unknown(format!("an error that the metadata does not describe ({error})")),
        }
    }

    /// What to do, for the usual ones.
    pub fn hint(&self) -> Option<&'static str> {
        let (_, name) = self.name.split_once('.').unwrap_or(("", &self.name));
        Some(match name {
            "NotEnoughBalanceToStake" | "InsufficientBalance" | "InsufficientTaoBalance" | "BalanceWithdrawalError" => {
                "the coldkey holds too little TAO: send it more, or wait until registration costs less"
            }
            "HotKeyAlreadyRegisteredInSubNet" => "the hotkey is registered already; nothing needs to be done",
            "RegistrationPriceLimitExceeded" => {
                "the cost rose above the cap before the block: raise --max-cost, or try later"
            }
            "TooManyRegistrationsThisBlock" => "others were first in this block: try again in the next",
            "TooManyRegistrationsThisInterval" => {
                "the subnet takes no more registrations in this interval: try again later"
            }
            "SubNetRegistrationDisabled" => "the subnet takes no registrations now; ask its owner",
            "NonAssociatedColdKey" => "this hotkey belongs to another coldkey: take another hotkey, or that coldkey",
            "InvalidWorkBlock" => "the proof was too old when it arrived: run the verb again for a new one",
            "InvalidSeal" | "InvalidDifficulty" => "the difficulty rose meanwhile: run the verb again for a new proof",
            "ServingRateLimitExceeded" => {
                "the axon was announced a moment ago: wait for the subnet's limit and try again"
            }
            "HotKeyNotRegisteredInNetwork" | "HotKeyNotRegisteredInSubNet" | "AccountNotAllowedCommit" => {
                "this hotkey is not registered on the subnet: `hivis register` does that"
            }
            "InvalidIpAddress" | "InvalidIpType" => "the chain takes no such address: give the public IPv4 address",
            "InvalidPort" => "give a port above 0",
            "SpaceLimitExceeded" => "this hotkey has committed too much in this epoch: try again in the next",
            "DisabledTemporarily" | "CallDisabled" => "the chain has switched this call off for now: try again later",
            _ => return None,
        })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.docs.is_empty() { Ok(()) } else { write!(f, " ({})", self.docs) }
    }
}
