//! What a home's versions are called, whatever happened to them.

use hivis_store::{Bump, StoreError, VersionError};

use super::*;

#[tokio::test]
async fn a_version_is_found_by_name_by_number_and_as_the_latest() {
    let world = two_versions().await;
    for (asked, found) in [(V1, V1), ("v1.0.0", V1), ("v1.1.0", V2), ("latest", V2)] {
        assert_eq!(named(&world, asked).await.name, name(found), "{asked}");
    }
    for none in ["v1.0", "v9.0.0", "", "1.0.0"] {
        let error = world.ledger.version_named(none).await.unwrap_err();
        assert!(matches!(error, StoreError::Version(VersionError::NoSuch { .. })) && error.hint().is_some(), "{none}");
    }
    assert_eq!(name(V2).next(Bump::Major, name(V1).day).to_string(), "v2.0.0-20261123");
}
