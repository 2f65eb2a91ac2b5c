//! The queue before the writer: bounded in records and in bytes, pictures dropped before rows.

use std::collections::VecDeque;

use hivis_types::Record;

use crate::DropReason;

/// How much may wait for the disk, the group that is being written included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Records. From half of them on pictures are dropped, so that the rows have the disk for themselves.
    pub records: usize,
    /// Bytes of records and pictures together.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { records: 65_536, bytes: 256 << 20 }
    }
}

/// A record that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) record: Record,
    /// Length of the picture as it came, 0 when there was none.
    pub(crate) picture_bytes: usize,
    /// Why the picture's bytes are gone, when they are.
    pub(crate) lost: Option<DropReason>,
}

impl Waiting {
    fn new(record: Record) -> Self {
        let picture_bytes = record.picture.as_ref().map_or(0, |p| p.bytes.len());
        Self { record, picture_bytes, lost: None }
    }

    /// The picture's bytes, when they came and are not lost.
    pub(crate) fn picture(&self) -> Option<&[u8]> {
        self.record.picture.as_ref().map(|p| &*p.bytes).filter(|bytes| !bytes.is_empty())
    }

    pub(crate) fn has_picture(&self) -> bool {
        self.picture().is_some()
    }

    /// Lets the picture's bytes go, not what is known of it; returns how many went.
    fn lose_picture(&mut self, reason: DropReason) -> usize {
        if !self.has_picture() {
            return 0;
        }
        if let Some(picture) = &mut self.record.picture {
            picture.bytes = Vec::new();
        }
        self.lost = Some(reason);
        self.picture_bytes
    }

    fn row_bytes(&self) -> usize {
        let record = &self.record;
        let features = record.judgement.as_ref().map_or(0, |j| j.features.len() * size_of::<f32>());
        let texts = record.caller.peer.len() + record.caller.uuid.as_ref().map_or(0, String::len);
        let notes: usize = record.notes.iter().map(|n| n.len() + size_of::<String>()).sum();
        size_of::<Self>() + features + texts + notes
    }

    fn bytes(&self) -> usize {
        self.row_bytes() + if self.has_picture() { self.picture_bytes } else { 0 }
    }
}

/// What an offer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shed {
    /// The record itself was dropped.
    pub(crate) row: bool,
    /// Pictures dropped: the record's own, and older ones that waited.
    pub(crate) pictures: u64,
}

/// Records that wait, oldest first. It knows no clock and no thread.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: QueueLimits,
    waiting: VecDeque<Waiting>,
    /// How many of `waiting` still have their pictures.
    pictures: usize,
    /// Bytes of `waiting`.
    bytes: usize,
    /// The group that was taken and is not settled yet.
    taken_records: usize,
    taken_bytes: usize,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self { limits, waiting: VecDeque::new(), pictures: 0, bytes: 0, taken_records: 0, taken_bytes: 0 }
    }

    /// Takes a record in, at the cost of pictures first and of the record itself last.
    pub(crate) fn offer(&mut self, record: Record) -> Shed {
        let mut shed = Shed::default();
        let mut new = Waiting::new(record);
        let had_picture = new.has_picture();
        if self.records() >= self.limits.records {
            return Shed { row: true, pictures: u64::from(had_picture) };
        }
        let crowded = self.records() >= self.limits.records / 2;
        if had_picture && (crowded || !self.has_room(new.bytes())) {
            new.lose_picture(DropReason::QueueFull);
            shed.pictures += 1;
        }
        while !self.has_room(new.bytes()) && self.lose_oldest_picture() {
            shed.pictures += 1;
        }
        if !self.has_room(new.bytes()) {
            return Shed { row: true, ..shed };
        }
        self.bytes += new.bytes();
        self.pictures += usize::from(new.has_picture());
        self.waiting.push_back(new);
        shed
    }

    /// Takes out at most `records` of the oldest; they count as waiting until [`Queue::settle`].
    pub(crate) fn take(&mut self, records: usize) -> Vec<Waiting> {
        let group: Vec<Waiting> = self.waiting.drain(..records.min(self.waiting.len())).collect();
        let bytes = group.iter().map(Waiting::bytes).sum::<usize>();
        self.bytes -= bytes;
        self.pictures -= group.iter().filter(|w| w.has_picture()).count();
        self.taken_bytes += bytes;
        self.taken_records += group.len();
        group
    }

    /// The group that was taken is committed or dropped.
    pub(crate) fn settle(&mut self) {
        (self.taken_records, self.taken_bytes) = (0, 0);
    }

    /// Records that wait to be taken.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Records that wait or are being written.
    pub(crate) fn records(&self) -> usize {
        self.waiting.len() + self.taken_records
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.bytes + self.taken_bytes + bytes <= self.limits.bytes
    }

    fn lose_oldest_picture(&mut self) -> bool {
        if self.pictures == 0 {
            return false;
        }
        let oldest = self.waiting.iter_mut().find(|w| w.has_picture()).expect("pictures are counted: this is a bug");
        self.bytes -= oldest.lose_picture(DropReason::QueueFull);
        self.pictures -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use hivis_types::RecordedPicture;
    use proptest::prelude::*;

    use super::*;
    use crate::writer::queue::test_record::record;

    #[derive(Clone, Debug)]
    enum Step {
        Offer(Option<usize>),
        Take(usize),
        Settle,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => proptest::option::of(1..4000usize).prop_map(Step::Offer),
            1 => (1..20usize).prop_map(Step::Take),
            1 => Just(Step::Settle),
        ];
        proptest::collection::vec(step, 1..300)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        /// The model: what went in is inside, came out, or was counted; the limits hold; a row is dropped only when no
        /// picture is left to drop (bytes), or long after pictures were given up (records).
        #[test]
        fn offered_is_inside_taken_or_counted(steps in steps(), records in 4..40usize, bytes in 5_000..60_000usize) {
            let mut queue = Queue::new(QueueLimits { records, bytes });
            let (mut offered, mut rows_dropped, mut taken, mut settled) = (0u64, 0u64, 0u64, true);
            let (mut pictures_offered, mut pictures_dropped, mut pictures_taken) = (0u64, 0u64, 0u64);
            let mut next_out = 0u64;
            let mut kept = Vec::new();
            for step in steps {
                match step {
                    Step::Offer(picture) => {
                        let inside_before = queue.records();
                        let shed = queue.offer(record(offered, picture));
                        pictures_offered += u64::from(picture.is_some());
                        pictures_dropped += shed.pictures;
                        if shed.row {
                            rows_dropped += 1;
                            prop_assert!(inside_before >= records || queue.pictures == 0, "a row went before a picture");
                        } else {
                            kept.push(offered);
                        }
                        if inside_before >= records / 2 && picture.is_some() {
                            prop_assert!(shed.pictures >= 1, "a crowded queue took a picture");
                        }
                        offered += 1;
                    }
                    Step::Take(n) if settled => {
                        let group = queue.take(n);
                        settled = group.is_empty();
                        for waiting in group {
                            prop_assert_eq!(waiting.record.caller.nonce, kept[next_out as usize], "out of order");
                            next_out += 1;
                            taken += 1;
                            pictures_taken += u64::from(waiting.has_picture());
                            let bytes = waiting.record.picture.as_ref().map_or(0, |p: &RecordedPicture| p.bytes.len());
                            prop_assert_eq!(bytes > 0, waiting.has_picture());
                            prop_assert!(bytes == 0 || bytes == waiting.picture_bytes);
                        }
                    }
                    Step::Take(_) => {}
                    Step::Settle => {
                        queue.settle();
                        settled = true;
                    }
                }
                prop_assert!(queue.records() <= records && queue.bytes + queue.taken_bytes <= bytes);
                prop_assert_eq!(offered, taken + queue.len() as u64 + rows_dropped);
                prop_assert_eq!(pictures_offered, pictures_taken + queue.pictures as u64 + pictures_dropped);
                let counted: usize = queue.waiting.iter().map(Waiting::bytes).sum();
                prop_assert_eq!(queue.bytes, counted);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod test_record {
    //! The smallest record.

    use hivis_types::{Caller, Hotkey, Protocol, Record, RecordId, RecordedPicture, Timings};
    use jiff::Timestamp;
    use uuid::Uuid;

    /// Record number `n` with a picture of so many bytes.
    pub(crate) fn record(n: u64, picture: Option<usize>) -> Record {
        Record {
            id: RecordId(Uuid::from_u64_pair(n, n)),
            arrived: Timestamp::UNIX_EPOCH,
            protocol: Protocol::Axon,
            caller: Caller {
                hotkey: Hotkey::new("5F"),
                peer: "127.0.0.1:1".into(),
                uuid: None,
                nonce: n,
                version: None,
                stake: 0.0,
            },
            timeout_s: None,
            status: 200,
            prediction: -1.0,
            silence: None,
            notes: Vec::new(),
            judgement: None,
            picture: picture.map(|bytes| RecordedPicture {
                bytes: vec![1; bytes],
                media: "image/jpeg".into(),
                width: 1,
                height: 1,
                dhash: None,
            }),
            label: None,
            timings: Timings::default(),
        }
    }
}
