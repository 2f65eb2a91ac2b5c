//! The user's token, found where the official client keeps it.

use std::path::PathBuf;

use fs_err as fs;

/// A secret for the Hub. It cannot be printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// `None` for an empty text and for one that no header can carry.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let good = !text.is_empty() && text.len() <= 4096 && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(text.to_owned()))
    }

    /// From `HF_TOKEN` (or the older `HUGGING_FACE_HUB_TOKEN`), else from the file that `hf auth login` writes:
    /// `HF_TOKEN_PATH`, `HF_HOME/token`, `XDG_CACHE_HOME/huggingface/token`, `~/.cache/huggingface/token`.
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let Some(token) = set("HF_TOKEN").or_else(|| set("HUGGING_FACE_HUB_TOKEN")) {
            return Self::new(&token);
        }
        let path = set("HF_TOKEN_PATH")
            .map(PathBuf::from)
            .or_else(|| set("HF_HOME").map(|home| PathBuf::from(home).join("token")))
            .or_else(|| set("XDG_CACHE_HOME").map(|cache| PathBuf::from(cache).join("huggingface/token")))
            .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache/huggingface/token")))?;
        Self::new(&fs::read_to_string(path).ok()?)
    }

    /// For the one header that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_found_where_the_official_client_keeps_it_and_is_not_printed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("token"), "hf_file\n").expect("a file");
        let home = folder.path().to_str().expect("a text").to_owned();
        let find = |set: &[(&str, &str)]| {
            let token = Token::find(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
            token.map(|t| t.reveal().to_owned())
        };
        assert_eq!(find(&[("HF_TOKEN", " hf_env "), ("HF_HOME", &home)]).as_deref(), Some("hf_env"));
        assert_eq!(find(&[("HF_TOKEN", ""), ("HF_HOME", &home)]).as_deref(), Some("hf_file"));
        assert_eq!(find(&[("HOME", &home)]), None);
        assert_eq!(find(&[("HF_TOKEN", "hf_a\nX-Evil: 1")]), None);
        let token = Token::new("hf_secret").expect("a token");
        assert!(!format!("{token:?}").contains("secret"));
    }
}
