//! Where backups lie: a folder, or a prefix of a bucket on S3 or what speaks like it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use hivis_http::Reach;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};

use crate::{StoreError, disk};

/// A part of a large file may take this long on the wire; parts have 16 MiB.
const REQUEST: Duration = Duration::from_mins(3);
const CONNECT: Duration = Duration::from_secs(10);
/// A server that fails is tried again for so long.
const RETRY: Duration = Duration::from_mins(1);
const RETRIES: usize = 5;

/// A place of backups. Its `Debug` and its errors hold no credentials.
#[derive(Clone)]
pub struct Place {
    store: Arc<dyn ObjectStore>,
    shown: String,
    folder: Option<PathBuf>,
}

impl Place {
    /// As [`open`](Self::open), for a first backup: a folder that is not there is made.
    pub fn make(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        if !text.contains("://") {
            disk::create_private_folder(Path::new(text))?;
        }
        Self::open(text, environment)
    }

    /// `s3://BUCKET[/PREFIX]`, or a folder. Of the environment only `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` (or `AWS_DEFAULT_REGION`) and `AWS_ENDPOINT_URL_S3` (or
    /// `AWS_ENDPOINT_URL`) are asked for. Plain http goes to this computer only.
    pub fn open(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        match text.strip_prefix("s3://") {
            Some(rest) => Self::bucket(text, rest, environment),
            None if text.contains("://") => Err(bad(text, "only folders and s3:// are known")),
            None => Self::folder(Path::new(text)),
        }
    }

    fn folder(path: &Path) -> Result<Self, StoreError> {
        if !path.is_dir() {
            return Err(bad(&path.display().to_string(), "there is no such folder"));
        }
        let path = fs_err::canonicalize(path)?;
        let shown = path.display().to_string();
        let store = LocalFileSystem::new_with_prefix(&path).map_err(|e| failed(&shown, e))?;
        Ok(Self { store: Arc::new(store), shown, folder: Some(path) })
    }

    fn bucket(text: &str, rest: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, StoreError> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || rest.contains(['@', '?', '#']) {
            return Err(bad("that address", "it is not s3://BUCKET/PREFIX; credentials come from the environment"));
        }
        let of = |names: &[&str]| names.iter().find_map(|name| environment(name).filter(|value| !value.is_empty()));
        let need = |name: &str| of(&[name]).ok_or_else(|| bad(text, &format!("{name} is not set")));
        let mut options = ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_config(AmazonS3ConfigKey::AccessKeyId, need("AWS_ACCESS_KEY_ID")?)
            .with_config(AmazonS3ConfigKey::SecretAccessKey, need("AWS_SECRET_ACCESS_KEY")?)
            .with_region(of(&["AWS_REGION", "AWS_DEFAULT_REGION"]).unwrap_or_else(|| "us-east-1".to_owned()))
            .with_retry(RetryConfig { max_retries: RETRIES, retry_timeout: RETRY, ..RetryConfig::default() });
        if let Some(token) = of(&["AWS_SESSION_TOKEN"]) {
            builder = builder.with_token(token);
        }
        if let Some(endpoint) = of(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
            if let Some(host) = endpoint.strip_prefix("http://") {
                if !is_this_computer(host) {
                    return Err(bad(
                        text,
                        "over plain http the pictures and the signature would be readable: use https",
                    ));
                }
                options = options.with_allow_http(true);
            }
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.with_client_options(options).build().map_err(|e| failed(text, e))?;
        let store: Arc<dyn ObjectStore> = match prefix.trim_matches('/') {
            "" => Arc::new(store),
            prefix => Arc::new(PrefixStore::new(store, Key::parse(prefix).map_err(|e| bad(text, &e.to_string()))?)),
        };
        Ok(Self { store, shown: text.to_owned(), folder: None })
    }

    /// The folder, when it is one.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(crate) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Every key under `prefix` with its size.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<(Key, u64)>, StoreError> {
        let list = self.store.list(Some(&Key::from(prefix))).map_ok(|meta| (meta.location, meta.size));
        list.try_collect().await.map_err(|e| self.error(e))
    }

    pub(crate) async fn read(&self, key: &Key) -> Result<Bytes, StoreError> {
        let read = async { self.store.get(key).await?.bytes().await };
        read.await.map_err(|e| self.error(e))
    }

    pub(crate) async fn write(&self, key: &Key, bytes: Bytes) -> Result<(), StoreError> {
        self.store.put(key, bytes.into()).await.map(|_| ()).map_err(|e| self.error(e))
    }

    pub(crate) async fn remove(&self, key: &Key) -> Result<(), StoreError> {
        self.store.delete(key).await.map_err(|e| self.error(e))
    }

    /// Makes what was written survive a power cut; S3 did that before it answered.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        match &self.folder {
            Some(folder) => Ok(disk::sync_file_system(folder)?),
            None => Ok(()),
        }
    }

    pub(crate) fn error(&self, source: object_store::Error) -> StoreError {
        failed(&self.shown, source)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place({})", self.shown)
    }
}

fn bad(place: &str, reason: &str) -> StoreError {
    StoreError::BadPlace { place: place.to_owned(), reason: reason.to_owned() }
}

fn failed(place: &str, source: object_store::Error) -> StoreError {
    use object_store::Error;
    let place = place.to_owned();
    // Of a refused list the crate tells the status in its text only.
    let refused = matches!(source, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
        || [": 401", ": 403"].iter().any(|status| source.to_string().contains(&format!("status code{status}")));
    if refused { StoreError::PlaceRefused { place } } else { StoreError::Place { place, source } }
}

/// True for `HOST[:PORT][/...]` of the loopback.
fn is_this_computer(rest: &str) -> bool {
    let host = rest.split('/').next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    Reach::of(name) == Reach::Here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_computer_only() {
        for here in ["127.0.0.1:9000", "localhost", "[::1]:9000/x"] {
            assert!(is_this_computer(here), "{here}");
        }
        for away in ["10.0.0.1:9000", "localhost.example.com", "127.0.0.1.example.com", "user@127.0.0.1", ""] {
            assert!(!is_this_computer(away), "{away}");
        }
    }
}
