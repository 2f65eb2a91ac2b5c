//! What a program asks of the system it runs on, read from its ELF file.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use fs_err as fs;
use object::Endianness;
use object::elf::{DT_NEEDED, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, SectionHeader as _};

use super::none_of;

/// Libraries that every Debian since 11 has without being asked: parts of glibc, and GCC's unwinder.
const EVERYWHERE: [&str; 8] = [
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
];

/// A version of glibc, such as 2.31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What a program asks for.
#[derive(Debug, Default)]
struct Needs {
    libraries: BTreeSet<String>,
    /// Versions of symbols, such as `GLIBC_2.31`.
    versions: BTreeSet<String>,
}

/// Fails when `program` asks for a symbol that is newer than `glibc`, or for a library that not every system has.
pub(crate) fn check(program: &Path, glibc: Version) -> Result<()> {
    let needs = needs(program)?;
    let newest = needs.versions.iter().filter_map(|v| version(v)).max().context("it asks for no glibc at all")?;
    none_of(&too_new(&needs.versions, glibc), &format!("{} asks for more than glibc {glibc}", program.display()))?;
    let strange: Vec<String> = needs.libraries.iter().filter(|l| !EVERYWHERE.contains(&l.as_str())).cloned().collect();
    none_of(&strange, &format!("{} asks for libraries that not every system has", program.display()))?;
    let list: Vec<&str> = needs.libraries.iter().map(String::as_str).collect();
    println!("{}: newest symbol GLIBC_{newest}, at most {glibc} is allowed; {}", program.display(), list.join(" "));
    Ok(())
}

/// The versions that a system with `glibc` does not have. GCC's own (`GCC_3.0`) are old as the hills.
fn too_new(versions: &BTreeSet<String>, glibc: Version) -> Vec<String> {
    let fine = |name: &str| version(name).is_some_and(|v| v <= glibc) || name.starts_with("GCC_");
    versions.iter().filter(|name| !fine(name)).cloned().collect()
}

/// `GLIBC_2.2.5` is 2.2.
fn version(name: &str) -> Option<Version> {
    let mut parts = name.strip_prefix("GLIBC_")?.split('.');
    Some(Version(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn needs(program: &Path) -> Result<Needs> {
    let data = fs::read(program)?;
    let data = data.as_slice();
    let header = FileHeader64::<Endianness>::parse(data).context("it is no 64-bit ELF file")?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let mut needs = Needs::default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for section in sections.iter() {
        if let Some((entries, link)) = section.dynamic(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            for entry in entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED) {
                needs.libraries.insert(text(entry.string(endian, strings)?));
            }
        }
        if let Some((mut libraries, link)) = section.gnu_verneed(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            while let Some((_, mut versions)) = libraries.next()? {
                while let Some(version) = versions.next()? {
                    needs.versions.insert(text(version.name(endian, strings)?));
                }
            }
        }
    }
    if needs.libraries.is_empty() {
        bail!("{} is linked statically: it could not load ONNX Runtime", program.display());
    }
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let versions = ["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.31", "GCC_3.0"].map(str::to_owned).into();
        assert_eq!(too_new(&versions, Version(2, 31)), Vec::<String>::new());
        assert_eq!(too_new(&versions, Version(2, 30)), ["GLIBC_2.31"]);
        let strange = ["GLIBC_2.34", "GLIBC_PRIVATE", "GLIBCXX_3.4"].map(str::to_owned).into();
        assert_eq!(too_new(&strange, Version(2, 31)).len(), 3);
    }

    #[test]
    fn a_program_built_for_this_machine_is_read() {
        let me = std::env::current_exe().expect("a test is a program");
        let needs = needs(&me).expect("it can be read");
        assert!(needs.libraries.contains("libc.so.6"), "{needs:?}");
        // std asks for pidfd and statx wherever it is built.
        assert!(needs.versions.iter().filter_map(|v| version(v)).count() > 3, "{needs:?}");
        let error = check(&me, Version(2, 3)).expect_err("nothing of today runs on glibc 2.3").to_string();
        assert!(error.contains("asks for more than glibc 2.3:\n  GLIBC_"), "{error}");
        check(&me, Version(2, 99)).expect("it runs here");
    }
}
