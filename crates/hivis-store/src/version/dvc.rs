//! The two files by which DVC 3 knows a folder: its `.dir`, byte for byte, and `data.dvc`.

use std::fmt::Write as _;

use serde::Deserialize;

use super::VersionError;
use crate::Md5;

/// One file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DirEntry {
    /// Its bytes.
    pub(crate) md5: Md5,
    /// Its path within the folder.
    pub(crate) path: String,
}

/// What a `data.dvc` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tracked {
    /// Name of the `.dir`, without its ending.
    pub(crate) dir: Md5,
    /// Bytes of all files.
    pub(crate) size: u64,
    /// Their number.
    pub(crate) files: u64,
}

/// The `.dir` of a folder, as `json.dumps(..., sort_keys=True)` of DVC writes it: by path, ASCII only.
pub(crate) fn dir_bytes(entries: &mut [DirEntry]) -> Vec<u8> {
    // Python sorts by code point, which is the order of UTF-8 bytes.
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let mut text = String::with_capacity(entries.len() * 100 + 2);
    text.push('[');
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        let _ = write!(text, "{{\"md5\": \"{}\", \"relpath\": ", entry.md5);
        quote(&mut text, &entry.path);
        text.push('}');
    }
    text.push(']');
    text.into_bytes()
}

/// A JSON text as Python writes it.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Reads a `.dir`. `name` is for the error.
pub(crate) fn read_dir(name: &str, bytes: &[u8]) -> Result<Vec<DirEntry>, VersionError> {
    #[derive(Deserialize)]
    struct Entry {
        md5: String,
        relpath: String,
    }
    let bad = |reason: String| VersionError::BadDvc { path: name.to_owned(), reason };
    let found: Vec<Entry> = serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
    let read = |entry: Entry| {
        let md5 = md5(&entry.md5).ok_or_else(|| bad(format!("`{}` is no MD5", entry.md5)))?;
        let path = entry.relpath;
        let inside = !path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if inside { Ok(DirEntry { md5, path }) } else { Err(bad(format!("`{path}` leads out of the folder"))) }
    };
    found.into_iter().map(read).collect()
}

/// The text of `data.dvc`.
pub(crate) fn data_dvc(tracked: &Tracked) -> String {
    let Tracked { dir, size, files } = tracked;
    format!("outs:\n- md5: {dir}.dir\n  size: {size}\n  nfiles: {files}\n  hash: md5\n  path: data\n")
}

/// Reads a `data.dvc`, ours or the one that the user's `dvc add` wrote.
pub(crate) fn read_data_dvc(bytes: &[u8]) -> Result<Tracked, VersionError> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        outs: Vec<Out>,
    }
    #[derive(Deserialize)]
    struct Out {
        md5: Option<String>,
        size: Option<u64>,
        nfiles: Option<u64>,
        hash: Option<String>,
        path: Option<String>,
    }
    let bad = |reason: &str| VersionError::BadDvc { path: "data.dvc".to_owned(), reason: reason.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| bad("it is no text"))?;
    let file: File = serde_saphyr::from_str(text).map_err(|e| bad(e.to_string().lines().next().unwrap_or("")))?;
    let [out] = file.outs.as_slice() else { return Err(bad("it tracks not one folder")) };
    if out.path.as_deref() != Some("data") {
        return Err(bad("it tracks another path than `data`"));
    }
    match out.hash.as_deref() {
        Some("md5") => {}
        None => return Err(bad("DVC 2 or older wrote it (it has no `hash: md5`)")),
        Some(_) => return Err(bad("its hash is not md5")),
    }
    let named = out.md5.as_deref().ok_or_else(|| bad("it names no md5"))?;
    let dir = named.strip_suffix(".dir").ok_or_else(|| bad("`data` is a file there, not a folder"))?;
    let dir = md5(dir).ok_or_else(|| bad("its md5 is none"))?;
    Ok(Tracked { dir, size: out.size.unwrap_or_default(), files: out.nfiles.unwrap_or_default() })
}

/// An MD5 in hex.
pub(crate) fn md5(text: &str) -> Option<Md5> {
    let mut md5 = [0; 16];
    hex::decode_to_slice(text, &mut md5).ok().map(|()| Md5(md5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8, path: &str) -> DirEntry {
        DirEntry { md5: Md5([n; 16]), path: path.to_owned() }
    }

    /// The text on the right came out of Python's `json.dumps(..., sort_keys=True)`.
    #[test]
    fn a_dir_is_what_python_writes() {
        let mut entries = [entry(1, "pictures/\u{e9}\u{1f6a7}\".jpg"), entry(0xab, "metadata.jsonl")];
        let text = String::from_utf8(dir_bytes(&mut entries)).expect("text");
        let expected = concat!(
            r#"[{"md5": "abababababababababababababababab", "relpath": "metadata.jsonl"}, "#,
            r#"{"md5": "01010101010101010101010101010101", "relpath": "pictures/\u00e9\ud83d\udea7\".jpg"}]"#
        );
        assert_eq!(text, expected);
        assert_eq!(read_dir("x", text.as_bytes()).expect("it reads"), entries);
        for path in ["../x", "/x", "a//b", "a/./b", ""] {
            let text = format!(r#"[{{"md5": "{}", "relpath": "{path}"}}]"#, "0".repeat(32));
            assert!(read_dir("x", text.as_bytes()).is_err(), "{path}");
        }
    }

    #[test]
    fn data_dvc_is_read_as_written_and_others_are_refused() {
        let tracked = Tracked { dir: Md5([7; 16]), size: 12, files: 3 };
        assert_eq!(read_data_dvc(data_dvc(&tracked).as_bytes()).expect("it reads"), tracked);
        let told = |text: &str| read_data_dvc(text.as_bytes()).expect_err("refused").to_string();
        let md5 = "07".repeat(16);
        assert!(told(&format!("outs:\n- md5: {md5}.dir\n  path: data\n")).contains("DVC 2"));
        assert!(told(&format!("outs:\n- md5: {md5}\n  hash: md5\n  path: data\n")).contains("a file there"));
        assert!(told(&format!("outs:\n- md5: {md5}.dir\n  hash: md5\n  path: other\n")).contains("another path"));
        assert!(told("outs: []\n").contains("not one folder"));
        assert!(told("{").contains("data.dvc"));
    }
}
