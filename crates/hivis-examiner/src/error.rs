//! What can go wrong in this room.

use std::path::PathBuf;

use hivis_types::Label;

/// Why an exam could not be set, sat or judged.
#[derive(Debug, thiserror::Error)]
pub enum ExaminerError {
    /// The moving average got lists that do not belong together.
    #[error("{rewards} rewards for {uids} UIDs")]
    RewardShape {
        /// UIDs given.
        uids: usize,
        /// Rewards given.
        rewards: usize,
    },
    /// A UID that the metagraph does not have.
    #[error("UID {uid} is not among the {size} of the metagraph")]
    UnknownUid {
        /// The UID.
        uid: u16,
        /// UIDs that there are.
        size: usize,
    },
    /// The plan asks for what cannot be done.
    #[error("the exam's plan is not possible: {0}")]
    Plan(String),
    /// A file or folder could not be read; the source names it.
    #[error("cannot read the pictures")]
    Read(#[from] std::io::Error),
    /// A folder of pictures is laid out in no way that we know.
    #[error(
        "{} has neither class folders (roadwork/ and none/ or clear/) nor metadata.csv or metadata.jsonl",
        path.display()
    )]
    Layout {
        /// The folder.
        path: PathBuf,
    },
    /// A line of a metadata file cannot be understood at all.
    #[error("{}, line {line}: {what}", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// A table of pictures that is damaged, or that has not the columns.
    #[error("{} cannot be read as a table of pictures: {why}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The validator draws both labels, the source has one.
    #[error("{pictures} has no picture labelled {}", label_name(*label))]
    OneClass {
        /// What the source calls itself.
        pictures: String,
        /// The label that is missing.
        label: Label,
    },
    /// One picture could not be read or judged; the exam takes another one and reports it.
    #[error("{name}: {why}")]
    Picture {
        /// The picture.
        name: String,
        /// Why it is of no use.
        why: String,
    },
    /// Too many pictures in a row could not be read.
    #[error("{pictures}: {failed} pictures could not be read, the last one because {last}")]
    Unreadable {
        /// What the source calls itself.
        pictures: String,
        /// How many failed.
        failed: usize,
        /// The last failure.
        last: String,
    },
    /// A sitting and a set of questions that do not belong together.
    #[error("{candidate} answered {answers} of {questions} questions: this is another exam's sitting")]
    OtherExam {
        /// Who sat.
        candidate: String,
        /// Answers in the sitting.
        answers: usize,
        /// Questions in the set.
        questions: usize,
    },
    /// Parts of a report that do not make a whole.
    #[error("the parts of the exam do not make a whole: {0}")]
    Shards(String),
}

pub(crate) fn label_name(label: Label) -> &'static str {
    match label {
        Label::Clear => "clear",
        Label::Roadwork => "roadwork",
    }
}
