//! Parquet as Hugging Face's `datasets` writes it: the picture's bytes in a struct beside its columns, and the types of the
//! columns in the file's own metadata.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use fs_err as fs;
use hivis_examiner::pictures::{Entry, read_dataset};
use hivis_types::Label;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type};
use serde_json::{Map, Value, json};

use super::columns::Columns;
use super::export::{ExportOrder, Item, Layout};
use super::found::{Found, Take};
use super::rows::{CLASSES, label};
use crate::failure::Hinted;

/// A row group ends at so many rows or bytes: readers hold one at a time.
const ROWS: usize = 256;
const BYTES: usize = 32 << 20;
/// How deep tables are looked for, as the reader of data sets does.
const DEEP: usize = 6;

/// How a column is stored, and what `datasets` calls its type.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Real,
    Whole,
    Truth,
}

/// The columns after the picture and the label.
const COLUMNS: [(&str, Kind); 18] = [
    ("sha256", Kind::Text),
    ("exported_label", Kind::Text),
    ("exported_us", Kind::Whole),
    ("label_source", Kind::Text),
    ("confidence", Kind::Real),
    ("disputed", Kind::Truth),
    ("origin", Kind::Text),
    ("scene", Kind::Text),
    ("slices", Kind::Text),
    ("split", Kind::Text),
    ("kind", Kind::Text),
    ("dataset", Kind::Text),
    ("file", Kind::Text),
    ("record", Kind::Text),
    ("generator", Kind::Text),
    ("prompt", Kind::Text),
    ("parent", Kind::Text),
    ("cost", Kind::Real),
];

impl Kind {
    fn parquet(self) -> &'static str {
        match self {
            Self::Text => "binary",
            Self::Real => "double",
            Self::Whole => "int64",
            Self::Truth => "boolean",
        }
    }

    fn datasets(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Real => "float64",
            Self::Whole => "int64",
            Self::Truth => "bool",
        }
    }
}

/// Tables in the making, one a split.
pub(super) struct Tables {
    to: PathBuf,
    now_us: i64,
    by_split: BTreeMap<&'static str, Table>,
}

impl Tables {
    pub(super) fn begin(to: &Path, order: &ExportOrder) -> Result<Self> {
        fs::create_dir(to.join("data"))?;
        Ok(Self { to: to.join("data"), now_us: order.now.as_microsecond(), by_split: BTreeMap::new() })
    }
}

impl Layout for Tables {
    fn wants_split(&self) -> bool {
        true
    }

    fn put(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            let Some(split) = item.row.split() else { continue };
            if !self.by_split.contains_key(split) {
                let path = self.to.join(format!("{split}-00000-of-00001.parquet"));
                self.by_split.insert(split, Table::begin(&path)?);
            }
            let columns = Columns::new(&item.row, item.file.clone(), self.now_us);
            if let Some(table) = self.by_split.get_mut(split) {
                table.put(columns, item.bytes.clone())?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        for table in std::mem::take(&mut self.by_split).into_values() {
            table.end()?;
        }
        Ok(())
    }
}

struct Table {
    writer: SerializedFileWriter<std::fs::File>,
    rows: Vec<(Columns, Vec<u8>)>,
    bytes: usize,
}

impl Table {
    fn begin(path: &Path) -> Result<Self> {
        let pictures = ColumnPath::new(vec!["image".to_owned(), "bytes".to_owned()]);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // Pictures are compressed already, are never twice there, and nobody wants the least of them.
            .set_column_compression(pictures.clone(), Compression::UNCOMPRESSED)
            .set_column_dictionary_enabled(pictures.clone(), false)
            .set_column_statistics_enabled(pictures, EnabledStatistics::None)
            // A page's size is looked at after so many values.
            .set_write_batch_size(8)
            .set_key_value_metadata(Some(vec![KeyValue::new("huggingface".to_owned(), features().to_string())]))
            .build();
        let file = fs::File::create(path)?.into_file();
        let writer = SerializedFileWriter::new(file, Arc::new(schema()?), Arc::new(properties))?;
        Ok(Self { writer, rows: Vec::new(), bytes: 0 })
    }

    fn put(&mut self, columns: Columns, bytes: Vec<u8>) -> Result<()> {
        self.bytes += bytes.len();
        self.rows.push((columns, bytes));
        if self.rows.len() >= ROWS || self.bytes >= BYTES { self.group() } else { Ok(()) }
    }

    fn end(mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.group()?;
        }
        self.writer.close()?;
        Ok(())
    }

    fn group(&mut self) -> Result<()> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        let (columns, pictures): (Vec<Columns>, Vec<Vec<u8>>) = rows.into_iter().unzip();
        let pictures: Vec<ByteArray> = pictures.into_iter().map(ByteArray::from).collect();
        column::<ByteArrayType>(&mut group, &pictures, 2)?;
        let texts = |cell: &dyn Fn(&Columns) -> &str| -> Vec<ByteArray> {
            columns.iter().map(|row| ByteArray::from(cell(row).as_bytes().to_vec())).collect()
        };
        column::<ByteArrayType>(&mut group, &texts(&|row| &row.file_name), 2)?;
        let classes: Vec<i64> = columns.iter().map(|row| i64::from(row.label == CLASSES[1])).collect();
        column::<Int64Type>(&mut group, &classes, 1)?;
        for (name, kind) in COLUMNS {
            match kind {
                Kind::Text => column::<ByteArrayType>(&mut group, &texts(&|row| text(row, name)), 1)?,
                Kind::Real => {
                    let cell = |row: &Columns| if name == "cost" { row.cost } else { row.confidence };
                    column::<DoubleType>(&mut group, &columns.iter().map(cell).collect::<Vec<f64>>(), 1)?;
                }
                Kind::Whole => {
                    let cells: Vec<i64> = columns.iter().map(|row| row.exported_us).collect();
                    column::<Int64Type>(&mut group, &cells, 1)?;
                }
                Kind::Truth => {
                    let cells: Vec<bool> = columns.iter().map(|row| row.disputed).collect();
                    column::<BoolType>(&mut group, &cells, 1)?;
                }
            }
        }
        group.close()?;
        Ok(())
    }
}

/// One column of a row group; none of its values is null.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, std::fs::File>,
    values: &[T::T],
    level: i16,
) -> Result<()> {
    let mut writer = group.next_column()?.context("a column without a place in the schema: this is a bug")?;
    writer.typed::<T>().write_batch(values, Some(&vec![level; values.len()]), None)?;
    Ok(writer.close()?)
}

fn text<'a>(row: &'a Columns, name: &str) -> &'a str {
    match name {
        "sha256" => &row.sha256,
        "exported_label" => row.exported_label,
        "label_source" => row.label_source,
        "origin" => row.origin,
        "scene" => &row.scene,
        "slices" => &row.slices,
        "split" => row.split,
        "kind" => row.kind,
        "dataset" => &row.dataset,
        "file" => &row.file,
        "record" => &row.record,
        "generator" => &row.generator,
        "prompt" => &row.prompt,
        "parent" => &row.parent,
        _ => unreachable!("no such column of texts: this is a bug"),
    }
}

fn schema() -> Result<Type> {
    let mut message = String::from(
        "message schema { optional group image { optional binary bytes; optional binary path (UTF8); } optional int64 label;",
    );
    for (name, kind) in COLUMNS {
        let text = if matches!(kind, Kind::Text) { " (UTF8)" } else { "" };
        write!(message, " optional {} {name}{text};", kind.parquet())?;
    }
    message.push_str(" }");
    Ok(parse_message_type(&message)?)
}

/// The types of the columns, as `datasets` leaves them in a file.
fn features() -> Value {
    let mut features = Map::new();
    features.insert("image".to_owned(), json!({ "_type": "Image" }));
    features.insert("label".to_owned(), json!({ "names": CLASSES, "_type": "ClassLabel" }));
    for (name, kind) in COLUMNS {
        features.insert(name.to_owned(), json!({ "dtype": kind.datasets(), "_type": "Value" }));
    }
    json!({ "info": { "features": features } })
}

/// What a row said when it was exported.
#[derive(Default)]
struct Line {
    claimed: Option<String>,
    was: Option<Label>,
    exported_us: Option<i64>,
}

/// Gives every row of every table.
pub(super) fn read(folder: &Path, take: &mut Take<'_>) -> Result<()> {
    let broken = || {
        let hint = "write the tables again; nothing was changed";
        Hinted::new(format!("{} cannot be read", folder.display()), hint)
    };
    let mut tables = Vec::new();
    find(folder, DEEP, &mut tables)?;
    let mut lines = Vec::new();
    for table in &tables {
        let name = table.strip_prefix(folder).unwrap_or(table).to_string_lossy().into_owned();
        let stem = name.strip_suffix(".parquet").unwrap_or(&name).to_owned();
        let found = exported(table).with_context(broken)?;
        lines.extend(found.into_iter().enumerate().map(|(at, line)| (format!("{stem}#{at}"), line)));
    }
    let (mut lines, mut failed) = (lines.into_iter(), None);
    let outcome = read_dataset(folder, &mut |entry| {
        let line = lines.next();
        let taken = match entry {
            Entry::Skipped(skipped) => take(Found::odd(skipped.name, skipped.why)),
            Entry::Picture(picture) => {
                let mut found = Found::of(picture);
                if let Some((_, line)) = line.filter(|(id, _)| found.name.starts_with(id)) {
                    (found.claimed, found.was, found.exported_us) = (line.claimed, line.was, line.exported_us);
                }
                take(found)
            }
        };
        failed = taken.err();
        failed.is_none()
    });
    match failed {
        Some(error) => Err(error),
        None => outcome.with_context(broken),
    }
}

/// True when the folder has a table.
pub(super) fn looks(folder: &Path) -> bool {
    let mut tables = Vec::new();
    find(folder, DEEP, &mut tables).is_ok() && !tables.is_empty()
}

/// Tables in the order in which the reader of data sets takes them.
fn find(folder: &Path, deep: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    for path in super::kept::inside(folder)? {
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) && path.is_file() {
            found.push(path);
        } else if deep > 0 && path.is_dir() && !path.is_symlink() {
            find(&path, deep - 1, found)?;
        }
    }
    Ok(())
}

/// The columns of a table that an export left; empty where it has none of them.
fn exported(path: &Path) -> Result<Vec<Line>> {
    let reader = SerializedFileReader::new(fs::File::open(path)?.into_file())?;
    let root = reader.metadata().file_metadata().schema();
    let ours = ["sha256", "exported_label", "exported_us"];
    let fields: Vec<Arc<Type>> = root
        .get_fields()
        .iter()
        .filter(|field| ours.contains(&field.name()) && field.is_primitive())
        .cloned()
        .collect();
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Type::group_type_builder(root.name()).with_fields(fields).build()?;
    let mut lines = Vec::new();
    for row in reader.get_row_iter(Some(wanted))? {
        let mut line = Line::default();
        for (name, field) in row?.into_columns() {
            match (name.as_str(), field) {
                ("sha256", Field::Str(text)) if !text.is_empty() => line.claimed = Some(text),
                ("exported_label", Field::Str(text)) => line.was = label(&text),
                ("exported_us", Field::Long(us)) => line.exported_us = Some(us),
                _ => {}
            }
        }
        lines.push(line);
    }
    Ok(lines)
}
