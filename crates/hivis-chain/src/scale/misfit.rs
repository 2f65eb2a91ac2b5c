//! What does not fit.

use std::fmt;

/// What does not fit: where (a field's name, innermost first) and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) path: Vec<String>,
    pub(crate) what: What,
}

/// Why bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The bytes are not what the metadata says.
    Bytes(&'static str),
    /// The metadata says another shape than the one wanted.
    Shape(&'static str),
    /// A field that is wanted is not there.
    NoField(&'static str),
}

impl Misfit {
    pub(crate) fn bytes(why: &'static str) -> Self {
        Self { path: Vec::new(), what: What::Bytes(why) }
    }

    pub(crate) fn shape(wanted: &'static str) -> Self {
        Self { path: Vec::new(), what: What::Shape(wanted) }
    }

    pub(crate) fn no_field(name: &'static str) -> Self {
        Self { path: Vec::new(), what: What::NoField(name) }
    }

    /// The same, inside a field.
    pub(crate) fn within(mut self, field: &str) -> Self {
        self.path.push(field.to_owned());
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for field in self.path.iter().rev() {
            write!(f, "{field}: ")?;
        }
        match self.what {
            What::Bytes(why) => f.write_str(why),
            What::Shape(wanted) => write!(f, "it is no {wanted}"),
            What::NoField(name) => write!(f, "it has no field {name}"),
        }
    }
}
