//! Which backbone stands behind a release: its name, whose it is on the Hub, and its folder here.

use std::path::{Path, PathBuf};

use hivis_store::{Home, Manifest};

/// A backbone as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backbone {
    /// As the release calls it, or better where the Hub's name is known.
    pub(crate) name: String,
    /// `OWNER/NAME`, when it was pulled.
    pub(crate) hub: Option<String>,
    /// Where its weights, and its licence, lie.
    pub(crate) folder: Option<PathBuf>,
}

/// The Hub's name of a folder that `hivis pull` made: `models/OWNER--NAME/COMMIT`.
fn pulled(folder: &Path) -> Option<String> {
    let commit = folder.file_name()?.to_str()?;
    if commit.len() != 40 || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(folder.parent()?.file_name()?.to_str()?.replacen("--", "/", 1))
}

/// What a person calls the model in that folder: not the commit of a pulled one.
pub(crate) fn called(folder: &Path) -> String {
    let repo = pulled(folder).map(|id| id.rsplit('/').next().unwrap_or_default().to_owned());
    repo.or_else(|| Some(folder.file_name()?.to_string_lossy().into_owned())).unwrap_or_default()
}

/// A name in the letters that a release may have.
pub(crate) fn stem(name: &str) -> String {
    let name: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(32).collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() { "backbone".to_owned() } else { name }
}

/// The backbones of a release; none when it says none.
pub(crate) fn behind(home: &Home, manifest: &Manifest) -> Vec<Backbone> {
    let folders = candidates(home, manifest);
    let find = |name: &str| {
        let wanted = stem(name);
        // Earlier releases call a pulled backbone by its commit.
        let own = |folder: &Path| folder.file_name().is_some_and(|own| stem(&own.to_string_lossy()) == wanted);
        let folder = folders.iter().find(|folder| stem(&called(folder)) == wanted || own(folder)).cloned();
        let hub = folder.as_deref().and_then(pulled);
        Backbone { name: folder.as_deref().map_or_else(|| name.to_owned(), called), hub, folder }
    };
    manifest.backbone.iter().flat_map(|names| names.split(" + ")).map(find).collect()
}

/// Folders where a backbone of the release may lie, the surest first.
fn candidates(home: &Home, manifest: &Manifest) -> Vec<PathBuf> {
    let run = manifest.training.as_ref().map(|training| home.runs().join(&training.run).join("run.toml"));
    // Read as it is, so that a program without training reads it too.
    let order = run.and_then(|path| fs_err::read_to_string(path).ok()?.parse::<toml::Table>().ok());
    let trained = order.and_then(|run| run.get("order")?.get("backbone")?.as_str().map(PathBuf::from));
    let mut all: Vec<PathBuf> = trained.into_iter().chain([PathBuf::from(&manifest.source)]).collect();
    let inside = |folder: PathBuf| fs_err::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    for repo in inside(home.hub().join("models")) {
        let mut commits: Vec<PathBuf> = inside(repo.path()).map(|commit| commit.path()).collect();
        commits.sort();
        all.extend(commits);
    }
    all.retain(|folder| folder.is_dir());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulled_folder_is_called_by_its_repository() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let of = |folder: &str| (called(Path::new(folder)), pulled(Path::new(folder)));
        let pulled = format!("/h/hub/models/facebook--dinov3-vitl16/{commit}");
        assert_eq!(of(&pulled), ("dinov3-vitl16".into(), Some("facebook/dinov3-vitl16".into())));
        assert_eq!(of(&format!("/h/hub/models/gpt2/{commit}")), ("gpt2".into(), Some("gpt2".into())));
        assert_eq!(of("/x/My Model"), ("My Model".into(), None));
        assert_eq!(stem("DINOv3 ViT.L"), "dinov3-vit-l");
        assert_eq!(stem("--"), "backbone");
    }
}
