//! What every client of somebody else's server has in common: who could read what it sends, how much of an answer it reads,
//! and when it asks again.
//!
//! ```
//! use hivis_http::{Address, Reach, Retries, Trouble};
//!
//! let address = Address::parse("http://127.0.0.1:7860/api").expect("an address");
//! assert_eq!((address.reach(), address.is_clear()), (Reach::Here, false));
//!
//! let mut tries = Retries { tries: 2, ..Retries::default() }.begin();
//! assert!(tries.after(Trouble::Passing("busy", None)).is_ok());
//! assert_eq!(tries.after(Trouble::Passing("busy", None)), Err("busy"));
//! ```

mod address;
mod answer;
mod retries;

pub use address::{Address, Reach, client, prepare_tls};
pub use answer::{Broken, printable, retry_after, whole};
pub use retries::{Retries, Tries, Trouble};
