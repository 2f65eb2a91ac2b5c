//! Passwords, as Argon2id keeps them.
//!
//! Parameters are the crate's own, which are OWASP's first choice: 19 MiB, 2 passes, 1 lane.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};

use super::Entropy;
use super::accounts::DoorError;

/// Shortest and longest, in characters and bytes.
const SHORTEST: usize = 10;
const LONGEST: usize = 200;

/// Somebody whom there is not has this password's hash, so that asking about them takes as long. No text has it.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hash of a new password, in PHC's form.
pub fn hash(password: &str, entropy: Entropy) -> Result<String, DoorError> {
    if password.chars().count() < SHORTEST {
        return Err(DoorError::WeakPassword("the password is too short"));
    }
    if password.len() > LONGEST {
        return Err(DoorError::WeakPassword("the password is too long"));
    }
    let mut salt = [0; 16];
    entropy(&mut salt).map_err(DoorError::Entropy)?;
    let said = |error: argon2::password_hash::Error| DoorError::Hash(error.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(said)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(said)?.to_string())
}

/// Is it this one? Without a hash it takes as long, and is not. Takes some 30 ms of a core.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let good = password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    good && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_itself_and_nobody_has_none() {
        let hash = hash("correct horse", |bytes| {
            bytes.fill(7);
            Ok(())
        })
        .expect("it is long enough");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("correct horse", Some(&hash)));
        for other in ["correct horsf", "", "Correct horse", "correct horse "] {
            assert!(!verify(other, Some(&hash)), "{other}");
            assert!(!verify(other, None), "{other}");
        }
        assert!(!verify("x", Some("no hash")));
        // Whoever is not there costs the same work: the same parameters.
        assert!(PasswordHash::new(NOBODY).is_ok_and(|nobody| nobody.params.to_string() == "m=19456,t=2,p=1"));
    }
}
