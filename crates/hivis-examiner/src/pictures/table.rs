//! Parquet tables with a picture in each row, read a few rows at a time and without arrow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, Type as Physical};
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::TreeBuilder;
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};

use super::dataset::Entry;
use super::library::PictureBytes;
use super::metadata::{LABELS, Row, SLICES, described};
use super::{LibraryPicture, Skipped};
use crate::ExaminerError;

/// Rows that are held at once.
const BATCH: usize = 16;
/// Longer is no street picture that we would decode.
const MAX_PICTURE: usize = 8 << 20;
/// Longer texts are no label, scene or tag.
const MAX_TEXT: usize = 4096;
/// Names that make a binary column the pictures' one, in this order.
const PICTURES: [&str; 5] = ["image", "img", "picture", "jpg", "bytes"];

/// The columns of use.
struct Columns {
    /// A schema with those only.
    wanted: SchemaDescPtr,
    picture: String,
    /// The names of the label's classes by their number.
    classes: Vec<String>,
}

/// Gives every row of the table; false when `take` wants no more. `name` is what its rows are called by.
pub(super) fn read(path: &Path, name: &str, take: &mut dyn FnMut(Entry) -> bool) -> Result<bool, ExaminerError> {
    let broken = |why: String| ExaminerError::Table { path: path.to_owned(), why };
    let file = fs_err::File::open(path)?.into_file();
    let bytes = file.metadata()?.len();
    let reader = guarded(|| SerializedFileReader::new(file)).map_err(broken)?;
    let rows = reader.metadata().row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(u64::MAX));
    let rows = rows.fold(0, u64::saturating_add);
    if rows > bytes {
        // Empty rows cost nothing to write, and would keep us busy for ever.
        return Err(broken(format!("it claims {rows} rows in {bytes} bytes")));
    }
    let columns = Columns::find(reader.metadata().file_metadata()).map_err(broken)?;
    let stem = name.strip_suffix(".parquet").unwrap_or(name);
    let mut number = 0;
    for group in 0..reader.num_row_groups() {
        let mut rows = guarded(|| {
            let group = reader.get_row_group(group)?;
            TreeBuilder::new().with_batch_size(BATCH).as_iter(columns.wanted.clone(), group.as_ref())
        })
        .map_err(broken)?;
        while let Some(row) = guarded(|| rows.next().transpose()).map_err(broken)? {
            let entry = columns.entry(&format!("{stem}#{number}"), row.into_columns());
            number += 1;
            if !take(entry) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A damaged table must not take the program with it.
fn guarded<T>(read: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("its reader panicked".to_owned()),
    }
}

impl Columns {
    fn find(file: &FileMetaData) -> Result<Self, String> {
        let root = file.schema();
        let fields = root.get_fields();
        let named = |name: &str| fields.iter().find(|field| field.name().eq_ignore_ascii_case(name));
        let holds = |field: &&Arc<Type>| holds_bytes(field);
        let picture = PICTURES.iter().find_map(|name| named(name).filter(holds));
        let picture = picture.or_else(|| fields.iter().find(|f| f.is_group() && holds_bytes(f)));
        let picture = picture.or_else(|| fields.iter().find(holds)).ok_or("it has no column of pictures")?;
        let label = LABELS.iter().find_map(|name| named(name)).ok_or_else(|| {
            let columns: Vec<_> = fields.iter().map(|f| f.name()).collect();
            format!("it has no column `label`, but {}", columns.join(", "))
        })?;
        let others = ["scene", "origin", "slices", "file_name"].iter().chain(&SLICES).filter_map(|name| named(name));
        let mut wanted: Vec<Arc<Type>> = vec![picture.clone(), label.clone()];
        wanted.extend(others.cloned());
        let wanted = Type::group_type_builder(root.name()).with_fields(wanted).build().map_err(|e| e.to_string())?;
        let classes = classes(file, label.name()).unwrap_or_default();
        let wanted = Arc::new(SchemaDescriptor::new(Arc::new(wanted)));
        Ok(Self { wanted, picture: picture.name().to_owned(), classes })
    }

    fn entry(&self, id: &str, columns: Vec<(String, Field)>) -> Entry {
        let (mut picture, mut row) = (None, Row::new());
        for (column, field) in columns {
            if column == self.picture {
                picture = Some(field);
            } else {
                let mut text = text(&field);
                let column = column.to_ascii_lowercase();
                if LABELS.contains(&column.as_str())
                    && let Some(class) = text.parse().ok().and_then(|class: usize| self.classes.get(class))
                {
                    text.clone_from(class);
                }
                row.insert(column, text);
            }
        }
        let (bytes, path) = picture.map(taken_apart).unwrap_or_default();
        // Several tables may hold a `0.jpg`: only the row's place is its own.
        let file = row.get("file_name").cloned().filter(|name| !name.is_empty()).or(path);
        let name = file.map_or_else(|| id.to_owned(), |file| format!("{id} {file}"));
        match self.picture(id, &name, &row, bytes) {
            Ok(picture) => Entry::Picture(picture),
            Err(why) => Entry::Skipped(Skipped { name, why }),
        }
    }

    fn picture(&self, id: &str, name: &str, row: &Row, bytes: Option<Vec<u8>>) -> Result<LibraryPicture, String> {
        let bytes = bytes.filter(|bytes| !bytes.is_empty()).ok_or_else(|| format!("no bytes in `{}`", self.picture))?;
        if bytes.len() > MAX_PICTURE {
            return Err(format!("{} bytes are over the limit of {MAX_PICTURE}", bytes.len()));
        }
        let mut picture = described(name, row, PictureBytes::Memory(bytes.into()))?;
        if picture.scene == name {
            id.clone_into(&mut picture.scene);
        }
        Ok(picture)
    }
}

/// A column of bytes, or a struct with a child `bytes`.
fn holds_bytes(field: &Type) -> bool {
    let binary = |field: &Type| {
        field.is_primitive()
            && field.get_physical_type() == Physical::BYTE_ARRAY
            && field.get_basic_info().converted_type() == ConvertedType::NONE
    };
    if field.is_group() {
        return field.get_fields().iter().any(|child| child.name() == "bytes" && binary(child));
    }
    binary(field)
}

/// The names of a `ClassLabel`, out of the JSON that the `datasets` library leaves in the file.
fn classes(file: &FileMetaData, column: &str) -> Option<Vec<String>> {
    let pairs = file.key_value_metadata()?;
    let json = pairs.iter().find(|pair| pair.key == "huggingface")?.value.as_ref()?;
    let json: serde_json::Value = serde_json::from_str(json).ok()?;
    let names = json["info"]["features"][column]["names"].as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The bytes, and the name beside them.
fn taken_apart(field: Field) -> (Option<Vec<u8>>, Option<String>) {
    match field {
        Field::Bytes(bytes) => (Some(bytes.data().to_vec()), None),
        Field::Group(row) => {
            let (mut bytes, mut path) = (None, None);
            for (name, field) in row.into_columns() {
                match (name.as_str(), field) {
                    ("bytes", Field::Bytes(found)) => bytes = Some(found.data().to_vec()),
                    ("path", Field::Str(found)) if !found.is_empty() => path = Some(short(found)),
                    _ => {}
                }
            }
            (bytes, path)
        }
        _ => (None, None),
    }
}

/// A cell as a CSV would have it; a list's texts are joined by `;`.
fn text(field: &Field) -> String {
    match field {
        Field::Bool(value) => value.to_string(),
        Field::Byte(value) => value.to_string(),
        Field::Short(value) => value.to_string(),
        Field::Int(value) => value.to_string(),
        Field::Long(value) => value.to_string(),
        Field::UByte(value) => value.to_string(),
        Field::UShort(value) => value.to_string(),
        Field::UInt(value) => value.to_string(),
        Field::ULong(value) => value.to_string(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Str(value) => short(value.clone()),
        Field::Bytes(value) => value.as_utf8().map(|v| short(v.to_owned())).unwrap_or_default(),
        Field::ListInternal(list) => short(list.elements().iter().map(text).collect::<Vec<_>>().join(";")),
        _ => String::new(),
    }
}

fn short(text: String) -> String {
    if text.len() <= MAX_TEXT { text } else { text.chars().take(MAX_TEXT / 4).collect() }
}
