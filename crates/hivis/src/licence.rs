//! What may be done with a backbone, which decides what of a release is published, and under which words.

use std::path::Path;

use anyhow::{Context, Result};

use crate::backbone::Backbone;
use crate::failure::Hinted;

const MIT: &str = include_str!("../../../LICENSE-MIT");
const APACHE: &str = include_str!("../../../LICENSE-APACHE");
/// A licence is a text that people read.
const MAX_TEXT: u64 = 1 << 20;

/// Backbones that we know.
struct Family {
    /// How its names begin.
    begins: &'static [&'static str],
    /// Who publishes it on the Hub.
    owners: &'static [&'static str],
    /// The Hub's names of its licences, any of which may be chosen.
    licences: &'static [&'static str],
    /// For people.
    title: &'static str,
    /// It comes only to those who accepted its licence: its weights are not passed on unasked.
    gated: bool,
}

const FAMILIES: [Family; 5] = [
    Family {
        begins: &["hivis-tiny"],
        owners: &[],
        licences: &["mit", "apache-2.0"],
        title: "MIT or Apache License 2.0",
        gated: false,
    },
    Family {
        begins: &["dinov3-"],
        owners: &["facebook"],
        licences: &["dinov3-license"],
        title: "DINOv3 License",
        gated: true,
    },
    Family {
        begins: &["dinov2-"],
        owners: &["facebook"],
        licences: &["apache-2.0"],
        title: "Apache License 2.0",
        gated: false,
    },
    Family {
        begins: &["siglip2-", "siglip-"],
        owners: &["google"],
        licences: &["apache-2.0"],
        title: "Apache License 2.0",
        gated: false,
    },
    // Google's ViT; other people's classifiers of that shape have other licences.
    Family {
        begins: &["vit-base-patch", "vit-large-patch", "vit-huge-patch"],
        owners: &["google"],
        licences: &["apache-2.0"],
        title: "Apache License 2.0",
        gated: false,
    },
];

/// What the user said of a licence that we do not know, or whose text is not here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// Its SPDX name.
    pub(crate) name: Option<&'a str>,
    /// Its text.
    pub(crate) file: Option<&'a Path>,
}

/// The licence of what stands behind a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Licence {
    /// The Hub's names, any of which may be chosen.
    pub(crate) names: Vec<String>,
    /// For people.
    pub(crate) title: String,
    /// Its words.
    pub(crate) text: String,
    /// Whether the backbone is gated.
    pub(crate) gated: bool,
}

/// The licence of these backbones, all together.
pub(crate) fn of(backbones: &[Backbone], said: Said<'_>) -> Result<Licence> {
    let mut all: Option<Licence> = None;
    let unnamed = [Backbone { name: "unnamed backbone".to_owned(), hub: None, folder: None }];
    for backbone in if backbones.is_empty() { &unnamed } else { backbones } {
        let one = one(backbone, said)?;
        all = Some(match all {
            None => one,
            Some(all) if all == one => all,
            // Both hold, so no one name would say it.
            Some(all) => Licence {
                names: vec![format!("{} and {}", all.names.join(" or "), one.names.join(" or "))],
                title: format!("{} and {}", all.title, one.title),
                text: format!("{}\n\n{}", all.text, one.text),
                gated: all.gated || one.gated,
            },
        });
    }
    all.context("a release has a backbone: this is a bug")
}

fn one(backbone: &Backbone, said: Said<'_>) -> Result<Licence> {
    let name = &backbone.name;
    let Some(family) = family(backbone) else {
        let named = said.name.filter(|name| !name.trim().is_empty() && !name.to_lowercase().starts_with("unknown"));
        let (Some(licence), text) = (named, said.file.map(read).transpose()?) else {
            let hint = "name it with --licence SPDX-NAME and its text with --licence-file FILE; its own card says it";
            return Err(Hinted::new(format!("the licence of the backbone {name} is not known"), hint).into());
        };
        let plain = licence.to_lowercase();
        let text = text.or_else(|| (plain == "apache-2.0").then(|| APACHE.to_owned()));
        let text = text.ok_or_else(|| {
            let hint = "give its text with --licence-file FILE: the card carries it";
            Hinted::new(format!("the text of {licence} is not here"), hint)
        })?;
        return Ok(Licence { names: vec![plain], title: licence.to_owned(), text, gated: false });
    };
    if let Some(other) = said.name.filter(|other| !family.licences.contains(&other.to_lowercase().as_str())) {
        let hint = "leave --licence out";
        return Err(Hinted::new(format!("{name} is under the {}, not {other}", family.title), hint).into());
    }
    let text = match (said.file, family.licences) {
        (Some(file), _) => read(file)?,
        (None, ["mit", "apache-2.0"]) => format!("{MIT}\n{APACHE}"),
        (None, ["apache-2.0"]) => APACHE.to_owned(),
        (None, _) => beside(backbone, family.title)?,
    };
    let names = family.licences.iter().map(|&name| name.to_owned()).collect();
    Ok(Licence { names, title: family.title.to_owned(), text, gated: family.gated })
}

/// By name; one that somebody else publishes under such a name is not known.
fn family(backbone: &Backbone) -> Option<&'static Family> {
    let name = backbone.name.to_lowercase();
    let family = FAMILIES.iter().find(|family| family.begins.iter().any(|begin| name.starts_with(begin)))?;
    let owner = backbone.hub.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner);
    owner.is_none_or(|owner| family.owners.contains(&owner)).then_some(family)
}

/// The licence's file in the backbone's folder, where `hivis pull` puts it.
fn beside(backbone: &Backbone, title: &str) -> Result<String> {
    let entries = backbone.folder.iter().filter_map(|folder| fs_err::read_dir(folder).ok()).flatten();
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    let is_licence = |path: &Path| {
        let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
        path.is_file() && (name.starts_with("license") || name.starts_with("licence"))
    };
    let Some(file) = files.iter().find(|path| is_licence(path)) else {
        let repo = backbone.hub.as_deref().unwrap_or("its repository");
        let hint = format!("save LICENSE.md of {repo} into the backbone's folder, or give it with --licence-file FILE");
        return Err(Hinted::new(format!("the text of the {title} of {} is not here", backbone.name), hint).into());
    };
    read(file)
}

fn read(file: &Path) -> Result<String> {
    let odd = |why: &str| Hinted::new(format!("{} is no licence's text: {why}", file.display()), "plain text, UTF-8");
    if fs_err::metadata(file)?.len() > MAX_TEXT {
        return Err(odd("it is longer than 1 MiB").into());
    }
    let text = String::from_utf8(fs_err::read(file)?).map_err(|_| odd("it is not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(odd("it is empty").into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backbone(name: &str, hub: Option<&str>, folder: Option<&Path>) -> Backbone {
        Backbone { name: name.to_owned(), hub: hub.map(str::to_owned), folder: folder.map(Path::to_owned) }
    }

    #[test]
    fn families_are_known_by_name_and_owner() {
        let known = |name: &str, hub| of(&[backbone(name, hub, None)], Said::default());
        let tiny = known("hivis-tiny", None).expect("ours");
        assert_eq!(tiny.names, ["mit", "apache-2.0"]);
        assert!(tiny.text.contains("MIT License") && tiny.text.contains("Apache License") && !tiny.gated);
        for (name, hub) in [
            ("dinov2-with-registers-large", Some("facebook/dinov2-with-registers-large")),
            ("siglip2-base-patch16-224", None),
            ("vit-base-patch16-224-in21k", Some("google/vit-base-patch16-224-in21k")),
        ] {
            assert_eq!(known(name, hub).expect(name).names, ["apache-2.0"], "{name}");
        }
        for (name, hub) in [("roadwork", None), ("vit-small", None), ("dinov2-base", Some("mallory/dinov2-base"))] {
            let error = known(name, hub).expect_err(name);
            assert!(crate::failure::text(&error).contains("--licence SPDX-NAME"), "{error}");
        }
        assert!(of(&[], Said::default()).is_err(), "no backbone, no licence");
    }

    #[test]
    fn the_text_of_a_gated_one_comes_from_its_folder_or_the_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let known = |said| of(&[backbone("dinov3-vits16", Some("facebook/dinov3-vits16"), Some(folder.path()))], said);
        let error = known(Said::default()).expect_err("no text");
        assert!(crate::failure::text(&error).contains("LICENSE.md of facebook/dinov3-vits16"), "{error}");
        let file = folder.path().join("LICENSE.md");
        std::fs::write(&file, "the words").expect("a file");
        let licence = known(Said::default()).expect("a licence");
        assert_eq!(
            (licence.text.as_str(), licence.gated, licence.names[0].as_str()),
            ("the words", true, "dinov3-license")
        );
        assert!(known(Said { name: Some("MIT"), file: None }).is_err(), "it is known to be another");
        let two = [backbone("hivis-tiny", None, None), backbone("dinov3-vits16", None, Some(folder.path()))];
        let both = of(&two, Said::default()).expect("both");
        assert!(both.gated && both.text.contains("the words") && both.text.contains("MIT License"), "{}", both.title);
    }

    #[test]
    fn an_unknown_one_is_named_with_its_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("terms.txt");
        let known = |name, file| of(&[backbone("roadwork", None, None)], Said { name, file });
        assert!(known(Some("MIT"), None).is_err(), "whose copyright?");
        assert_eq!(known(Some("Apache-2.0"), None).expect("its text is here").names, ["apache-2.0"]);
        assert!(known(Some("OpenRAIL"), Some(&file)).is_err(), "no such file");
        std::fs::write(&file, " \n").expect("a file");
        assert!(known(Some("OpenRAIL"), Some(&file)).is_err(), "an empty text");
        std::fs::write(&file, "words").expect("a file");
        assert_eq!(known(Some("OpenRAIL"), Some(&file)).expect("a licence").text, "words");
        assert!(known(None, Some(&file)).is_err(), "a text without a name");
    }
}
